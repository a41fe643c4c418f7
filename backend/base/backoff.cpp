// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/backoff.h"

#include <algorithm>

namespace hybridge {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most, std::uint32_t seed)
    : m_first(first), m_most(most), m_state(seed == 0 ? 0x9e3779b9u : seed)
{
}

std::chrono::milliseconds Backoff::next()
{
    const auto grown = m_first.count() << std::min(m_attempt, 20);
    const auto whole = std::min<std::int64_t>(grown, m_most.count());
    ++m_attempt;
    // xorshift32: jitter needs no better randomness, and a fixed seed must give the same pauses everywhere.
    m_state ^= m_state << 13;
    m_state ^= m_state >> 17;
    m_state ^= m_state << 5;
    const std::int64_t half = whole / 2;
    return std::chrono::milliseconds(half + static_cast<std::int64_t>(m_state) % (whole - half + 1));
}

} // namespace hybridge
