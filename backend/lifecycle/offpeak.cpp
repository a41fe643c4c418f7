// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/offpeak.h"

#include "backend/base/units.h"
#include "backend/lifecycle/loggedchange.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>
#include <QPointer>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("OffPeak", text);
}

QString regionOf(const QString &zone)
{
    return zone.section(QLatin1Char('-'), 0, -2);
}

Error cancelled()
{
    return Error(Error::Kind::Cancelled, tr("Cancelled."));
}

OperationPlan planOf(const QStringList &calls, const QString &undo, const QStringList &warnings = {})
{
    OperationPlan plan;
    plan.calls = calls;
    plan.undo = undo;
    plan.warnings = warnings;
    return plan;
}

} // namespace

ScheduleState scheduleState(const gcp::InstanceSchedule &schedule, const QDateTime &now)
{
    ScheduleState state;
    state.schedule = schedule;
    state.nextStart = gcp::nextStart(schedule, now).value_or(QDateTime());
    state.nextStop = gcp::nextStop(schedule, now).value_or(QDateTime());
    return state;
}

QString scheduleWords(const gcp::InstanceSchedule &schedule)
{
    QStringList words;
    if (!schedule.stopCron.isEmpty())
        words.append(tr("stop %1").arg(safeText(schedule.stopCron, 80)));
    if (!schedule.startCron.isEmpty())
        words.append(tr("start %1").arg(safeText(schedule.startCron, 80)));
    return QStringLiteral("%1 (%2)").arg(words.join(QStringLiteral(", ")), safeText(schedule.timeZone, 60));
}

QString scheduleWarning()
{
    return tr("A scheduled stop does not know of running requests: what runs then is cut. Google may be a quarter of an hour late, and a start may find no capacity.");
}

QList<ScheduleRun> nextRuns(const gcp::InstanceSchedule &schedule, const QDateTime &now, int count)
{
    QList<ScheduleRun> runs;
    QDateTime stop = gcp::nextStop(schedule, now).value_or(QDateTime());
    QDateTime start = gcp::nextStart(schedule, now).value_or(QDateTime());
    while (runs.size() < count && (stop.isValid() || start.isValid())) {
        const bool starts = start.isValid() && (!stop.isValid() || start < stop);
        QDateTime &next = starts ? start : stop;
        runs.append({next, starts});
        next = (starts ? gcp::nextStart(schedule, next) : gcp::nextStop(schedule, next)).value_or(QDateTime());
    }
    return runs;
}

OffPeak::OffPeak(FleetState &state, ActivityLog &log, ApiTransport *compute, QObject *parent) : QObject(parent), m_state(state), m_log(log)
{
    if (compute && state.config().gcp) {
        m_compute = std::make_unique<gcp::Compute>(*compute, state.config().gcp->project);
        m_schedules = std::make_unique<gcp::InstanceSchedules>(*compute, state.config().gcp->project);
    }
}

OffPeak::~OffPeak() = default;

std::optional<Error> OffPeak::unavailable() const
{
    if (m_schedules)
        return std::nullopt;
    return Error(Error::Kind::Unavailable, tr("The fleet file does not say how to reach Google."))
        .withRemedy(tr("Add the section \"gcp\" with project and credentials to the fleet file."));
}

QStringList OffPeak::regions() const
{
    QStringList out;
    for (const NodeConfig &node : m_state.config().nodes)
        if (node.machine && node.machine->kind == MachineKind::Gce && !out.contains(regionOf(node.machine->zone)))
            out.append(regionOf(node.machine->zone));
    return out;
}

Result<gcp::InstanceRef> OffPeak::machineOf(const QString &node) const
{
    const NodeState *state = m_state.node(node);
    if (!state)
        return Error(Error::Kind::NotFound, tr("The fleet file has no node \"%1\".").arg(node));
    if (!state->config.machine || state->config.machine->kind != MachineKind::Gce)
        return Error(Error::Kind::Refused, tr("%1 is no Compute Engine machine: Google cannot stop it by a schedule.").arg(state->config.label))
            .withRemedy(tr("Arm an idle stop on the node instead."));
    gcp::InstanceRef ref(state->config.machine->zone, state->config.machine->instance);
    if (state->machine.isKnown() && !state->machine->zone.isEmpty() && !machineIsOff(*state))
        ref.zone = state->machine->zone; // it may run as its sibling elsewhere
    return ref;
}

QStringList OffPeak::createCalls(const gcp::InstanceSchedule &wanted) const
{
    const auto &gcp = m_state.config().gcp;
    if (!gcp)
        return {};
    return {QStringLiteral("POST %1/projects/%2/regions/%3/resourcePolicies (%4: %5)")
                .arg(gcp->computeBase.toString(), gcp->project, wanted.region, wanted.name, scheduleWords(wanted))};
}

QStringList OffPeak::attachCalls(const QString &node, const QString &name, bool attach) const
{
    const auto &gcp = m_state.config().gcp;
    const Result<gcp::InstanceRef> ref = machineOf(node);
    if (!gcp || !ref)
        return {};
    return {QStringLiteral("POST %1/projects/%2/zones/%3/instances/%4/%5 (%6)")
                .arg(gcp->computeBase.toString(), gcp->project, ref->zone, ref->name,
                    attach ? QStringLiteral("addResourcePolicies") : QStringLiteral("removeResourcePolicies"), name)};
}

QStringList OffPeak::removeCalls(const QString &region, const QString &name) const
{
    const auto &gcp = m_state.config().gcp;
    if (!gcp)
        return {};
    return {QStringLiteral("DELETE %1/projects/%2/regions/%3/resourcePolicies/%4").arg(gcp->computeBase.toString(), gcp->project, region, name)};
}

QStringList OffPeak::callsOf(const ScheduleWish &wish) const
{
    QStringList calls;
    if (wish.create)
        calls.append(createCalls(wish.schedule));
    for (const QString &node : wish.attach)
        calls.append(attachCalls(node, wish.schedule.name, true));
    for (const QString &node : wish.detach)
        calls.append(attachCalls(node, wish.schedule.name, false));
    if (wish.remove)
        calls.append(removeCalls(wish.schedule.region, wish.schedule.name));
    return calls;
}

Task<Result<void>> OffPeak::apply(ScheduleWish wish, std::stop_token stop)
{
    const QPointer<OffPeak> self(this);
    if (wish.create) {
        const Result<ScheduleState> made = co_await create(wish.schedule, stop);
        if (!made)
            co_return made.error();
    }
    for (const QString &node : wish.attach) {
        if (!self || stop.stop_requested())
            co_return cancelled();
        const Result<ScheduleState> attached = co_await attach(node, wish.schedule.name, stop);
        if (!attached)
            co_return attached.error();
    }
    for (const QString &node : wish.detach) {
        if (!self || stop.stop_requested())
            co_return cancelled();
        const Result<QStringList> left = co_await detach(node, wish.schedule.name, stop);
        if (!left)
            co_return left.error();
    }
    if (wish.remove) {
        if (!self || stop.stop_requested())
            co_return cancelled();
        const Result<bool> removed = co_await remove(wish.schedule.region, wish.schedule.name, stop);
        if (!removed)
            co_return removed.error();
    }
    co_return Result<void>();
}

Task<Result<QList<ScheduleState>>> OffPeak::list(std::stop_token stop)
{
    if (const std::optional<Error> why = unavailable())
        co_return *why;
    const QPointer<OffPeak> self(this);
    QList<ScheduleState> all;
    const QStringList places = regions();
    for (const QString &region : places) {
        const Result<QList<gcp::InstanceSchedule>> found = co_await m_schedules->list(region, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        if (!found)
            co_return found.error();
        for (const gcp::InstanceSchedule &schedule : *found)
            all.append(scheduleState(schedule, m_state.clock().now()));
    }
    const QList<NodeConfig> nodes = m_state.config().nodes;
    for (const NodeConfig &node : nodes) {
        const Result<gcp::InstanceRef> ref = machineOf(node.id);
        if (!ref)
            continue;
        const Result<gcp::Instance> instance = co_await m_compute->instance(ref->zone, ref->name, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        if (!instance && instance.error().kind == Error::Kind::NotFound)
            continue; // the machine is not there (any more): nothing is attached to it
        if (!instance)
            co_return instance.error();
        for (ScheduleState &state : all)
            if (state.schedule.region == regionOf(ref->zone) && instance->resourcePolicies.contains(state.schedule.name))
                state.nodes.append(node.id);
    }
    co_return all;
}

Task<Result<ScheduleState>> OffPeak::create(gcp::InstanceSchedule wanted, std::stop_token stop)
{
    if (const std::optional<Error> why = unavailable())
        co_return *why;
    if (const std::optional<Error> problem = gcp::scheduleProblem(wanted))
        co_return *problem;
    const QPointer<OffPeak> self(this);
    LoggedChange change(m_log, m_state.clock(), m_state.config().name, QStringLiteral("schedule create"), {});
    const QString undo = QStringLiteral("hybridgectl schedule remove %1 --region %2").arg(wanted.name, wanted.region);
    const OperationPlan plan = planOf(createCalls(wanted), undo);
    static_cast<void>(co_await change.begin(plan)); // a log that cannot be written is told by itself
    if (!self)
        co_return cancelled();
    const Result<gcp::InstanceSchedule> made = co_await m_schedules->create(wanted, stop);
    const QString note = made ? tr("Read back: %1.").arg(scheduleWords(*made)) : QString();
    const std::optional<Error> error = errorIn(made);
    co_await change.end(error, note);
    if (!made)
        co_return made.error();
    if (!self)
        co_return cancelled();
    co_return scheduleState(*made, m_state.clock().now());
}

Task<Result<ScheduleState>> OffPeak::attach(QString node, QString name, std::stop_token stop)
{
    if (const std::optional<Error> why = unavailable())
        co_return *why;
    const Result<gcp::InstanceRef> ref = machineOf(node);
    if (!ref)
        co_return ref.error();
    const QPointer<OffPeak> self(this);
    const Result<gcp::InstanceSchedule> schedule = co_await m_schedules->schedule(regionOf(ref->zone), name, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!schedule)
        co_return schedule.error();
    LoggedChange change(m_log, m_state.clock(), m_state.config().name, QStringLiteral("schedule attach"), node);
    const QString undo = QStringLiteral("hybridgectl schedule detach %1 %2").arg(name, node);
    const QStringList warnings {scheduleWarning()};
    const OperationPlan plan = planOf(attachCalls(node, name, true), undo, warnings);
    const Result<void> begun = co_await change.begin(plan);
    if (!begun)
        co_return begun.error();
    if (!self)
        co_return cancelled();
    const Result<gcp::Instance> after = co_await m_schedules->attach(*ref, name, stop);
    std::optional<Error> error;
    if (!after)
        error = after.error();
    else if (!after->resourcePolicies.contains(name))
        error = Error(Error::Kind::Remote, tr("Google says that the schedule is attached, and the machine does not have it."));
    const QString note = error ? QString() : tr("Read back: %1 has the schedule %2.").arg(node, name);
    co_await change.end(error, note);
    if (error)
        co_return *error;
    if (!self)
        co_return cancelled();
    ScheduleState state = scheduleState(*schedule, m_state.clock().now());
    state.nodes = {node};
    co_return state;
}

Task<Result<QStringList>> OffPeak::detach(QString node, QString name, std::stop_token stop)
{
    if (const std::optional<Error> why = unavailable())
        co_return *why;
    const Result<gcp::InstanceRef> ref = machineOf(node);
    if (!ref)
        co_return ref.error();
    const QPointer<OffPeak> self(this);
    LoggedChange change(m_log, m_state.clock(), m_state.config().name, QStringLiteral("schedule detach"), node);
    const QString undo = QStringLiteral("hybridgectl schedule attach %1 %2").arg(name, node);
    const OperationPlan plan = planOf(attachCalls(node, name, false), undo);
    const Result<void> begun = co_await change.begin(plan);
    if (!begun)
        co_return begun.error();
    if (!self)
        co_return cancelled();
    const Result<gcp::Instance> after = co_await m_schedules->detach(*ref, name, stop);
    const std::optional<Error> error = errorIn(after);
    const QString note = after ? tr("Read back: %1 does not have it.").arg(node) : QString();
    co_await change.end(error, note);
    if (!after)
        co_return after.error();
    co_return after->resourcePolicies;
}

Task<Result<bool>> OffPeak::remove(QString region, QString name, std::stop_token stop)
{
    if (const std::optional<Error> why = unavailable())
        co_return *why;
    const QPointer<OffPeak> self(this);
    const Result<gcp::InstanceSchedule> there = co_await m_schedules->schedule(region, name, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!there)
        co_return there.error();
    LoggedChange change(m_log, m_state.clock(), m_state.config().name, QStringLiteral("schedule remove"), {});
    const QString undo = QStringLiteral("hybridgectl schedule create %1 --region %2 --time-zone %3%4%5")
                             .arg(name, region, there->timeZone, there->stopCron.isEmpty() ? QString() : QStringLiteral(" --stop \"%1\"").arg(there->stopCron),
                                 there->startCron.isEmpty() ? QString() : QStringLiteral(" --start \"%1\"").arg(there->startCron));
    const OperationPlan plan = planOf(removeCalls(region, name), undo);
    static_cast<void>(co_await change.begin(plan)); // a log that cannot be written is told by itself
    if (!self)
        co_return cancelled();
    const Result<bool> removed = co_await m_schedules->remove(region, name, stop);
    const std::optional<Error> error = errorIn(removed);
    const QString note;
    co_await change.end(error, note);
    co_return removed;
}

} // namespace hybridge
