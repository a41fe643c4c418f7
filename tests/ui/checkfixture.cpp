// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/checkfixture.h"

#include "backend/checklist/checkcatalogue.h"

namespace hybridge {

CheckFixture::CheckFixture(FleetFixture &fleet) : m_fleet(fleet)
{
}

void CheckFixture::fail(const QString &id, const QString &node, const QString &evidence, const QString &remedy, bool withFix)
{
    CheckVerdict verdict;
    verdict.state = CheckState::Fail;
    verdict.evidence = evidence;
    verdict.remedy = remedy;
    if (withFix) {
        CheckFix fix;
        fix.title = QStringLiteral("Add the drop-in");
        fix.diff = QStringLiteral("--- /dev/null\n+++ /etc/systemd/system/cloudflared.service.d/50-hybridge-restart.conf\n+[Unit]\n+StartLimitIntervalSec=0\n+\n+[Service]\n+Restart=always\n+RestartSec=10");
        fix.undo = QStringLiteral("sudo rm /etc/systemd/system/cloudflared.service.d/50-hybridge-restart.conf");
        verdict.fix = fix;
    }
    put.insert(id + QLatin1Char('@') + node, verdict);
}

CheckReport CheckFixture::report() const
{
    CheckReport report;
    report.fleet = QStringLiteral("demo");
    report.at = m_fleet.clock().now();
    report.seconds = 1.4;
    for (const Check &check : checkCatalogue()) {
        QStringList nodes;
        if (check.scope != CheckScope::Nodes)
            nodes.append(QString());
        for (int i = 0; check.scope != CheckScope::Fleet && i < m_fleet.fleet().nodeCount(); ++i)
            // Rows about VMs have no cell for hosts: the even ones are VMs.
            if (i % 2 == 0 || (check.group != CheckGroup::Machine || qstrcmp(check.id, "machine.clock") == 0 || qstrcmp(check.id, "machine.disk") == 0))
                nodes.append(m_fleet.id(i));
        for (const QString &node : nodes) {
            CheckResult result;
            result.id = QString::fromLatin1(check.id);
            result.node = node;
            result.group = check.group;
            result.title = checkTitle(check);
            result.why = checkWhy(check);
            result.at = report.at;
            result.verdict.state = checked ? CheckState::Pass : CheckState::Unknown;
            result.verdict.evidence = checked ? QStringLiteral("As it should be.") : QStringLiteral("Not looked at yet.");
            if (const auto other = put.constFind(result.id + QLatin1Char('@') + node); other != put.constEnd())
                result.verdict = *other;
            report.results.append(result);
        }
    }
    return report;
}

Task<Result<void>> CheckFixture::fix(QString id, QString node, std::stop_token)
{
    fixes.append(id + QLatin1Char('@') + node);
    if (fixError)
        co_return *fixError;
    put.remove(id + QLatin1Char('@') + node);
    co_return Result<void>();
}

Task<Result<CommandOutput>> CheckFixture::runCommand(QString node, QString command, std::stop_token)
{
    commands.append(node + QStringLiteral(": ") + command);
    co_return output;
}

} // namespace hybridge
