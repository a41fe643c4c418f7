// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hybridge::lab {

/// In which zone each node's machine runs, or ran last, where it has a sibling: a second VM of its name, of which one at
/// most is on. The world knows one machine a node and nothing of this. Any thread.
class Places {
public:
    void move(const std::string &node, std::string zone)
    {
        const std::lock_guard lock(m_mutex);
        m_moves[node].emplace_back(Wall::now(), std::move(zone));
    }
    /// Empty: in its own zone, where it never left.
    std::string zoneAt(const std::string &node, Wall::time_point at) const
    {
        const std::lock_guard lock(m_mutex);
        std::string zone;
        if (const auto found = m_moves.find(node); found != m_moves.end())
            for (const auto &[since, where] : found->second)
                if (since <= at)
                    zone = where;
        return zone;
    }
    /// An operation that was asked for in @p zone, wherever the machine is.
    void note(const std::string &operation, std::string zone)
    {
        const std::lock_guard lock(m_mutex);
        m_operations[operation] = std::move(zone);
    }
    /// Empty: not noted.
    std::string zoneOf(const std::string &operation) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_operations.find(operation);
        return found == m_operations.end() ? std::string() : found->second;
    }

private:
    mutable std::mutex m_mutex;
    std::map<std::string, std::vector<std::pair<Wall::time_point, std::string>>> m_moves;
    std::map<std::string, std::string> m_operations;
};

} // namespace hybridge::lab
