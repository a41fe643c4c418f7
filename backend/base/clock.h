// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>

#include <chrono>

namespace hybridge {

using namespace std::chrono_literals;

/// A point on a clock that never jumps; the unit of every age and pause. Milliseconds since an arbitrary start.
using MonotonicMs = std::chrono::milliseconds;

/// Where time comes from. Injected, so that tests decide what time it is. Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    /// Wall clock, UTC: for showing and storing.
    [[nodiscard]] virtual QDateTime now() const = 0;
    /// For measuring: ages, time-outs, pauses.
    [[nodiscard]] virtual MonotonicMs monotonic() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] QDateTime now() const override;
    [[nodiscard]] MonotonicMs monotonic() const override;
};

} // namespace hybridge
