// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/balancing.h"
#include "app/lab/http/workers.h"
#include "app/lab/world/types.h"

#include <condition_variable>
#include <thread>

namespace hybridge::lab {

class World;

/// What one health check found.
struct ProbeResult {
    bool healthy = false;
    double milliseconds = 0;
    int code = 0; ///< 0: no answer
    std::string reason = "No failures";
};

/// The health checks of the pools: one probe an interval, told as if three data centres had sent it. What changes in
/// the world or in the configuration is probed a moment later: an interval of 15 s is 0.4 s here, because whoever
/// drills with a lab does not want to wait. Time-outs and retries last as long as the monitor says.
class Monitoring {
public:
    /// Sends the request that @p monitor describes to @p origin, and blocks. Called on threads of its own.
    using Probe = std::function<ProbeResult(const nlohmann::json &monitor, const nlohmann::json &origin)>;

    /// Both must outlive this, and the world must be stopped before.
    Monitoring(World &world, Balancing &balancing, Probe probe);
    ~Monitoring() { stop(); }

    /// Probes everything once, then goes on by itself.
    void start();
    void stop();

    /// A pool without a monitor, and an origin never probed, count as well.
    bool healthy(const std::string &pool, const std::string &address) const;
    /// `result` of …/pools/{id}/health.
    nlohmann::json health(const nlohmann::json &pool) const;
    /// `result` of …/preview/{id}: one probe of each origin of these pools at once.
    nlohmann::json preview(const nlohmann::json &monitor, const std::vector<nlohmann::json> &pools) const;

    /// Judges a status code by "200", "2xx" or "200,204".
    static bool expected(const std::string &codes, int status);

private:
    struct Target {
        Monotonic::time_point due{};
        bool busy = false;
        bool known = false;
        bool healthy = true;
        int streak = 0; ///< of results that contradict `healthy`
        std::uint64_t revision = 0;
        ProbeResult last;
    };
    using Key = std::pair<std::string, std::string>; ///< pool, address

    void run();
    void probeOne(Key key, nlohmann::json monitor, nlohmann::json origin);
    ProbeResult attempt(const nlohmann::json &monitor, const nlohmann::json &origin) const;

    World &m_world;
    Balancing &m_balancing;
    const Probe m_probe;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::map<Key, Target> m_targets;
    Monotonic::time_point m_all = Monotonic::time_point::max(); ///< when everything is due
    bool m_stopping = false;
    Workers m_workers{64};
    std::thread m_thread;
};

} // namespace hybridge::lab
