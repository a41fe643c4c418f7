// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of "down": nothing new comes in, what runs may finish, then services and machine are stopped, and each end is
// read back.
#include "backend/base/units.h"
#include "backend/lifecycle/guards.h"
#include "backend/lifecycle/sequence.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Sequence", text);
}

/// How many looks in a row must show nothing running: one may fall between two requests.
constexpr int IdleLooks = 2;

/// What the witnesses said in one look at a node.
struct UseLook {
    EngineUse use;
    MonotonicMs at {0};
    QDateTime expiresAt; ///< Ollama: moves with each request that ends
};

UseLook useNow(const NodeState &node, MonotonicMs now)
{
    UseLook look;
    look.use = engineUse(node, now);
    look.at = node.engine.isKnown() ? node.engine.sampledAt() : MonotonicMs(0);
    if (node.connector.isKnown())
        look.at = std::max(look.at, node.connector.sampledAt());
    if (node.engine.isKnown() && node.engine->loadedModels)
        for (const LoadedModel &model : *node.engine->loadedModels)
            look.expiresAt = std::max(look.expiresAt, model.expiresAt);
    return look;
}

/// Stops @p service unless it is stopped already, cannot be reached although the machine's stop will end it, or is not
/// configured.
Task<Result<StepOutcome>> stopService(StepContext context, QString service, std::stop_token stop)
{
    StepOutcome outcome;
    if (service.isEmpty()) {
        outcome.skipped = true;
        outcome.detail = tr("No service is configured.");
        co_return outcome;
    }
    if (machineIsOff(context.state())) {
        outcome.skipped = true;
        outcome.detail = tr("The machine is off.");
        co_return outcome;
    }
    const bool machineFollows = hasCloudMachine(context.node);
    if (!context.node.ssh || context.state().link != LinkState::Connected) {
        // A shut-down ends services in order as well; a step that cannot be done must not keep the bill running.
        if (machineFollows) {
            outcome.skipped = true;
            outcome.detail = context.node.ssh ? tr("SSH does not answer: the machine's shut-down ends it.") : tr("No SSH is configured: the machine's shut-down ends it.");
            co_return outcome;
        }
    }
    const ServiceFacts *known = serviceOf(context.state(), service, context.startedAt);
    if (known && known->state == ServiceState::Inactive) {
        outcome.detail = tr("%1 was stopped already.").arg(service);
        co_return outcome;
    }
    const Result<ServiceFacts> after
        = co_await context.ways->actOnService(context.node.id, service, ServiceAction::Stop, std::chrono::minutes(2), stop);
    if (!after)
        co_return after.error();
    outcome.detail = tr("%1 is %2.").arg(service, serviceStateName(after->state));
    co_return outcome;
}

} // namespace

Task<Result<StepOutcome>> waitUntilIdle(StepContext context, std::stop_token stop)
{
    StepOutcome outcome;
    if (!context.node.engine) {
        outcome.skipped = true;
        outcome.detail = tr("No model server is configured.");
        co_return outcome;
    }
    if (machineIsOff(context.state())) {
        outcome.skipped = true;
        outcome.detail = tr("The machine is off.");
        co_return outcome;
    }
    // Where no witness tells a count, or none any more, waiting longer tells no more.
    const std::chrono::milliseconds silence = std::min<std::chrono::milliseconds>(context.request.drainLimit, 10s);
    MonotonicMs toldAt = context.now();
    int idleLooks = 0;
    UseLook last;
    const auto isIdle = [&](const NodeState &node) {
        const UseLook look = useNow(node, context.now());
        const bool isNew = look.at > last.at && look.at >= context.startedAt;
        if (isNew && look.use.requests)
            toldAt = context.now();
        if (context.now() - toldAt >= silence) {
            last = look;
            last.use.requests.reset();
            idleLooks = 0;
            return true;
        }
        if (!isNew)
            return idleLooks >= IdleLooks;
        const bool moved = last.expiresAt.isValid() && look.expiresAt != last.expiresAt;
        idleLooks = look.use.requests && *look.use.requests <= 0 && !moved ? idleLooks + 1 : 0;
        last = look;
        // Who asks the engine past the connector is seen by this alone.
        if (moved && look.use.requests && *look.use.requests <= 0)
            last.use.witness = tr("%1, and yet its model was used a moment ago").arg(look.use.witness);
        if (context.progress && look.use.requests && (*look.use.requests > 0 || moved))
            context.progress(tr("Waiting: %1.").arg(last.use.witness));
        return idleLooks >= IdleLooks;
    };
    const bool idle = co_await waitFor(context, isIdle, context.request.drainLimit, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (idle && idleLooks >= IdleLooks) {
        outcome.detail = tr("Nothing runs: %1.").arg(last.use.witness);
        co_return outcome;
    }
    if (!last.use.requests) {
        if (context.request.strictDrain)
            co_return Error(Error::Kind::Refused, tr("Whether a request still runs is not confirmable."), last.use.witness)
                .withRemedy(tr("Leave out --strict-drain to go on without knowing."));
        outcome.detail = tr("Not confirmable: %1").arg(last.use.witness.isEmpty() ? tr("nobody told a count.") : last.use.witness);
        co_return outcome;
    }
    if (context.request.strictDrain)
        co_return Error(Error::Kind::Timeout, tr("Requests still run after %1.").arg(formatDuration(context.request.drainLimit)), last.use.witness)
            .withRemedy(tr("Allow more time with --drain, or leave out --strict-drain to cut them."));
    outcome.detail = tr("Still in use after %1: %2. These requests are cut.").arg(formatDuration(context.request.drainLimit), last.use.witness);
    co_return outcome;
}

Task<Result<StepOutcome>> stopEngine(StepContext context, std::stop_token stop)
{
    const QString service = context.node.engine ? context.node.engine->service : QString();
    return stopService(context, service, stop);
}

Task<Result<StepOutcome>> stopConnector(StepContext context, std::stop_token stop)
{
    if (context.node.ssh && (!context.node.ssh->proxyCommand.isEmpty() || !context.node.ssh->jump.isEmpty())) {
        StepOutcome outcome;
        outcome.skipped = true;
        outcome.detail = tr("SSH may run through this tunnel: stopping it would lock us out.");
        co_return outcome;
    }
    const QString service = context.node.connector ? context.node.connector->service : QString();
    co_return co_await stopService(context, service, stop);
}

Task<Result<StepOutcome>> stopMachine(StepContext context, std::stop_token stop)
{
    StepOutcome outcome;
    if (!hasCloudMachine(context.node)) {
        outcome.skipped = true;
        outcome.detail = tr("It stands at your place and stays on.");
        co_return outcome;
    }
    if (machineIsStopping(context.state())) {
        // An earlier order has it on its way already, and no second one is taken meanwhile.
        if (context.progress)
            context.progress(tr("It is %1: waiting until that has ended.").arg(context.state().machine->status));
        co_await waitFor(context, [](const NodeState &node) { return !machineIsStopping(node); }, std::chrono::minutes(10), stop);
        if (stop.stop_requested())
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    }
    if (machineIsOff(context.state()) && context.state().machine.sampledAt() >= context.startedAt) {
        outcome.detail = tr("It was %1 already.").arg(context.state().machine->status);
        co_return outcome;
    }
    MachineOrder order(context.node.id, MachineAction::Stop);
    order.discardLocalSsd = context.request.discardLocalSsd;
    order.progress = context.progress;
    const Result<MachineFacts> after = co_await context.ways->act(order, stop);
    if (!after)
        co_return after.error();
    outcome.detail = tr("The cloud says %1.").arg(after->status);
    co_return outcome;
}

Task<Result<StepOutcome>> confirmBillingStopped(StepContext context, std::stop_token stop)
{
    StepOutcome outcome;
    if (!hasCloudMachine(context.node)) {
        outcome.skipped = true;
        outcome.detail = tr("No cloud bills for it; its electricity is on your meter.");
        co_return outcome;
    }
    const MonotonicMs from = context.now();
    const bool off = co_await waitFor(
        context, [from](const NodeState &node) { return machineIsOff(node) && node.machine.sampledAt() >= from; }, std::chrono::minutes(2), stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!off)
        co_return Error(Error::Kind::Remote, tr("The machine was told to stop, and it is not read back as stopped."),
            context.state().machine.isKnown() ? tr("The cloud says %1.").arg(context.state().machine->status) : QString())
            .withRemedy(tr("Look at it in the cloud's console: as long as it runs it costs."));
    const NodeState &node = context.state();
    outcome.detail = node.machine->lastStop.isValid()
        ? tr("%1 since %2. Its disks go on costing.").arg(node.machine->status, QLocale().toString(node.machine->lastStop.toLocalTime().time(), QStringLiteral("HH:mm:ss")))
        : tr("%1. Its disks go on costing.").arg(node.machine->status);
    co_return outcome;
}

} // namespace hybridge
