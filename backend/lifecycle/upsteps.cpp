// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of "up": the machine, the way to it, its connector, its model server, and the proof: tokens.
#include "backend/base/units.h"
#include "backend/gcp/failure.h"
#include "backend/lifecycle/sequence.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Sequence", text);
}

StepOutcome skipped(const QString &why)
{
    StepOutcome outcome;
    outcome.skipped = true;
    outcome.detail = why;
    return outcome;
}

StepOutcome done(const QString &detail)
{
    StepOutcome outcome;
    outcome.detail = detail;
    return outcome;
}

Error cancelled()
{
    return Error(Error::Kind::Cancelled, tr("Cancelled."));
}

Task<Result<StepOutcome>> startService(StepContext context, QString service, std::stop_token stop)
{
    if (service.isEmpty() || !context.node.ssh)
        co_return skipped(service.isEmpty() ? tr("No service is configured.") : tr("No SSH is configured."));
    // A machine that has just started brings its services up itself: they are read first.
    const MonotonicMs from = context.now();
    co_await waitFor(context, [&](const NodeState &node) { return serviceOf(node, service, from) != nullptr; }, 15s, stop);
    if (stop.stop_requested())
        co_return cancelled();
    const ServiceFacts *known = serviceOf(context.state(), service, from);
    if (known && known->state == ServiceState::Active)
        co_return done(tr("%1 runs already.").arg(service));
    const Result<ServiceFacts> after
        = co_await context.ways->actOnService(context.node.id, service, ServiceAction::Start, std::chrono::minutes(3), stop);
    if (!after)
        co_return after.error();
    co_return done(tr("%1 is %2.").arg(service, serviceStateName(after->state)));
}

/// "us-central1-b, g2-standard-8" for the operator.
QString placeOf(const MachineAlternative &place)
{
    return place.machineType.isEmpty() ? place.zone : QStringLiteral("%1, %2").arg(place.zone, place.machineType);
}

} // namespace

Task<Result<StepOutcome>> startMachine(StepContext context, std::stop_token stop)
{
    if (!hasCloudMachine(context.node))
        co_return skipped(tr("It stands at your place and is not started from here."));
    // The state may be from before a stop: what counts is read now.
    const MonotonicMs from = context.now();
    co_await waitFor(context, [from](const NodeState &node) { return node.machine.triedAt() >= from; }, 30s, stop);
    if (stop.stop_requested())
        co_return cancelled();
    // What an earlier order (of a program that ended meanwhile, of somebody else) has begun comes to its end first.
    const auto isMoving = [](const NodeState &node) { return machineIsStarting(node) || machineIsStopping(node); };
    if (isMoving(context.state())) {
        if (context.progress)
            context.progress(tr("It is %1: waiting until that has ended.").arg(context.state().machine->status));
        co_await waitFor(context, [isMoving](const NodeState &node) { return !isMoving(node); }, std::chrono::minutes(10), stop);
        if (stop.stop_requested())
            co_return cancelled();
    }
    if (machineIsOn(context.state()))
        co_return done(tr("It runs already (%1).").arg(context.state().machine->status));

    MachineOrder order(context.node.id, MachineAction::Start);
    order.maxRun = context.request.maxRun;
    order.progress = context.progress;
    const Result<MachineFacts> started = co_await context.ways->act(order, stop);
    if (started)
        co_return done(tr("The cloud says %1.").arg(started->status));
    if (!gcp::isNoCapacity(started.error()) || stop.stop_requested())
        co_return started.error();

    if (context.foundNoCapacity)
        context.foundNoCapacity(context.node.machine->zone, started.error().summary);
    // No capacity: the places that the operator listed, in the order listed.
    Error first = started.error();
    QStringList tried {first.summary};
    const QList<MachineAlternative> places = context.node.machine->alternatives;
    for (qsizetype i = 0; i < places.size(); ++i) {
        const QString place = placeOf(places.at(i));
        if (context.progress)
            context.progress(tr("No capacity. Trying %1.").arg(place));
        MachineOrder next(context.node.id, MachineAction::Start);
        next.maxRun = context.request.maxRun;
        next.progress = context.progress;
        next.alternative = int(i);
        const Result<MachineFacts> elsewhere = co_await context.ways->act(next, stop);
        if (stop.stop_requested())
            co_return cancelled();
        if (elsewhere)
            co_return done(tr("No capacity at first; started as %1. The cloud says %2.").arg(place, elsewhere->status));
        if (gcp::isNoCapacity(elsewhere.error()) && context.foundNoCapacity)
            context.foundNoCapacity(places.at(i).zone, elsewhere.error().summary);
        tried.append(QStringLiteral("%1: %2").arg(place, elsewhere.error().summary));
        if (!gcp::isNoCapacity(elsewhere.error()) && elsewhere.error().kind != Error::Kind::Refused && elsewhere.error().kind != Error::Kind::NotFound)
            break;
    }
    first.detail = tried.join(QLatin1Char('\n'));
    co_return first;
}

Task<Result<StepOutcome>> waitForLink(StepContext context, std::stop_token stop)
{
    if (!context.node.ssh)
        co_return skipped(tr("No SSH is configured."));
    constexpr auto Limit = std::chrono::minutes(5);
    const bool up = co_await waitFor(
        context, [](const NodeState &node) { return node.link == LinkState::Connected || node.link == LinkState::Blocked; }, Limit, stop);
    if (stop.stop_requested())
        co_return cancelled();
    const NodeState &node = context.state();
    if (up && node.link == LinkState::Connected)
        co_return done({});
    // Blocked needs the operator (a host key, a log-in): waiting longer mends nothing.
    if (const auto &error = node.ssh.error())
        co_return *error;
    co_return Error(Error::Kind::Timeout, tr("SSH did not come up in %1.").arg(formatDuration(Limit)))
        .withRemedy(tr("Look at the machine's serial console; check its firewall and its address."));
}

Task<Result<StepOutcome>> startConnector(StepContext context, std::stop_token stop)
{
    const QString service = context.node.connector ? context.node.connector->service : QString();
    return startService(context, service, stop);
}

Task<Result<StepOutcome>> waitForTunnel(StepContext context, std::stop_token stop)
{
    const bool own = context.node.connector && !context.node.connector->metrics.isEmpty() && context.node.ssh;
    const bool cloud = !context.node.tunnel.isEmpty() && context.ways->state().config().cloudflare;
    if (!own && !cloud)
        co_return skipped(tr("Neither connector metrics nor a tunnel are configured."));
    constexpr auto Limit = std::chrono::minutes(3);
    const MonotonicMs from = context.now();
    const auto registered = [=](const NodeState &node) {
        if (own)
            return node.connector.isKnown() && !node.connector.error() && node.connector.sampledAt() >= from
                && node.connector->readyConnections.value_or(0) > 0;
        return node.tunnel.isKnown() && !node.tunnel.error() && node.tunnel.sampledAt() >= from && node.tunnel->connections.value_or(0) > 0;
    };
    const bool up = co_await waitFor(context, registered, Limit, stop);
    if (stop.stop_requested())
        co_return cancelled();
    const NodeState &node = context.state();
    if (!up) {
        const Diagnosis &diagnosis = node.diagnosis;
        co_return Error(Error::Kind::Timeout, tr("The tunnel was not connected within %1.").arg(formatDuration(Limit)), diagnosis.summary + QLatin1Char(' ') + diagnosis.evidence)
            .withRemedy(diagnosis.remedy);
    }
    const int connections = own ? node.connector->readyConnections.value_or(0) : node.tunnel->connections.value_or(0);
    co_return done(connections == 1 ? tr("One connection to the edge.") : tr("%1 connections to the edge.").arg(connections));
}

Task<Result<StepOutcome>> startEngine(StepContext context, std::stop_token stop)
{
    const QString service = context.node.engine ? context.node.engine->service : QString();
    return startService(context, service, stop);
}

Task<Result<StepOutcome>> waitForEngine(StepContext context, std::stop_token stop)
{
    if (!context.node.engine)
        co_return skipped(tr("No model server is configured."));
    constexpr auto Limit = std::chrono::minutes(20);
    const MonotonicMs from = context.now();
    const QString service = context.node.engine->service;
    const auto fresh = [from](const NodeState &node) { return node.engine.isKnown() && !node.engine.error() && node.engine.sampledAt() >= from; };
    const auto settled = [=](const NodeState &node) {
        if (fresh(node) && node.engine->ready.value_or(false))
            return true;
        if (context.progress && fresh(node) && node.engine->loading)
            context.progress(tr("The model is being loaded."));
        const ServiceFacts *unit = serviceOf(node, service, from);
        return unit && unit->state == ServiceState::Failed; // it will not come by waiting
    };
    const bool up = co_await waitFor(context, settled, Limit, stop);
    if (stop.stop_requested())
        co_return cancelled();
    const NodeState &node = context.state();
    if (up && fresh(node) && node.engine->ready.value_or(false)) {
        const QStringList models = node.engine->models.value_or(QStringList());
        co_return done(models.isEmpty() ? QString() : tr("It serves %1.").arg(safeText(models.mid(0, 3).join(QStringLiteral(", ")), 200)));
    }
    const Diagnosis &diagnosis = node.diagnosis;
    co_return Error(up ? Error::Kind::Remote : Error::Kind::Timeout,
        up ? tr("The model server has failed.") : tr("The model was not loaded within %1.").arg(formatDuration(Limit)),
        diagnosis.summary + QLatin1Char(' ') + diagnosis.evidence)
        .withRemedy(diagnosis.remedy);
}

Task<Result<StepOutcome>> proveDirect(StepContext context, std::stop_token stop)
{
    if (!context.node.engine || !context.node.ssh)
        co_return skipped(context.node.engine ? tr("No SSH is configured.") : tr("No model server is configured."));
    const Result<ProofFacts> proof = co_await context.ways->prove(context.node.id, QStringLiteral("direct"), stop);
    if (!proof)
        co_return proof.error();
    co_return done(tr("%1 answered in %2.").arg(proof->model, formatLatency(proof->ms)));
}

Task<Result<StepOutcome>> proveEdge(StepContext context, std::stop_token stop)
{
    if (!context.node.engine || context.node.url.isEmpty())
        co_return skipped(context.node.engine ? tr("No public hostname is configured.") : tr("No model server is configured."));
    // The edge learns of a fresh tunnel a moment later than the connector: a few tries, not one.
    constexpr int Tries = 5;
    std::optional<Error> last;
    for (int i = 0; i < Tries; ++i) {
        const Result<ProofFacts> proof = co_await context.ways->prove(context.node.id, QStringLiteral("edge"), stop);
        if (stop.stop_requested())
            co_return cancelled();
        if (proof)
            co_return done(tr("%1 answered in %2.").arg(proof->model, formatLatency(proof->ms)));
        last = proof.error();
        // A refusal by Access or a wrong name does not pass by waiting.
        if (last->kind == Error::Kind::AccessRefused || last->kind == Error::Kind::Unauthorized || last->kind == Error::Kind::Tls || last->kind == Error::Kind::NotFound)
            break;
        if (context.progress)
            context.progress(tr("The edge does not reach it yet: %1").arg(last->summary));
        if (i + 1 < Tries && !co_await pause(2s, stop))
            co_return cancelled();
    }
    co_return *last;
}

} // namespace hybridge
