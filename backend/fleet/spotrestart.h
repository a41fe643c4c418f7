// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMap>
#include <QString>
#include <QStringList>
#include <QTime>

namespace hybridge {

/// When a preempted Spot machine may be started again by itself: inside a window of the day, with growing pauses. The key
/// machine.spotRestart of the fleet file. Plain value.
struct SpotRestartConfig {
    static constexpr int UsualPause = 60;
    static constexpr int UsualEnd = 360;
    QTime from; ///< of the day, in timeZone; invalid with to: the whole day
    QTime to; ///< exclusive; before from: the window goes over midnight
    QStringList days; ///< "mon" … "sun", by the day on which the window begins; empty: every day
    QString timeZone; ///< of the tz database; empty: that of this machine
    int firstPauseSeconds = UsualPause; ///< before the first try; doubled with each, up to 30 min
    int giveUpMinutes = UsualEnd; ///< after the preemption, or after the window began
    bool operator==(const SpotRestartConfig &) const = default;
};

/// By node id. A node that is not in it stays off until somebody starts it.
using SpotRestarts = QMap<QString, SpotRestartConfig>;

} // namespace hybridge
