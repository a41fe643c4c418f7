// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/ticks.h"

#include "backend/base/utc.h"

#include <QDateTime>

#include <algorithm>
#include <cmath>

namespace hybridge {

ValueTicks valueTicks(double greatest, int most)
{
    if (!std::isfinite(greatest) || greatest <= 0)
        greatest = 1.0;
    const double rough = greatest / std::max(1, most);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = power * 10;
    for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
        if (power * factor >= rough * (1 - 1e-9)) {
            step = power * factor;
            break;
        }
    }
    ValueTicks out;
    out.step = step;
    out.top = step * std::ceil(greatest / step - 1e-9);
    const double decimals = -std::floor(std::log10(step) + 1e-9);
    const bool quarter = std::abs(step / std::pow(10.0, std::floor(std::log10(step) + 1e-9)) - 2.5) < 1e-6;
    out.decimals = std::max(0, int(decimals) + (quarter ? 1 : 0));
    return out;
}

TimeTicks timeTicks(qint64 from, qint64 to, int most, const QTimeZone &zone)
{
    TimeTicks out;
    if (from >= to || most < 1)
        return out;
    constexpr qint64 S = 1000;
    constexpr qint64 Min = 60 * S;
    constexpr qint64 Hour = 60 * Min;
    constexpr qint64 Steps[] {S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S, Min, 2 * Min, 5 * Min, 10 * Min, 15 * Min, 30 * Min, Hour,
        2 * Hour, 3 * Hour, 6 * Hour, 12 * Hour, 24 * Hour};
    out.stepMs = Steps[std::size(Steps) - 1];
    for (const qint64 step : Steps) {
        if ((to - from) / step < most) {
            out.stepMs = step;
            break;
        }
    }
    while ((to - from) / out.stepMs >= most)
        out.stepMs += 24 * Hour;
    // Round in local time: a tick at 14:00 must be 14:00 on the operator's clock, also in zones of half hours.
    const qint64 offset = qint64(zone.offsetFromUtc(QDateTime::fromMSecsSinceEpoch(from, Utc))) * S;
    const qint64 local = from + offset;
    qint64 tick = local - local % out.stepMs;
    if (tick < local)
        tick += out.stepMs;
    for (; tick - offset <= to; tick += out.stepMs)
        out.at.append(tick - offset);
    return out;
}

} // namespace hybridge
