// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/machinewatch.h"

#include "backend/base/units.h"

#include <vector>

namespace hybridge {

MachineFacts machineFacts(const gcp::Instance &instance)
{
    MachineFacts facts;
    facts.status = safeText(instance.status, 40);
    facts.statusMessage = safeText(instance.statusMessage);
    facts.externalIp = instance.natIp;
    facts.machineType = safeText(instance.machineType, 80);
    facts.zone = safeText(instance.zone, 80);
    facts.spot = instance.isSpot();
    facts.lastStart = instance.lastStart;
    facts.lastStop = instance.lastStop;
    facts.localSsd = instance.hasLocalSsd;
    facts.stopsAt = instance.scheduling.terminationTime;
    return facts;
}

MachineFacts machineFacts(const gcp::TpuNode &node)
{
    MachineFacts facts;
    facts.status = safeText(node.state, 40);
    facts.statusMessage = safeText(node.healthDescription);
    facts.externalIp = node.externalIp;
    facts.machineType = safeText(node.acceleratorType, 80);
    facts.zone = safeText(node.zone, 80);
    facts.spot = node.spot;
    facts.preempted = node.phase == gcp::TpuPhase::Preempted;
    return facts;
}

MachineWatch::MachineWatch(FleetState &state, ApiTransport &api, ApiTransport *tpu, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_compute(api, state.config().gcp->project),
      m_poll([this](std::stop_token stop) { return look(stop); }, schedule.machines, nullptr)
{
    if (tpu)
        m_tpu = std::make_unique<gcp::Tpu>(*tpu, state.config().gcp->project);
}

MachineWatch::~MachineWatch() = default;

Task<void> MachineWatch::look(std::stop_token stop)
{
    std::vector<Task<void>> reads; // all run from here on, side by side: one that hangs delays no other
    for (const NodeConfig &node : m_state.config().nodes)
        if (node.machine && node.machine->kind == MachineKind::Gce)
            reads.push_back(readOne(node, stop));
        else if (node.machine && node.machine->kind == MachineKind::Tpu && m_tpu)
            reads.push_back(readTpu(node, stop));
    for (auto &read : reads)
        co_await read;
}

Task<void> MachineWatch::readOne(NodeConfig node, std::stop_token stop)
{
    const QString id = node.id;
    const Result<gcp::Instance> instance = co_await find(*node.machine, stop);
    if (stop.stop_requested())
        co_return;
    if (!instance) {
        failed(id, instance.error());
        co_return;
    }
    MachineFacts facts = machineFacts(*instance);
    if (instance->phase == gcp::InstancePhase::Stopped) {
        const Result<std::optional<gcp::StartFailure>> failure = co_await m_compute.startFailure(*instance, stop);
        if (stop.stop_requested())
            co_return;
        // A start that failed before the machine ran again says nothing about this stop.
        const bool afterStop = failure && *failure && (!instance->lastStop.isValid() || (*failure)->at >= instance->lastStop);
        if (afterStop) {
            facts.startError = safeText((*failure)->code, 80);
            facts.startErrorText = (*failure)->text;
        }
        if (instance->isSpot()) {
            const Result<bool> preempted = co_await m_compute.wasPreempted(*instance, stop);
            if (stop.stop_requested())
                co_return;
            facts.preempted = preempted && *preempted;
        }
    }
    m_state.update(id, [&](NodeState &changed) { changed.machine.succeed(facts, m_state.clock().monotonic()); });
    m_state.updateServices([](ServicesState &services) { services.gcp.reset(); });

    const QString address = instance->natIp.isEmpty() ? instance->internalIp : instance->natIp;
    // A start may bring another address, and a machine made anew another host key: both are read once a start.
    const QString place = address + QLatin1Char('@') + instance->lastStart.toString(Qt::ISODateWithMs);
    if (instance->phase != gcp::InstancePhase::Running || m_addresses.value(id) == place)
        co_return;
    const QList<HostKey> keys = co_await hostKeys(*instance, stop);
    if (stop.stop_requested())
        co_return;
    m_addresses.insert(id, place);
    Q_EMIT addressRead(id, address, keys);
}

void MachineWatch::failed(const QString &id, const Error &error)
{
    m_state.update(id, [&](NodeState &changed) { changed.machine.fail(error, m_state.clock().monotonic()); });
    m_state.updateServices([&](ServicesState &services) { services.gcp = error; });
}

Task<void> MachineWatch::readTpu(NodeConfig node, std::stop_token stop)
{
    const QString id = node.id;
    const Result<gcp::TpuNode> tpu = co_await m_tpu->node(node.machine->zone, node.machine->instance, stop);
    if (stop.stop_requested())
        co_return;
    if (!tpu) {
        failed(id, tpu.error());
        co_return;
    }
    const MachineFacts facts = machineFacts(*tpu);
    m_state.update(id, [&](NodeState &changed) { changed.machine.succeed(facts, m_state.clock().monotonic()); });
    m_state.updateServices([](ServicesState &services) { services.gcp.reset(); });
    // The API tells no host key of a TPU VM: first contact is the operator's to judge.
    const QString address = tpu->externalIp.isEmpty() ? tpu->internalIp : tpu->externalIp;
    if (tpu->phase != gcp::TpuPhase::Running || m_addresses.value(id) == address)
        co_return;
    m_addresses.insert(id, address);
    Q_EMIT addressRead(id, address, {});
}

Task<Result<gcp::Instance>> MachineWatch::find(MachineConfig machine, std::stop_token stop)
{
    const Result<gcp::Instance> first = co_await m_compute.instance(machine.zone, machine.instance, stop);
    if (!first || first->phase != gcp::InstancePhase::Stopped)
        co_return first;
    // It is off where it belongs: it may run as its sibling in a zone that the operator listed for a stock-out.
    QStringList asked {machine.zone};
    gcp::Instance last = *first;
    for (const MachineAlternative &place : machine.alternatives) {
        if (stop.stop_requested() || place.zone.isEmpty() || asked.contains(place.zone))
            continue;
        asked.append(place.zone);
        const Result<gcp::Instance> sibling = co_await m_compute.instance(place.zone, machine.instance, stop);
        if (!sibling && sibling.error().kind == Error::Kind::NotFound)
            continue; // none was made there
        // One that cannot be read may run, and cost: "off" would be a guess then.
        if (!sibling || sibling->phase != gcp::InstancePhase::Stopped)
            co_return sibling;
        // All are off: why, tells the one that ran last.
        if (sibling->lastStop.isValid() && (!last.lastStop.isValid() || sibling->lastStop > last.lastStop))
            last = *sibling;
    }
    co_return last;
}

Task<QList<HostKey>> MachineWatch::hostKeys(gcp::Instance instance, std::stop_token stop)
{
    QList<HostKey> keys;
    if (!instance.guestAttributes)
        co_return keys;
    const Result<QList<gcp::GuestHostKey>> told = co_await m_compute.hostKeys(instance.zone, instance.name, stop);
    if (told)
        for (const gcp::GuestHostKey &key : *told)
            if (const auto parsed = HostKey::fromPublicKeyLine(key.type + ' ' + key.key))
                keys.append(*parsed);
    co_return keys;
}

} // namespace hybridge
