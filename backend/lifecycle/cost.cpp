// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/cost.h"

#include <QMap>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr qint64 minuteMs = 60000;
constexpr double minutesAnHour = 60;
/// Fewer minutes say nothing about a month.
constexpr int leastForProjection = 60;

} // namespace

NodeCost costOf(const QList<UsageMinute> &minutes, const QDateTime &now, const QTimeZone &zone)
{
    const QDate today = now.toTimeZone(zone).date();
    const QDate first(today.year(), today.month(), 1);
    const qint64 monthFrom = first.startOfDay(zone).toMSecsSinceEpoch();
    const qint64 monthTo = first.addMonths(1).startOfDay(zone).toMSecsSinceEpoch();
    const qint64 dayFrom = today.startOfDay(zone).toMSecsSinceEpoch();
    const qint64 until = now.toMSecsSinceEpoch();

    QMap<qint64, UsageMinute> seen; // by minute, so that two programs that watched the same one count once
    for (const UsageMinute &minute : minutes) {
        const qint64 at = minute.at.toMSecsSinceEpoch() / minuteMs * minuteMs;
        if (at >= monthFrom && at < monthTo && at <= until && minute.perHour && std::isfinite(*minute.perHour))
            seen.insert(at, minute);
    }
    NodeCost cost;
    double tokenSpend = 0;
    double busySpend = 0;
    for (auto entry = seen.cbegin(); entry != seen.cend(); ++entry) {
        const UsageMinute &minute = entry.value();
        const double spent = *minute.perHour / minutesAnHour;
        cost.month += spent;
        if (entry.key() >= dayFrom)
            cost.today += spent;
        if (minute.isIdle)
            cost.idle += spent;
        if (minute.tokens && *minute.tokens >= 0) {
            cost.tokens += *minute.tokens;
            tokenSpend += spent;
            if (!minute.isIdle)
                busySpend += spent;
        }
    }
    cost.minutesSeen = int(seen.size());
    cost.minutesUnseen = std::max(0, int((until - monthFrom) / minuteMs) - cost.minutesSeen);
    if (cost.month > 0)
        cost.idleShare = cost.idle / cost.month;
    if (cost.tokens > 0) {
        cost.perThousandTokens = tokenSpend * 1000 / cost.tokens;
        cost.perThousandTokensBusy = busySpend * 1000 / cost.tokens;
    }
    if (cost.minutesSeen >= leastForProjection) {
        const double rest = double(monthTo - until) / minuteMs;
        cost.projected = cost.month + cost.month / cost.minutesSeen * rest;
    }
    return cost;
}

std::optional<double> breakEvenShare(std::optional<double> flatPerHour, std::optional<double> perThousandElsewhere,
    std::optional<double> tokensPerHour)
{
    if (!flatPerHour || !perThousandElsewhere || !tokensPerHour)
        return std::nullopt;
    const double elsewhere = *tokensPerHour / 1000 * *perThousandElsewhere;
    if (!(*flatPerHour > 0) || !(elsewhere > 0))
        return std::nullopt;
    const double share = *flatPerHour / elsewhere;
    return share <= 1 ? std::optional(share) : std::nullopt;
}

std::optional<double> amortizationPerHour(double amount, int months)
{
    constexpr double hoursAMonth = 730.5;
    if (months <= 0 || !std::isfinite(amount) || amount < 0)
        return std::nullopt;
    return amount / (months * hoursAMonth);
}

} // namespace hybridge
