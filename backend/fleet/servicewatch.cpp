// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/servicewatch.h"

#include "backend/host/servicename.h"
#include "backend/ssh/sudo.h"

namespace hybridge {

ServiceWatch::ServiceWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_shell(shell), m_id(config.id), m_user(config.ssh ? config.ssh->user : QString()),
      m_schedule(schedule), m_reader(shell, schedule.commandTimeout),
      m_servicePoll([this](std::stop_token stop) { return readServices(stop); }, schedule.services, nullptr),
      m_controlPoll([this](std::stop_token stop) { return readControl(stop); }, schedule.control, nullptr)
{
    for (const QString &service : {config.connector ? config.connector->service : QString(), config.engine ? config.engine->service : QString()}) {
        const std::optional<ServiceName> name = parseServiceName(service);
        if (!name || m_services.contains(service))
            continue;
        m_services.append(service);
        if (name->runner == ServiceRunner::Systemd)
            m_units.append(name->name);
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
    const QList<ServiceAnswer> answers = co_await m_reader.read(m_services, stop);
    if (stop.stop_requested())
        co_return;
    QList<ServiceFacts> facts;
    std::optional<Error> problem;
    bool isSomeRead = false;
    for (const ServiceAnswer &answer : answers) {
        if (answer.facts) {
            facts.append(*answer.facts);
            isSomeRead = true;
        } else {
            problem = answer.facts.error();
            ServiceFacts unknown; // docker without rights must not hide what systemd has told
            unknown.service = answer.service;
            facts.append(unknown);
        }
    }
    publish(isSomeRead ? facts : QList<ServiceFacts>(), problem);
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
