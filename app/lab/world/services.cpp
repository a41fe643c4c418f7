// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

/// cloudflared registers its four connections one after the other.
constexpr auto FirstRegistration = 150ms;
constexpr auto NextRegistration = 200ms;
/// Real loads take minutes; an operator who drills with a lab does not want to.
constexpr auto VllmLoad = 1200ms;
constexpr auto OllamaStart = 150ms;

} // namespace

Service *World::serviceFor(Node &node, std::string_view name) const
{
    const auto found = std::find_if(
        node.services.begin(), node.services.end(), [name](const Service &service) { return service.name == name; });
    return found == node.services.end() ? nullptr : &*found;
}

std::vector<Service> World::services(std::string_view node) const
{
    const std::lock_guard lock(m_mutex);
    const Node *found = nodeFor(node);
    return found ? found->services : std::vector<Service>{};
}

std::optional<Service> World::service(std::string_view node, std::string_view name) const
{
    const std::lock_guard lock(m_mutex);
    Node *found = nodeFor(node);
    const Service *service = found ? serviceFor(*found, name) : nullptr;
    return service ? std::optional(*service) : std::nullopt;
}

void World::setServiceLocked(Node &node, Service &service, ServiceState state)
{
    if (service.state == state)
        return;
    service.state = state;
    service.since = Wall::now();
    const bool container = service.name.starts_with("docker:");
    const std::string unit = service.name.substr(service.name.find(':') + 1);
    if (state == ServiceState::Active && !container)
        journalLocked(node, service.name, 6, "Started " + unit + ".service.");
    if (state == ServiceState::Inactive && !container)
        journalLocked(node, service.name, 6, unit + ".service: Deactivated successfully.");
}

void World::launchLocked(Node &node, Service &service)
{
    const Monotonic::time_point now = Monotonic::now();
    service.result = "success";
    service.exitStatus = 0;
    service.pid = node.nextPid++;
    const int pid = service.pid;
    if (&service == &node.connectorService()) {
        // Type=notify: activating until the first connection is registered.
        setServiceLocked(node, service, ServiceState::Activating);
        node.connectorId = Random(mix(node.spec->seed, 100 + node.connectionsMade)).uuid();
        node.connectorRunAt = Wall::now();
        journalLocked(node, service.name, 6, std::string("INF Starting tunnel tunnelID=") + node.spec->tunnelId);
        journalLocked(node, service.name, 6, std::string("INF Version ") + CloudflaredVersion);
        for (int i = 0; i < 4; ++i)
            registerConnectionLocked(node, i, FirstRegistration + NextRegistration * i);
        return;
    }
    if (&service != &node.engineService()) {
        setServiceLocked(node, service, ServiceState::Active);
        return;
    }
    ++node.engineEpoch;
    node.engineLaunched = now;
    node.engineStartedAt = Wall::now();
    node.promptTokens = node.generationTokens = node.requestsDone = 0;
    node.loadedModel = node.spec->engine == EngineKind::Vllm ? node.spec->model : std::string();
    const auto load
        = node.spec->engine == EngineKind::Vllm ? Monotonic::duration(VllmLoad) : Monotonic::duration(OllamaStart);
    node.engineReady = now + load;
    node.countedUntil = node.engineReady;
    const bool loading = hasFaultLocked(node, "engine-loading");
    const bool container = service.name.starts_with("docker:");
    setServiceLocked(node, service, loading && !container ? ServiceState::Activating : ServiceState::Active);
    if (container)
        service.health = "starting";
    journalEngineLaunchLocked(node);
    if (!loading)
        settleEngineLocked(node, load, pid);
}

void World::settleEngineLocked(Node &node, Monotonic::duration delay, int pid)
{
    scheduleLocked(
        delay,
        [this, &node, pid] {
            Service &service = node.engineService();
            if (service.pid != pid || hasFaultLocked(node, "engine-loading"))
                return;
            if (service.name.starts_with("docker:")) {
                service.health = "healthy";
                journalLocked(node, service.name, 6, "INFO:     Application startup complete.");
            } else {
                journalLocked(node, service.name, 6, "msg=\"Listening on 127.0.0.1:11434 (version 0.31.2)\"");
                // The traffic of other people wakes a freshly started Ollama within its first second.
                if (node.loadedModel.empty())
                    node.loadedModel = node.spec->model;
            }
        },
        &node, true);
}

void World::registerConnectionLocked(Node &node, int index, Monotonic::duration delay)
{
    const int pid = node.connectorService().pid;
    EdgeConnection &connection = node.connections[static_cast<std::size_t>(index)];
    connection.uuid = Random(mix(node.spec->seed, 1000 + node.connectionsMade++)).uuid();
    connection.openedAt = Wall::now() + std::chrono::duration_cast<Wall::duration>(delay);
    node.registeredFrom[static_cast<std::size_t>(index)] = Monotonic::now() + delay;
    scheduleLocked(
        delay,
        [this, &node, index, pid] {
            Service &service = node.connectorService();
            if (service.pid != pid || hasFaultLocked(node, "tunnel-down"))
                return;
            const EdgeConnection &made = node.connections[static_cast<std::size_t>(index)];
            journalLocked(node, service.name, 6,
                "INF Registered tunnel connection connIndex=" + std::to_string(index) + " connection=" + made.uuid
                    + " event=0 ip=" + made.edgeAddress + " location=" + made.colo + " protocol=quic");
            setServiceLocked(node, service, ServiceState::Active);
        },
        &node, true);
}

void World::killLocked(Node &node, Service &service, ServiceState end, std::string result, int exitStatus)
{
    service.pid = 0;
    service.result = std::move(result);
    service.exitStatus = exitStatus;
    if (&service == &node.engineService()) {
        integrateLocked(node);
        ++node.engineEpoch;
        if (!service.health.empty())
            service.health = "unhealthy";
    }
    if (&service == &node.connectorService() && end == ServiceState::Inactive)
        journalLocked(node, service.name, 6, "INF Initiating graceful shutdown due to signal terminated ...");
    setServiceLocked(node, service, end);
}

ServiceOutcome World::startService(std::string_view nodeId, std::string_view name)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    Service *service = node ? serviceFor(*node, name) : nullptr;
    if (!service)
        return ServiceOutcome::Unknown;
    if (!node->machine.up)
        return ServiceOutcome::Off;
    if (service->pid != 0)
        return ServiceOutcome::Done;
    service->restarts = 0;
    // Starting what was stopped or has crashed is the cure, in the lab as in life.
    if (service == &node->connectorService())
        forgetFaultLocked(*node, "connector-stopped");
    if (service == &node->engineService())
        forgetFaultLocked(*node, "engine-dead");
    launchLocked(*node, *service);
    ServiceOutcome outcome = ServiceOutcome::Done;
    if (service == &node->engineService() && engineHeldDownLocked(*node)) {
        killLocked(*node, *service, ServiceState::Failed, "exit-code", 1);
        journalLocked(*node, service->name, 3, "RuntimeError: No CUDA GPUs are available");
        outcome = ServiceOutcome::Failed;
    }
    changed(lock);
    return outcome;
}

ServiceOutcome World::stopService(std::string_view nodeId, std::string_view name)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    Service *service = node ? serviceFor(*node, name) : nullptr;
    if (!service)
        return ServiceOutcome::Unknown;
    if (!node->machine.up)
        return ServiceOutcome::Off;
    if (service == &node->engineService())
        forgetFaultLocked(*node, "engine-hung"); // the process that hung is gone
    const bool container = service->name.starts_with("docker:");
    if (service->pid != 0)
        killLocked(*node, *service, ServiceState::Inactive, "success", container ? 143 : 0);
    changed(lock);
    return ServiceOutcome::Done;
}

ServiceOutcome World::restartService(std::string_view node, std::string_view name)
{
    const ServiceOutcome stopped = stopService(node, name);
    return stopped == ServiceOutcome::Done ? startService(node, name) : stopped;
}

ServiceOutcome World::setServiceEnabled(std::string_view nodeId, std::string_view name, bool enabled)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    Service *service = node ? serviceFor(*node, name) : nullptr;
    if (!service)
        return ServiceOutcome::Unknown;
    if (!node->machine.up)
        return ServiceOutcome::Off;
    service->enabled = enabled;
    changed(lock);
    return ServiceOutcome::Done;
}

void World::powerOffLocked(Node &node)
{
    for (Service &service : node.services) {
        if (service.pid != 0)
            killLocked(node, service, ServiceState::Inactive, "success", 0);
    }
    std::erase_if(m_timers, [&node](const auto &entry) { return entry.second.node == &node; });
    node.machine.up = false;
    node.machine.endsAt.reset();
}

void World::powerOnLocked(Node &node)
{
    node.machine.status = "RUNNING";
    node.machine.up = true;
    node.machine.lastStart = Wall::now();
    for (Service &service : node.services) {
        const bool held = (&service == &node.connectorService() && hasFaultLocked(node, "connector-stopped"))
            || (&service == &node.engineService() && engineHeldDownLocked(node));
        service.restarts = 0;
        if (service.enabled && !held && service.pid == 0)
            launchLocked(node, service);
    }
    armMaxRunLocked(node);
}

} // namespace hybridge::lab
