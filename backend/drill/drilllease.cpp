// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drilllease.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/ssh/sudo.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillLease", text);
}

QString textIn(const nlohmann::json &object, const char *key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? safeText(QString::fromStdString(found->get<std::string>()), 120) : QString();
}

std::chrono::seconds secondsIn(const nlohmann::json &object, const char *key)
{
    const auto found = object.find(key);
    const bool fits = found != object.end() && found->is_number_integer() && *found >= 0 && *found <= 86400;
    return std::chrono::seconds(fits ? found->get<qint64>() : 0);
}

LeaseStatus::State stateOf(const QString &word)
{
    using State = LeaseStatus::State;
    return word == u"armed" ? State::Armed : word == u"failed" ? State::Failed : word == u"rebooted" ? State::Rebooted : word == u"unwatched" ? State::Unwatched : State::Unknown;
}

} // namespace

Result<LeaseStatus> parseLeaseStatus(const QByteArray &out)
{
    const Error bad(Error::Kind::Protocol, tr("The lease helper did not tell its state in a way that could be understood."), firstLine(out));
    if (out.size() > (16 << 10))
        return bad;
    const nlohmann::json in = nlohmann::json::parse(out.constData(), out.constData() + out.size(), nullptr, false);
    if (!in.is_object() || !in.contains("open") || !in["open"].is_boolean())
        return bad;
    LeaseStatus status;
    if (const auto last = in.find("last"); last != in.end() && last->is_object()) {
        status.lastId = textIn(*last, "id");
        status.lastResult = textIn(*last, "result");
        status.lastAt = textIn(*last, "at");
    }
    if (!in["open"].get<bool>())
        return status;
    status.id = textIn(in, "id");
    status.fault = textIn(in, "fault");
    status.service = textIn(in, "service");
    status.time = secondsIn(in, "seconds");
    status.left = secondsIn(in, "secondsLeft");
    status.state = stateOf(textIn(in, "state"));
    if (status.id.isEmpty())
        return bad;
    return status;
}

QStringList DrillLease::argv(const NodeConfig &node, const QStringList &words)
{
    const QStringList tool = QStringList {QStringLiteral("/usr/local/sbin/hybridge-lease")} + words;
    return node.ssh && node.ssh->user == u"root" ? tool : sudoArgv(tool);
}

Task<Result<LeaseStatus>> DrillLease::arm(QString id, std::chrono::seconds time, QString fault, std::stop_token stop)
{
    return call(m_shell, m_node, {QStringLiteral("arm"), id, QString::number(time.count()), fault}, std::chrono::seconds(60), stop);
}

Task<Result<LeaseStatus>> DrillLease::disarm(QString id, std::stop_token stop)
{
    return call(m_shell, m_node, {QStringLiteral("disarm"), id}, std::chrono::seconds(90), stop);
}

Task<Result<LeaseStatus>> DrillLease::show(std::stop_token stop)
{
    return call(m_shell, m_node, {QStringLiteral("show")}, std::chrono::seconds(10), stop);
}

Task<Result<LeaseStatus>> DrillLease::call(QPointer<Shell> shell, NodeConfig node, QStringList words, std::chrono::seconds limit, std::stop_token stop)
{
    if (!shell)
        co_return Error(Error::Kind::Cancelled, {});
    // A call that is given up must not leave the lock held over there: the node ends it by itself.
    SshCommand command(boundedArgv(int(limit.count()), argv(node, words)));
    command.timeout(limit + std::chrono::seconds(3));
    const Result<ExecResult> done = co_await shell->exec(command, stop);
    if (!done)
        co_return done.error();
    const QString said = firstLine(done->err);
    if (done->exitCode == 127 || done->err.contains("command not found"))
        co_return Error(Error::Kind::NotFound, tr("%1 has no lease helper installed.").arg(node.label), said, done->exitCode)
            .withRemedy(tr("Install it with: hybridgectl prepare %1").arg(node.id));
    if (isSudoRefusal(*done))
        co_return Error(Error::Kind::Unauthorized, tr("%1 may not call the lease helper with sudo on %2.").arg(node.ssh->user, node.label), said, done->exitCode)
            .withRemedy(tr("Install it and its sudo rule with: hybridgectl prepare %1").arg(node.id));
    if (done->exitCode == leaseTaken)
        co_return Error(Error::Kind::Refused, tr("Another lease is open on %1.").arg(node.label), said, leaseTaken)
            .withRemedy(tr("Wait until it has ended, or give it back with: hybridgectl drill restore %1").arg(node.id));
    if (done->exitCode == 124 || done->exitCode == 137)
        co_return Error(Error::Kind::Timeout, tr("The lease helper of %1 did not answer in time.").arg(node.label), said, done->exitCode);
    if (done->exitCode != 0)
        co_return Error(done->exitCode == 2 ? Error::Kind::Invalid : Error::Kind::RemoteExit, tr("The lease helper of %1 refused.").arg(node.label), said, done->exitCode)
            .withRemedy(tr("If the fleet file has changed since, bring the node up to date with: hybridgectl prepare %1").arg(node.id));
    co_return parseLeaseStatus(done->out);
}

} // namespace hybridge
