// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleethistory.h"

#include "backend/fleet/fleetstate.h"

#include <QTimer>

namespace hybridge {

FleetHistory::FleetHistory(const FleetState &fleet, QObject *parent) : QObject(parent), m_fleet(fleet), m_timer(new QTimer(this))
{
    m_timer->setInterval(1000);
    connect(m_timer, &QTimer::timeout, this,
        [this] { sampleAt(m_fleet.clock().monotonic(), m_fleet.clock().now().toMSecsSinceEpoch()); });
    m_timer->start();
}

const NodeHistory *FleetHistory::node(const QString &id) const
{
    const auto found = m_nodes.constFind(id);
    return found == m_nodes.constEnd() ? nullptr : &*found;
}

void FleetHistory::sampleAt(MonotonicMs now, qint64 wallMs)
{
    for (int i = 0; i < m_fleet.nodeCount(); ++i)
        m_nodes[m_fleet.at(i).config.id].sample(m_fleet.at(i), now, wallMs);
    Q_EMIT sampled();
}

void FleetHistory::stop()
{
    m_timer->stop();
}

} // namespace hybridge
