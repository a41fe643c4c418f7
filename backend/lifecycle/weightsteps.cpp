// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of "down" and "up" that change the shares: out of routing before anything stops, back into it, watched, when
// tokens come through the edge.
#include "backend/base/units.h"
#include "backend/lifecycle/guards.h"
#include "backend/lifecycle/sequence.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QPointer>

#include <algorithm>
#include <optional>
#include <utility>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Sequence", text);
}

StepOutcome outcomeOf(const QString &detail, bool skipped = false)
{
    StepOutcome outcome;
    outcome.skipped = skipped;
    outcome.detail = detail;
    return outcome;
}

Error cancelled()
{
    return {Error::Kind::Cancelled, tr("Cancelled.")};
}

/// Half of the way first, watched; then all of it.
RouteManner gently()
{
    RouteManner manner;
    manner.canary = true;
    manner.fractions = {50, 100};
    manner.dwell = std::chrono::seconds(4);
    manner.probesPerStep = 12;
    return manner;
}

bool isBusy(const RoutingService &routing)
{
    return !routing.running().id.isEmpty() && routing.running().result == OperationResult::Running;
}

/// Nodes that go side by side change the shares one after the other: each reads what the one before it wrote.
Task<Result<void>> waitForTurn(StepContext context, QPointer<RoutingService> routing, std::stop_token stop)
{
    constexpr auto Limit = std::chrono::minutes(10);
    const QDeadlineTimer limit(Limit);
    while (routing && isBusy(*routing) && !stop.stop_requested()) {
        if (limit.hasExpired())
            co_return Error(Error::Kind::Timeout, tr("Another change of the shares has not ended within %1.").arg(formatDuration(Limit)))
                .withRemedy(tr("See on the routing page what runs there, then try again."));
        if (context.progress)
            context.progress(tr("Another change of the shares runs first."));
        co_await pause(100ms, stop);
    }
    if (!routing || stop.stop_requested())
        co_return cancelled();
    co_return Result<void>();
}

/// Empty: somebody else's change came in between; read again and try again.
using Attempt = std::optional<Result<StepOutcome>>;
constexpr int MostAttempts = 10;

Task<Attempt> change(RoutingService *service, RouteChange wanted, QString lastBackendOverride, RouteManner manner, QString kind, std::stop_token stop)
{
    const QPointer<RoutingService> routing(service);
    const Result<RouteProposal> proposal = co_await routing->propose(wanted, lastBackendOverride, stop);
    if (!routing || stop.stop_requested())
        co_return Attempt(cancelled());
    if (!proposal)
        co_return Attempt(proposal.error());
    if (isBusy(*routing)) // apply() looks before it awaits anything, so that from here on it is ours
        co_return Attempt();
    // What the operator had to confirm he has confirmed for the whole operation; what blocks still blocks.
    const RouteOutcome outcome = co_await routing->apply(*proposal, true, manner, kind, stop);
    if (outcome.report.error && isRouteConflict(*outcome.report.error))
        co_return Attempt();
    if (outcome.report.error)
        co_return Attempt(*outcome.report.error);
    co_return Attempt(outcomeOf(tr("Read back: %1.").arg(sharesText(outcome.after))));
}

Error neverOurTurn()
{
    return Error(Error::Kind::Refused, tr("Somebody else changes the shares again and again."), {}, routeConflict)
        .withRemedy(tr("See on the routing page who does, then try again."));
}

Task<Attempt> tryToTake(StepContext context, std::stop_token stop)
{
    const QPointer<RoutingService> routing(context.ways->routing());
    const Result<void> turn = co_await waitForTurn(context, routing, stop);
    if (!turn)
        co_return Attempt(turn.error());
    const Result<RoutingState> now = co_await routing->read(stop);
    if (!routing || stop.stop_requested())
        co_return Attempt(cancelled());
    if (!now)
        co_return Attempt(now.error());
    const RouteTarget *target = now->target(context.node.id);
    if (!target)
        co_return Attempt(outcomeOf(tr("The router shares nothing to it."), true));
    if (target->share <= 0)
        co_return Attempt(outcomeOf(tr("It had no share already.")));
    if (now->place == WeightPlace::None)
        co_return Attempt(outcomeOf(tr("The router does not share by weight: %1").arg(now->warnings.join(QLatin1Char(' '))), true));
    WeightDraft draft(now->percents());
    for (const QString &leaves : std::as_const(context.request.alongside))
        draft.setLocked(leaves, true);
    if (!draft.drain(context.node.id))
        co_return Attempt(outcomeOf(tr("Nobody else could take its share."), true));
    RouteChange wanted;
    wanted.percents = draft.percents();
    Task<Attempt> changing = change(routing, wanted, context.request.lastBackendOverride, RouteManner(), QStringLiteral("route drain"), stop);
    Attempt done = co_await changing;
    co_return done;
}

Task<Attempt> tryToGiveBack(StepContext context, std::stop_token stop)
{
    const QPointer<RoutingService> routing(context.ways->routing());
    const Result<void> turn = co_await waitForTurn(context, routing, stop);
    if (!turn)
        co_return Attempt(turn.error());
    const Result<RoutingState> now = co_await routing->read(stop);
    if (!routing || stop.stop_requested())
        co_return Attempt(cancelled());
    if (!now)
        co_return Attempt(now.error());
    const RouteTarget *target = now->target(context.node.id);
    if (!target || now->place == WeightPlace::None)
        co_return Attempt(outcomeOf(target ? tr("The router does not share by weight.") : tr("The router shares nothing to it."), true));
    if (target->share > 0)
        co_return Attempt(outcomeOf(tr("It has its share: %1.").arg(sharesText(now->shares()))));
    const std::optional<int> before = co_await routing->shareBeforeDrain(context.node.id);
    if (!routing || stop.stop_requested())
        co_return Attempt(cancelled());
    if (!before)
        co_return Attempt(outcomeOf(tr("No earlier share of it is on record. Give it one: hybridgectl route set %1=PERCENT").arg(context.node.id), true));
    WeightDraft draft(now->percents());
    draft.set(context.node.id, *before);
    // Where another then gets nothing any more, the guard wants this one seen as serving: its lamp may lag behind the token.
    const bool emptiesAnother = std::any_of(now->targets.cbegin(), now->targets.cend(),
        [&](const RouteTarget &one) { return one.node != context.node.id && one.share > 0 && draft.percent(one.node) == 0; });
    if (emptiesAnother) {
        co_await waitFor(context, [](const NodeState &node) { return isServing(node); }, 60s, stop);
        if (!routing || stop.stop_requested())
            co_return Attempt(cancelled());
    }
    RouteChange wanted;
    wanted.percents = draft.percents();
    if (context.progress)
        context.progress(tr("Half of its share first, watched."));
    Task<Attempt> gentle = change(routing, wanted, {}, gently(), QStringLiteral("route set"), stop);
    Attempt inSteps = co_await gentle;
    if (!routing || stop.stop_requested())
        co_return Attempt(cancelled());
    // A balancer whose only rule slot is taken cannot hold a step: then at once.
    if (!inSteps || *inSteps || inSteps->error().kind != Error::Kind::Refused)
        co_return inSteps;
    Task<Attempt> plain = change(routing, wanted, {}, RouteManner(), QStringLiteral("route set"), stop);
    Attempt atOnce = co_await plain;
    co_return atOnce;
}

/// Tries until it was not in between that somebody else changed the shares.
Task<Result<StepOutcome>> tryOften(Task<Attempt> (*attempt)(StepContext, std::stop_token), StepContext context, std::stop_token stop)
{
    RoutingService *const routing = context.ways->routing();
    if (!routing || !routing->isConfigured())
        co_return outcomeOf(QStringLiteral("routing not configured"), true);
    for (int i = 0; i < MostAttempts; ++i) {
        const Attempt done = co_await attempt(context, stop);
        if (done)
            co_return *done;
    }
    co_return neverOurTurn();
}

} // namespace

QStringList shareCalls(LifecycleWays &ways, const NodeConfig &node, bool isTaken)
{
    RoutingService *const routing = ways.routing();
    if (!routing || !routing->isConfigured())
        return {};
    const QString unread = isTaken ? tr("The router's API: the share of %1 to 0 (the router was not read yet)").arg(node.id)
                                   : tr("The router's API: the earlier share of %1 (the router was not read yet)").arg(node.id);
    if (!routing->state().isKnown())
        return {unread};
    const RoutingState &now = *routing->state();
    const RouteTarget *target = now.target(node.id);
    if (!target || now.place == WeightPlace::None || (isTaken && target->share <= 0))
        return {};
    WeightDraft draft(now.percents());
    // What it gets back stands in the log and is asked for then; the call is the same whatever the number.
    if (!(isTaken ? draft.drain(node.id) : draft.set(node.id, 50)))
        return {};
    RouteChange change;
    change.percents = draft.percents();
    const Result<RouteProposal> proposal = routing->preview(change, isTaken ? node.id : QString());
    if (!proposal)
        return {unread};
    return {isTaken ? QStringLiteral("%1 (%2)").arg(proposal->payload.call, sharesText(proposal->predicted))
                    : tr("%1 (the earlier share of %2, half of it first)").arg(proposal->payload.call, node.id)};
}

Task<Result<StepOutcome>> takeWeightAway(StepContext context, std::stop_token stop)
{
    return tryOften(&tryToTake, std::move(context), std::move(stop));
}

Task<Result<StepOutcome>> giveWeightBack(StepContext context, std::stop_token stop)
{
    return tryOften(&tryToGiveBack, std::move(context), std::move(stop));
}

} // namespace hybridge
