// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/idlestop.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/ssh/sudo.h"

namespace hybridge {

namespace {

const QString &tool()
{
    static const QString path = QStringLiteral("/usr/local/sbin/hybridge-idle");
    return path;
}

} // namespace

struct IdleStop::Core {
    QPointer<Shell> shell;
    NodeConfig node;
    bool inLab = false;

    [[nodiscard]] QStringList asRoot(const QStringList &argv) const
    {
        return node.ssh && node.ssh->user == u"root" ? argv : sudoArgv(argv);
    }
};

IdleStop::IdleStop(Shell &shell, NodeConfig node, bool inLab, QObject *parent)
    : QObject(parent), m_core(std::make_shared<Core>(Core {&shell, std::move(node), inLab}))
{
}

IdleStop::~IdleStop() = default;

QStringList IdleStop::armArgv(std::chrono::seconds window, IdleAction action) const
{
    return m_core->asRoot({tool(), QStringLiteral("arm"), QString::number(window.count()), idleActionName(action)});
}

Task<Result<IdleStatus>> IdleStop::refuse(Error error)
{
    co_return error;
}

Task<Result<IdleStatus>> IdleStop::arm(std::chrono::seconds window, IdleAction action, std::stop_token stop)
{
    if (window < LeastWindow || window > MostWindow)
        return refuse(Error(Error::Kind::Invalid, tr("The time without work must be between 1 minute and 7 days.")));
    if (const std::optional<Error> refusal = idleRefusal(m_core->node, action))
        return refuse(*refusal);
    return call(m_core, {QStringLiteral("arm"), QString::number(window.count()), idleActionName(action)}, stop);
}

Task<Result<IdleStatus>> IdleStop::status(std::stop_token stop)
{
    return call(m_core, {}, stop);
}

Task<Result<IdleStatus>> IdleStop::pauseFor(std::chrono::seconds duration, std::stop_token stop)
{
    if (duration < std::chrono::seconds(1) || duration > MostWindow)
        return refuse(Error(Error::Kind::Invalid, tr("A pause lasts between 1 second and 7 days.")));
    return call(m_core, {QStringLiteral("pause"), QString::number(duration.count())}, stop);
}

Task<Result<IdleStatus>> IdleStop::resume(std::stop_token stop)
{
    return call(m_core, {QStringLiteral("resume")}, stop);
}

Task<Result<IdleStatus>> IdleStop::remove(std::stop_token stop)
{
    return call(m_core, {QStringLiteral("remove")}, stop);
}

Task<Result<IdleStatus>> IdleStop::call(std::shared_ptr<Core> core, QStringList words, std::stop_token stop)
{
    if (!words.isEmpty() && core->inLab)
        co_return demoRefusal();
    if (!words.isEmpty()) {
        if (!core->shell)
            co_return Error(Error::Kind::Cancelled, {});
        const QStringList argv = QStringList {tool()} + words;
        // A look asks the engine and the connector, each for 5 s at most.
        SshCommand command(boundedArgv(25, core->asRoot(argv)));
        command.timeout(std::chrono::seconds(30));
        const Result<ExecResult> done = co_await core->shell->exec(command, stop);
        if (!done)
            co_return done.error();
        const bool missing = done->exitCode == 127 || done->err.contains("command not found");
        if (missing)
            co_return Error(Error::Kind::NotFound, tr("%1 has no idle stop installed.").arg(core->node.label), firstLine(done->err), done->exitCode)
                .withRemedy(tr("Install it with: hybridgectl prepare %1").arg(core->node.id));
        if (isSudoRefusal(*done))
            co_return Error(Error::Kind::Unauthorized, tr("%1 may not call the idle stop with sudo on %2.").arg(core->node.ssh->user, core->node.label),
                firstLine(done->err), done->exitCode)
                .withRemedy(tr("Install it and its sudo rule with: hybridgectl prepare %1").arg(core->node.id));
        if (done->exitCode != 0)
            co_return Error(done->exitCode == 2 ? Error::Kind::Invalid : Error::Kind::RemoteExit, tr("The idle stop of %1 refused.").arg(core->node.label),
                firstLine(done->err), done->exitCode)
                .withRemedy(tr("If the fleet file has changed since, bring the node up to date with: hybridgectl prepare %1").arg(core->node.id));
    }
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    // Reading needs no root.
    const SshCommand look(boundedArgv(10, {tool(), QStringLiteral("status")}));
    const Result<ExecResult> told = co_await core->shell->exec(look, stop);
    if (!told)
        co_return told.error();
    if (told->exitCode == 127 || told->exitCode == 126)
        co_return Error(Error::Kind::NotFound, tr("%1 has no idle stop installed.").arg(core->node.label), firstLine(told->err), told->exitCode)
            .withRemedy(tr("Install it with: hybridgectl prepare %1").arg(core->node.id));
    if (told->exitCode != 0)
        co_return Error(Error::Kind::RemoteExit, tr("The idle stop of %1 did not tell its state.").arg(core->node.label), firstLine(told->err), told->exitCode);
    co_return parseIdleStatus(told->out);
}

} // namespace hybridge
