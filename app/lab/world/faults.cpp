// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/faults/catalogue.h"
#include "app/lab/world/node.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <utility>

namespace hybridge::lab {

using namespace std::chrono_literals;

bool World::hasFaultLocked(const Node &node, std::string_view fault) const
{
    return std::any_of(m_faults.begin(), m_faults.end(),
        [&](const ActiveFault &active) { return active.fault == fault && active.node == node.spec->id; });
}

bool World::hasFault(std::string_view nodeId, std::string_view fault) const
{
    const std::lock_guard lock(m_mutex);
    const Node *node = nodeFor(nodeId);
    return node && hasFaultLocked(*node, fault);
}

std::vector<ActiveFault> World::faults() const
{
    const std::lock_guard lock(m_mutex);
    return m_faults;
}

void World::forgetFaultLocked(Node &node, std::string_view fault)
{
    std::erase_if(
        m_faults, [&](const ActiveFault &active) { return active.fault == fault && active.node == node.spec->id; });
}

std::optional<ActiveFault> World::addFault(std::string_view nodeId, std::string_view fault)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    const FaultKind *kind = findFault(fault);
    if (!node || !kind || !faultFits(*kind, *node->spec))
        return std::nullopt;
    const auto same = std::find_if(m_faults.begin(), m_faults.end(),
        [&](const ActiveFault &active) { return active.fault == fault && active.node == nodeId; });
    if (same != m_faults.end())
        return *same;
    const ActiveFault added{'f' + std::to_string(m_nextFault++), std::string(nodeId), std::string(fault), Wall::now()};
    m_faults.push_back(added);
    strikeLocked(*node, fault);
    changed(lock);
    return added;
}

bool World::removeFault(std::string_view id)
{
    std::unique_lock lock(m_mutex);
    const auto found
        = std::find_if(m_faults.begin(), m_faults.end(), [id](const ActiveFault &active) { return active.id == id; });
    if (found == m_faults.end())
        return false;
    const ActiveFault removed = *found;
    m_faults.erase(found);
    healLocked(*nodeFor(removed.node), removed.fault);
    changed(lock);
    return true;
}

int World::removeAllFaults()
{
    std::unique_lock lock(m_mutex);
    const std::vector<ActiveFault> removed = std::exchange(m_faults, {});
    for (const ActiveFault &fault : removed)
        healLocked(*nodeFor(fault.node), fault.fault);
    changed(lock);
    return static_cast<int>(removed.size());
}

bool World::engineHeldDownLocked(const Node &node) const
{
    return hasFaultLocked(node, "engine-dead")
        || (node.spec->engine == EngineKind::Vllm && hasFaultLocked(node, "gpu-absent"));
}

void World::strikeLocked(Node &node, std::string_view fault)
{
    Service &connector = node.connectorService();
    Service &engine = node.engineService();
    const bool vllm = node.spec->engine == EngineKind::Vllm;
    if (fault == "tunnel-down" && connector.pid != 0) {
        journalLocked(node, connector.name, 3,
            "ERR Serve tunnel error error=\"timeout: no recent network activity\" connIndex=0 event=0");
        journalLocked(node, connector.name, 6, "INF Retrying connection in up to 4s connIndex=0 event=0");
    } else if (fault == "tunnel-degraded" && connector.pid != 0) {
        journalLocked(node, connector.name, 4,
            "WRN Connection terminated error=\"timeout: no recent network activity\" connIndex=2");
        journalLocked(node, connector.name, 4,
            "WRN Connection terminated error=\"timeout: no recent network activity\" connIndex=3");
    } else if (fault == "connector-stopped" && connector.pid != 0) {
        killLocked(node, connector, ServiceState::Inactive, "success", 0);
    } else if (fault == "engine-dead" && engine.pid != 0) {
        journalLocked(node, engine.name, 3,
            vllm ? "(EngineCore pid=77) ERROR EngineCore encountered a fatal error."
                 : "SIGSEGV: segmentation violation");
        killLocked(node, engine, ServiceState::Failed, vllm ? "exit-code" : "core-dump", vllm ? 137 : 11);
    } else if (fault == "gpu-absent" && vllm && engine.pid != 0) {
        journalLocked(node, engine.name, 3, "RuntimeError: No CUDA GPUs are available");
        engine.restarts = 3;
        killLocked(node, engine, ServiceState::Failed, "exit-code", 1);
    } else if (fault == "engine-loading" && engine.pid != 0) {
        killLocked(node, engine, ServiceState::Inactive, "success", 0);
        launchLocked(node, engine);
    } else if (fault == "model-missing") {
        node.loadedModel = vllm ? "Qwen/Qwen2.5-7B-Instruct-AWQ" : "mistral:7b";
    } else if ((fault == "cpu-fallback" || fault == "gpu-absent") && engine.pid != 0) {
        journalLocked(node, engine.name, 4, "msg=\"no compatible GPUs were discovered\"");
        node.loadedModel = node.spec->model; // loaded again, into main memory this time
    } else if (fault == "boot-disabled") {
        connector.enabled = false;
    } else if (fault == "preempted") {
        preemptLocked(node);
    } else if (fault == "tpu-preempted") {
        powerOffLocked(node);
        node.machine.status = "TERMINATED";
        node.machine.lastStop = Wall::now();
    } else if (fault == "capacity-exhausted") {
        const std::string stop = insertOperationLocked(&node, "stop", {}, "operator@example.com").name;
        finishLocked(stop);
        powerOffLocked(node);
        node.machine.status = "TERMINATED";
        node.machine.lastStop = Wall::now();
        const std::string start = insertOperationLocked(&node, "start", {}, "operator@example.com").name;
        finishLocked(start, startFailureLocked(node));
    }
}

void World::healLocked(Node &node, std::string_view fault)
{
    Service &connector = node.connectorService();
    Service &engine = node.engineService();
    if (fault == "preempted" || fault == "capacity-exhausted" || fault == "tpu-preempted") {
        if (!node.machine.up && !hasFaultLocked(node, "preempted") && !hasFaultLocked(node, "capacity-exhausted"))
            powerOnLocked(node);
        return;
    }
    if (fault == "model-missing")
        node.loadedModel = node.spec->model;
    if (fault == "boot-disabled")
        connector.enabled = true;
    if (!node.machine.up)
        return;
    if (fault == "connector-stopped" && connector.pid == 0) {
        launchLocked(node, connector);
    } else if ((fault == "tunnel-down" || fault == "tunnel-degraded") && connector.pid != 0) {
        for (int i = fault == "tunnel-down" ? 0 : 2; i < 4; ++i)
            registerConnectionLocked(node, i, 150ms + 200ms * (i % 2));
    } else if ((fault == "engine-dead" || fault == "gpu-absent") && engine.pid == 0 && !engineHeldDownLocked(node)) {
        launchLocked(node, engine);
    } else if (fault == "engine-loading" && engine.pid != 0) {
        node.engineReady = node.countedUntil = Monotonic::now() + 500ms;
        setServiceLocked(node, engine, ServiceState::Active);
        settleEngineLocked(node, 500ms, engine.pid);
    }
}

} // namespace hybridge::lab
