// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"

#include <QTime>

#include <utility>

namespace hybridge {

class FleetState;

/// Drills that begin by themselves, and never while a node is anything but healthy. Local times.
struct DrillSchedule {
    using Window = std::pair<QTime, QTime>;
    bool enabled = false;
    std::chrono::hours every {24 * 7};
    QTime at {10, 0};
    QList<Window> blackouts; ///< in which none begins; may cross midnight
    QList<int> weekdays; ///< 1 Monday … 7 Sunday; empty: all
    QString node; ///< empty: whoever was drilled longest ago
    DrillFault fault = DrillFault::Tunnel;
    bool operator==(const DrillSchedule &) const = default;
};

struct DrillDue {
    bool now = false;
    QString because; ///< why not, or why; a sentence
    QDateTime next; ///< local; when it is asked for again; invalid: never
};
/// @p now local. @p last: when the newest scheduled drill began; invalid: never. @p fleet: not while anything is unhealthy. Pure.
[[nodiscard]] DrillDue drillDue(const DrillSchedule &schedule, const QDateTime &now, const QDateTime &last, const FleetState &fleet);
/// Why none would ever begin: a sentence; empty: they would. Pure.
[[nodiscard]] QString drillScheduleTrouble(const DrillSchedule &schedule);

/// "18:00-08:00, 12:00-13:00". Errors: Invalid. Pure.
[[nodiscard]] Result<QList<DrillSchedule::Window>> drillWindowsOf(const QString &text);
[[nodiscard]] QString drillWindowsText(const QList<DrillSchedule::Window> &windows);

/// As it is kept: JSON. Pure.
[[nodiscard]] QByteArray drillScheduleText(const DrillSchedule &schedule);
/// What cannot be read of it is as if it had not been said; never throws. Pure.
[[nodiscard]] DrillSchedule drillScheduleOf(const QByteArray &json);

} // namespace hybridge
