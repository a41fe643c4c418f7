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

} // namespace

Operation &World::insertOperationLocked(Node &node, std::string type, std::string requestId, std::string user)
{
    static constexpr std::size_t Kept = 2000;
    Operation operation;
    Random random(mix(node.spec->seed, 5000 + m_nextOperation));
    operation.numericId = std::to_string(1'000'000'000'000'000'000ULL + random.next() % 8'000'000'000'000'000'000ULL);
    operation.name = type.find('.') == std::string::npos ? "operation-" + random.hex(13) + '-' + random.hex(13) + '-'
            + random.hex(8) + '-' + std::to_string(m_nextOperation)
                                                         : "systemevent-" + random.hex(13) + '-' + random.hex(13) + '-'
            + random.hex(8) + '-' + std::to_string(m_nextOperation);
    ++m_nextOperation;
    operation.zone = node.spec->zone;
    operation.type = std::move(type);
    operation.node = node.spec->id;
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

void World::finishLocked(const std::string &name, std::string errorCode, std::string errorMessage)
{
    for (Operation &operation : m_operations) {
        if (operation.name != name)
            continue;
        operation.status = "DONE";
        operation.endTime = Wall::now();
        if (!operation.startTime)
            operation.startTime = operation.endTime;
        operation.errorCode = std::move(errorCode);
        operation.errorMessage = std::move(errorMessage);
        return;
    }
}

void World::failForCapacityLocked(const std::string &name)
{
    const auto found = std::find_if(
        m_operations.begin(), m_operations.end(), [&](const Operation &operation) { return operation.name == name; });
    if (found != m_operations.end())
        finishLocked(name, "ZONE_RESOURCE_POOL_EXHAUSTED",
            "The zone 'projects/hybridge-lab/zones/" + found->zone
                + "' does not have enough resources available to fulfill the request.  Try a different zone, or try "
                  "again later.");
}

std::optional<Operation> World::startMachine(std::string_view nodeId, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine != MachineKind::Gce)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(*node, "start", std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    if (node->machine.up) {
        scheduleLocked(
            2 * Accepted, [this, name] { finishLocked(name, {}, {}); }, nullptr, true);
    } else if (hasFaultLocked(*node, "capacity-exhausted")) {
        scheduleLocked(
            NoCapacity, [this, name] { failForCapacityLocked(name); }, nullptr, true);
    } else {
        node->machine.status = "PROVISIONING";
        scheduleLocked(
            Boot / 2,
            [node] {
                if (node->machine.status == "PROVISIONING")
                    node->machine.status = "STAGING";
            },
            nullptr, true);
        scheduleLocked(
            Boot,
            [this, node, name] {
                forgetFaultLocked(*node, "preempted"); // the machine runs again, whoever started it
                if (!node->machine.up)
                    powerOnLocked(*node);
                finishLocked(name, {}, {});
            },
            nullptr, true);
    }
    changed(lock);
    return accepted;
}

std::optional<Operation> World::stopMachine(std::string_view nodeId, std::string requestId, std::string user)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->machine != MachineKind::Gce)
        return std::nullopt;
    if (const Operation *first = repeatedLocked(requestId))
        return *first;
    const Operation accepted = insertOperationLocked(*node, "stop", std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    if (node->machine.up) {
        node->machine.status = "STOPPING";
        powerOffLocked(*node);
    }
    scheduleLocked(
        Shutdown,
        [this, node, name] {
            if (!node->machine.up) {
                node->machine.status = "TERMINATED";
                node->machine.lastStop = Wall::now();
            }
            finishLocked(name, {}, {});
        },
        nullptr, true);
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
    const Operation accepted = insertOperationLocked(*node, "reset", std::move(requestId), std::move(user));
    const std::string name = accepted.name;
    acceptLocked(name);
    powerOffLocked(*node);
    scheduleLocked(
        Shutdown,
        [this, node, name] {
            if (!node->machine.up && node->machine.status == "RUNNING")
                powerOnLocked(*node);
            finishLocked(name, {}, {});
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

std::vector<Operation> World::operations(std::string_view zone) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<Operation> found;
    std::copy_if(m_operations.rbegin(), m_operations.rend(), std::back_inserter(found),
        [zone](const Operation &operation) { return operation.zone == zone; });
    return found;
}

} // namespace hybridge::lab
