// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"

#include <QColor>
#include <QHash>

namespace hybridge {

/// How a node of the fleet is called and coloured where an operation names it.
struct NodeLook {
    QString label;
    QColor colour; ///< as the fleet file gives it; invalid: none
};
using NodeLooks = QHash<QString, NodeLook>; ///< by node id

/// The lamp of an operation: done a tick, failed a cross, refused a triangle, cancelled hollow, running a ring, and "?" for
/// one that nobody goes on with. Pure.
[[nodiscard]] NodeCondition lampOf(const OperationSummary &summary);
/// "Machine start". Pure.
[[nodiscard]] QString kindTitle(const QString &kind);
/// "Machine start — Home 3090". Pure.
[[nodiscard]] QString activityTitle(const OperationSummary &summary, const NodeLooks &looks);
/// "Done in 31 s", "Failed after 2 min: No capacity.", "Running, step 2 of 5: Drain the node", "Left unfinished in step …".
/// @p withReason false: without what the error says, where that stands beside it. Pure.
[[nodiscard]] QString outcomeSentence(const OperationSummary &summary, bool withReason = true);
/// "10:00:05" when @p at is today, "26 Jan 10:00" in this year, else "26 Jan 2025". Local time. Pure.
[[nodiscard]] QString shortMoment(const QDateTime &at, const QDateTime &now);

} // namespace hybridge
