// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetstate.h"

#include "backend/fleet/burnrate.h"
#include "backend/fleet/diagnose.h"

#include <QTimer>

namespace hybridge {

FleetState::FleetState(FleetConfig config, const Clock &clock, QObject *parent)
    : QObject(parent), m_config(std::move(config)), m_clock(clock), m_timer(new QTimer(this))
{
    m_nodes.reserve(m_config.nodes.size());
    for (const NodeConfig &node : m_config.nodes) {
        NodeState state;
        state.config = node;
        diagnoseNode(state);
        m_index.insert(node.id, int(m_nodes.size()));
        m_nodes.append(std::move(state));
    }
    m_endpoint.config = m_config.endpoint;
    m_timer->setSingleShot(true);
    m_timer->setInterval(100);
    connect(m_timer, &QTimer::timeout, this, &FleetState::flush);
}

FleetState::~FleetState() = default;

const NodeState *FleetState::node(const QString &id) const
{
    const int index = indexOf(id);
    return index < 0 ? nullptr : &m_nodes.at(index);
}

NodeCondition FleetState::worst() const
{
    if (m_nodes.isEmpty())
        return NodeCondition::Unknown;
    NodeCondition result = NodeCondition::Healthy;
    bool any = false;
    for (const NodeState &node : m_nodes) {
        if (node.diagnosis.condition == NodeCondition::Stopped)
            continue; // a machine that is switched off is no trouble of the fleet
        result = worse(result, node.diagnosis.condition);
        any = true;
    }
    return any ? result : NodeCondition::Stopped;
}

void FleetState::update(const QString &id, const std::function<void(NodeState &)> &change)
{
    const int index = indexOf(id);
    if (index < 0)
        return;
    change(m_nodes[index]);
    m_pending.insert(id);
    schedule();
}

void FleetState::updateEndpoint(const std::function<void(EndpointState &)> &change)
{
    change(m_endpoint);
    m_endpointPending = true;
    schedule();
}

void FleetState::updateServices(const std::function<void(ServicesState &)> &change)
{
    change(m_services);
    m_servicesPending = true;
    schedule();
}

void FleetState::setCoalescing(std::chrono::milliseconds interval)
{
    m_timer->setInterval(interval);
}

void FleetState::schedule()
{
    if (!m_timer->isActive())
        m_timer->start();
}

void FleetState::diagnoseNode(NodeState &node)
{
    const Diagnosis before = node.diagnosis;
    node.diagnosis = diagnose(node, m_clock.monotonic());
    node.costPerHour = burnRate(node);
    if (before.condition != node.diagnosis.condition || before.layer != node.diagnosis.layer)
        Q_EMIT diagnosisChanged(node.config.id, before, node.diagnosis);
}

void FleetState::flush()
{
    m_timer->stop();
    const QSet<QString> pending = std::exchange(m_pending, {});
    QStringList ids;
    ids.reserve(pending.size());
    for (const QString &id : pending) {
        diagnoseNode(m_nodes[m_index.value(id)]);
        ids.append(id);
    }
    if (!ids.isEmpty())
        Q_EMIT nodesChanged(ids);
    if (std::exchange(m_endpointPending, false))
        Q_EMIT endpointChanged();
    if (std::exchange(m_servicesPending, false))
        Q_EMIT servicesChanged();
}

void FleetState::tick()
{
    for (NodeState &node : m_nodes) {
        const Diagnosis before = node.diagnosis;
        diagnoseNode(node);
        if (!(before == node.diagnosis))
            m_pending.insert(node.config.id);
    }
    if (!m_pending.isEmpty())
        schedule();
}

} // namespace hybridge
