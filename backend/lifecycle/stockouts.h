// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/lifecycle/guards.h"

namespace hybridge {

/// A start that found no capacity is a line of its own in the activity log, so that a node's history of them can be shown
/// before its next stop. Pure.

/// The word by which the log's search finds such lines.
[[nodiscard]] QString stockOutMark();
[[nodiscard]] ActivityPayload stockOutPayload(const StockOut &stockOut, const Redactor &redactor);
/// Those among @p records, in their order; anything else is skipped.
[[nodiscard]] QList<StockOut> stockOutsIn(const QList<ActivityRecord> &records);

} // namespace hybridge
