// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/store/database.h"

namespace hybridge {

/// The tables of the activity log:
/// - activity: the lines. Append-only (triggers), chained by hash. op_seq is the seq of the operation's first line.
/// - head: seq and hash of the newest line, so that a cut tail shows.
/// - activity_text: words of each line (FTS5, index only).
/// - operations: one row an operation, derived from its lines, for pages and filters.
/// - claims: which operation keeps which node.
/// - usage, price: what nodes used and cost, and what the cloud's price list said (UsageLedger, backend/lifecycle).
/// - drills: reports of drills, also of those cut off in their middle (DrillJournal, backend/drill).
/// Where a sequence is wanted newest first, the integer primary key ends every index by itself.
[[nodiscard]] DatabaseSchema activitySchema();

/// The first word of column "kind" as an SQL expression; the indexes are on these very characters.
[[nodiscard]] QString kindWordSql();

} // namespace hybridge
