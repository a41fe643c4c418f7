// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <map>
#include <mutex>
#include <tuple>

namespace hybridge::lab {

/// What the load balancers have really shared out, by the second: what their analytics are made of. The last hour is kept.
/// Any thread.
class BalancedCounts {
public:
    struct Row {
        std::string pool;
        std::string origin;
        std::uint64_t count = 0;
    };

    /// Analytics come late: of the newest @p lag nothing is told yet. Before anything is counted.
    void setLag(std::chrono::seconds lag) { m_lag = lag; }
    void add(const std::string &balancer, const std::string &pool, const std::string &origin, Wall::time_point at);
    /// From the second @p from until before the second @p to, as it can be told at @p now.
    std::vector<Row> between(const std::string &balancer, long long from, long long to, Wall::time_point now) const;

private:
    using Key = std::tuple<long long, std::string, std::string, std::string>; ///< second, balancer, pool, origin
    mutable std::mutex m_mutex;
    std::map<Key, std::uint64_t> m_counts;
    std::chrono::seconds m_lag{0};
};

} // namespace hybridge::lab
