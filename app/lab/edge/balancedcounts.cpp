// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/balancedcounts.h"

#include "app/lab/world/text.h"

#include <algorithm>

namespace hybridge::lab {

void BalancedCounts::add(const std::string &balancer, const std::string &pool, const std::string &origin, Wall::time_point at)
{
    static constexpr long long Kept = 3600;
    const long long second = unixSeconds(at);
    const std::lock_guard lock(m_mutex);
    ++m_counts[{second, balancer, pool, origin}];
    while (std::get<0>(m_counts.begin()->first) < second - Kept)
        m_counts.erase(m_counts.begin());
}

std::vector<BalancedCounts::Row> BalancedCounts::between(const std::string &balancer, long long from, long long to, Wall::time_point now) const
{
    const std::lock_guard lock(m_mutex);
    if (m_lag.count() > 0)
        to = std::min(to, unixSeconds(now - m_lag));
    std::map<std::pair<std::string, std::string>, std::uint64_t> sums;
    for (auto it = m_counts.lower_bound({from, {}, {}, {}}); it != m_counts.end() && std::get<0>(it->first) < to; ++it) {
        const auto &[second, name, pool, origin] = it->first;
        if (name == balancer)
            sums[{pool, origin}] += it->second;
    }
    std::vector<Row> rows;
    for (const auto &[names, count] : sums)
        rows.push_back({names.first, names.second, count});
    return rows;
}

} // namespace hybridge::lab
