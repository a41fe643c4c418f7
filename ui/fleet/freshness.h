// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/reading.h"

#include <algorithm>
#include <chrono>

namespace hybridge::freshness {

/// How old a reading may be before a view greys it: some three of its intervals. The monitors' own pace is in the fleet's
/// monitors; these are only about looks.
inline constexpr std::chrono::milliseconds Ssh = 45s;
inline constexpr std::chrono::milliseconds Machine = 120s;
inline constexpr std::chrono::milliseconds Tunnel = 60s;
inline constexpr std::chrono::milliseconds Connector = 45s;
inline constexpr std::chrono::milliseconds Services = 60s;
inline constexpr std::chrono::milliseconds Engine = 20s;
inline constexpr std::chrono::milliseconds Accelerators = 6s;
inline constexpr std::chrono::milliseconds Edge = 90s;
inline constexpr std::chrono::milliseconds Proof = 15min;

template<class T>
[[nodiscard]] bool isStale(const Reading<T> &reading, MonotonicMs now, std::chrono::milliseconds limit)
{
    return reading.isKnown() && !reading.isFresh(now, limit);
}

template<class T>
[[nodiscard]] std::optional<std::chrono::milliseconds> ageOf(const Reading<T> &reading, MonotonicMs now)
{
    if (!reading.isKnown())
        return std::nullopt;
    return std::max(std::chrono::milliseconds(0), now - reading.sampledAt());
}

/// The sentence that explains a stale or unknown value; empty when there is nothing to explain.
template<class T>
[[nodiscard]] QString whyOf(const Reading<T> &reading)
{
    return reading.error() ? reading.error()->summary : QString();
}

} // namespace hybridge::freshness
