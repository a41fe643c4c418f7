// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/servicewatch.h"

#include "backend/host/docker.h"
#include "backend/host/systemd.h"
#include "backend/ssh/sudo.h"

namespace hybridge {

ServiceWatch::ServiceWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_shell(shell), m_id(config.id), m_user(config.ssh ? config.ssh->user : QString()),
      m_schedule(schedule),
      m_servicePoll([this](std::stop_token stop) { return readServices(stop); }, schedule.services, nullptr),
      m_controlPoll([this](std::stop_token stop) { return readControl(stop); }, schedule.control, nullptr)
{
    QStringList services;
    if (config.connector)
        services.append(config.connector->service);
    if (config.engine)
        services.append(config.engine->service);
    for (const QString &service : services) {
        const QString name = service.section(QLatin1Char(':'), 1);
        if (service.startsWith(QLatin1String("systemd:")) && !m_units.contains(name))
            m_units.append(name);
        else if (service.startsWith(QLatin1String("docker:")) && !m_containers.contains(name))
            m_containers.append(name);
    }
}

ServiceWatch::~ServiceWatch() = default;

void ServiceWatch::start()
{
    if (isUseful())
        m_servicePoll.start();
    // root needs no sudo, and containers are controlled without it.
    if (!m_units.isEmpty() && m_user != QLatin1String("root"))
        m_controlPoll.start();
}

void ServiceWatch::stop()
{
    m_servicePoll.stop();
    m_controlPoll.stop();
}

void ServiceWatch::runNow()
{
    m_servicePoll.runNow();
    m_controlPoll.runNow();
}

Task<void> ServiceWatch::readServices(std::stop_token stop)
{
    QList<ServiceFacts> facts;
    std::optional<Error> problem;
    if (!m_units.isEmpty()) {
        SshCommand command(systemctlShowArgv(m_units, m_unixTimes));
        command.timeout(m_schedule.commandTimeout);
        Result<ExecResult> shown = co_await m_shell.exec(command, stop);
        if (stop.stop_requested())
            co_return;
        if (shown && m_unixTimes && isOldSystemctl(*shown)) {
            m_unixTimes = false;
            SshCommand plain(systemctlShowArgv(m_units, false));
            plain.timeout(m_schedule.commandTimeout);
            shown = co_await m_shell.exec(plain, stop);
            if (stop.stop_requested())
                co_return;
        }
        if (!shown)
            problem = shown.error();
        else if (shown->exitCode != 0 && shown->out.isEmpty())
            problem = explainSystemctl(*shown);
        else
            facts += parseSystemctlShow(shown->out, m_units);
    }
    if (!m_containers.isEmpty()) {
        SshCommand command(dockerInspectArgv(m_containers));
        command.timeout(m_schedule.commandTimeout);
        const Result<ExecResult> shown = co_await m_shell.exec(command, stop);
        if (stop.stop_requested())
            co_return;
        if (!shown) {
            problem = shown.error();
        } else {
            facts += parseDockerInspect(shown->out, shown->err, m_containers);
            if (const auto reason = explainDocker(*shown))
                problem = reason;
        }
    }
    publish(std::move(facts), problem);
}

void ServiceWatch::publish(QList<ServiceFacts> facts, const std::optional<Error> &problem)
{
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(m_id, [&](NodeState &node) {
        // One part may fail (docker without rights) while the other is read: both are kept.
        if (!facts.isEmpty())
            node.services.succeed(std::move(facts), now);
        if (problem)
            node.services.fail(*problem, now);
        else
            node.ssh.succeed({LinkState::Connected, node.ssh.isKnown() ? node.ssh->hostKeyFingerprint : QString()}, now);
    });
}

Task<void> ServiceWatch::readControl(std::stop_token stop)
{
    std::optional<Error> problem;
    for (const QString &unit : m_units) {
        // "sudo -l COMMAND" asks whether the command is allowed, without running it.
        const QStringList argv {QStringLiteral("systemctl"), QStringLiteral("restart"), unit};
        SshCommand command(QStringList {QStringLiteral("sudo"), QStringLiteral("-n"), QStringLiteral("-l")} + argv);
        command.timeout(m_schedule.commandTimeout);
        const Result<ExecResult> answer = co_await m_shell.exec(command, stop);
        if (stop.stop_requested())
            co_return;
        if (!answer) {
            problem = answer.error();
            break;
        }
        if (answer->exitCode != 0) {
            problem = sudoRefusal(*answer, m_user, argv);
            break;
        }
    }
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(m_id, [&](NodeState &node) {
        if (problem)
            node.control.fail(*problem, now);
        else
            node.control.succeed(true, now);
    });
    m_controlPoll.setInterval(problem ? m_schedule.controlRetry : m_schedule.control);
}

} // namespace hybridge
