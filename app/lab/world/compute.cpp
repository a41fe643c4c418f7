// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr auto Accepted = 120ms; ///< PENDING to RUNNING
constexpr auto Boot = 700ms;
constexpr auto Shutdown = 500ms;
constexpr auto NoCapacity = 500ms;
constexpr auto PreemptedAfter = 900ms; ///< of a start, under spot-preempt: long enough to be read as RUNNING

} // namespace

Operation &World::insertOperationLocked(const Node *node, std::string type, std::string requestId, std::string user)
{
    static constexpr std::size_t Kept = 2000;
    Operation operation;
    Random random(mix(node ? node->spec->seed : m_options.seed, 5000 + m_nextOperation));
    operation.numericId = std::to_string(1'000'000'000'000'000'000ULL + random.next() % 8'000'000'000'000'000'000ULL);
    operation.name = (type.find('.') == std::string::npos ? "operation-" : "systemevent-") + random.hex(13) + '-'
        + random.hex(13) + '-' + random.hex(8) + '-' + std::to_string(m_nextOperation);
    ++m_nextOperation;
    if (node) {
        operation.zone = node->spec->zone;
        operation.node = node->spec->id;
    }
    operation.type = std::move(type);
    operation.user = std::move(user);
    operation.requestId = std::move(requestId);
    operation.insertTime = Wall::now();
    m_operations.push_back(std::move(operation));
    if (m_operations.size() > Kept)
        m_operations.pop_front();
    return m_operations.back();
}

const Operation *World::repeatedLocked(const std::string &requestId) const
{
    if (requestId.empty())
        return nullptr;
    const auto found = std::find_if(m_operations.begin(), m_operations.end(),
        [&](const Operation &operation) { return operation.requestId == requestId; });
    return found == m_operations.end() ? nullptr : &*found;
}

void World::acceptLocked(const std::string &name)
{
    scheduleLocked(
        Accepted,
        [this, name] {
            for (Operation &operation : m_operations) {
                if (operation.name == name && operation.status == "PENDING") {
                    operation.status = "RUNNING";
                    operation.startTime = Wall::now();
                }
            }
        },
        nullptr, true);
}

void World::finishLocked(const std::string &name, OperationFailure failure)
{
    for (Operation &operation : m_operations) {
        if (operation.name != name)
            continue;
        operation.status = "DONE";
        operation.endTime = Wall::now();
        if (!operation.startTime)
            operation.startTime = operation.endTime;
        operation.failure = std::move(failure);
        return;
    }
}

OperationFailure World::startFailureLocked(const Node &node) const
{
    const std::string zone = "projects/hybridge-lab/zones/" + node.spec->zone;
    const std::string region = node.spec->zone.substr(0, node.spec->zone.rfind('-'));
    const std::string none = "The zone '" + zone
        + "' does not have enough resources available to fulfill the request.  Try a different zone, or try again "
          "later.";
    if (hasFaultLocked(node, "tpu-stockout"))
        return {"RESOURCE_EXHAUSTED",
            "There is no more capacity in the zone \"" + node.spec->zone
                + "\"; you can try in another zone where Cloud TPU Nodes are offered.",
            {}, 429};
    // "zone/type" is asked for in another zone than its own, which a stock-out here leaves alone.
    const bool own = node.machineType.find('/') == std::string::npos;
    if (own && hasFaultLocked(node, "capacity-exhausted"))
        return {"ZONE_RESOURCE_POOL_EXHAUSTED", none, {}, 503};
    // Another type than the one that ran here may be had.
    const bool sameType = node.machineType == node.spec->machineType;
    if (own && sameType && hasFaultLocked(node, "gcp-stockout"))
        return {"ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
            "The zone '" + zone + "' does not have enough resources available to fulfill the request, '(resource type:"
                + "compute)'.",
            R"([{"errorInfo":{"reason":"resource_availability","domain":"compute.googleapis.com","metadatas":{"zone":")"
                + node.spec->zone + R"(","vmType":")" + node.machineType + R"(","attachment":"local-ssd=0,gpu=nvidia-l4:1"}}}])",
            503};
    if (hasFaultLocked(node, "gcp-stockout-region"))
        return {"REGION_RESOURCE_POOL_EXHAUSTED", "The region '" + region + "' has no such resources now.", {}, 503};
    if (own && hasFaultLocked(node, "gcp-stockout-pool"))
        return {"RESOURCE_POOL_EXHAUSTED", "The resource pool of '" + zone + "' is exhausted.", {}, 503};
    if (own && hasFaultLocked(node, "gcp-stockout-gpu"))
        return {"GPU_STOCKOUT", "No GPU of this type is available in '" + zone + "' now.", {}, 503};
    if (hasFaultLocked(node, "gcp-quota"))
        return {"QUOTA_EXCEEDED", "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region " + region + '.',
            R"([{"quotaInfo":{"metricName":"compute.googleapis.com/nvidia_l4_gpus","limitName":)"
            R"("NVIDIA-L4-GPUS-per-project-region","dimensions":{"region":")"
                + region + R"("},"limit":1.0}}])",
            403};
    if (hasFaultLocked(node, "gcp-unsupported"))
        return {"UNSUPPORTED_OPERATION", "The operation is not supported while the instance is being preempted.", {},
            400};
    return {};
}

void World::bootLocked(Node &node, const std::string &name)
{
    node.machine.status = "PROVISIONING";
    Node *const booting = &node;
    scheduleLocked(
        Boot / 2,
        [booting] {
            if (booting->machine.status == "PROVISIONING")
                booting->machine.status = "STAGING";
        },
        nullptr, true);
    scheduleLocked(
        Boot,
        [this, booting, name] {
            if (booting->machine.status != "STAGING" && booting->machine.status != "PROVISIONING")
                return finishLocked(name,
                    {"OPERATION_CANCELED_BY_USER", "Operation was canceled by a later stop of the instance.", {}, 400});
            forgetFaultLocked(*booting, "preempted"); // the machine runs again, whoever started it
            if (!booting->machine.up)
                powerOnLocked(*booting);
            finishLocked(name);
            if (hasFaultLocked(*booting, "spot-preempt"))
                scheduleLocked(
                    PreemptedAfter, [this, booting] { preemptLocked(*booting); }, booting, true);
        },
        nullptr, true);
}

void World::preemptLocked(Node &node)
{
    // The VM is gone at once: a lab that takes the real 30 s of notice only makes its users wait.
    const std::string name = insertOperationLocked(&node, "compute.instances.preempted", {}, "system").name;
    finishLocked(name);
    powerOffLocked(node);
    node.machine.status = "TERMINATED";
    node.machine.lastStop = Wall::now();
}

void World::armMaxRunLocked(Node &node)
{
    if (node.maxRun <= Monotonic::duration::zero())
        return;
    node.machine.endsAt = Wall::now() + std::chrono::duration_cast<Wall::duration>(node.maxRun);
    Node *const running = &node;
    scheduleLocked(
        node.maxRun,
        [this, running] {
            finishLocked(insertOperationLocked(running, "compute.instances.stop", {}, "system").name);
            powerOffLocked(*running);
            running->machine.status = "TERMINATED";
            running->machine.lastStop = Wall::now();
        },
        running, true);
}

void World::setMaxRun(std::string_view nodeId, Monotonic::duration limit)
{
    const std::lock_guard lock(m_mutex);
    if (Node *node = nodeFor(nodeId))
        node->maxRun = limit;
}

void World::setMachineType(std::string_view nodeId, std::string type)
{
    const std::lock_guard lock(m_mutex);
    if (Node *node = nodeFor(nodeId))
        node->machineType = std::move(type);
}

std::optional<Operation> World::startMachine(std::string_view nodeId, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine == MachineKind::Host)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(node, "start", std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    const OperationFailure failure = startFailureLocked(*node);
    if (node->machine.up)
        scheduleLocked(
            2 * Accepted, [this, name] { finishLocked(name); }, nullptr, true);
    else if (!failure.code.empty())
        scheduleLocked(
            NoCapacity, [this, name, failure] { finishLocked(name, failure); }, nullptr, true);
    else
        bootLocked(*node, name);
    changed(lock);
    return accepted;
}

std::optional<Operation> World::powerDown(std::string_view nodeId, const char *type, const char *through,
    const char *end, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine == MachineKind::Host)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(node, type, std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    if (node->machine.up)
        powerOffLocked(*node);
    if (node->machine.status != end)
        node->machine.status = through; // a start under way ends with it
    scheduleLocked(
        Shutdown,
        [this, node, name, end] {
            if (!node->machine.up) {
                node->machine.status = end;
                node->machine.lastStop = Wall::now();
            }
            finishLocked(name);
        },
        nullptr, true);
    changed(lock);
    return accepted;
}

std::optional<Operation> World::stopMachine(std::string_view node, std::string requestId, std::string user)
{
    return powerDown(node, "stop", "STOPPING", "TERMINATED", std::move(requestId), std::move(user));
}

std::optional<Operation> World::suspendMachine(std::string_view node, std::string requestId, std::string user)
{
    return powerDown(node, "suspend", "SUSPENDING", "SUSPENDED", std::move(requestId), std::move(user));
}

std::optional<Operation> World::resumeMachine(std::string_view nodeId, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine == MachineKind::Host)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(node, "resume", std::move(requestId), std::move(user));
    acceptLocked(accepted.name);
    bootLocked(*node, accepted.name);
    changed(lock);
    return accepted;
}

std::optional<Operation> World::resetMachine(std::string_view nodeId, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine != MachineKind::Gce)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(node, "reset", std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    powerOffLocked(*node);
    scheduleLocked(
        Shutdown,
        [this, node, name] {
            if (!node->machine.up && node->machine.status == "RUNNING")
                powerOnLocked(*node);
            finishLocked(name);
        },
        nullptr, true);
    changed(lock);
    return accepted;
}

std::optional<Operation> World::changeMachine(std::string_view nodeId, std::string type, std::string requestId,
    std::string user, std::function<void()> effect)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine == MachineKind::Host)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(node, std::move(type), std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    scheduleLocked(
        2 * Accepted,
        [this, name, effect = std::move(effect)] {
            effect();
            finishLocked(name);
        },
        nullptr, true);
    changed(lock);
    return accepted;
}

Operation World::changeRegion(std::string region, std::string type, std::string target, std::string requestId,
    std::string user, std::function<void()> effect)
{
    std::unique_lock lock(m_mutex);
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    Operation &made = insertOperationLocked(nullptr, std::move(type), std::move(requestId), std::move(user));
    made.region = std::move(region);
    made.target = std::move(target);
    const Operation accepted = made;
    const std::string name = accepted.name;
    acceptLocked(name);
    scheduleLocked(
        2 * Accepted,
        [this, name, effect = std::move(effect)] {
            effect();
            finishLocked(name);
        },
        nullptr, true);
    changed(lock);
    return accepted;
}

std::optional<Operation> World::operation(std::string_view name) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = std::find_if(m_operations.begin(), m_operations.end(),
        [name](const Operation &operation) { return operation.name == name; });
    return found == m_operations.end() ? std::nullopt : std::optional(*found);
}

std::vector<Operation> World::operations(std::string_view place) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<Operation> found;
    std::copy_if(m_operations.rbegin(), m_operations.rend(), std::back_inserter(found),
        [place](const Operation &operation) {
            return operation.zone == place || (operation.zone.empty() && operation.region == place);
        });
    return found;
}

} // namespace hybridge::lab
