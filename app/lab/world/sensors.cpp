// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <cmath>

namespace hybridge::lab {

std::vector<GpuSample> World::gpus(std::string_view nodeId) const
{
    std::vector<GpuSample> samples;
    const std::lock_guard lock(m_mutex);
    const Node *node = nodeFor(nodeId);
    if (!node || !node->machine.up)
        return samples;
    const NodeSpec &spec = *node->spec;
    const EngineState engine = engineLocked(*node);
    const bool usesGpu = engine.listening && !engine.hung && engine.vramFraction > 0;
    const double now = std::chrono::duration<double>(Monotonic::now() - node->born).count();
    const auto others = [&](double at) { return background(spec, at, visitorsAt(*node, at)).load; };
    const double load = usesGpu ? std::clamp(others(now) + 0.22 * node->inUse, 0.0, 1.0) : 0.0;
    // Heat follows the load of the last minute, not that of the moment.
    double recent = 0;
    static constexpr int Steps = 8;
    for (int i = 0; i < Steps; ++i)
        recent += others(std::max(0.0, now - i * 7.0)) / Steps;
    if (!usesGpu)
        recent = 0;
    for (const GpuSpec &gpu : spec.gpus) {
        const double jitter
            = fraction(mix(spec.seed, static_cast<std::uint64_t>(now * 2) * 16 + static_cast<std::uint64_t>(gpu.index)))
            - 0.5;
        GpuSample sample;
        sample.gpu = gpu;
        sample.utilization = usesGpu ? std::clamp(std::round(load * 96 + jitter * 6), 0.0, 100.0) : 0.0;
        sample.memoryUtilization = std::round(sample.utilization * 0.62);
        // vLLM takes its share at start and keeps it; Ollama takes what its model needs.
        if (spec.engine == EngineKind::Vllm)
            sample.memoryUsedMiB = engine.listening ? 21094
                : engine.loading                    ? std::round(2 + 20000 * engine.loadProgress)
                                                    : 2;
        else
            sample.memoryUsedMiB
                = engine.loadedModel.empty() || engine.vramFraction <= 0 ? 312 : 6480 + std::round(120 * load);
        const double ambient = spec.machine == MachineKind::Gce ? 41 : 34;
        sample.temperatureC = std::round(ambient + recent * (spec.machine == MachineKind::Gce ? 34 : 40) + jitter);
        sample.powerW
            = std::round((gpu.idlePowerW + load * 0.88 * (gpu.powerLimitW - gpu.idlePowerW) + jitter * 2) * 100) / 100;
        sample.fanPercent = spec.machine == MachineKind::Gce ? 0 : std::round(30 + recent * 45);
        sample.smClockMHz = sample.utilization > 0 ? (spec.machine == MachineKind::Gce ? 2040 : 1695) : 210;
        sample.memClockMHz = sample.utilization > 0 ? (spec.machine == MachineKind::Gce ? 6251 : 9501) : 405;
        sample.pstate = sample.utilization > 0 ? (spec.machine == MachineKind::Gce ? 0 : 2) : 8;
        samples.push_back(sample);
    }
    return samples;
}

ConnectorState World::connectorLocked(const Node &node) const
{
    ConnectorState state;
    state.running = node.machine.up && node.connectorService().pid != 0;
    state.connectorId = node.connectorId;
    state.runAt = node.connectorRunAt;
    state.requests = node.edgeRequests;
    state.requestErrors = node.edgeErrors;
    state.downSince = node.machine.up ? node.connectorService().since
                                      : node.machine.lastStop.value_or(node.connectorService().since);
    for (const ActiveFault &fault : m_faults) {
        if (fault.node == node.spec->id && fault.fault == "tunnel-down")
            state.downSince = std::max(*state.downSince, fault.since);
    }
    if (!state.running || hasFaultLocked(node, "tunnel-down"))
        return state;
    const int kept = hasFaultLocked(node, "tunnel-degraded") ? 2 : 4;
    const Monotonic::time_point now = Monotonic::now();
    for (int i = 0; i < kept; ++i) {
        if (node.registeredFrom[static_cast<std::size_t>(i)] <= now)
            state.connections.push_back(node.connections[static_cast<std::size_t>(i)]);
    }
    if (!state.connections.empty())
        state.downSince.reset();
    // What the engine runs for other people came this way as well.
    if (!state.connections.empty() && engineLocked(node).listening)
        state.concurrent = node.edgeInFlight + std::max(0, engineLocked(node).running - node.inUse);
    return state;
}

ConnectorState World::connector(std::string_view nodeId) const
{
    const std::lock_guard lock(m_mutex);
    const Node *node = nodeFor(nodeId);
    return node ? connectorLocked(*node) : ConnectorState{};
}

std::string World::tunnelStatus(std::string_view nodeId) const
{
    const std::size_t connections = connector(nodeId).connections.size();
    return connections >= 4 ? "healthy" : connections > 0 ? "degraded" : "down";
}

void World::carry(std::string_view nodeId, int by)
{
    const std::lock_guard lock(m_mutex);
    if (Node *node = nodeFor(nodeId))
        node->edgeInFlight += by;
}

void World::countEdgeRequest(std::string_view nodeId, bool failed)
{
    const std::lock_guard lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node)
        return;
    ++node->edgeRequests;
    if (failed)
        ++node->edgeErrors;
}

} // namespace hybridge::lab
