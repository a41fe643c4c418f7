// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/fleet/fleetstate.h"
#include "backend/gcp/compute.h"
#include "backend/gcp/instanceschedules.h"

#include <memory>

namespace hybridge {

/// A schedule of the cloud's as an operator wants to see it.
struct ScheduleState {
    gcp::InstanceSchedule schedule;
    QDateTime nextStart; ///< UTC; invalid: it starts nothing
    QDateTime nextStop; ///< UTC; invalid: it stops nothing
    QStringList nodes; ///< ids of the nodes of this fleet that it is attached to
};

/// One change of the schedules, as a dialog asks for it. Carried out in the order of the members; plain value.
struct ScheduleWish {
    gcp::InstanceSchedule schedule; ///< the one meant; whole when it is to be made
    bool create = false;
    QStringList attach; ///< node ids
    QStringList detach; ///< node ids
    bool remove = false;
    [[nodiscard]] bool isNothing() const { return !create && attach.isEmpty() && detach.isEmpty() && !remove; }
};

/// A time at which a schedule acts.
struct ScheduleRun {
    QDateTime at; ///< UTC
    bool starts = false; ///< else it stops
    bool operator==(const ScheduleRun &) const = default;
};
/// The next @p count runs after @p now, in order; fewer when its time ends before. Pure but for the tz database.
[[nodiscard]] QList<ScheduleRun> nextRuns(const gcp::InstanceSchedule &schedule, const QDateTime &now, int count);

/// Off-peak stop and start of Compute Engine nodes by the cloud itself: brakes that need no laptop. Each change is written
/// into the activity log. GUI thread; never blocks it. Errors: those of gcp::InstanceSchedules; Refused (this node has no
/// such machine, or somebody else works on it); Unavailable (no gcp section).
class OffPeak final : public QObject {
    Q_OBJECT
public:
    /// @p state and @p log must outlive this. @p compute null: everything is Unavailable.
    OffPeak(FleetState &state, ActivityLog &log, ApiTransport *compute, QObject *parent = nullptr);
    ~OffPeak() override;

    /// The regions in which this fleet has machines.
    [[nodiscard]] QStringList regions() const;
    /// All schedules of these regions, with the nodes that each is attached to.
    Task<Result<QList<ScheduleState>>> list(std::stop_token stop);
    Task<Result<ScheduleState>> create(gcp::InstanceSchedule wanted, std::stop_token stop);
    Task<Result<ScheduleState>> attach(QString node, QString name, std::stop_token stop);
    /// Gives the schedules that are still attached to the node.
    Task<Result<QStringList>> detach(QString node, QString name, std::stop_token stop);
    Task<Result<bool>> remove(QString region, QString name, std::stop_token stop);
    /// All of @p wish, one after the other; ends at the first that fails. What was done until then stays, and is in the log.
    Task<Result<void>> apply(ScheduleWish wish, std::stop_token stop);

    /// The calls that would leave, for plans and dry runs. Pure.
    [[nodiscard]] QStringList createCalls(const gcp::InstanceSchedule &wanted) const;
    [[nodiscard]] QStringList attachCalls(const QString &node, const QString &name, bool attach) const;
    [[nodiscard]] QStringList removeCalls(const QString &region, const QString &name) const;
    [[nodiscard]] QStringList callsOf(const ScheduleWish &wish) const;
    /// The machine of a node where it runs, or why there is none.
    [[nodiscard]] Result<gcp::InstanceRef> machineOf(const QString &node) const;

private:
    [[nodiscard]] std::optional<Error> unavailable() const;
    FleetState &m_state;
    ActivityLog &m_log;
    std::unique_ptr<gcp::Compute> m_compute;
    std::unique_ptr<gcp::InstanceSchedules> m_schedules;
};

/// With the next runs. Pure but for the tz database.
[[nodiscard]] ScheduleState scheduleState(const gcp::InstanceSchedule &schedule, const QDateTime &now);
/// "Stops at 20:00 Mon to Fri" is more than cron tells: "stop 0 20 * * 1-5, start 0 8 * * 1-5 (Europe/Berlin)". Pure.
[[nodiscard]] QString scheduleWords(const gcp::InstanceSchedule &schedule);
/// What an operator must know before he attaches one. A finished sentence.
[[nodiscard]] QString scheduleWarning();

} // namespace hybridge
