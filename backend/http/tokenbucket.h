// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"

#include <chrono>
#include <deque>
#include <optional>

namespace hybridge {

/// A budget of calls: a bucket of @p capacity tokens; each comes back one period after it was taken, so no stretch of
/// that length ever holds more than capacity calls. The last @p reserve tokens are for writes alone: reads never starve
/// an operator's change. Pure but for its clock. Use from one thread. Costs at most capacity time stamps.
class TokenBucket {
public:
    enum class Use { Read, Write };
    TokenBucket(int capacity, std::chrono::milliseconds period, int reserve, const Clock &clock);
    /// The budget towards the Cloudflare API: 240 calls in 5 min, a fifth of the user's limit; 24 of them kept for
    /// writes.
    [[nodiscard]] static TokenBucket cloudflare(const Clock &clock);

    /// Takes a token. Empty = taken; otherwise nothing was taken and this is how long to wait before one is there.
    [[nodiscard]] std::optional<std::chrono::milliseconds> take(Use use);
    /// Tokens there now for @p use.
    [[nodiscard]] int available(Use use);
    /// The service asked for a pause: nothing is given out until it is over.
    void pauseFor(std::chrono::milliseconds duration);

private:
    void expire();
    int m_capacity;
    std::chrono::milliseconds m_period;
    int m_reserve;
    const Clock &m_clock;
    std::deque<MonotonicMs> m_taken;
    MonotonicMs m_pausedUntil{0};
};

} // namespace hybridge
