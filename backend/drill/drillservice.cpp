// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillservice.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/drill/drillrun.h"
#include "backend/routing/monitorservice.h"
#include "backend/routing/routersource.h"
#include "backend/routing/routingservice.h"

#include <QDeadlineTimer>

#include <algorithm>

namespace hybridge {

namespace {

RouterLimits limitsOf(const RoutingState &state)
{
    RouterLimits out;
    if (!state.source || !state.source->routes.is_object() || !state.source->routes.contains("limits") || !state.source->routes["limits"].is_object())
        return out;
    const nlohmann::json &limits = state.source->routes["limits"];
    const auto take = [&limits](const char *key, double otherwise) { return limits.contains(key) && limits[key].is_number() ? limits[key].get<double>() : otherwise; };
    out.firstByteGetMs = take("firstByteGetMs", out.firstByteGetMs);
    out.firstBytePostMs = take("firstBytePostMs", out.firstBytePostMs);
    out.breakerFailures = int(take("breakerFailures", out.breakerFailures));
    out.breakerPauseMs = take("breakerPauseMs", out.breakerPauseMs);
    return out;
}

Task<Result<LeaseStatus>> showLease(Shell *shell, NodeConfig node, std::stop_token stop)
{
    DrillLease lease(*shell, std::move(node));
    return lease.show(std::move(stop));
}

} // namespace

QString drillLabel(const FleetState &fleet, const QString &node)
{
    const NodeState *found = fleet.node(node);
    return safeText(found && !found->config.label.isEmpty() ? found->config.label : node, 80);
}

Error drillCancelled()
{
    return {Error::Kind::Cancelled, DrillService::tr("Cancelled.")};
}

DrillService::DrillService(DrillWays &ways, ActivityLog &log, QString fleet, QObject *parent)
    : QObject(parent), m_ways(ways), m_log(log), m_fleet(std::move(fleet)), m_journal(log.database(), m_fleet)
{
}

DrillService::~DrillService()
{
    m_abort.request_stop();
}

Task<Result<DrillFacts>> DrillService::lookUp(QPointer<DrillService> self, DrillRequest request, std::stop_token stop)
{
    DrillFacts facts;
    const FleetConfig config = self->m_ways.state().config();
    // All nodes at once: one that does not answer delays nobody.
    std::vector<std::pair<QString, Task<Result<LeaseStatus>>>> asked;
    for (const NodeConfig &node : config.nodes) {
        Shell *shell = node.ssh ? self->m_ways.shell(node.id) : nullptr;
        if (!shell)
            continue;
        if (shell->linkState() == LinkState::Connected)
            asked.emplace_back(node.id, showLease(shell, node, stop));
        else if (node.id == request.node)
            facts.linkTrouble = shell->linkError() ? shell->linkError()->summary : tr("It is still being dialled.");
    }
    if (RoutingService *routing = self->m_ways.routing(); routing && routing->isConfigured()) {
        const Result<RoutingState> state = co_await routing->read(stop);
        if (!self)
            co_return drillCancelled();
        if (state) {
            facts.routing = *state;
            facts.limits = limitsOf(*state);
        } else {
            facts.routingTrouble = state.error().summary;
        }
    } else if (routing) {
        facts.routingTrouble = routing->whyNot();
    }
    if (facts.routing && facts.routing->mode == RoutingMode::LoadBalancer) {
        const Result<QMap<int, QString>> marks = co_await calibrateMarks(self->m_ways.hostnames(), stop);
        if (!self)
            co_return drillCancelled();
        facts.hasMarks = marks.has_value();
        if (ApiTransport *api = self->m_ways.cloudflare()) {
            MonitorService monitors(*api, config);
            const RoutingState state = *facts.routing;
            const Result<QList<PoolMonitor>> read = co_await monitors.read(state, stop);
            if (!self)
                co_return drillCancelled();
            if (read)
                for (const PoolMonitor &one : *read)
                    if (one.monitor) {
                        const FailoverTime time = failoverTime(*one.monitor);
                        DrillRange range = facts.balancerSeconds.value_or(DrillRange {time.quickest, time.slowest});
                        range.low = std::min(range.low, time.quickest);
                        range.high = std::max(range.high, time.slowest);
                        facts.balancerSeconds = range;
                    }
        }
    }
    for (auto &[node, task] : asked) {
        const Result<LeaseStatus> told = co_await task;
        if (!self)
            co_return drillCancelled();
        facts.leases.insert(node, told);
    }
    const Result<QList<NodeClaim>> claims = co_await self->m_log.claims(self->m_fleet);
    if (!self)
        co_return drillCancelled();
    if (claims)
        for (const NodeClaim &claim : *claims)
            if (claim.holder != HolderState::Gone && claim.operation != self->m_live.report.id && config.node(claim.node))
                facts.busyWith = tr("\"%1\" by %2 on %3.").arg(claim.kind, claim.who, claim.node);
    const Result<QList<DrillReport>> open = co_await self->interrupted(stop);
    if (!self)
        co_return drillCancelled();
    if (open)
        for (const DrillReport &one : *open)
            facts.openDrills.append(tr("%1 of %2, since %3").arg(drillFaultName(one.request.fault), one.request.node, one.begun.toLocalTime().toString(QStringLiteral("HH:mm"))));
    const QDateTime today(self->m_ways.state().clock().now().toUTC().date(), QTime(0, 0), Utc);
    const Result<qint64> sent = co_await self->m_journal.sentSince(today);
    if (sent)
        facts.sentToday = *sent;
    if (stop.stop_requested())
        co_return drillCancelled();
    co_return facts;
}

Task<DrillPlan> DrillService::plan(DrillRequest request, std::stop_token stop)
{
    const QPointer<DrillService> self(this);
    const Result<DrillFacts> facts = co_await lookUp(self, request, stop);
    if (!self || !facts) {
        DrillPlan none;
        none.request = request;
        none.checks.append({QStringLiteral("cancelled"), DrillCheck::State::Block, facts ? tr("Cancelled.") : facts.error().summary, {}, {}});
        co_return none;
    }
    DrillPlan made = drillPlan(m_ways.state(), request, *facts);
    if (m_live.isRunning()) {
        made.checks.prepend({QStringLiteral("nobody-else"), DrillCheck::State::Block, tr("A drill runs in this program."), {}, {}});
    }
    co_return made;
}

Task<DrillOutcome> DrillService::run(DrillPlan plan, std::stop_token stop)
{
    const auto run = std::make_shared<DrillRun>();
    run->plan = std::move(plan);
    DrillReport &report = run->report;
    report.id = newOperationId();
    report.fleet = m_fleet;
    report.who = m_log.who();
    report.request = run->plan.request;
    report.leaseId = QStringLiteral("drill-") + report.id.left(8);
    report.leaseTime = run->plan.lease;
    report.predicted = run->plan.predicted;
    report.begun = m_ways.state().clock().now();
    for (const NodeConfig &node : m_ways.state().config().nodes) {
        report.labels.insert(node.id, drillLabel(m_ways.state(), node.id));
        if (!node.colour.isEmpty())
            report.colours.insert(node.id, node.colour);
    }
    return drive(this, run, std::move(stop));
}

Task<DrillOutcome> DrillService::drive(QPointer<DrillService> self, std::shared_ptr<DrillRun> run, std::stop_token stop)
{
    DrillOutcome outcome;
    outcome.report = run->report;
    outcome.report.verdict = DrillVerdict::Aborted;
    if (self->m_live.isRunning()) {
        outcome.error = Error(Error::Kind::Refused, tr("A drill runs in this program."));
        co_return outcome;
    }
    if (const std::optional<Error> refusal = drillRefusal(run->plan)) {
        outcome.error = refusal;
        co_return outcome;
    }
    self->m_live = DrillLive();
    self->m_live.plan = run->plan;
    self->m_live.report = run->report;
    self->m_live.phase = DrillPhase::Locking;
    self->m_abort = std::stop_source();
    // Two wishes, one token: the caller's and abort()'s.
    const std::stop_callback both(stop, [source = self->m_abort]() mutable { source.request_stop(); });
    run->wish = self->m_abort.get_token();
    OperationReport &steps = self->m_live.steps;
    steps.id = run->report.id;
    steps.operation = QStringLiteral("drill run");
    steps.node = run->node();
    steps.begun = run->report.begun;
    DrillRun::planSteps(steps, drillLabel(self->m_ways.state(), run->node()));
    QStringList nodes;
    for (const NodeConfig &node : self->m_ways.state().config().nodes)
        nodes.append(node.id);
    const Result<void> claimed = co_await self->m_log.claim(self->m_fleet, nodes, steps.id, steps.operation);
    if (!self)
        co_return outcome;
    if (!claimed && claimed.error().kind == Error::Kind::Refused) {
        self->m_live.phase = DrillPhase::Ended;
        outcome.error = claimed.error();
        Q_EMIT self->changed();
        co_return outcome;
    }
    co_await self->log(steps.id, steps.node, ActivityEvent::Begun, begunPayload(steps, self->m_redactor));
    if (!self)
        co_return outcome;
    OperationPlan told;
    told.steps = steps.steps;
    told.calls = run->plan.calls;
    for (const DrillCheck &check : run->plan.checks)
        if (check.state == DrillCheck::State::Warn)
            told.warnings.append(check.what);
    told.undo = QStringLiteral("hybridgectl drill restore %1").arg(run->node());
    co_await self->log(steps.id, steps.node, ActivityEvent::Plan, planPayload(told, self->m_redactor));
    if (!self)
        co_return outcome;
    static_cast<void>(co_await self->keep(run->report)); // that it could not be written is told by itself
    if (!self)
        co_return outcome;
    Q_EMIT self->changed();

    const std::stop_token wish = run->wish;
    run->error = co_await DrillRun::takeAway(self, run, wish);
    if (!self)
        co_return outcome;
    if (run->error && run->error->kind == Error::Kind::Cancelled)
        run->abortWhy = tr("Aborted by the operator.");
    else if (run->error)
        run->abortWhy = run->error->summary;
    co_await DrillRun::giveBack(self, run);
    if (!self)
        co_return outcome;
    co_await DrillRun::close(self, run);
    outcome.report = run->report;
    if (run->error && run->error->kind != Error::Kind::Cancelled)
        outcome.error = run->error;
    co_return outcome;
}

const QList<DrillSample> &DrillService::samples() const
{
    return m_prober ? m_prober->samples() : m_live.report.samples;
}

double DrillService::now() const
{
    return m_prober ? m_prober->now() : m_live.report.marks.end.value_or(0);
}

Task<bool> DrillService::abort(std::chrono::milliseconds limit)
{
    const QPointer<DrillService> self(this);
    if (m_live.isRunning()) {
        m_live.isAborting = true;
        m_abort.request_stop();
        Q_EMIT changed();
    }
    const QDeadlineTimer deadline(limit);
    while (self && m_live.isRunning() && !deadline.hasExpired())
        co_await pause(std::chrono::milliseconds(30), {});
    co_return !self || !self->m_live.isRunning();
}

Task<void> DrillService::log(QString operation, QString node, ActivityEvent event, ActivityPayload payload)
{
    const QPointer<DrillService> self(this);
    ActivityDraft draft;
    draft.operation = operation;
    draft.fleet = m_fleet;
    draft.kind = QStringLiteral("drill run");
    draft.target = node;
    draft.event = event;
    draft.payload = std::move(payload);
    const Result<qint64> written = co_await m_log.append(draft);
    if (self && !written)
        noteLogFailure(written.error());
}

Task<Result<void>> DrillService::keep(DrillReport report)
{
    const QPointer<DrillService> self(this);
    const Result<void> kept = co_await m_journal.keep(report);
    if (self && !kept)
        noteLogFailure(kept.error());
    co_return kept;
}

void DrillService::noteLogFailure(const Error &error)
{
    if (!std::exchange(m_logFailed, true))
        Q_EMIT logFailed(error);
}

} // namespace hybridge
