// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/tokenbucket.h"

#include <algorithm>

namespace hybridge {

TokenBucket::TokenBucket(int capacity, std::chrono::milliseconds period, int reserve, const Clock &clock)
    : m_capacity(std::max(1, capacity))
    , m_period(period)
    , m_reserve(std::clamp(reserve, 0, m_capacity - 1))
    , m_clock(clock)
{
}

TokenBucket TokenBucket::cloudflare(const Clock &clock)
{
    return {240, 5min, 24, clock};
}

std::optional<std::chrono::milliseconds> TokenBucket::take(Use use)
{
    expire();
    const MonotonicMs now = m_clock.monotonic();
    if (now < m_pausedUntil)
        return m_pausedUntil - now;
    const int limit = use == Use::Write ? m_capacity : m_capacity - m_reserve;
    const int used = int(m_taken.size());
    if (used < limit) {
        m_taken.push_back(now);
        return std::nullopt;
    }
    // Enough of the oldest must come back for one more to fit under the limit.
    const MonotonicMs returns = m_taken.at(std::size_t(used - limit)) + m_period;
    return std::max<std::chrono::milliseconds>(returns - now, 1ms);
}

int TokenBucket::available(Use use)
{
    expire();
    if (m_clock.monotonic() < m_pausedUntil)
        return 0;
    const int limit = use == Use::Write ? m_capacity : m_capacity - m_reserve;
    return std::max(0, limit - int(m_taken.size()));
}

void TokenBucket::pauseFor(std::chrono::milliseconds duration)
{
    m_pausedUntil = std::max(m_pausedUntil, m_clock.monotonic() + duration);
}

void TokenBucket::expire()
{
    const MonotonicMs now = m_clock.monotonic();
    while (!m_taken.empty() && m_taken.front() + m_period <= now)
        m_taken.pop_front();
}

} // namespace hybridge
