// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The way of a drill to its cut, and while the fault is held. What gives back is in drillrestore.cpp.
#include "backend/drill/drillrun.h"

#include "backend/base/units.h"
#include "backend/lifecycle/guards.h"
#include "backend/routing/routersource.h"
#include "backend/routing/routingguards.h"
#include "backend/routing/routingservice.h"

#include <QDeadlineTimer>

#include <array>

namespace hybridge {

namespace {

constexpr auto tick = std::chrono::milliseconds(50);
constexpr auto keepEvery = std::chrono::seconds(2);

QString tr(const char *text)
{
    return DrillService::tr(text);
}

/// A name under which every backend with a share answers, or else the node's own.
QString modelOf(const FleetState &fleet, const std::optional<RoutingState> &routing, const QString &node)
{
    const QString common = routing ? commonModel(fleet, *routing, routing->effectiveShares(fleet.clock().now())) : QString();
    if (!common.isEmpty())
        return common;
    const NodeState *state = fleet.node(node);
    return state && state->config.engine ? state->config.engine->models.value(0) : QString();
}

/// Checks that a second look makes anew: those about our own leases would find ourselves.
bool countsAgain(const DrillCheck &check)
{
    static const QStringList again {QStringLiteral("serves"), QStringLiteral("others"), QStringLiteral("target"), QStringLiteral("link"), QStringLiteral("endpoint"), QStringLiteral("node")};
    return again.contains(check.id);
}

} // namespace

void DrillRun::planSteps(OperationReport &steps, const QString &label)
{
    const auto add = [&steps](const char *id, const QString &name) {
        StepReport step;
        step.id = QString::fromLatin1(id);
        step.name = name;
        steps.steps.append(step);
    };
    add("lock", tr("Lock the other nodes"));
    add("router", tr("Arm a lease at the router"));
    add("steady", tr("Watch before the cut"));
    add("guards", tr("Look at everything again"));
    add("cut", tr("Arm the lease on %1 and cut").arg(label));
    add("hold", tr("Hold the fault"));
    add("restore", tr("Give back"));
    add("verify", tr("Prove it with a token from %1").arg(label));
    add("recover", tr("Watch until requests reach %1 again").arg(label));
    add("release", tr("End the leases and read the shares"));
}

Task<void> DrillRun::step(Self self, Ref run, int index, StepState state, QString detail)
{
    StepReport &report = self->m_live.steps.steps[index];
    const MonotonicMs now = self->m_ways.state().clock().monotonic();
    if (state == StepState::Running) {
        run->current = index;
        run->currentBegun = now;
    }
    report.state = state;
    report.seconds = state == StepState::Skipped ? std::optional<double>() : std::chrono::duration<double>(now - run->currentBegun).count();
    report.detail = detail;
    Q_EMIT self->changed();
    if (!self)
        co_return;
    if (run->hasEnded)
        co_return;
    const ActivityPayload payload = stepPayload(report, self->m_redactor);
    co_await self->log(run->report.id, run->node(), ActivityEvent::Step, payload);
}

void DrillRun::phase(Self self, DrillPhase phase)
{
    self->m_live.phase = phase;
    Q_EMIT self->changed();
}

void DrillRun::countNow(DrillRun &run)
{
    if (run.prober) {
        run.report.samples = run.prober->samples();
        run.report.counts = drillCounts(run.report.samples, run.prober->skipped());
    }
}

Task<std::optional<Error>> DrillRun::takeAway(Self self, Ref run, std::stop_token stop)
{
    using Part = Task<std::optional<Error>> (*)(Self, Ref, std::stop_token);
    constexpr std::array<std::pair<int, Part>, 5> parts {{{Lock, &DrillRun::lock}, {RouterLease, &DrillRun::armRouter}, {Steady, &DrillRun::watchSteady}, {Guards, &DrillRun::guardAgain}, {Cut, &DrillRun::cut}}};
    for (const auto &[index, part] : parts) {
        if (stop.stop_requested())
            co_return drillCancelled();
        co_await step(self, run, index, StepState::Running, {});
        if (!self)
            co_return drillCancelled();
        const std::optional<Error> error = co_await part(self, run, stop);
        if (!self)
            co_return drillCancelled();
        if (error) {
            if (self->m_live.steps.steps.at(index).state == StepState::Running)
                co_await step(self, run, index, StepState::Failed, error->summary);
            co_return error;
        }
    }
    co_await hold(self, run, stop);
    co_return std::nullopt;
}

Task<std::optional<Error>> DrillRun::lock(Self self, Ref run, std::stop_token stop)
{
    QStringList trouble;
    for (const QString &id : run->plan.lockNodes) {
        const NodeState *node = self->m_ways.state().node(id);
        Shell *shell = self->m_ways.shell(id);
        if (!node || !shell)
            continue;
        DrillLease lease(*shell, node->config);
        const QString name = run->report.leaseId;
        const Result<LeaseStatus> armed = co_await lease.arm(name, run->plan.lock, QStringLiteral("none"), stop);
        if (!self)
            co_return drillCancelled();
        if (armed || armed.error().kind == Error::Kind::Timeout || armed.error().kind == Error::Kind::Network || armed.error().kind == Error::Kind::Cancelled)
            run->locked.append(id); // perhaps, in the latter cases: it is taken away again all the same
        if (!armed && armed.error().kind == Error::Kind::Refused)
            co_return armed.error();
        if (!armed)
            trouble.append(QStringLiteral("%1: %2").arg(id, armed.error().summary));
        if (stop.stop_requested())
            co_return drillCancelled();
    }
    const QString said = run->locked.isEmpty() ? tr("No other node has a lease helper.") : tr("Locked: %1.").arg(run->locked.join(QStringLiteral(", ")));
    const StepState state = run->plan.lockNodes.isEmpty() ? StepState::Skipped : StepState::Done;
    const QString told = trouble.isEmpty() ? said : said + QLatin1Char(' ') + trouble.join(QStringLiteral("; "));
    co_await step(self, run, Lock, state, told);
    co_return std::nullopt;
}

Task<std::optional<Error>> DrillRun::leaseAtRouter(Self self, Ref run, QMap<QString, double> weights, std::stop_token stop)
{
    RoutingService *routing = self->m_ways.routing();
    RouteChange change;
    RouteLease lease;
    lease.id = run->report.leaseId;
    lease.kind = RouteLease::Kind::Drill;
    lease.owner = run->report.who.section(QLatin1Char(','), 0, 0);
    lease.weights = std::move(weights);
    lease.expiresAt = self->m_ways.state().clock().now().addSecs(run->plan.lock.count());
    change.lease = lease;
    change.message = QStringLiteral("hybridge drill: %1 of %2").arg(drillFaultName(run->report.request.fault), run->node());
    const Result<RouteProposal> proposal = co_await routing->propose(change, run->report.request.lastBackendOverride, stop);
    if (!self)
        co_return drillCancelled();
    if (!proposal)
        co_return proposal.error();
    run->routerTaken = true; // perhaps, until it is read back
    const RouteManner manner;
    const RouteOutcome outcome = co_await self->m_ways.routing()->apply(*proposal, true, manner, QStringLiteral("drill lease"), stop);
    if (!self)
        co_return drillCancelled();
    if (outcome.report.result == OperationResult::Refused)
        run->routerTaken = false;
    co_return outcome.report.error;
}

Task<std::optional<Error>> DrillRun::armRouter(Self self, Ref run, std::stop_token stop)
{
    RoutingService *routing = self->m_ways.routing();
    if (!routing || !routing->isConfigured()) {
        const QString why = routing ? routing->whyNot() : tr("Routing is not configured.");
        co_await step(self, run, RouterLease, StepState::Skipped, why);
        co_return std::nullopt;
    }
    const Result<RoutingState> read = co_await routing->read(stop);
    if (!self)
        co_return drillCancelled();
    if (!read) {
        co_await step(self, run, RouterLease, StepState::Skipped, read.error().summary);
        co_return std::nullopt;
    }
    run->routing = *read;
    run->report.routing = routingModeName(read->mode);
    run->report.sharesBefore = read->shares();
    if (run->isWeight() || read->place == WeightPlace::None) {
        const QString why = run->isWeight() ? tr("The cut itself is a lease at the router.") : tr("The router has no weights that a lease could hold.");
        co_await step(self, run, RouterLease, StepState::Skipped, why);
        co_return std::nullopt;
    }
    // The shares as they are: nobody moves them while the drill counts, and a second drill is refused there too.
    const QMap<QString, double> weights = read->shares();
    const std::optional<Error> error = co_await leaseAtRouter(self, run, weights, stop);
    if (!self || stop.stop_requested())
        co_return drillCancelled();
    // What is taken away is the node's, and the node gives it back: the router's lease is a second lock.
    const StepState state = error ? StepState::Skipped : StepState::Done;
    const QString told = error ? tr("Without a lease there: %1").arg(error->summary) : tr("Shares held as they are, for %1.").arg(formatDuration(run->plan.lock));
    co_await step(self, run, RouterLease, state, told);
    co_return std::nullopt;
}

Task<std::optional<Error>> DrillRun::watchSteady(Self self, Ref run, std::stop_token stop)
{
    phase(self, DrillPhase::Steady);
    DrillAsk &ask = run->ask;
    ask.probe = run->report.request.probe;
    ask.worker = run->report.routing != QLatin1String("load-balancer");
    ask.model = modelOf(self->m_ways.state(), run->routing, run->node());
    const bool tunnelTells = run->report.request.fault != DrillFault::Engine && run->report.request.fault != DrillFault::Hang && ask.probe == DrillProbe::Models;
    if (!ask.worker && tunnelTells) {
        const Result<QMap<int, QString>> codes = co_await calibrateMarks(self->m_ways.hostnames(), stop);
        if (!self)
            co_return drillCancelled();
        if (codes)
            ask.codes = *codes;
    }
    const std::shared_ptr<ApiClient> endpoint = self->m_ways.endpoint();
    if (!endpoint)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no endpoint."));
    run->prober = std::make_shared<DrillProber>(endpoint, ask, run->plan.request.rate);
    self->m_prober = run->prober.get();
    QObject::connect(run->prober.get(), &DrillProber::sampled, self.data(), &DrillService::sampled);
    run->prober->start();
    const QDeadlineTimer deadline(run->report.request.steady);
    while (!deadline.hasExpired()) {
        if (!co_await pause(tick, stop) || !self)
            co_return drillCancelled();
    }
    countNow(*run);
    const DrillPhaseFigures before = phaseFigures(run->report.samples, 0, 1e9, run->node());
    const QString figures = tr("%1 requests, %2 failed, median %3").arg(before.sent).arg(before.failed).arg(formatLatency(before.p50));
    if (before.failed > 0 && before.failedShare.low > run->report.request.hypothesis.mostFailed)
        co_return Error(Error::Kind::Remote, tr("It is not steady before anything is taken away: %1.").arg(figures), run->report.counts.causes.isEmpty() ? QString() : run->report.counts.causes.firstKey());
    co_await step(self, run, Steady, StepState::Done, figures);
    co_return std::nullopt;
}

Task<std::optional<Error>> DrillRun::guardAgain(Self self, Ref run, std::stop_token stop)
{
    self->m_ways.state().flush();
    DrillFacts facts;
    facts.routing = run->routing;
    if (facts.routing)
        facts.routing->lease.reset();
    const Shell *shell = self->m_ways.shell(run->node());
    if (!run->isWeight() && shell && shell->linkState() != LinkState::Connected)
        facts.linkTrouble = shell->linkError() ? shell->linkError()->summary : tr("The link is down.");
    DrillPlan again = drillPlan(self->m_ways.state(), run->plan.request, facts);
    again.checks.removeIf([](const DrillCheck &check) { return !countsAgain(check); });
    if (const std::optional<Error> refusal = drillRefusal(again))
        co_return refusal;
    if (stop.stop_requested())
        co_return drillCancelled();
    co_await step(self, run, Guards, StepState::Done, tr("Nothing has changed."));
    co_return std::nullopt;
}

Task<std::optional<Error>> DrillRun::cut(Self self, Ref run, std::stop_token stop)
{
    const auto &clock = self->m_ways.state().clock();
    // On the disk before the order leaves: whoever starts next knows what to give back.
    countNow(*run);
    run->report.marks.cut = run->now();
    const Result<void> kept = co_await self->keep(run->report);
    if (!self || stop.stop_requested())
        co_return drillCancelled();
    if (!kept)
        co_return Error(Error::Kind::Unavailable, tr("The drill could not be written down: nothing is cut."), kept.error().summary).withRemedy(kept.error().remedy);
    phase(self, DrillPhase::Cut);
    run->report.marks.cut = run->now();
    self->m_live.report.marks = run->report.marks;
    if (run->isWeight()) {
        run->until = clock.monotonic() + run->plan.lock;
        QMap<QString, double> weights = run->routing ? run->routing->shares() : QMap<QString, double>();
        weights.insert(run->node(), 0);
        self->m_live.leaseUntil = run->until;
        const std::optional<Error> error = co_await leaseAtRouter(self, run, weights, stop);
        if (!self)
            co_return drillCancelled();
        run->report.marks.cutDone = run->now();
        self->m_live.report.marks = run->report.marks;
        if (error)
            co_return error;
        co_await step(self, run, Cut, StepState::Done, tr("The router gives %1 nothing, read back.").arg(run->node()));
        co_return std::nullopt;
    }
    const NodeState *node = self->m_ways.state().node(run->node());
    Shell *shell = self->m_ways.shell(run->node());
    if (!node || !shell)
        co_return Error(Error::Kind::Unavailable, tr("%1 has no link.").arg(run->node()));
    DrillLease lease(*shell, node->config);
    run->nodeTaken = true; // from here on it may be
    run->until = clock.monotonic() + run->plan.lease;
    self->m_live.leaseUntil = run->until;
    // Not stopped by a wish: an order that is half out must be known to its end.
    const QString name = run->report.leaseId;
    const QString fault = drillFaultName(run->report.request.fault);
    const Result<LeaseStatus> armed = co_await lease.arm(name, run->plan.lease, fault, {});
    if (!self)
        co_return drillCancelled();
    run->report.marks.cutDone = run->now();
    self->m_live.report.marks = run->report.marks;
    const bool unknown = !armed && (armed.error().kind == Error::Kind::Network || armed.error().kind == Error::Kind::Timeout || armed.error().kind == Error::Kind::Cancelled);
    if (!armed && !unknown) {
        run->nodeTaken = armed.error().kind == Error::Kind::Protocol || armed.error().kind == Error::Kind::RemoteExit;
        co_return armed.error();
    }
    if (armed && (armed->id != name || armed->fault != fault || !armed->isOpen()))
        co_return Error(Error::Kind::Remote, tr("The lease that was read back is not ours."), armed->id);
    // A link that goes with the cut is no failure: the node has its lease, or it has done nothing.
    const QString told = armed ? tr("Read back: %1 is away, given back in %2 at the latest.").arg(armed->service == QLatin1String("-") ? fault : armed->service, formatDuration(armed->left))
                               : tr("The link went with the cut; the node gives back by itself.");
    co_await step(self, run, Cut, StepState::Done, told);
    co_return std::nullopt;
}

Task<void> DrillRun::hold(Self self, Ref run, std::stop_token stop)
{
    co_await step(self, run, Hold, StepState::Running, {});
    if (!self)
        co_return;
    const QDeadlineTimer deadline(run->report.request.duration);
    QDeadlineTimer keepAgain(keepEvery);
    const bool overridden = run->report.request.lastBackendOverride == run->node();
    while (!deadline.hasExpired() && run->abortWhy.isEmpty()) {
        const bool goesOn = co_await pause(tick, stop);
        if (!self)
            co_return;
        if (!goesOn) {
            run->abortWhy = tr("Aborted by the operator.");
            break;
        }
        run->abortWhy = abortReason(run->prober->samples(), run->report.marks.cut.value_or(0), run->report.request.hypothesis);
        bool othersServe = overridden;
        const FleetState &fleet = self->m_ways.state();
        for (int i = 0; i < fleet.nodeCount(); ++i)
            othersServe = othersServe || (fleet.at(i).config.id != run->node() && isServing(fleet.at(i)));
        if (!othersServe)
            run->abortWhy = tr("No other node serves any more.");
        if (run->prober->sent() >= run->plan.request.mostRequests)
            break; // the budget of requests is used up
        if (keepAgain.hasExpired()) {
            keepAgain = QDeadlineTimer(keepEvery);
            countNow(*run);
            static_cast<void>(co_await self->keep(run->report)); // that it could not be written is told by itself
            if (!self)
                co_return;
        }
    }
    countNow(*run);
    const DrillPhaseFigures during = phaseFigures(run->report.samples, run->report.marks.cut.value_or(0), 1e9, run->node());
    const StepState state = run->abortWhy.isEmpty() ? StepState::Done : StepState::Failed;
    const QString told = run->abortWhy.isEmpty() ? tr("%1 requests, %2 failed").arg(during.sent).arg(during.failed) : run->abortWhy;
    co_await step(self, run, Hold, state, told);
}

} // namespace hybridge
