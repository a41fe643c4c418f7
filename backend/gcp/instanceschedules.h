// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computecontrol.h"
#include "backend/gcp/cron.h"

namespace hybridge::gcp {

/// A schedule of Google's by which machines start and stop while no panel runs (a resource policy of a region).
struct InstanceSchedule {
    QString name;
    QString region;   ///< last part of its URL
    QString status;   ///< READY, EXPIRED…
    QString timeZone; ///< of the tz database
    QString startCron; ///< empty: it starts nothing
    QString stopCron;  ///< empty: it stops nothing
    QDateTime from;  ///< invalid: at once
    QDateTime until; ///< invalid: for ever
};

/// One page of schedules; policies of other kinds (snapshots, placement) are left out.
struct SchedulePage {
    QList<InstanceSchedule> schedules;
    QString nextPageToken;
};

/// Pure. Errors: those of computeError(), Protocol; NotFound from parseSchedule() for a policy of another kind.
[[nodiscard]] Result<InstanceSchedule> parseSchedule(const HttpResponse &response);
[[nodiscard]] Result<SchedulePage> parseSchedules(const HttpResponse &response);
/// The next time that it starts or stops machines, in UTC; invalid when it does not, or when its time is over. Google
/// may be a quarter of an hour late. Errors: nextRun()'s. Pure but for the tz database.
[[nodiscard]] Result<QDateTime> nextStart(const InstanceSchedule &schedule, const QDateTime &now);
[[nodiscard]] Result<QDateTime> nextStop(const InstanceSchedule &schedule, const QDateTime &now);
/// Nothing: it can be made. Otherwise what is wrong with it (Invalid). Pure.
[[nodiscard]] std::optional<Error> scheduleProblem(const InstanceSchedule &schedule);

/// Makes, reads, attaches and detaches instance schedules. GUI thread; never blocks it. What it gives was read back.
/// Errors beside ComputeControl's: Unauthorized with Failure::ServiceAgent, when Google's own account may not start and
/// stop machines; the remedy is the command that lets it.
class InstanceSchedules final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/compute/v1.
    InstanceSchedules(ApiTransport &api, QString project, QObject *parent = nullptr);

    Task<Result<QList<InstanceSchedule>>> list(QString region, std::stop_token stop);
    Task<Result<InstanceSchedule>> schedule(QString region, QString name, std::stop_token stop);
    /// One that is there already with the same times is given as it is; one with other times is refused.
    Task<Result<InstanceSchedule>> create(InstanceSchedule wanted, std::stop_token stop);
    /// Must be attached nowhere.
    Task<Result<bool>> remove(QString region, QString name, std::stop_token stop);
    Task<Result<Instance>> attach(InstanceRef ref, QString name, std::stop_token stop);
    Task<Result<Instance>> detach(InstanceRef ref, QString name, std::stop_token stop);

    void setFloor(std::chrono::milliseconds floor) { m_control.setFloor(floor); }

private:
    [[nodiscard]] QString policiesPath(const QString &region) const;
    ApiTransport &m_api;
    QString m_project;
    ComputeControl m_control;
};

} // namespace hybridge::gcp
