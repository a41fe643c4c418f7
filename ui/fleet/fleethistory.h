// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodehistory.h"

#include <QHash>
#include <QObject>

class QTimer;

namespace hybridge {

class FleetState;

/// The last hour of every node of a fleet. Samples once a second from the fleet's state; owned by the window, so that a
/// page that is opened later has its past.
class FleetHistory final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetHistory)
public:
    /// @p fleet must outlive this.
    explicit FleetHistory(const FleetState &fleet, QObject *parent = nullptr);

    /// nullptr until the first sample.
    [[nodiscard]] const NodeHistory *node(const QString &id) const;
    /// Takes a sample now; tests and screenshots call it with times of their own.
    void sampleAt(MonotonicMs now, qint64 wallMs);
    void stop();

Q_SIGNALS:
    void sampled();

private:
    const FleetState &m_fleet;
    QHash<QString, NodeHistory> m_nodes;
    QTimer *m_timer;
};

} // namespace hybridge
