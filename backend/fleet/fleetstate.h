// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/fleet/nodestate.h"

#include <QObject>
#include <QSet>

#include <functional>

class QTimer;

namespace hybridge {

/// The one source of truth in memory. Monitors write it, everything else subscribes. GUI thread.
///
/// Writes are cheap: the diagnosis of a changed node is made and nodesChanged emitted at most once per
/// coalescing interval (default 100 ms), for all nodes together.
class FleetState final : public QObject {
    Q_OBJECT
public:
    explicit FleetState(FleetConfig config, const Clock &clock, QObject *parent = nullptr);
    ~FleetState() override;

    [[nodiscard]] const FleetConfig &config() const { return m_config; }
    [[nodiscard]] const Clock &clock() const { return m_clock; }
    [[nodiscard]] int nodeCount() const { return int(m_nodes.size()); }
    [[nodiscard]] const NodeState &at(int index) const { return m_nodes.at(index); }
    [[nodiscard]] int indexOf(const QString &id) const { return m_index.value(id, -1); }
    /// nullptr when there is no such node.
    [[nodiscard]] const NodeState *node(const QString &id) const;
    [[nodiscard]] const EndpointState &endpoint() const { return m_endpoint; }
    [[nodiscard]] const ServicesState &services() const { return m_services; }
    /// The worst lamp of all nodes, stopped ones aside; Unknown with no nodes.
    [[nodiscard]] NodeCondition worst() const;

    /// Changes node @p id in place and marks it changed. The only way to write. Unknown ids are ignored: a late answer
    /// for a node that has gone is no error.
    void update(const QString &id, const std::function<void(NodeState &)> &change);
    void updateEndpoint(const std::function<void(EndpointState &)> &change);
    void updateServices(const std::function<void(ServicesState &)> &change);
    /// Diagnoses and announces what is pending now, without waiting for the interval.
    void flush();
    /// Makes every diagnosis anew because time has passed (values have aged). Called by the owner's slow tick (1 s).
    void tick();
    void setCoalescing(std::chrono::milliseconds interval);

Q_SIGNALS:
    /// Facts or diagnosis of these nodes have changed. Batched.
    void nodesChanged(const QStringList &ids);
    void endpointChanged();
    void servicesChanged();
    /// A lamp or a layer changed: for the activity list and notifications.
    void diagnosisChanged(const QString &id, const hybridge::Diagnosis &before, const hybridge::Diagnosis &after);

private:
    void schedule();
    void diagnoseNode(NodeState &node);

    FleetConfig m_config;
    const Clock &m_clock;
    QList<NodeState> m_nodes;
    QHash<QString, int> m_index;
    EndpointState m_endpoint;
    ServicesState m_services;
    QSet<QString> m_pending;
    bool m_endpointPending = false;
    bool m_servicesPending = false;
    QTimer *m_timer;
};

} // namespace hybridge
