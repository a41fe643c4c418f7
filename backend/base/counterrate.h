// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"

#include <cmath>
#include <optional>

namespace hybridge {

/// Turns samples of a counter into a rate per second. A counter that fell was restarted: no rate then, never a
/// negative or a giant one. Pure.
class CounterRate {
public:
    /// Rates above @p mostPerSecond are taken for a fault of the counter and give no value.
    explicit CounterRate(double mostPerSecond = 1e9) : m_most(mostPerSecond) { }

    /// The rate since the sample before; empty for the first sample, after a restart of the counter, for a value that is
    /// no count (NaN, infinite, negative), and while no time has passed.
    [[nodiscard]] std::optional<double> add(double value, MonotonicMs at)
    {
        if (!std::isfinite(value) || value < 0)
            return std::nullopt;
        if (!m_known) {
            keep(value, at);
            return std::nullopt;
        }
        if (at <= m_at)
            return std::nullopt;
        const double rate = (value - m_value) / std::chrono::duration<double>(at - m_at).count();
        keep(value, at);
        if (rate < 0 || rate > m_most)
            return std::nullopt;
        return rate;
    }
    void reset() { m_known = false; }

private:
    void keep(double value, MonotonicMs at)
    {
        m_value = value;
        m_at = at;
        m_known = true;
    }
    double m_most;
    double m_value = 0;
    MonotonicMs m_at {0};
    bool m_known = false;
};

} // namespace hybridge
