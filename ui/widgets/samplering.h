// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <cmath>
#include <limits>

namespace hybridge {

/// The newest samples of one series at a fixed interval, oldest first; a gap is a NaN. Grows up to its capacity, then
/// overwrites the oldest. Plain value.
class SampleRing {
public:
    static constexpr float Gap = std::numeric_limits<float>::quiet_NaN();

    explicit SampleRing(int capacity = 0) : m_capacity(capacity) { }

    void append(float value)
    {
        if (m_capacity <= 0)
            return;
        if (m_samples.size() < m_capacity) {
            m_samples.append(value);
            return;
        }
        m_samples[m_start] = value;
        m_start = (m_start + 1) % m_capacity;
    }
    [[nodiscard]] int size() const { return int(m_samples.size()); }
    [[nodiscard]] int capacity() const { return m_capacity; }
    /// 0 is the oldest.
    [[nodiscard]] float at(int index) const { return m_samples.at((m_start + index) % m_samples.size()); }
    [[nodiscard]] bool hasValues() const
    {
        for (const float sample : m_samples)
            if (!std::isnan(sample))
                return true;
        return false;
    }
    void clear()
    {
        m_samples.clear();
        m_start = 0;
    }

private:
    int m_capacity;
    int m_start = 0;
    QList<float> m_samples;
};

} // namespace hybridge
