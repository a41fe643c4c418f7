// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/cost.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hybridge {

namespace {

constexpr qint64 minuteMs = 60000;
constexpr double minutesAnHour = 60;
/// Fewer minutes say nothing about a month.
constexpr int leastForProjection = 60;

int bits(quint16 mask)
{
    return std::popcount(mask);
}

double hoursBetween(const QDateTime &from, const QDateTime &to)
{
    return std::max<double>(0, double(from.msecsTo(to))) / 3'600'000;
}

/// Standing costs of [from, to).
double standingIn(const QList<StandingCost> &standing, const QDateTime &from, const QDateTime &to)
{
    double sum = 0;
    for (const StandingCost &cost : standing) {
        const QDateTime begin = cost.from.isValid() ? std::max(cost.from, from) : from;
        if (std::isfinite(cost.perHour) && begin < to)
            sum += cost.perHour * hoursBetween(begin, to);
    }
    return sum;
}

double standingRate(const QList<StandingCost> &standing)
{
    double sum = 0;
    for (const StandingCost &cost : standing)
        sum += std::isfinite(cost.perHour) ? cost.perHour : 0;
    return sum;
}

} // namespace

qint64 slotStart(const QDateTime &at)
{
    const qint64 ms = at.toMSecsSinceEpoch();
    const qint64 rest = ms % UsageSlot::LengthMs;
    return ms - (rest < 0 ? rest + UsageSlot::LengthMs : rest);
}

bool UsageSlot::take(const UsageMinute &minute)
{
    const qint64 offset = minute.at.toMSecsSinceEpoch() - start;
    if (offset < 0 || offset >= LengthMs || !minute.perHour || !std::isfinite(*minute.perHour) || *minute.perHour < 0)
        return false;
    const auto bit = quint16(1U << unsigned(offset / minuteMs));
    if ((known & bit) != 0)
        return false;
    const double spent = *minute.perHour / minutesAnHour;
    known |= bit;
    cost += spent;
    if (minute.isTold) {
        told |= bit;
        toldCost += spent;
    }
    if (minute.isUp)
        up |= bit;
    if (minute.isIdle) {
        idle |= bit;
        idleCost += spent;
    }
    if (minute.tokens && std::isfinite(*minute.tokens) && *minute.tokens >= 0) {
        counted |= bit;
        tokens += *minute.tokens;
        countedCost += spent;
        if (!minute.isIdle)
            countedBusyCost += spent;
    }
    if (minute.watts && std::isfinite(*minute.watts) && *minute.watts >= 0)
        wattHours += *minute.watts / minutesAnHour;
    return true;
}

int UsageSlot::takeTold(quint16 minutes, double perHour, bool isUp)
{
    constexpr quint16 all = (1U << Minutes) - 1;
    const auto fresh = quint16(minutes & all & ~known);
    if (!std::isfinite(perHour) || perHour < 0)
        return 0;
    known |= fresh;
    told |= fresh;
    if (isUp)
        up |= fresh;
    cost += perHour / minutesAnHour * bits(fresh);
    toldCost += perHour / minutesAnHour * bits(fresh);
    return bits(fresh);
}

std::optional<double> UsageSlot::perHour() const
{
    if (known == 0)
        return std::nullopt;
    return cost * minutesAnHour / bits(known);
}

PeriodCost periodCost(const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &from, const QDateTime &to)
{
    PeriodCost out;
    // A slot belongs to the period in which it begins: days and months begin on a quarter everywhere.
    const qint64 first = from.toMSecsSinceEpoch();
    const qint64 end = to.toMSecsSinceEpoch();
    double running = 0;
    double told = 0;
    double countedCost = 0;
    double countedBusy = 0;
    int countedBusyMinutes = 0;
    for (const UsageSlot &slot : usage) {
        if (slot.start < first || slot.start >= end)
            continue;
        running += slot.cost;
        told += slot.toldCost;
        out.idle += slot.idleCost;
        out.tokens += slot.tokens;
        out.kWh += slot.wattHours / 1000;
        countedCost += slot.countedCost;
        countedBusy += slot.countedBusyCost;
        out.minutesCounted += bits(slot.counted);
        countedBusyMinutes += bits(quint16(slot.counted & ~slot.idle));
        out.minutesSeen += bits(slot.known);
        out.minutesTold += bits(slot.told);
        out.minutesUp += bits(slot.up);
    }
    out.standing = standingIn(standing, from, to);
    out.total = running + out.standing;
    out.minutesUnseen = std::max(0, int((end - first) / minuteMs) - out.minutesSeen);
    out.watched = running - told;
    if (out.watched > 1e-12)
        out.idleShare = std::clamp(out.idle / out.watched, 0.0, 1.0);
    if (out.tokens > 0) {
        const double standingAMinute = standingRate(standing) / minutesAnHour;
        out.perThousandTokens = (countedCost + standingAMinute * out.minutesCounted) * 1000 / out.tokens;
        out.perThousandTokensBusy = (countedBusy + standingAMinute * countedBusyMinutes) * 1000 / out.tokens;
    }
    return out;
}

QDateTime monthBegin(const QDateTime &now, const QTimeZone &zone)
{
    const QDate today = now.toTimeZone(zone).date();
    return QDate(today.year(), today.month(), 1).startOfDay(zone).toUTC();
}

QDateTime monthEnd(const QDateTime &now, const QTimeZone &zone)
{
    const QDate today = now.toTimeZone(zone).date();
    return QDate(today.year(), today.month(), 1).addMonths(1).startOfDay(zone).toUTC();
}

NodeCost nodeCost(const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &now, const QTimeZone &zone)
{
    NodeCost cost;
    const QDateTime end = monthEnd(now, zone);
    cost.today = periodCost(usage, standing, now.toTimeZone(zone).date().startOfDay(zone).toUTC(), now);
    cost.month = periodCost(usage, standing, monthBegin(now, zone), now);
    if (cost.month.minutesSeen >= leastForProjection) {
        const double running = cost.month.total - cost.month.standing;
        const double restMinutes = double(now.msecsTo(end)) / minuteMs;
        cost.projected = cost.month.total + running / cost.month.minutesSeen * restMinutes + standingIn(standing, now, end);
    }
    return cost;
}

QList<DayCost> dayCosts(const QList<UsageSlot> &usage, const QList<StandingCost> &standing, const QDateTime &from, const QDateTime &to,
    const QTimeZone &zone)
{
    struct Day {
        QDate date;
        QDateTime begin;
        QDateTime end;
        QList<UsageSlot> usage;
    };
    QList<Day> all;
    const QDate last = to.addMSecs(-1).toTimeZone(zone).date();
    for (QDate date = from.toTimeZone(zone).date(); date <= last && from < to; date = date.addDays(1))
        all.append({date, std::max(from, date.startOfDay(zone).toUTC()), std::min(to, date.addDays(1).startOfDay(zone).toUTC()), {}});
    // Each slot is looked at once: a month of many nodes is told every other second.
    for (const UsageSlot &slot : usage) {
        const auto after = std::upper_bound(all.begin(), all.end(), slot.start, [](qint64 start, const Day &day) { return start < day.begin.toMSecsSinceEpoch(); });
        if (after != all.begin())
            std::prev(after)->usage.append(slot);
    }
    QList<DayCost> days;
    for (const Day &day : std::as_const(all))
        days.append({day.date, periodCost(day.usage, standing, day.begin, day.end)});
    return days;
}

QList<ToldSpan> toldSpans(std::optional<bool> isUp, const QDateTime &lastStart, const QDateTime &lastStop, const QDateTime &now)
{
    QList<ToldSpan> spans;
    if (!isUp)
        return spans;
    // The newest change brought it to where it is now; the one before tells of the time between the two.
    const QDateTime newest = *isUp ? lastStart : lastStop;
    const QDateTime before = *isUp ? lastStop : lastStart;
    if (!newest.isValid() || newest >= now)
        return spans;
    // A stop that is newer than the start of a running machine, or the reverse: the two do not fit, nothing is believed.
    if (before.isValid() && before > newest)
        return spans;
    if (before.isValid() && before < newest)
        spans.append({before, newest, !*isUp});
    spans.append({newest, now, *isUp});
    return spans;
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
    if (months <= 0 || !std::isfinite(amount) || amount < 0)
        return std::nullopt;
    return amount / (months * hoursAMonth);
}

} // namespace hybridge
