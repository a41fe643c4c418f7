// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/ratelimit.h"

#include <algorithm>

namespace hybridge::lab {

using namespace std::chrono_literals;

int RateLimit::admit(Monotonic::time_point now)
{
    static constexpr std::size_t LongLimit = 1200;
    static constexpr std::size_t ShortLimit = 200;
    static constexpr auto LongWindow = 5min;
    const std::lock_guard lock(m_mutex);
    if (now < m_blockedUntil)
        return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(m_blockedUntil - now).count());
    while (!m_calls.empty() && m_calls.front() <= now - LongWindow)
        m_calls.pop_front();
    if (m_calls.size() >= LongLimit) {
        m_blockedUntil = now + LongWindow;
        m_calls.clear();
        return static_cast<int>(std::chrono::seconds(LongWindow).count());
    }
    const auto recent = m_calls.end() - std::upper_bound(m_calls.begin(), m_calls.end(), now - 1s);
    if (static_cast<std::size_t>(recent) >= ShortLimit)
        return 1;
    m_calls.push_back(now);
    return 0;
}

} // namespace hybridge::lab
