// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <deque>
#include <mutex>

namespace hybridge::lab {

/// Cloudflare's limits on API calls: 1200 in 5 minutes a user, then everything is refused for the next 5 minutes; 200
/// in one second an address (facts: cloudflare 1).
class RateLimit {
public:
    /// Counts one call made at @p now. 0: let it pass; else the seconds until the next may.
    int admit(Monotonic::time_point now);

private:
    std::mutex m_mutex;
    std::deque<Monotonic::time_point> m_calls; ///< of the last 5 minutes, oldest first
    Monotonic::time_point m_blockedUntil{};
};

} // namespace hybridge::lab
