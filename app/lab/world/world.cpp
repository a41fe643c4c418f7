// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/world.h"

#include "app/lab/faults/catalogue.h"
#include "app/lab/world/cast.h"
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

Service makeService(std::string name, Wall::time_point since, int pid)
{
    Service service;
    service.health = name.starts_with("docker:") ? "healthy" : "";
    service.name = std::move(name);
    service.state = ServiceState::Active;
    service.since = since;
    service.pid = pid;
    return service;
}

} // namespace

World::World(Options options)
    : m_options(options), m_specs(castOfNodes(options.seed, options.nodes, options.tpu, options.gpus))
{
    const Wall::time_point wall = Wall::now();
    const Monotonic::time_point now = Monotonic::now();
    for (const NodeSpec &spec : m_specs) {
        auto node = std::make_unique<Node>();
        Random random(mix(spec.seed, 1));
        // A world that has run for hours already: a demo that begins with every service one second old looks broken.
        const auto uptime = std::chrono::seconds(7200 + random.next() % 400000);
        node->spec = &spec;
        node->machineType = spec.machineType;
        node->machine.lastStart = wall - uptime;
        node->nextPid = 900 + static_cast<int>(random.next() % 400);
        const Wall::time_point up = wall - uptime + 20s;
        node->services.push_back(makeService(ConnectorService, up, node->nextPid++));
        node->services.push_back(makeService(spec.engineService, up + 3s, node->nextPid++));
        if (spec.engineService.starts_with("docker:"))
            node->services.push_back(makeService("systemd:docker", up - 4s, node->nextPid++));
        node->connectorId = random.uuid();
        node->connectorRunAt = up;
        for (int i = 0; i < 4; ++i) {
            static constexpr const char *Colos[2][2] = {{"ord07", "ord12"}, {"fra10", "ams01"}};
            const bool cloud = spec.machine != MachineKind::Host;
            node->connections[i] = {i, random.uuid(), Colos[cloud ? 0 : 1][i % 2],
                "198.41." + std::to_string(i % 2 ? 200 : 192) + '.' + std::to_string(7 + random.next() % 200),
                up + 1s * i};
            node->registeredFrom[i] = now;
        }
        node->engineLaunched = node->engineReady = node->countedUntil = node->born = node->visitorsChanged = now;
        node->engineStartedAt = up + 3s;
        node->engineEpoch = mix(spec.seed, 2) >> 32;
        node->loadedModel = spec.model;
        node->modelUsedAt = wall;
        node->slots = spec.engine == EngineKind::Vllm ? 8 : 1;
        node->queueLimit = spec.engine == EngineKind::Vllm ? 2000 : 512;
        node->promptTokens = static_cast<double>(uptime.count()) * 212.0;
        node->generationTokens = static_cast<double>(uptime.count()) * 57.0;
        node->requestsDone = static_cast<double>(uptime.count() / 5);
        m_nodes.emplace(spec.id, std::move(node));
    }
    m_clock = std::jthread([this](std::stop_token stop) { runTimers(stop); });
}

World::~World()
{
    stop();
}

void World::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopped = true;
        m_listeners.clear();
    }
    m_changed.notify_all();
    m_slots.notify_all();
    m_clock.request_stop();
    m_timersChanged.notify_all();
    if (m_clock.joinable() && m_clock.get_id() != std::this_thread::get_id())
        m_clock.join();
}

bool World::stopped() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopped;
}

const NodeSpec *World::find(std::string_view node) const
{
    const Node *found = nodeFor(node);
    return found ? found->spec : nullptr;
}

World::Node *World::nodeFor(std::string_view node) const
{
    const auto found = m_nodes.find(node);
    return found == m_nodes.end() ? nullptr : found->second.get();
}

MachineState World::machine(std::string_view node) const
{
    const std::lock_guard lock(m_mutex);
    const Node *found = nodeFor(node);
    return found ? found->machine : MachineState{};
}

std::uint64_t World::revision() const
{
    const std::lock_guard lock(m_mutex);
    return m_revision;
}

std::uint64_t World::waitChange(std::uint64_t seen, Monotonic::time_point deadline) const
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_until(lock, deadline, [&] { return m_stopped || m_revision != seen; });
    return m_revision;
}

void World::onChange(std::function<void()> listener)
{
    const std::lock_guard lock(m_mutex);
    m_listeners.push_back(std::move(listener));
}

void World::changed(std::unique_lock<std::mutex> &lock)
{
    ++m_revision;
    const auto listeners = m_listeners;
    lock.unlock();
    m_changed.notify_all();
    m_slots.notify_all();
    for (const auto &listener : listeners)
        listener();
}

void World::note(
    std::string_view room, std::string_view node, std::string what, int status, std::string_view credentials)
{
    static constexpr std::size_t Kept = 10'000;
    static constexpr std::size_t LongestText = 2'000;
    if (what.size() > LongestText)
        what.resize(LongestText);
    const std::lock_guard lock(m_mutex);
    m_log.push_back({m_nextLog++, Wall::now(), std::string(room), std::string(node), std::move(what), status,
        std::string(credentials)});
    if (m_log.size() > Kept)
        m_log.pop_front();
}

std::vector<LogEntry> World::log(std::uint64_t after, std::size_t limit) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<LogEntry> entries;
    const auto first
        = std::find_if(m_log.begin(), m_log.end(), [after](const LogEntry &entry) { return entry.seq > after; });
    for (auto entry = first; entry != m_log.end() && entries.size() < limit; ++entry)
        entries.push_back(*entry);
    return entries;
}

} // namespace hybridge::lab
