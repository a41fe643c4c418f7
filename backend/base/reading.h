// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/base/result.h"

#include <optional>

namespace hybridge {

/// The last good value of something that is sampled, when it was sampled, and the error of the newest try.
///
/// Three states, never mixed up: never known (no value), known (value, no error), stale (value and error: the value is
/// the last good one, shown greyed with its age). A failure never erases a value and never turns it into zero.
template<class T>
class Reading {
public:
    [[nodiscard]] bool isKnown() const { return m_value.has_value(); }
    [[nodiscard]] const std::optional<T> &value() const { return m_value; }
    [[nodiscard]] const T *operator->() const { return &*m_value; }
    [[nodiscard]] const T &operator*() const { return *m_value; }
    /// Error of the newest try; empty when the newest try was good or none was made.
    [[nodiscard]] const std::optional<Error> &error() const { return m_error; }
    /// Monotonic time of the last good sample; meaningless while !isKnown().
    [[nodiscard]] MonotonicMs sampledAt() const { return m_sampledAt; }
    /// Monotonic time of the newest try, good or bad; 0 when none was made.
    [[nodiscard]] MonotonicMs triedAt() const { return m_triedAt; }
    /// How many tries have failed in a row since the last good one.
    [[nodiscard]] int failures() const { return m_failures; }
    /// Monotonic time of the first failure of the present run of failures; meaningless while failures() is 0.
    [[nodiscard]] MonotonicMs failingSince() const { return m_failingSince; }
    /// Seconds since the last good sample; empty when there is none.
    [[nodiscard]] std::optional<double> ageSeconds(MonotonicMs now) const
    {
        if (!m_value)
            return std::nullopt;
        return std::chrono::duration<double>(now - m_sampledAt).count();
    }
    /// Known, the newest try was good, and the sample is not older than @p limit.
    [[nodiscard]] bool isFresh(MonotonicMs now, std::chrono::milliseconds limit) const
    {
        return m_value && !m_error && now - m_sampledAt <= limit;
    }

    void succeed(T value, MonotonicMs at)
    {
        m_value = std::move(value);
        m_error.reset();
        m_sampledAt = at;
        m_triedAt = at;
        m_failures = 0;
    }
    void fail(Error error, MonotonicMs at)
    {
        if (m_failures == 0)
            m_failingSince = at;
        m_error = std::move(error);
        m_triedAt = at;
        ++m_failures;
    }
    void update(Result<T> result, MonotonicMs at)
    {
        if (result)
            succeed(std::move(*result), at);
        else
            fail(result.error(), at);
    }
    /// A value remembered from an earlier run: known, but stale until the first try.
    void restore(T value, MonotonicMs at)
    {
        m_value = std::move(value);
        m_sampledAt = at;
    }

private:
    std::optional<T> m_value;
    std::optional<Error> m_error;
    MonotonicMs m_sampledAt {0};
    MonotonicMs m_triedAt {0};
    MonotonicMs m_failingSince {0};
    int m_failures = 0;
};

} // namespace hybridge
