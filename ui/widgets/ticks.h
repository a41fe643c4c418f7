// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QTimeZone>

namespace hybridge {

/// Round ticks for a value axis that begins at 0.
struct ValueTicks {
    double step = 1.0;
    double top = 1.0; ///< the first multiple of step at or above the greatest value
    int decimals = 0; ///< that a label of this step needs
};

/// Steps of 1, 2, 2.5 or 5 times a power of ten, at most @p most of them. @p greatest <= 0 or not finite counts as 1. Pure.
[[nodiscard]] ValueTicks valueTicks(double greatest, int most);

/// Round points of local time in [from, to] (ms since 1970, UTC), at most @p most: whole 1, 2, 5, 10, 15 or 30 s or min,
/// whole 1, 2, 3, 6, 12 h, or days. Empty when @p from >= @p to. Pure.
struct TimeTicks {
    qint64 stepMs = 1000;
    QList<qint64> at;
};
[[nodiscard]] TimeTicks timeTicks(qint64 from, qint64 to, int most, const QTimeZone &zone);

} // namespace hybridge
