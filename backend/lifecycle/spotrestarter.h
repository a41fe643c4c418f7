// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/lifecycleservice.h"
#include "backend/lifecycle/spotplan.h"

#include <QHash>
#include <QSet>
#include <QTimer>

namespace hybridge {

/// Starts preempted Spot machines again where the fleet file asks for it (spotplan.h decides), as an ordinary "up" with
/// its steps, guards, claim and lines in the activity log, in which its cause stands. It remembers nothing: tries and the
/// operator's stops are read from the log, so that it goes on after a restart and two programs do not start twice. GUI
/// thread.
class SpotRestarter final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SpotRestarter)
public:
    static constexpr std::chrono::milliseconds Interval {5000};

    /// The references must outlive this. @p fleet: the name under which the log keeps its lines.
    SpotRestarter(LifecycleService &service, FleetState &state, ActivityLog &log, QString fleet, SpotRestarts wanted, QObject *parent = nullptr);
    ~SpotRestarter() override;

    /// The nodes that ask for it.
    [[nodiscard]] QStringList nodes() const { return m_wanted.keys(); }
    /// Looks every @p interval from now on.
    void start(std::chrono::milliseconds interval = Interval);
    /// From now on it only looks: what would be started is told and not done.
    void setDry(bool dry) { m_isDry = dry; }
    /// One look at @p nodes (empty: all that ask for it), and the starts that are due; returns when those have ended, and
    /// how many there were. What start() does by the clock. @p stop ends its starts as well.
    Task<int> look(QStringList nodes, std::stop_token stop);

    /// As of the last look; Unset for a node that does not ask for it.
    [[nodiscard]] SpotOutlook outlook(const QString &node) const;

Q_SIGNALS:
    void outlookChanged(const QString &node, const hybridge::SpotOutlook &outlook);
    /// It has begun a start of @p node by itself.
    void started(const QString &node);

private:
    static Task<int> lookAt(QPointer<SpotRestarter> self, QString node, std::stop_token stop);
    void set(const QString &node, const SpotOutlook &outlook);

    LifecycleService &m_service;
    FleetState &m_state;
    ActivityLog &m_log;
    QString m_fleet;
    SpotRestarts m_wanted;
    QHash<QString, SpotOutlook> m_outlooks;
    QSet<QString> m_looking;
    QTimer m_timer;
    std::stop_source m_stop;
    bool m_isDry = false;
};

} // namespace hybridge
