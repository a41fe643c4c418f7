// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/clock.h"

namespace hybridge {

QDateTime SystemClock::now() const
{
    return QDateTime::currentDateTimeUtc();
}

MonotonicMs SystemClock::monotonic() const
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace hybridge
