// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace hybridge {

/// Growing, jittered pauses between tries. Pure apart from its counter and its random state, both its own, so that a
/// seed makes it repeatable.
class Backoff {
public:
    /// The n-th pause is drawn evenly from [half, whole] of min(first * 2^n, most).
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most, std::uint32_t seed);
    [[nodiscard]] std::chrono::milliseconds next();
    void reset() { m_attempt = 0; }
    [[nodiscard]] int attempt() const { return m_attempt; }

private:
    std::chrono::milliseconds m_first;
    std::chrono::milliseconds m_most;
    std::uint32_t m_state;
    int m_attempt = 0;
};

} // namespace hybridge
