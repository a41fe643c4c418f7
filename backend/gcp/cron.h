// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QDateTime>
#include <QString>

#include <bitset>

namespace hybridge::gcp {

/// A unix-cron line: minute, hour, day of month, month, day of week. Where both days are restricted either is enough.
struct CronSchedule {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days; ///< 1 to 31
    std::bitset<13> months; ///< 1 to 12
    std::bitset<7> weekdays; ///< 0 is Sunday
    bool anyDay = false; ///< the day of month is "*"
    bool anyWeekday = false;

    [[nodiscard]] bool runsOn(const QDate &date) const;
};

/// Lists, ranges, steps, names (MON, JAN, in any case), 7 for Sunday. Error: Invalid, naming the field. Pure.
[[nodiscard]] Result<CronSchedule> parseCron(const QString &text);

/// The first run after @p now, in UTC. @p timeZone is a name of the tz database. A time that the change to summer time
/// skips comes as much later; one that comes twice counts once. Errors: Invalid (no such line or zone, or a day
/// that never comes). Pure but for the tz database.
[[nodiscard]] Result<QDateTime> nextRun(const QString &cron, const QString &timeZone, const QDateTime &now);

} // namespace hybridge::gcp
