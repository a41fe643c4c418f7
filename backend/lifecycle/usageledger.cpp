// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/usageledger.h"

#include "backend/store/sql.h"

#include <map>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr qint64 minuteMs = 60000;

/// An empty QString would be bound as NULL.
QString bound(const QString &text)
{
    return text.isNull() ? u""_s : text;
}

constexpr auto slotColumns = "start, known, told, up, idle, counted, cost, told_cost, idle_cost, counted_cost, counted_busy_cost, tokens, watt_hours"_L1;

UsageSlot slotOf(const QSqlQuery &query, int first)
{
    UsageSlot slot;
    slot.start = query.value(first).toLongLong();
    slot.known = quint16(query.value(first + 1).toUInt());
    slot.told = quint16(query.value(first + 2).toUInt());
    slot.up = quint16(query.value(first + 3).toUInt());
    slot.idle = quint16(query.value(first + 4).toUInt());
    slot.counted = quint16(query.value(first + 5).toUInt());
    slot.cost = query.value(first + 6).toDouble();
    slot.toldCost = query.value(first + 7).toDouble();
    slot.idleCost = query.value(first + 8).toDouble();
    slot.countedCost = query.value(first + 9).toDouble();
    slot.countedBusyCost = query.value(first + 10).toDouble();
    slot.tokens = query.value(first + 11).toDouble();
    slot.wattHours = query.value(first + 12).toDouble();
    return slot;
}

using Slots = std::map<qint64, UsageSlot>;

/// The slots of one node and currency that begin in [from, to].
Result<Slots> readSlots(QSqlDatabase &database, const QString &fleet, const QString &node, const QString &currency, qint64 from, qint64 to)
{
    Result<QSqlQuery> query = runSql(database,
        u"SELECT %1 FROM usage WHERE fleet = ? AND node = ? AND currency = ? AND start >= ? AND start <= ?"_s.arg(slotColumns),
        {bound(fleet), bound(node), bound(currency), from, to});
    if (!query)
        return query.error();
    Slots found;
    while (query->next()) {
        const UsageSlot slot = slotOf(*query, 0);
        found.emplace(slot.start, slot);
    }
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return found;
}

Result<void> writeSlot(QSqlDatabase &database, const QString &fleet, const QString &node, const QString &currency, const UsageSlot &slot)
{
    const Result<QSqlQuery> done = runSql(database,
        u"INSERT OR REPLACE INTO usage(fleet, node, currency, %1) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"_s.arg(slotColumns),
        {bound(fleet), bound(node), bound(currency), slot.start, uint(slot.known), uint(slot.told), uint(slot.up), uint(slot.idle), uint(slot.counted),
            slot.cost, slot.toldCost, slot.idleCost, slot.countedCost, slot.countedBusyCost, slot.tokens, slot.wattHours});
    return done ? Result<void>() : done.error();
}

UsageSlot &slotAt(Slots &all, qint64 start)
{
    UsageSlot &slot = all[start];
    slot.start = start;
    return slot;
}

Result<int> addMinutes(QSqlDatabase &database, const QString &fleet, const QList<NodeMinute> &minutes)
{
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun.error();
    int added = 0;
    for (const NodeMinute &one : minutes) {
        const qint64 start = slotStart(one.minute.at);
        Result<Slots> known = readSlots(database, fleet, one.node, one.currency, start, start);
        if (!known)
            return known.error();
        UsageSlot &slot = slotAt(*known, start);
        if (!slot.take(one.minute))
            continue;
        if (const Result<void> written = writeSlot(database, fleet, one.node, one.currency, slot); !written)
            return written.error();
        ++added;
    }
    if (const Result<void> done = transaction.commit(); !done)
        return done.error();
    return added;
}

/// The minutes of the slot at @p start that lie whole in [from, to), a bit each.
quint16 minutesInside(qint64 start, qint64 from, qint64 to)
{
    quint16 mask = 0;
    for (int minute = 0; minute < UsageSlot::Minutes; ++minute) {
        const qint64 at = start + minute * minuteMs;
        if (at >= from && at + minuteMs <= to)
            mask |= quint16(1U << unsigned(minute));
    }
    return mask;
}

Result<int> fillSpans(QSqlDatabase &database, const QString &fleet, const QString &node, const QString &currency, double perHour, const QList<ToldSpan> &spans)
{
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun.error();
    int added = 0;
    for (const ToldSpan &span : spans) {
        const qint64 from = span.from.toMSecsSinceEpoch();
        const qint64 to = span.to.toMSecsSinceEpoch();
        const qint64 first = slotStart(span.from);
        Result<Slots> known = readSlots(database, fleet, node, currency, first, to);
        if (!known)
            return known.error();
        for (qint64 start = first; start < to; start += UsageSlot::LengthMs) {
            UsageSlot &slot = slotAt(*known, start);
            const int fresh = slot.takeTold(minutesInside(start, from, to), span.isUp ? perHour : 0.0, span.isUp);
            if (fresh == 0)
                continue;
            added += fresh;
            if (const Result<void> written = writeSlot(database, fleet, node, currency, slot); !written)
                return written.error();
        }
    }
    if (const Result<void> done = transaction.commit(); !done)
        return done.error();
    return added;
}

} // namespace

UsageLedger::UsageLedger(Database &database, QString fleet, QObject *parent) : QObject(parent), m_database(database), m_fleet(std::move(fleet)) { }

Task<Result<int>> UsageLedger::add(QList<NodeMinute> minutes)
{
    return m_database.run<int>(
        [fleet = m_fleet, minutes = std::move(minutes)](QSqlDatabase &database) { return addMinutes(database, fleet, minutes); });
}

Task<Result<int>> UsageLedger::fill(QString node, QString currency, double perHour, QList<ToldSpan> spans)
{
    return m_database.run<int>([fleet = m_fleet, node, currency, perHour, spans](QSqlDatabase &database) {
        return fillSpans(database, fleet, node, currency, perHour, spans);
    });
}

Task<Result<UsageByNode>> UsageLedger::read(QDateTime from, QDateTime to)
{
    return m_database.run<UsageByNode>([fleet = m_fleet, from, to](QSqlDatabase &database) -> Result<UsageByNode> {
        Result<QSqlQuery> query = runSql(database,
            u"SELECT node, currency, %1 FROM usage WHERE fleet = ? AND start >= ? AND start < ? ORDER BY node, currency, start"_s.arg(slotColumns),
            {bound(fleet), from.toMSecsSinceEpoch(), to.toMSecsSinceEpoch()});
        if (!query)
            return query.error();
        UsageByNode found;
        while (query->next())
            found[{query->value(0).toString(), query->value(1).toString()}].append(slotOf(*query, 2));
        if (const std::optional<Error> failure = readFailure(*query, database))
            return *failure;
        return found;
    });
}

Task<Result<void>> UsageLedger::forget(QDateTime before)
{
    return m_database.run<void>([fleet = m_fleet, before](QSqlDatabase &database) -> Result<void> {
        const Result<QSqlQuery> done
            = runSql(database, u"DELETE FROM usage WHERE fleet = ? AND start < ?"_s, {bound(fleet), before.toMSecsSinceEpoch()});
        return done ? Result<void>() : done.error();
    });
}

Task<Result<QByteArray>> UsageLedger::price(QString node, QDateTime notBefore)
{
    return m_database.run<QByteArray>([fleet = m_fleet, node, notBefore](QSqlDatabase &database) -> Result<QByteArray> {
        const Result<QVariant> json = readSql(database, u"SELECT json FROM price WHERE fleet = ? AND node = ? AND at >= ?"_s,
            {bound(fleet), bound(node), notBefore.toMSecsSinceEpoch()});
        return json ? Result<QByteArray>(json->toByteArray()) : json.error();
    });
}

Task<Result<void>> UsageLedger::keepPrice(QString node, QDateTime at, QByteArray json)
{
    return m_database.run<void>([fleet = m_fleet, node, at, json](QSqlDatabase &database) -> Result<void> {
        const Result<QSqlQuery> done = runSql(database, u"INSERT OR REPLACE INTO price(fleet, node, at, json) VALUES(?,?,?,?)"_s,
            {bound(fleet), bound(node), at.toMSecsSinceEpoch(), QString::fromUtf8(json)});
        return done ? Result<void>() : done.error();
    });
}

} // namespace hybridge
