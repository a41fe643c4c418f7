// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QTimeZone>

#include <optional>

namespace hybridge {

/// One minute of one node, as it was looked at. What was not known is empty, never 0.
struct UsageMinute {
    QDateTime at; ///< UTC, the start of the minute
    std::optional<double> perHour; ///< what the node cost then, in its currency (burnRate()); standing costs are not in it
    std::optional<double> tokens; ///< generated in this minute, from the engine's counters
    bool isIdle = false; ///< known to have had no request and to have generated next to nothing
    std::optional<double> watts {}; ///< drawn, where it is measured or told by the fleet file
    bool isUp = false; ///< the machine is known to have run
    bool isTold = false; ///< nobody watched: the cloud told afterwards whether the machine ran
    bool operator==(const UsageMinute &) const = default;
};

/// A quarter of an hour of one node: what is kept. A bit a minute, so that two programs that watched the same minute count
/// it once. Quarters, because time zones begin their days on one.
struct UsageSlot {
    static constexpr int Minutes = 15;
    static constexpr qint64 LengthMs = Minutes * 60000;
    qint64 start = 0; ///< ms since 1970, UTC; a multiple of LengthMs
    quint16 known = 0; ///< minutes whose cost is known
    quint16 told = 0; ///< of these: not watched, told by the cloud afterwards
    quint16 up = 0; ///< the machine is known to have run
    quint16 idle = 0;
    quint16 counted = 0; ///< tokens are known
    double cost = 0; ///< of the known minutes, without standing costs
    double toldCost = 0; ///< part of cost: minutes that nobody watched
    double idleCost = 0; ///< part of cost
    double countedCost = 0; ///< part of cost: minutes whose tokens are known
    double countedBusyCost = 0; ///< the same without idle minutes
    double tokens = 0;
    double wattHours = 0;

    /// Adds @p minute. False when it is not of this slot, its cost is not known, or it is there already.
    bool take(const UsageMinute &minute);
    /// Adds those of @p minutes (a bit each) that are not known yet, as told by the cloud. Returns how many there were.
    int takeTold(quint16 minutes, double perHour, bool isUp);
    /// What an hour cost on average; empty when no minute is known.
    [[nodiscard]] std::optional<double> perHour() const;
    bool operator==(const UsageSlot &) const = default;
};
[[nodiscard]] qint64 slotStart(const QDateTime &at);

/// What is paid by the calendar, whether the machine runs and anybody watches or not: disks, a purchase written off.
struct StandingCost {
    double perHour = 0;
    QDateTime from; ///< not before; invalid: always
    bool operator==(const StandingCost &) const = default;
};

/// What a node cost in a period. Amounts in its own currency; minutes that nobody knows about cost nothing here and are
/// told.
struct PeriodCost {
    double total = 0; ///< running and standing
    double standing = 0; ///< part of total
    double watched = 0; ///< part of total: running costs of minutes that were watched
    double idle = 0; ///< part of watched that was spent idle
    /// idle / running cost of the minutes that were watched, 0 to 1: what the cloud tells afterwards says nothing about
    /// work. Empty when nothing was spent in them.
    std::optional<double> idleShare;
    double tokens = 0; ///< of the minutes whose tokens are known
    int minutesCounted = 0; ///< those minutes
    /// Of the minutes whose tokens are known, idle ones and standing costs too: what a token really cost. Empty without
    /// tokens.
    std::optional<double> perThousandTokens;
    /// The same without idle minutes: what it costs while it works.
    std::optional<double> perThousandTokensBusy;
    double kWh = 0; ///< of the minutes whose power is known
    int minutesSeen = 0; ///< cost is known
    int minutesTold = 0; ///< of these: nobody watched, the cloud told it
    int minutesUp = 0; ///< the machine is known to have run
    int minutesUnseen = 0; ///< not watched, or the rate was not known

    /// Whether total says anything: a period that nobody knows about did not cost 0.
    [[nodiscard]] bool isKnown() const { return minutesSeen > 0 || standing > 0; }
    bool operator==(const PeriodCost &) const = default;
};
/// @p slots in any order; only what lies in [from, to) counts. Pure.
[[nodiscard]] PeriodCost periodCost(
    const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &from, const QDateTime &to);

struct NodeCost {
    PeriodCost today; ///< since local midnight
    PeriodCost month; ///< since the first of the month, local
    /// The month to its end, when the rest is like the minutes that were seen in it; empty before an hour was seen.
    std::optional<double> projected;
    bool operator==(const NodeCost &) const = default;
};
/// Of the month in which @p now lies in @p zone. Pure.
[[nodiscard]] NodeCost nodeCost(const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &now, const QTimeZone &zone);

/// One local day.
struct DayCost {
    QDate date;
    PeriodCost cost;
    bool operator==(const DayCost &) const = default;
};
/// Each local day from that of @p from to that of @p to, the first and last only as far as the period reaches. Pure.
[[nodiscard]] QList<DayCost> dayCosts(const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &from,
    const QDateTime &to, const QTimeZone &zone);

/// The first of the month in which @p now lies in @p zone, and of the next one. UTC. Pure.
[[nodiscard]] QDateTime monthBegin(const QDateTime &now, const QTimeZone &zone);
[[nodiscard]] QDateTime monthEnd(const QDateTime &now, const QTimeZone &zone);

/// What a cloud's word about a machine says of the time before: it ran, or stood, in [from, to). What it does not tell is
/// left out. Pure.
struct ToldSpan {
    QDateTime from;
    QDateTime to;
    bool isUp = false;
    bool operator==(const ToldSpan &) const = default;
};
/// @p isUp: whether it runs now (empty: in between, tells nothing). Times of the future are not believed.
[[nodiscard]] QList<ToldSpan> toldSpans(
    std::optional<bool> isUp, const QDateTime &lastStart, const QDateTime &lastStop, const QDateTime &now);

/// The share of all traffic (0 to 1) from which a node with a flat rate is cheaper than sending the same tokens to one
/// that costs by use: its rate an hour / what its tokens would cost there. Empty: never, or one of the figures is not
/// known or 0. Pure.
/// @p flatPerHour: the flat rate; @p perThousandElsewhere: what 1 000 tokens cost on the other node while it works;
/// @p tokensPerHour: of the whole fleet.
[[nodiscard]] std::optional<double> breakEvenShare(std::optional<double> flatPerHour, std::optional<double> perThousandElsewhere,
    std::optional<double> tokensPerHour);

/// A purchase written off in equal parts: what an hour of it costs. 0 months: empty. A month is 730.5 hours. Pure.
[[nodiscard]] std::optional<double> amortizationPerHour(double amount, int months);
inline constexpr double hoursAMonth = 730.5;

} // namespace hybridge
