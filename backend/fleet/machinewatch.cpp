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
    return facts;
}

MachineWatch::MachineWatch(FleetState &state, ApiTransport &api, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_compute(api, state.config().gcp->project),
      m_poll([this](std::stop_token stop) { return look(stop); }, schedule.machines, nullptr)
{
}

MachineWatch::~MachineWatch() = default;

Task<void> MachineWatch::look(std::stop_token stop)
{
    std::vector<Task<void>> reads; // all run from here on, side by side: one that hangs delays no other
    for (const NodeConfig &node : m_state.config().nodes)
        if (node.machine && node.machine->kind == MachineKind::Gce)
            reads.push_back(readOne(node, stop));
    for (auto &read : reads)
        co_await read;
}

Task<void> MachineWatch::readOne(NodeConfig node, std::stop_token stop)
{
    const QString id = node.id;
    const Result<gcp::Instance> instance = co_await m_compute.instance(node.machine->zone, node.machine->instance, stop);
    if (stop.stop_requested())
        co_return;
    if (!instance) {
        const Error error = instance.error();
        m_state.update(id, [&](NodeState &changed) { changed.machine.fail(error, m_state.clock().monotonic()); });
        m_state.updateServices([&](ServicesState &services) { services.gcp = error; });
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
    if (instance->phase != gcp::InstancePhase::Running || m_addresses.value(id) == address)
        co_return;
    const QList<HostKey> keys = co_await hostKeys(*instance, stop);
    if (stop.stop_requested())
        co_return;
    m_addresses.insert(id, address);
    Q_EMIT addressRead(id, address, keys);
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
