// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of "down" and "up" that change the shares: out of routing before anything stops, back into it, watched, when
// tokens come through the edge.
#include "backend/lifecycle/sequence.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QPointer>

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

Task<Result<StepOutcome>> change(RoutingService *service, RouteChange wanted, QString lastBackendOverride, RouteManner manner, QString kind, std::stop_token stop)
{
    const QPointer<RoutingService> routing(service);
    const Result<RouteProposal> proposal = co_await routing->propose(wanted, lastBackendOverride, stop);
    if (!routing || stop.stop_requested())
        co_return cancelled();
    if (!proposal)
        co_return proposal.error();
    // What the operator had to confirm he has confirmed for the whole operation; what blocks still blocks.
    const RouteOutcome outcome = co_await routing->apply(*proposal, true, manner, kind, stop);
    if (outcome.report.error)
        co_return *outcome.report.error;
    co_return outcomeOf(tr("Read back: %1.").arg(sharesText(outcome.after)));
}

} // namespace

Task<Result<StepOutcome>> takeWeightAway(StepContext context, std::stop_token stop)
{
    const QPointer<RoutingService> routing(context.ways->routing());
    if (!routing || !routing->isConfigured())
        co_return outcomeOf(QStringLiteral("routing not configured"), true);
    const Result<RoutingState> now = co_await routing->read(stop);
    if (!routing || stop.stop_requested())
        co_return cancelled();
    if (!now)
        co_return now.error();
    const RouteTarget *target = now->target(context.node.id);
    if (!target)
        co_return outcomeOf(tr("The router shares nothing to it."), true);
    if (target->share <= 0)
        co_return outcomeOf(tr("It had no share already."));
    if (now->place == WeightPlace::None)
        co_return outcomeOf(tr("The router does not share by weight: %1").arg(now->warnings.join(QLatin1Char(' '))), true);
    WeightDraft draft(now->percents());
    if (!draft.drain(context.node.id))
        co_return outcomeOf(tr("Nobody else could take its share."), true);
    RouteChange wanted;
    wanted.percents = draft.percents();
    Task<Result<StepOutcome>> changing = change(routing, wanted, context.request.lastBackendOverride, RouteManner(), QStringLiteral("route drain"), stop);
    const Result<StepOutcome> done = co_await changing;
    co_return done;
}

Task<Result<StepOutcome>> giveWeightBack(StepContext context, std::stop_token stop)
{
    const QPointer<RoutingService> routing(context.ways->routing());
    if (!routing || !routing->isConfigured())
        co_return outcomeOf(QStringLiteral("routing not configured"), true);
    const Result<RoutingState> now = co_await routing->read(stop);
    if (!routing || stop.stop_requested())
        co_return cancelled();
    if (!now)
        co_return now.error();
    const RouteTarget *target = now->target(context.node.id);
    if (!target || now->place == WeightPlace::None)
        co_return outcomeOf(target ? tr("The router does not share by weight.") : tr("The router shares nothing to it."), true);
    if (target->share > 0)
        co_return outcomeOf(tr("It has its share: %1.").arg(sharesText(now->shares())));
    const std::optional<int> before = co_await routing->shareBeforeDrain(context.node.id);
    if (!routing || stop.stop_requested())
        co_return cancelled();
    if (!before)
        co_return outcomeOf(tr("No earlier share of it is on record. Give it one: hybridgectl route set %1=PERCENT").arg(context.node.id), true);
    WeightDraft draft(now->percents());
    draft.set(context.node.id, *before);
    RouteChange wanted;
    wanted.percents = draft.percents();
    if (context.progress)
        context.progress(tr("Half of its share first, watched."));
    Task<Result<StepOutcome>> gentle = change(routing, wanted, {}, gently(), QStringLiteral("route set"), stop);
    const Result<StepOutcome> inSteps = co_await gentle;
    if (!routing || stop.stop_requested())
        co_return cancelled();
    // A balancer whose only rule slot is taken cannot hold a step: then at once.
    if (inSteps || inSteps.error().kind != Error::Kind::Refused || isRouteConflict(inSteps.error()))
        co_return inSteps;
    Task<Result<StepOutcome>> plain = change(routing, wanted, {}, RouteManner(), QStringLiteral("route set"), stop);
    const Result<StepOutcome> atOnce = co_await plain;
    co_return atOnce;
}

} // namespace hybridge
