// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/world.h"

#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hybridge::lab {

/// A unit made by `systemd-run`: a service, and a timer that starts it when there is one.
struct TransientUnit {
    enum class Phase { Waiting, Running, Failed };
    std::string node;
    std::string name; ///< without suffix
    std::vector<std::string> argv;
    std::string description;
    bool collect = false; ///< forget a failed service too
    bool hasTimer = false;
    Phase phase = Phase::Waiting;
    int exitCode = 0;       ///< of a failed one
    bool stopping = false;  ///< asked to end: that is no failure
    Wall::time_point since; ///< when it was made
    Wall::time_point due;   ///< with a timer
    World::TimerId timer = 0;
};

/// What `systemd-run` has made on all nodes. Any thread. A unit lives in the machine's PID 1: it survives every SSH
/// session and dies with the machine.
class TransientUnits {
public:
    /// Runs argv as root on a node and tells its exit code; called on the world's thread or the caller's.
    using Launch = std::function<void(const std::string &node, const std::string &unit, std::vector<std::string> argv,
        std::function<void(int exitCode)> done)>;
    /// Ends what a unit has launched (TERM); its `done` follows.
    using Kill = std::function<void(const std::string &node, const std::string &unit)>;

    TransientUnits(World &world, Launch launch, Kill kill);
    ~TransientUnits(); ///< takes its timers back; the world's clock must stand still (World::stop()), or none may be
                       ///< due
    TransientUnits(const TransientUnits &) = delete;
    TransientUnits &operator=(const TransientUnits &) = delete;

    /// False: a unit of this name is there already.
    bool arm(const std::string &node, const std::string &name, std::chrono::microseconds delay,
        std::vector<std::string> argv, bool collect, const std::string &description);
    bool run(const std::string &node, const std::string &name, std::vector<std::string> argv, bool collect,
        const std::string &description);
    std::optional<TransientUnit> find(const std::string &node, const std::string &name);
    std::vector<TransientUnit> timers(const std::string &node);
    bool stopTimer(const std::string &node, const std::string &name);   ///< false: no such timer
    bool stopService(const std::string &node, const std::string &name); ///< false: it does not run
    bool resetFailed(const std::string &node, const std::string &name);

private:
    void forgetDeadLocked();
    TransientUnit *findLocked(const std::string &node, const std::string &name);
    void fire(const std::string &node, const std::string &name);
    void ended(const std::string &node, const std::string &name, int exitCode);

    World &m_world;
    Launch m_launch;
    Kill m_kill;
    std::mutex m_mutex;
    std::list<TransientUnit> m_units;
};

} // namespace hybridge::lab
