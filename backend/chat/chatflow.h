// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

namespace hybridge {

/// Tokens that came in one read of the connection.
struct ChatArrival {
    double atMs = 0; ///< since the request was ordered
    int tokens = 0; ///< pieces; at least 1
    bool operator==(const ChatArrival &) const = default;
};

/// Gaps between tokens, into gapMedianMs, gapP95Ms and gapMaxMs of @p timing. Tokens of one read have gaps of 0 between
/// them. Pure.
void measureGaps(const QList<ChatArrival> &arrivals, ChatTiming &timing);

/// Whether tokens come one by one or are gathered into lumps on the way. Lumps: most tokens came in groups of at least
/// four after silences of at least 80 ms, three times or more; a fast engine's groups have no such silence before them.
/// Unknown under 20 tokens. Pure.
[[nodiscard]] ChatFlowFinding findLumps(const QList<ChatArrival> &arrivals);

/// Tokens a second over the last two seconds before @p nowMs; empty until 200 ms of stream have passed. Pure.
[[nodiscard]] std::optional<double> speedNow(const QList<ChatArrival> &arrivals, double nowMs);

} // namespace hybridge
