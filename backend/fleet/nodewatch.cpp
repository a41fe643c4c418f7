// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/nodewatch.h"

#include "backend/ssh/sshsession.h"

#include <QCoreApplication>

namespace hybridge {

NodeWatch::NodeWatch(FleetState &state, const NodeConfig &config, std::unique_ptr<Shell> shell, std::shared_ptr<ApiTransport> engineApi,
    std::optional<EngineKey> engineKey, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_config(config), m_schedule(schedule), m_shell(std::move(shell))
{
    if (m_shell) {
        connect(m_shell.get(), &Shell::linkStateChanged, this, &NodeWatch::linkChanged);
        m_services = std::make_unique<ServiceWatch>(m_state, *m_shell, m_config, m_schedule);
        if (m_config.connector && !m_config.connector->metrics.isEmpty())
            m_connector = std::make_unique<ConnectorWatch>(m_state, *m_shell, m_config, m_schedule);
        if (m_config.accelerator == AcceleratorKind::Nvidia) {
            NvidiaMonitorStream::Options options;
            options.period = m_schedule.accelerators;
            options.firstRowLimit = m_schedule.firstGpuRow;
            options.firstLook = m_schedule.gpuLook;
            options.seed = std::uint32_t(qHash(m_config.id)) | 1U;
            m_gpus = std::make_unique<NvidiaMonitorStream>(*m_shell, m_state.clock(), options);
            connect(m_gpus.get(), &NvidiaMonitorStream::samplesReceived, this, [this](const QList<AcceleratorFacts> &samples) {
                const MonotonicMs now = m_state.clock().monotonic();
                m_state.update(m_config.id, [&](NodeState &node) {
                    node.accelerators.succeed(samples, now);
                    node.ssh.succeed({LinkState::Connected, {}}, now);
                });
            });
            connect(m_gpus.get(), &NvidiaMonitorStream::failed, this, [this](const Error &error) {
                const MonotonicMs now = m_state.clock().monotonic();
                m_state.update(m_config.id, [&](NodeState &node) { node.accelerators.fail(error, now); });
            });
        }
    }
    if (m_config.engine && (m_shell || engineApi))
        m_engine = std::make_unique<EngineWatch>(m_state, m_shell.get(), std::move(engineApi), m_config, std::move(engineKey), m_schedule);
}

NodeWatch::~NodeWatch() = default;

void NodeWatch::start()
{
    if (m_started)
        return;
    m_started = true;
    if (!m_shell) {
        if (m_engine)
            m_engine->start();
        return;
    }
    if (m_gpus)
        m_gpus->start();
    connectLink();
    linkChanged(m_shell->linkState());
}

void NodeWatch::connectLink()
{
    auto *session = qobject_cast<SshSession *>(m_shell.get());
    if (session && !session->target().host.isEmpty())
        session->connectLink();
}

void NodeWatch::runNow()
{
    if (auto *session = qobject_cast<SshSession *>(m_shell.get()))
        session->requestRetryNow();
    if (m_services)
        m_services->runNow();
    if (m_connector)
        m_connector->runNow();
    if (m_engine)
        m_engine->runNow();
}

void NodeWatch::setAddress(const QString &host, const QList<HostKey> &keys)
{
    auto *session = qobject_cast<SshSession *>(m_shell.get());
    if (!session)
        return;
    session->setExpectedHostKeys(keys);
    if (!m_config.ssh || !m_config.ssh->host.isEmpty() || host.isEmpty() || session->target().host == host)
        return;
    SshTarget target = session->target();
    target.host = host;
    session->setTarget(target);
    if (m_started)
        connectLink();
}

void NodeWatch::linkChanged(LinkState link)
{
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(m_config.id, [&](NodeState &node) {
        node.link = link;
        if (link == LinkState::Connected)
            node.ssh.succeed({link, {}}, now);
        else if ((link == LinkState::Waiting || link == LinkState::Blocked) && m_shell->linkError())
            node.ssh.fail(*m_shell->linkError(), now);
    });
    if (link == LinkState::Connected) {
        m_services->start();
        if (m_connector)
            m_connector->start();
        if (m_engine)
            m_engine->start();
    } else {
        // Without a link every round would only say so again.
        m_services->stop();
        if (m_connector)
            m_connector->stop();
        if (m_engine)
            m_engine->stop();
        if (link == LinkState::Waiting || link == LinkState::Blocked)
            noteLinkLoss();
    }
}

void NodeWatch::noteLinkLoss()
{
    const MonotonicMs now = m_state.clock().monotonic();
    const Error error(Error::Kind::Network, QCoreApplication::translate("NodeWatch", "There is no SSH link to the node."),
        m_shell->linkError() ? m_shell->linkError()->summary : QString());
    // The values stay, dated; only their newest try has failed.
    m_state.update(m_config.id, [&](NodeState &node) {
        if (m_services->isUseful())
            node.services.fail(error, now);
        if (m_connector)
            node.connector.fail(error, now);
        if (m_engine)
            node.engine.fail(error, now);
        if (m_gpus)
            node.accelerators.fail(error, now);
    });
}

} // namespace hybridge
