// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/sequence.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTimer>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Sequence", text);
}

MachineAction machineActionOf(OperationKind kind)
{
    switch (kind) {
    case OperationKind::MachineStop:
    case OperationKind::Down: return MachineAction::Stop;
    case OperationKind::MachineReset: return MachineAction::Reset;
    case OperationKind::MachineSuspend: return MachineAction::Suspend;
    case OperationKind::MachineResume: return MachineAction::Resume;
    default: return MachineAction::Start;
    }
}

ServiceAction serviceActionOf(OperationKind kind)
{
    switch (kind) {
    case OperationKind::ServiceStop: return ServiceAction::Stop;
    case OperationKind::ServiceRestart: return ServiceAction::Restart;
    case OperationKind::ServiceEnable: return ServiceAction::Enable;
    default: return ServiceAction::Start;
    }
}

/// What would run on the node, as one readable line.
QStringList serviceCall(const NodeConfig &node, const QString &service, ServiceAction action)
{
    if (!node.ssh || service.isEmpty())
        return {};
    const QString user = node.ssh->user;
    return {QStringLiteral("ssh %1: %2").arg(node.id, quoteArgv(ServiceControl::argvFor(service, action, user)))};
}

/// The proof at the end of "up", one token each.
QStringList tokenCalls(const NodeConfig &node, bool isDirect)
{
    const QString path = QStringLiteral("/v1/chat/completions (max_tokens 1)");
    if (!node.engine || (isDirect ? !node.ssh.has_value() : node.url.isEmpty()))
        return {};
    if (isDirect)
        return {QStringLiteral("ssh %1: POST %2%3").arg(node.id, node.engine->url.toString(QUrl::StripTrailingSlash), path)};
    return {QStringLiteral("POST %1%2").arg(node.url.toString(QUrl::StripTrailingSlash), path)};
}

Layer serviceLayer(const NodeConfig &node, const QString &service)
{
    return node.connector && node.connector->service == service ? Layer::Connector : Layer::Engine;
}

QStringList machineCalls(const LifecycleWays &ways, const NodeConfig &node, const OperationRequest &request)
{
    MachineOrder order(node.id, machineActionOf(request.kind));
    order.discardLocalSsd = request.discardLocalSsd;
    order.maxRun = request.maxRun;
    return ways.callsOf(order);
}

QList<SequenceStep> downSteps(LifecycleWays &ways, const NodeConfig &node, const OperationRequest &request)
{
    const QString engine = node.engine ? node.engine->service : QString();
    const QString connector = node.connector ? node.connector->service : QString();
    return {
        {QStringLiteral("weight-to-zero"), tr("Take the node out of routing"), &takeWeightAway, Layer::Edge, shareCalls(ways, node, true)},
        {QStringLiteral("wait-until-idle"), tr("Wait until no request runs"), &waitUntilIdle, Layer::Engine, {}},
        {QStringLiteral("stop-engine"), tr("Stop the model server"), &stopEngine, Layer::Engine, serviceCall(node, engine, ServiceAction::Stop)},
        {QStringLiteral("stop-connector"), tr("Stop the connector"), &stopConnector, Layer::Connector, serviceCall(node, connector, ServiceAction::Stop)},
        {QStringLiteral("stop-machine"), tr("Stop the machine"), &stopMachine, Layer::Machine, machineCalls(ways, node, request)},
        {QStringLiteral("billing-stopped"), tr("Read back that billing stopped"), &confirmBillingStopped, Layer::Machine, {}},
    };
}

QList<SequenceStep> upSteps(LifecycleWays &ways, const NodeConfig &node, const OperationRequest &request)
{
    const QString engine = node.engine ? node.engine->service : QString();
    const QString connector = node.connector ? node.connector->service : QString();
    return {
        {QStringLiteral("start-machine"), tr("Start the machine"), &startMachine, Layer::Machine, machineCalls(ways, node, request)},
        {QStringLiteral("ssh-up"), tr("Wait for SSH"), &waitForLink, Layer::Ssh, {}},
        {QStringLiteral("start-connector"), tr("Start the connector"), &startConnector, Layer::Connector, serviceCall(node, connector, ServiceAction::Start)},
        {QStringLiteral("connector-registered"), tr("Wait until the tunnel is connected"), &waitForTunnel, Layer::Tunnel, {}},
        {QStringLiteral("start-engine"), tr("Start the model server"), &startEngine, Layer::Engine, serviceCall(node, engine, ServiceAction::Start)},
        {QStringLiteral("engine-ready"), tr("Wait until the model is loaded"), &waitForEngine, Layer::Engine, {}},
        {QStringLiteral("token-direct"), tr("Get one token on the node"), &proveDirect, Layer::Engine, tokenCalls(node, true)},
        {QStringLiteral("token-edge"), tr("Get one token through the edge"), &proveEdge, Layer::Edge, tokenCalls(node, false)},
        {QStringLiteral("weight-back"), tr("Give the node its share back"), &giveWeightBack, Layer::Edge, shareCalls(ways, node, false)},
    };
}

} // namespace

QString machineActionName(MachineAction action)
{
    switch (action) {
    case MachineAction::Start: return QStringLiteral("start");
    case MachineAction::Stop: return QStringLiteral("stop");
    case MachineAction::Reset: return QStringLiteral("reset");
    case MachineAction::Suspend: return QStringLiteral("suspend");
    case MachineAction::Resume: return QStringLiteral("resume");
    }
    return {};
}

QList<SequenceStep> sequenceOf(LifecycleWays &ways, const NodeConfig &node, const OperationRequest &request)
{
    if (request.kind == OperationKind::Down)
        return downSteps(ways, node, request);
    if (request.kind == OperationKind::Up)
        return upSteps(ways, node, request);
    if (isServiceOperation(request.kind)) {
        const ServiceAction action = serviceActionOf(request.kind);
        return {{operationName(request.kind).replace(QLatin1Char(' '), QLatin1Char('-')),
            operationTitle(request.kind, node.label, request.service), &actOnService, serviceLayer(node, request.service), serviceCall(node, request.service, action)}};
    }
    return {{operationName(request.kind).replace(QLatin1Char(' '), QLatin1Char('-')), operationTitle(request.kind, node.label), &actOnMachine,
        Layer::Machine, machineCalls(ways, node, request)}};
}

Task<bool> waitFor(StepContext context, std::function<bool(const NodeState &)> ready, std::chrono::milliseconds limit, std::stop_token stop)
{
    const QDeadlineTimer deadline(limit);
    const QString id = context.node.id;
    FleetState &state = context.ways->state();
    while (!stop.stop_requested()) {
        const NodeState *node = state.node(id);
        if (!node)
            co_return false;
        if (ready(*node))
            co_return true;
        if (deadline.hasExpired())
            break;
        context.ways->look(id);
        // Whatever comes first: news of this node, the next look, the end of patience, a stop.
        Latch news;
        QObject::connect(&state, &FleetState::nodesChanged, &news, [&news, &id](const QStringList &ids) {
            if (ids.contains(id))
                news.release();
        });
        const qint64 left = deadline.isForever() ? 1000 : std::clamp<qint64>(deadline.remainingTime(), 1, 1000);
        QTimer::singleShot(std::chrono::milliseconds(left), &news, [&news] { news.release(); });
        const std::stop_callback onStop(stop, [&news] { QMetaObject::invokeMethod(&news, [&news] { news.release(); }, Qt::QueuedConnection); });
        if (!news.isReleased())
            co_await qCoro(&news, &Latch::released);
    }
    co_return false;
}

Task<Result<StepOutcome>> actOnMachine(StepContext context, std::stop_token stop)
{
    MachineOrder order(context.node.id, machineActionOf(context.request.kind));
    order.discardLocalSsd = context.request.discardLocalSsd;
    order.maxRun = context.request.maxRun;
    order.progress = context.progress;
    const Result<MachineFacts> after = co_await context.ways->act(order, stop);
    if (!after)
        co_return after.error();
    StepOutcome outcome;
    outcome.detail = tr("The cloud says %1.").arg(after->status);
    co_return outcome;
}

Task<Result<StepOutcome>> actOnService(StepContext context, std::stop_token stop)
{
    const ServiceAction action = serviceActionOf(context.request.kind);
    const Result<ServiceFacts> after
        = co_await context.ways->actOnService(context.node.id, context.request.service, action, std::chrono::minutes(2), stop);
    if (!after)
        co_return after.error();
    StepOutcome outcome;
    outcome.detail = action == ServiceAction::Enable
        ? tr("%1 is %2 at boot.").arg(context.request.service, after->unitFileState)
        : tr("%1 is %2 (%3).").arg(context.request.service, serviceStateName(after->state), after->subState);
    co_return outcome;
}

} // namespace hybridge
