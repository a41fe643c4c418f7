// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/checkcommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"
#include "backend/checklist/checkservice.h"
#include "backend/fleet/statusjson.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QSaveFile>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CheckCommand", text);
}

QString paint(CheckState state, const QString &text, bool colour)
{
    if (!colour)
        return text;
    const char *code = state == CheckState::Pass ? "32" : state == CheckState::Fail ? "31;1" : "33";
    return QStringLiteral("\x1b[%1m%2\x1b[0m").arg(QLatin1String(code), text);
}

QString mark(CheckState state)
{
    return state == CheckState::Pass ? QStringLiteral("✓") : state == CheckState::Fail ? QStringLiteral("✕") : QStringLiteral("?");
}

/// What wants a look first, with evidence and remedy; then the layers, one line a row with the nodes that pass it.
QString tableOf(const CheckReport &report, bool colour)
{
    QString out;
    for (const CheckResult &result : report.failedFirst()) {
        if (result.verdict.state == CheckState::Pass)
            continue;
        out += QStringLiteral("%1 %2  %3  (%4)\n").arg(paint(result.verdict.state, mark(result.verdict.state), colour), (result.node.isEmpty() ? tr("fleet") : result.node).leftJustified(10), result.title, result.id);
        out += QStringLiteral("    %1\n").arg(result.verdict.evidence);
        if (!result.verdict.remedy.isEmpty())
            out += QStringLiteral("    → %1\n").arg(result.verdict.remedy);
        if (result.verdict.fix)
            out += QStringLiteral("    → hybridgectl check %1 --fix %2\n").arg(result.node, result.id);
    }
    if (!out.isEmpty())
        out += QLatin1Char('\n');
    for (int group = 0; group <= int(CheckGroup::Account); ++group) {
        QString lines;
        QString id;
        for (const CheckResult &result : report.results) {
            if (int(result.group) != group || result.id == id)
                continue;
            id = result.id;
            QStringList nodes;
            for (const CheckResult &cell : report.results)
                if (cell.id == id)
                    nodes.append(paint(cell.verdict.state, mark(cell.verdict.state), colour) + QLatin1Char(' ') + (cell.node.isEmpty() ? tr("fleet") : cell.node));
            lines += QStringLiteral("  %1 %2\n").arg(result.title.leftJustified(58), nodes.join(QLatin1String("  ")));
        }
        if (!lines.isEmpty())
            out += checkGroupLabel(CheckGroup(group)) + QLatin1Char('\n') + lines;
    }
    return out
        + QStringLiteral("\n%1\n").arg(tr("%1 passed, %2 failed, %3 unknown, in %4 s.")
                                           .arg(report.count(CheckState::Pass))
                                           .arg(report.count(CheckState::Fail))
                                           .arg(report.count(CheckState::Unknown))
                                           .arg(report.seconds, 0, 'f', 1));
}

int writeExport(const CheckReport &report, const CheckOptions &check)
{
    const QByteArray bytes = check.exportFormat == QLatin1String("html") ? checkHtml(report)
        : check.exportFormat == QLatin1String("md")                      ? checkMarkdown(report)
                                                                         : dumpJson(checkDocument(report)) + '\n';
    if (check.exportFile == QLatin1String("-")) {
        Terminal::print(bytes);
        return ExitDone;
    }
    QSaveFile file(check.exportFile);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        Terminal::say(tr("%1 could not be written: %2").arg(check.exportFile, file.errorString()));
        return ExitFailed;
    }
    Terminal::say(tr("Written to %1.").arg(check.exportFile));
    return ExitDone;
}

Task<int> runFix(CheckService &service, const CheckReport &report, Options options, CheckOptions check, std::stop_token stop)
{
    const CheckResult *row = report.find(check.fix, check.node);
    if (!row || !row->verdict.fix) {
        Terminal::say(row && row->verdict.state == CheckState::Pass ? tr("%1 is green on %2: there is nothing to fix.").arg(check.fix, check.node)
                                                                    : tr("%1 offers no fix on %2.").arg(check.fix, check.node));
        co_return row && row->verdict.state == CheckState::Pass ? ExitDone : ExitRefused;
    }
    const CheckFix fix = *row->verdict.fix;
    Terminal::say(QStringLiteral("%1: %2\n%3").arg(check.node, row->verdict.evidence, fix.diff));
    for (const QString &call : service.callsOf(fix, check.node))
        Terminal::say(QStringLiteral("  ") + call);
    if (!fix.undo.isEmpty())
        Terminal::say(tr("To take it back: %1").arg(fix.undo));
    if (options.dryRun)
        co_return ExitDone;
    if (!options.yes) {
        if (!Terminal::canAsk()) {
            Terminal::say(tr("Nothing was done: nobody can be asked here. Give --yes to go on without a question."));
            co_return ExitRefused;
        }
        const QString answer = co_await Terminal::ask(tr("Do this on %1? [y/N] ").arg(check.node), stop);
        if (answer.compare(QLatin1String("y"), Qt::CaseInsensitive) != 0 && answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) != 0)
            co_return ExitRefused;
    }
    const QString id = check.fix;
    const QString node = check.node;
    const Result<void> done = co_await service.fix(id, node, stop);
    if (!done)
        co_return sayError(done.error(), done.error().kind == Error::Kind::Refused ? ExitRefused : ExitFailed);
    const CheckReport after = service.report();
    const CheckResult *again = after.find(id, node);
    Terminal::say(tr("Done, and read back: %1").arg(again ? again->verdict.evidence : QString()));
    if (options.json) {
        CheckReport one = after;
        one.results = again ? QList<CheckResult> {*again} : QList<CheckResult>();
        Terminal::print(dumpJson(checkDocument(one)) + '\n');
    }
    co_return ExitDone;
}

} // namespace

Task<int> runCheck(Options options, CheckOptions check, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const FleetConfig config = file->config();
    if (!check.node.isEmpty() && !config.node(check.node)) {
        Terminal::say(tr("The fleet has no node \"%1\".").arg(check.node));
        co_return ExitUsage;
    }
    if (!check.fix.isEmpty() && (check.node.isEmpty() || !findCheck(check.fix))) {
        Terminal::say(check.node.isEmpty() ? tr("Say on which node: check NODE --fix ID.") : tr("There is no row \"%1\".").arg(check.fix));
        co_return ExitUsage;
    }
    TerminalHostKey hostKeys;
    FleetSessionOptions sessionOptions;
    sessionOptions.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    sessionOptions.hostKeyMode = options.hostKey;
    sessionOptions.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    sessionOptions.schedule.dialTimeout = std::min<std::chrono::milliseconds>(sessionOptions.schedule.dialTimeout, options.timeout);
    FleetSession session(config, resolver, clock, sessionOptions);
    ActivityLog log(activityPath(config, file->path()), clock, QStringLiteral("hybridgectl"));
    SessionCheckWays ways(session);
    CheckService service(config, ways, log, clock);
    QObject::connect(&service, &CheckService::logFailed, &service, [](const Error &error) {
        Terminal::say(tr("The activity log cannot be written; this goes on without a record: %1 %2").arg(error.summary, error.remedy));
    });
    session.start(); // the links are dialled by it
    const QString one = check.fix;
    const QString node = check.node;
    const CheckReport report = co_await service.check(one, node, stop);
    if (stop.stop_requested())
        co_return ExitFailed;
    if (!check.fix.isEmpty())
        co_return co_await runFix(service, report, options, check, stop);
    if (!check.exportFormat.isEmpty())
        if (const int code = writeExport(report, check); code != ExitDone)
            co_return code;
    if (options.json)
        Terminal::print(dumpJson(checkDocument(report)) + '\n');
    else if (check.exportFile != QLatin1String("-"))
        Terminal::print(tableOf(report, Terminal::hasColour()).toUtf8());
    co_return report.count(CheckState::Fail) > 0 ? ExitUnhealthy : ExitDone;
}

} // namespace hybridge
