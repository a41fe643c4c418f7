// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/sessionways.h"

#include "backend/base/units.h"
#include "backend/inference/shelltransport.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Lifecycle", text);
}

gcp::InstanceAction computeAction(MachineAction action)
{
    switch (action) {
    case MachineAction::Start: return gcp::InstanceAction::Start;
    case MachineAction::Stop: return gcp::InstanceAction::Stop;
    case MachineAction::Reset: return gcp::InstanceAction::Reset;
    case MachineAction::Suspend: return gcp::InstanceAction::Suspend;
    case MachineAction::Resume: return gcp::InstanceAction::Resume;
    }
    return gcp::InstanceAction::Start;
}

QString progressSentence(const gcp::Operation &operation)
{
    return tr("Google's operation is %1.").arg(safeText(operation.status, 40).toLower());
}

} // namespace

SessionWays::SessionWays(FleetSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    const FleetConfig &config = session.state().config();
    if (session.compute() && config.gcp)
        m_compute = std::make_unique<gcp::ComputeControl>(*session.compute(), config.gcp->project);
    if (session.tpu() && config.gcp)
        m_tpu = std::make_unique<gcp::Tpu>(*session.tpu(), config.gcp->project);
}

SessionWays::~SessionWays() = default;

void SessionWays::look(const QString &node)
{
    if (NodeWatch *watch = m_session.watch().node(node))
        watch->runNow();
    // The clouds' budgets: a machine every 2 s (one cheap GET), tunnels every 5 s, and only for nodes that have them.
    const NodeState *state = m_session.state().node(node);
    const MonotonicMs now = m_session.state().clock().monotonic();
    if (state && hasCloudMachine(state->config) && now - m_machinesAt >= 2s) {
        m_machinesAt = now;
        m_session.watch().lookAtMachines();
    }
    if (state && !state->config.tunnel.isEmpty() && now - m_tunnelsAt >= 5s) {
        m_tunnelsAt = now;
        m_session.watch().lookAtTunnels();
    }
}

Task<Result<MachineFacts>> SessionWays::act(MachineOrder order, std::stop_token stop)
{
    const NodeState *node = m_session.state().node(order.node);
    if (!node || !hasCloudMachine(node->config))
        co_return Error(Error::Kind::Refused, tr("%1 has no machine that can be started or stopped from here.").arg(order.node));
    const bool isTpu = node->config.machine->kind == MachineKind::Tpu;
    if ((isTpu && !m_tpu) || (!isTpu && !m_compute))
        co_return Error(Error::Kind::Unavailable, tr("The fleet file does not say how to reach the cloud of %1.").arg(order.node), {})
            .withRemedy(tr("Add the section \"gcp\" with project and credentials to the fleet file."));
    const NodeConfig config = node->config;
    const QPointer<SessionWays> self(this);
    Task<Result<MachineFacts>> acting = isTpu ? actOnTpu(order, config, stop) : actOnCompute(order, config, stop);
    const Result<MachineFacts> facts = co_await acting;
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    if (facts) {
        const MachineFacts read = *facts;
        const MonotonicMs now = m_session.state().clock().monotonic();
        m_session.state().update(order.node, [&](NodeState &changed) { changed.machine.succeed(read, now); });
    }
    m_session.watch().lookAtMachines();
    co_return facts;
}

Task<Result<MachineFacts>> SessionWays::actOnTpu(MachineOrder order, NodeConfig node, std::stop_token stop)
{
    if (order.action != MachineAction::Start && order.action != MachineAction::Stop)
        co_return Error(Error::Kind::Refused, tr("A TPU VM can be started and stopped, nothing else."))
            .withRemedy(tr("To reset it, stop and start it."));
    if (order.alternative >= 0 || order.maxRun)
        co_return Error(Error::Kind::Refused, order.maxRun ? tr("A TPU VM has no longest run time of its own.") : tr("A TPU VM cannot be moved to another zone."))
            .withRemedy(order.maxRun ? tr("Arm an idle stop on the node instead.") : tr("Make one there, and name it in the fleet file."));
    const std::function<void(const QString &)> tell = order.progress;
    const gcp::Tpu::Progress progress = [tell](const gcp::TpuOperation &operation) {
        if (tell)
            tell(operation.done ? tr("Google's operation is done.") : tr("Google's operation runs."));
    };
    const gcp::TpuAction action = order.action == MachineAction::Start ? gcp::TpuAction::Start : gcp::TpuAction::Stop;
    const Result<gcp::TpuNode> after = co_await m_tpu->act(node.machine->zone, node.machine->instance, action, std::chrono::minutes(15), progress, stop);
    if (!after)
        co_return after.error();
    co_return machineFacts(*after);
}

Task<Result<MachineFacts>> SessionWays::actOnCompute(MachineOrder order, NodeConfig node, std::stop_token stop)
{
    const QPointer<SessionWays> self(this);
    gcp::InstanceRef ref(node.machine->zone, node.machine->instance);
    // A machine that runs as its sibling in another zone is stopped there.
    const NodeState *state = m_session.state().node(order.node);
    if (order.action != MachineAction::Start && state && state->machine.isKnown() && !state->machine->zone.isEmpty())
        ref.zone = state->machine->zone;
    QString typeBefore; // of a machine whose type was changed for this try
    if (order.alternative >= 0 && order.alternative < node.machine->alternatives.size()) {
        const MachineAlternative place = node.machine->alternatives.at(order.alternative);
        const Result<gcp::Instance> there = co_await m_compute->siblingIn(place.zone.isEmpty() ? ref.zone : place.zone, ref, stop);
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
        if (!there)
            co_return there.error();
        ref.zone = place.zone.isEmpty() ? ref.zone : place.zone;
        if (!place.machineType.isEmpty()) {
            if (there->machineType != place.machineType)
                typeBefore = there->machineType;
            const Result<gcp::Instance> changed = co_await m_compute->setMachineType(ref, place.machineType, stop);
            if (!self)
                co_return Error(Error::Kind::Cancelled, {});
            if (!changed)
                co_return changed.error();
        }
    }
    if (order.maxRun && order.action == MachineAction::Start) {
        const Result<gcp::Instance> armed = co_await m_compute->setMaxRunDuration(ref, order.maxRun, stop, order.discardLocalSsd);
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
        if (!armed)
            co_return armed.error();
    }
    gcp::ActionOptions options;
    options.requestId = order.requestId;
    options.discardLocalSsd = order.discardLocalSsd;
    const std::function<void(const QString &)> tell = order.progress;
    options.progress = [tell](const gcp::Operation &operation) {
        if (tell)
            tell(progressSentence(operation));
    };
    const Result<gcp::Instance> after = co_await m_compute->act(ref, computeAction(order.action), options, stop);
    if (!after) {
        // What did not start keeps its own type: another would start next time, at another price.
        if (self && !typeBefore.isEmpty()) {
            const Result<gcp::Instance> restored = co_await m_compute->setMachineType(ref, typeBefore, {});
            if (!restored) {
                Error both = after.error();
                both.detail += QLatin1Char('\n') + tr("Its machine type could not be set back to %1: %2").arg(typeBefore, restored.error().summary);
                co_return both;
            }
        }
        co_return after.error();
    }
    co_return machineFacts(*after);
}

Task<Result<ServiceFacts>> SessionWays::actOnService(
    QString node, QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop)
{
    NodeWatch *watch = m_session.watch().node(node);
    if (!watch || !watch->shell())
        co_return Error(Error::Kind::Unavailable, tr("The services of %1 cannot be reached: no SSH is configured.").arg(node));
    std::shared_ptr<ServiceControl> &control = m_services[node];
    if (!control)
        control = std::make_shared<ServiceControl>(*watch->shell(), m_session.state().node(node)->config.ssh->user, m_session.state().clock());
    const std::shared_ptr<ServiceControl> held = control;
    const QPointer<SessionWays> self(this);
    const Result<ServiceFacts> facts = co_await held->act(service, action, limit, stop);
    if (self)
        look(node);
    co_return facts;
}

Task<Result<ProofFacts>> SessionWays::prove(QString node, QString path, std::stop_token stop)
{
    if (path == QLatin1String("direct"))
        return proveDirect(node, stop);
    return m_session.watch().prove(node, stop);
}

Task<Result<ProofFacts>> SessionWays::proveDirect(QString node, std::stop_token stop)
{
    NodeWatch *watch = m_session.watch().node(node);
    const NodeState *state = m_session.state().node(node);
    if (!watch || !watch->shell() || !state || !state->config.engine)
        co_return Error(Error::Kind::Unavailable, tr("%1 has no model server that can be asked over SSH.").arg(node));
    const QPointer<SessionWays> self(this);
    const EngineConfig engine = *state->config.engine;
    QString model = engine.models.value(0);
    if (model.isEmpty() && state->engine.isKnown() && state->engine->models)
        model = state->engine->models->value(0);
    Secret key;
    if (const std::optional<EngineKey> wanted = m_session.engineKey(state->config)) {
        SecretPurpose purpose;
        purpose.what = tr("the engine's API key");
        purpose.host = engine.url.host();
        const Result<Secret> found = co_await wanted->secrets->get(wanted->ref, purpose, stop);
        if (!found)
            co_return found.error();
        key = *found;
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
    }
    watch = m_session.watch().node(node);
    // Held here until the answer: probeToken takes a reference.
    const auto transport = std::make_shared<ShellTransport>(*watch->shell(), engine.url, key);
    const Result<ProofFacts> proof = co_await probeToken(*transport, model, QStringLiteral("direct"), std::chrono::seconds(60), stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    const MonotonicMs now = m_session.state().clock().monotonic();
    m_session.state().update(node, [&](NodeState &changed) { changed.proof.update(proof, now); });
    co_return proof;
}

QStringList SessionWays::callsOf(const MachineOrder &order) const
{
    const NodeState *node = m_session.state().node(order.node);
    const auto &gcp = m_session.state().config().gcp;
    if (!node || !gcp || !hasCloudMachine(node->config))
        return {};
    const MachineConfig &machine = *node->config.machine;
    if (machine.kind == MachineKind::Tpu)
        return {QStringLiteral("POST %1/projects/%2/locations/%3/nodes/%4:%5").arg(gcp->tpuBase.toString(), gcp->project, machine.zone, machine.instance, machineActionName(order.action))};
    const QString zone = order.action != MachineAction::Start && node->machine.isKnown() && !node->machine->zone.isEmpty() ? node->machine->zone : machine.zone;
    const QString instance = QStringLiteral("%1/projects/%2/zones/%3/instances/%4").arg(gcp->computeBase.toString(), gcp->project, zone, machine.instance);
    QStringList calls;
    if (order.maxRun && order.action == MachineAction::Start)
        calls.append(QStringLiteral("POST %1/setScheduling (maxRunDuration %2 s)").arg(instance).arg(order.maxRun->count()));
    QString call = QStringLiteral("POST %1/%2").arg(instance, machineActionName(order.action));
    if (order.discardLocalSsd && (order.action == MachineAction::Stop || order.action == MachineAction::Suspend))
        call += QStringLiteral("?discardLocalSsd=%1").arg(*order.discardLocalSsd ? QStringLiteral("true") : QStringLiteral("false"));
    calls.append(call);
    return calls;
}

} // namespace hybridge
