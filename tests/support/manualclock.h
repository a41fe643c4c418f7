// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/base/utc.h"

namespace hybridge {

/// Time that passes only when a test says so.
class ManualClock final : public Clock {
public:
    [[nodiscard]] QDateTime now() const override { return m_start.addMSecs(m_elapsed.count()); }
    [[nodiscard]] MonotonicMs monotonic() const override { return m_elapsed; }
    void advance(std::chrono::milliseconds by) { m_elapsed += by; }

private:
    QDateTime m_start{QDate(2026, 1, 26), QTime(10, 0), Utc};
    MonotonicMs m_elapsed{1000};
};

} // namespace hybridge
