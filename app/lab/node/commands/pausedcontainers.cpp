// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/pausedcontainers.h"

#include <algorithm>

namespace hybridge::lab {

bool PausedContainers::isPausedLocked(const std::string &node)
{
    const auto known = m_faults.find(node);
    if (known == m_faults.end())
        return false;
    const std::vector<ActiveFault> active = m_world.faults();
    const bool on = std::any_of(
        active.begin(), active.end(), [&](const ActiveFault &fault) { return fault.id == known->second; });
    if (!on)
        m_faults.erase(known);
    return on;
}

bool PausedContainers::pause(const std::string &node)
{
    const std::lock_guard lock(m_mutex);
    if (isPausedLocked(node) || m_world.hasFault(node, "engine-hung"))
        return false;
    const auto fault = m_world.addFault(node, "engine-hung");
    if (!fault)
        return false;
    m_faults[node] = fault->id;
    return true;
}

bool PausedContainers::resume(const std::string &node)
{
    const std::lock_guard lock(m_mutex);
    if (!isPausedLocked(node))
        return false;
    m_world.removeFault(m_faults[node]);
    m_faults.erase(node);
    return true;
}

bool PausedContainers::isPaused(const std::string &node)
{
    const std::lock_guard lock(m_mutex);
    return isPausedLocked(node);
}

} // namespace hybridge::lab
