// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <cmath>

namespace hybridge::lab {

using namespace std::chrono_literals;

namespace {

/// Below this load nobody asks.
constexpr double Idle = 0.015;
constexpr auto KeepAlive = 5min; ///< Ollama's

double seconds(Monotonic::duration time)
{
    return std::chrono::duration<double>(time).count();
}

} // namespace

double visitorsAt(const World::Node &node, double at)
{
    static constexpr double Fade = 5; // seconds
    const double since = at - seconds(node.visitorsChanged - node.born);
    return since <= 0 ? node.visitorsBefore
                      : node.visitorsAfter + (node.visitorsBefore - node.visitorsAfter) * std::exp(-since / Fade);
}

Background background(const NodeSpec &node, double at, double visitors)
{
    const double phase = fraction(mix(node.seed, 11)) * 6.283;
    const double slow = std::sin(at / 47.0 + phase);
    const double quick = std::sin(at / 7.3 + 2.1 * phase);
    const double noise = fraction(mix(node.seed, static_cast<std::uint64_t>(at * 2) + 77)) - 0.5;
    const double level = node.machine == MachineKind::Gce ? 0.46 : 0.30;
    Background traffic;
    traffic.load = std::min(0.97, visitors * std::clamp(level + 0.24 * slow + 0.13 * quick + 0.10 * noise, 0.02, 0.97));
    const double requests = node.engine == EngineKind::Vllm ? traffic.load * 7.0 : traffic.load * 1.6;
    traffic.running = node.engine == EngineKind::Vllm ? static_cast<int>(std::lround(requests))
                                                      : std::min(1, static_cast<int>(std::lround(requests)));
    traffic.waiting = traffic.load > 0.85 ? static_cast<int>(std::lround((traffic.load - 0.85) * 20)) : 0;
    return traffic;
}

void World::integrateLocked(Node &node) const
{
    const Monotonic::time_point now = Monotonic::now();
    if (now <= node.countedUntil)
        return;
    const double span = seconds(now - node.countedUntil);
    const double middle = seconds(node.countedUntil - node.born) + span / 2;
    const double load = background(*node.spec, middle, visitorsAt(node, middle)).load;
    const double rate = node.spec->engine == EngineKind::Vllm ? 640.0 : 62.0;
    node.generationTokens += load * rate * span;
    node.promptTokens += load * rate * 3.1 * span;
    node.requestsDone += load * rate * span / 180.0;
    node.countedUntil = now;
    const double at = seconds(now - node.born);
    const bool isAsked = background(*node.spec, at, visitorsAt(node, at)).load > Idle;
    if (!isAsked && node.spec->engine == EngineKind::Ollama && node.modelUsedAt + KeepAlive <= Wall::now())
        node.modelLetGo = true;
    if (isAsked)
        node.modelLetGo = false; // the visitors have it loaded again
    if (isAsked || node.inUse > 0)
        node.modelUsedAt = Wall::now();
}

EngineState World::engineLocked(const Node &node) const
{
    EngineState state;
    const Service &service = node.engineService();
    const Monotonic::time_point now = Monotonic::now();
    const bool alive = node.machine.up && service.pid != 0;
    const bool heldLoading = hasFaultLocked(node, "engine-loading");
    state.listening = alive && !heldLoading && now >= node.engineReady;
    state.loading = alive && !state.listening;
    state.hung = state.listening && hasFaultLocked(node, "engine-hung");
    if (heldLoading)
        state.loadProgress = 0.95 * (1.0 - std::exp(-seconds(now - node.engineLaunched) / 60.0));
    else if (state.loading)
        state.loadProgress = std::clamp(
            seconds(now - node.engineLaunched) / std::max(0.001, seconds(node.engineReady - node.engineLaunched)), 0.0,
            1.0);
    const bool missing = hasFaultLocked(node, "model-missing");
    if (node.spec->engine == EngineKind::Vllm)
        state.models = {missing ? "Qwen/Qwen2.5-7B-Instruct-AWQ" : node.spec->model, "chat"}; // --served-model-name takes several
    else
        state.models = {missing ? std::string("mistral:7b") : node.spec->model, "nomic-embed-text:latest", "chat:latest"}; // ollama cp
    state.loadedModel = alive ? node.loadedModel : std::string();
    if (node.spec->engine == EngineKind::Ollama) {
        state.modelExpires = node.modelUsedAt + KeepAlive;
        if (node.modelLetGo)
            state.loadedModel.clear();
    }
    const bool noGpu = hasFaultLocked(node, "cpu-fallback")
        || (node.spec->engine == EngineKind::Ollama && hasFaultLocked(node, "gpu-absent"));
    state.vramFraction = noGpu ? 0.0 : 1.0;
    state.startedAt = node.engineStartedAt;
    state.epoch = node.engineEpoch;
    if (!state.listening)
        return state;
    const double at = seconds(now - node.born);
    const Background traffic = background(*node.spec, at, visitorsAt(node, at));
    state.running = traffic.running + node.inUse;
    state.waiting = traffic.waiting + node.queued;
    state.kvCacheUsage = std::clamp(0.03 + 0.06 * state.running, 0.0, 1.0);
    state.promptTokens = node.promptTokens;
    state.generationTokens = node.generationTokens;
    state.requestsDone = node.requestsDone;
    return state;
}

EngineState World::engine(std::string_view nodeId) const
{
    const std::lock_guard lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node)
        return {};
    if (node->engineService().pid != 0)
        integrateLocked(*node);
    return engineLocked(*node);
}

World::Admission World::admit(std::string_view nodeId, const std::function<bool()> &abandoned, Slot &slot)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || !engineLocked(*node).listening)
        return Admission::Gone;
    if (node->queued >= node->queueLimit || hasFaultLocked(*node, "queue-full"))
        return Admission::Refused;
    const std::uint64_t epoch = node->engineEpoch;
    ++node->queued;
    while (!m_stopped && node->engineEpoch == epoch
        && (node->inUse >= node->slots || hasFaultLocked(*node, "engine-hung"))) {
        m_slots.wait_for(lock, 100ms);
        lock.unlock();
        const bool given = abandoned && abandoned();
        lock.lock();
        if (given) {
            --node->queued;
            return Admission::Gone;
        }
    }
    --node->queued;
    if (m_stopped || node->engineEpoch != epoch)
        return Admission::Gone;
    ++node->inUse;
    slot.release(lock);
    slot.m_world = this;
    slot.m_node = node;
    slot.m_epoch = epoch;
    return Admission::Admitted;
}

bool World::work(const Slot &slot, Monotonic::duration time)
{
    std::unique_lock lock(m_mutex);
    const Monotonic::time_point deadline = Monotonic::now() + time;
    const auto dead = [&] { return m_stopped || !slot.m_node || slot.m_node->engineEpoch != slot.m_epoch; };
    while (!dead()) {
        const bool frozen = hasFaultLocked(*slot.m_node, "engine-hung");
        if (frozen)
            m_changed.wait_for(lock, 100ms);
        else if (m_changed.wait_until(lock, deadline, dead) || Monotonic::now() >= deadline)
            break;
        if (frozen)
            return !dead(); // the caller looks whether its client is still there, and comes again
    }
    return !dead();
}

bool World::frozen(const Slot &slot) const
{
    const std::lock_guard lock(m_mutex);
    return slot.m_node && slot.m_node->engineEpoch == slot.m_epoch && hasFaultLocked(*slot.m_node, "engine-hung");
}

void World::countTokens(const Slot &slot, double prompt, double generated)
{
    const std::lock_guard lock(m_mutex);
    if (!slot.m_node || slot.m_node->engineEpoch != slot.m_epoch)
        return;
    slot.m_node->promptTokens += prompt;
    slot.m_node->generationTokens += generated;
}

void World::setLoadedModel(std::string_view nodeId, std::string model)
{
    std::unique_lock lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node || node->spec->engine == EngineKind::Vllm || (node->loadedModel == model && !node->modelLetGo))
        return;
    node->loadedModel = std::move(model);
    node->modelLetGo = false;
    node->modelUsedAt = Wall::now();
    changed(lock);
}

void World::setVisitors(std::string_view nodeId, double part)
{
    static constexpr double Noticeable = 0.02;
    static constexpr double Most = 2.5;
    const std::lock_guard lock(m_mutex);
    Node *node = nodeFor(nodeId);
    if (!node)
        return;
    if (node->engineService().pid != 0)
        integrateLocked(*node);
    part = std::clamp(part, 0.0, Most);
    if (std::abs(part - node->visitorsAfter) < Noticeable)
        return;
    const Monotonic::time_point now = Monotonic::now();
    node->visitorsBefore = visitorsAt(*node, seconds(now - node->born));
    node->visitorsAfter = part;
    node->visitorsChanged = now;
}

World::Slot::~Slot()
{
    if (m_world) {
        std::unique_lock lock(m_world->m_mutex);
        release(lock);
    }
}

void World::Slot::release(std::unique_lock<std::mutex> &)
{
    if (!m_node)
        return;
    --m_node->inUse;
    ++m_node->requestsDone;
    m_node->modelUsedAt = Wall::now();
    m_world->m_slots.notify_all();
    m_node = nullptr;
}

} // namespace hybridge::lab
