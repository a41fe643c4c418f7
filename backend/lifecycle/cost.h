// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QString>
#include <QTimeZone>

#include <optional>

namespace hybridge {

/// One minute of one node, as it was looked at. What was not known is empty, never 0.
struct UsageMinute {
    QDateTime at; ///< UTC, the start of the minute
    std::optional<double> perHour; ///< what the node cost then, in its currency (burnRate())
    std::optional<double> tokens; ///< generated in this minute, from the engine's counters
    bool isIdle = false; ///< known to have had no request and to have generated next to nothing
    bool operator==(const UsageMinute &) const = default;
};

/// What a node cost. Amounts in its own currency; minutes that nobody looked at cost nothing here and are told.
struct NodeCost {
    double today = 0; ///< since local midnight
    double month = 0; ///< since the first of the month, local
    /// The month to its end, when the rest is like the minutes that were seen in it; empty before an hour was seen.
    std::optional<double> projected;
    double idle = 0; ///< part of month that was spent idle
    std::optional<double> idleShare; ///< idle / month, 0 to 1; empty when nothing was spent
    double tokens = 0; ///< in the month, of the minutes whose tokens are known
    /// Of the minutes whose tokens are known, idle ones too: what a token really cost. Empty without tokens.
    std::optional<double> perThousandTokens;
    /// The same without idle minutes: what it costs while it works.
    std::optional<double> perThousandTokensBusy;
    int minutesSeen = 0; ///< in the month
    int minutesUnseen = 0; ///< in the month up to now: not looked at, or the rate was not known
    bool operator==(const NodeCost &) const = default;
};

/// @p minutes in any order; those outside the month of @p now do not count, doubles count once (the last). Pure.
[[nodiscard]] NodeCost costOf(const QList<UsageMinute> &minutes, const QDateTime &now, const QTimeZone &zone);

/// The share of all traffic (0 to 1) from which a node with a flat rate is cheaper than sending the same tokens to one
/// that costs by use: its rate an hour / what its tokens would cost there. Empty: never, or one of the figures is not
/// known or 0. Pure.
/// @p flatPerHour: the flat rate; @p perThousandElsewhere: what 1 000 tokens cost on the other node while it works;
/// @p tokensPerHour: of the whole fleet.
[[nodiscard]] std::optional<double> breakEvenShare(std::optional<double> flatPerHour, std::optional<double> perThousandElsewhere,
    std::optional<double> tokensPerHour);

/// A purchase written off in equal parts: what an hour of it costs. 0 months: empty. A month is 730.5 hours. Pure.
[[nodiscard]] std::optional<double> amortizationPerHour(double amount, int months);

} // namespace hybridge
