// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/world.h"

#include <map>
#include <mutex>
#include <string>

namespace hybridge::lab {

/// Containers stopped by `docker pause`. To everybody who talks to it, a paused engine is a hung one, so that is what
/// the world is told; it ends with unpause, or when the container is stopped or its hang is taken away otherwise.
class PausedContainers {
public:
    explicit PausedContainers(World &world) : m_world(world) { }

    bool pause(const std::string &node);  ///< false: it is paused, or hangs already
    bool resume(const std::string &node); ///< false: it was not paused
    bool isPaused(const std::string &node);

private:
    bool isPausedLocked(const std::string &node);

    World &m_world;
    std::mutex m_mutex;
    std::map<std::string, std::string> m_faults; ///< node -> id of the fault that stands for its pause
};

} // namespace hybridge::lab
