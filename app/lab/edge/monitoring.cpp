// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/monitoring.h"

#include "app/lab/world/world.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hybridge::lab {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto Moment = 400ms;
constexpr std::array<const char *, 3> Places{"Amsterdam, NL", "Frankfurt, DE", "Paris, FR"};

std::string rttText(double milliseconds)
{
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.1fms", milliseconds);
    return text.data();
}

json originHealth(const ProbeResult &result, bool healthy)
{
    json told{{"healthy", healthy}, {"failure_reason", result.reason}, {"response_code", result.code},
        {"rtt", rttText(result.milliseconds)}};
    return told;
}

} // namespace

bool Monitoring::expected(const std::string &codes, int status)
{
    const std::string told = std::to_string(status);
    std::size_t at = 0;
    while (at <= codes.size()) {
        const std::size_t end = std::min(codes.find(',', at), codes.size());
        std::string one = codes.substr(at, end - at);
        std::erase(one, ' ');
        const bool fits = one.size() == told.size()
            && std::equal(one.begin(), one.end(), told.begin(),
                [](char wanted, char digit) { return wanted == digit || (wanted | 0x20) == 'x'; });
        if (fits)
            return true;
        at = end + 1;
    }
    return false;
}

Monitoring::Monitoring(World &world, Balancing &balancing, Probe probe)
    : m_world(world)
    , m_balancing(balancing)
    , m_probe(std::move(probe))
{
}

void Monitoring::start()
{
    const auto soon = [this](Monotonic::duration delay) {
        const std::lock_guard lock(m_mutex);
        m_all = std::min(m_all, Monotonic::now() + delay);
        m_wake.notify_all();
    };
    const std::shared_ptr<const Balancing::State> state = m_balancing.state();
    for (const auto &[poolId, pool] : state->pools) {
        const auto monitor
            = state->monitors.find(pool.value("monitor", json()).is_string() ? pool["monitor"].get<std::string>() : "");
        for (const json &origin : pool["origins"]) {
            if (monitor != state->monitors.end())
                probeOne({poolId, origin["address"].get<std::string>()}, monitor->second, origin);
        }
    }
    m_world.onChange([soon] { soon(Moment); });
    m_balancing.onChange([soon] { soon(0ms); });
    m_thread = std::thread([this] { run(); });
}

void Monitoring::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        m_wake.notify_all();
    }
    if (m_thread.joinable())
        m_thread.join();
    m_workers.stop();
}

void Monitoring::run()
{
    std::unique_lock lock(m_mutex);
    while (!m_stopping) {
        const Monotonic::time_point now = Monotonic::now();
        const bool all = m_all <= now;
        if (all)
            m_all = Monotonic::time_point::max();
        lock.unlock();
        const std::shared_ptr<const Balancing::State> state = m_balancing.state();
        lock.lock();
        Monotonic::time_point next = now + 60s;
        std::map<Key, Target> kept;
        for (const auto &[poolId, pool] : state->pools) {
            const json monitorId = pool.value("monitor", json());
            const auto monitor
                = monitorId.is_string() ? state->monitors.find(monitorId.get<std::string>()) : state->monitors.end();
            if (monitor == state->monitors.end())
                continue;
            const auto interval = std::chrono::seconds(monitor->second["interval"].get<int>());
            for (const json &origin : pool["origins"]) {
                const Key key{poolId, origin["address"].get<std::string>()};
                Target &target = kept[key] = m_targets[key];
                if (target.busy) {
                    if (all)
                        target.due = now; // once more when it is done
                } else if (all || target.due <= now) {
                    target.busy = true;
                    target.due = now + interval;
                    m_workers.run([this, key, check = monitor->second, origin] { probeOne(key, check, origin); });
                }
                if (!target.busy)
                    next = std::min(next, target.due);
            }
        }
        m_targets = std::move(kept);
        if (m_all > now && !m_stopping) // stop() may have come while the state was read, and its wake-up is past then
            m_wake.wait_until(lock, std::min(next, m_all));
    }
}

void Monitoring::probeOne(Key key, json monitor, json origin)
{
    const ProbeResult result = attempt(monitor, origin);
    const std::lock_guard lock(m_mutex);
    Target &target = m_targets[key];
    target.busy = false;
    if (target.due == Monotonic::time_point{})
        target.due = Monotonic::now() + std::chrono::seconds(monitor["interval"].get<int>());
    target.last = result;
    if (!target.known) {
        target.known = true;
        target.healthy = result.healthy;
    } else if (result.healthy != target.healthy) {
        const int wanted = std::max(1, monitor[result.healthy ? "consecutive_up" : "consecutive_down"].get<int>());
        if (++target.streak >= wanted)
            target.healthy = result.healthy;
        else
            target.due = std::min(target.due, Monotonic::now() + Moment);
    }
    if (result.healthy == target.healthy)
        target.streak = 0;
    m_wake.notify_all();
}

/// Retries follow a time-out at once, and only a time-out.
ProbeResult Monitoring::attempt(const json &monitor, const json &origin) const
{
    ProbeResult result;
    for (int tries = 1 + monitor["retries"].get<int>(); tries > 0; --tries) {
        result = m_probe(monitor, origin);
        if (result.healthy || result.code != 0)
            break;
    }
    return result;
}

bool Monitoring::healthy(const std::string &pool, const std::string &address) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_targets.find({pool, address});
    return found == m_targets.end() || found->second.healthy;
}

json Monitoring::health(const json &pool) const
{
    json told = json::object();
    const std::lock_guard lock(m_mutex);
    json origins = json::array();
    int well = 0;
    for (const json &origin : pool["origins"]) {
        const auto address = origin["address"].get<std::string>();
        const auto found = m_targets.find({pool["id"].get<std::string>(), address});
        if (found == m_targets.end() || !found->second.known)
            continue;
        const bool enabled = origin.value("enabled", true);
        well += enabled && found->second.healthy ? 1 : 0;
        origins.push_back({{address, originHealth(found->second.last, found->second.healthy)}});
    }
    if (!origins.empty()) {
        for (const char *place : Places)
            told[place] = {{"healthy", well >= pool.value("minimum_origins", 1)}, {"origins", origins}};
    }
    return {{"pool_id", pool["id"]}, {"pop_health", told}};
}

json Monitoring::preview(const json &monitor, const std::vector<json> &pools) const
{
    json told = json::object();
    for (const json &pool : pools) {
        json origins = json::array();
        bool well = false;
        for (const json &origin : pool["origins"]) {
            const ProbeResult result = attempt(monitor, origin);
            well = well || result.healthy;
            origins.push_back({{origin["address"].get<std::string>(), originHealth(result, result.healthy)}});
        }
        for (const char *place : Places)
            told[pool["id"].get<std::string>()][place] = {{"healthy", well}, {"origins", origins}};
    }
    return told;
}

} // namespace hybridge::lab
