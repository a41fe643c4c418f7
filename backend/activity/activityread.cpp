// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activityread.h"

#include "backend/activity/activitydetail.h"
#include "backend/activity/activityschema.h"
#include "backend/base/utc.h"
#include "backend/store/sql.h"

#include <QSet>

#include <algorithm>
#include <functional>
#include <utility>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr int operationLinesLimit = 5000;
constexpr auto recordColumns = "a.seq, a.at, a.operation, a.fleet, a.who, a.kind, a.target, a.event, a.json, a.hash"_L1;
constexpr auto operationColumns
    = "o.id, o.fleet, o.who, o.kind, o.target, o.begun_seq, o.last_seq, o.begun_at, o.ended_at, o.result, o.error_layer, "
      "o.error_kind, o.error_summary, o.steps, o.process"_L1;

/// Conditions and their values, in step.
struct Where {
    QStringList conditions;
    QVariantList values;
    void add(const QString &condition, const QVariant &value)
    {
        conditions.append(condition);
        values.append(value);
    }
    [[nodiscard]] QString text() const { return conditions.isEmpty() ? u"1"_s : conditions.join(u" AND "_s); }
};

QDateTime moment(const QVariant &milliseconds)
{
    return milliseconds.isNull() ? QDateTime() : QDateTime::fromMSecsSinceEpoch(milliseconds.toLongLong(), Utc);
}

ActivityRecord recordOf(const QSqlQuery &query)
{
    ActivityRecord record;
    record.seq = query.value(0).toLongLong();
    record.at = moment(query.value(1));
    record.operation = query.value(2).toString();
    record.fleet = query.value(3).toString();
    record.who = query.value(4).toString();
    record.kind = query.value(5).toString();
    record.target = query.value(6).toString();
    const QString event = query.value(7).toString();
    for (const ActivityEvent e : {ActivityEvent::Begun, ActivityEvent::Plan, ActivityEvent::Step, ActivityEvent::Call,
             ActivityEvent::Note, ActivityEvent::Ended})
        if (activityEventName(e) == event)
            record.event = e;
    record.json = query.value(8).toString().toUtf8();
    record.hash = query.value(9).toByteArray();
    return record;
}

OperationSummary summaryOf(const QSqlQuery &query, const ProcessIdentity &own)
{
    OperationSummary summary;
    summary.id = query.value(0).toString();
    summary.fleet = query.value(1).toString();
    summary.who = query.value(2).toString();
    summary.kind = query.value(3).toString();
    summary.target = query.value(4).toString();
    summary.begunSeq = query.value(5).toLongLong();
    summary.lastSeq = query.value(6).toLongLong();
    summary.begun = moment(query.value(7));
    summary.ended = moment(query.value(8));
    summary.result = operationResultOf(query.value(9).toString()).value_or(OperationResult::Failed);
    summary.errorLayer = query.value(10).toString();
    summary.errorKind = query.value(11).toString();
    summary.errorSummary = query.value(12).toString();
    summary.steps = stepsFromJson(query.value(13).toString().toUtf8());
    if (!summary.ended.isValid())
        summary.holder = holderState(ProcessIdentity::fromText(query.value(14).toString()), own);
    return summary;
}

/// "machine" also finds "machine start". By equality with the first word, so that an index gives the rows in the order of
/// their seq: a range would have to be sorted whole.
void addKind(Where &where, const QString &table, const QString &kind, bool mayUseIndex = true)
{
    QString word = kindWordSql();
    word.replace(u"kind"_s, table + u".kind"_s);
    where.add((mayUseIndex ? QString() : u"+"_s) + word + u" = ?"_s, kind.section(u' ', 0, 0));
    if (kind.contains(u' '))
        where.add(u'+' + table + u".kind = ?"_s, kind);
}

Where operationWhere(const ActivityFilter &filter)
{
    Where where;
    if (!filter.operation.isEmpty())
        where.add(u"o.id = ?"_s, filter.operation);
    if (!filter.fleet.isEmpty())
        where.add(u"o.fleet = ?"_s, filter.fleet);
    if (!filter.node.isEmpty())
        where.add(u"o.target = ?"_s, filter.node);
    if (!filter.kind.isEmpty())
        addKind(where, u"o"_s, filter.kind);
    if (filter.result)
        where.add(u"o.result = ?"_s, operationResultName(*filter.result));
    if (filter.from.isValid())
        where.add(u"o.begun_at >= ?"_s, filter.from.toMSecsSinceEpoch());
    if (filter.to.isValid())
        where.add(u"o.begun_at < ?"_s, filter.to.toMSecsSinceEpoch());
    return where;
}

Result<OperationPage> operationsOf(QSqlDatabase &database, const Where &where, int most, const ProcessIdentity &own)
{
    Result<QSqlQuery> query = runSql(database,
        u"SELECT %1 FROM operations o WHERE %2 ORDER BY o.begun_seq DESC LIMIT %3"_s.arg(operationColumns, where.text()).arg(most + 1),
        where.values);
    if (!query)
        return query.error();
    OperationPage page;
    while (query->next()) {
        if (page.operations.size() == most) {
            page.hasMore = true;
            break;
        }
        page.operations.append(summaryOf(*query, own));
    }
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return page;
}

/// The begin of each operation that has a line with the words, newest first, as many as a page needs.
Result<QList<qint64>> operationsWithText(
    QSqlDatabase &database, const QString &match, const Where &wanted, qint64 beforeSeq, int most)
{
    // Lines come newest first, and an operation's lines all lie behind its begin: once the walk is at line s, every
    // operation that began at s or later and has the words has been met. Those that began before the page's edge and
    // still wrote behind it are met from their newest line on.
    qint64 start = beforeSeq;
    if (beforeSeq != fromNewest) {
        const Result<QVariant> spanning = readSql(
            database, u"SELECT max(last_seq) FROM operations WHERE last_seq >= ? AND begun_seq < ?"_s, {beforeSeq, beforeSeq});
        if (!spanning)
            return spanning.error();
        if (!spanning->isNull())
            start = spanning->toLongLong() + 1;
    }
    QVariantList values {match, start};
    values += wanted.values;
    Result<QSqlQuery> query = runSql(database,
        u"SELECT t.rowid, a.op_seq FROM activity_text t JOIN activity a ON a.seq = t.rowid JOIN operations o ON o.begun_seq = a.op_seq "
        "WHERE activity_text MATCH ? AND t.rowid < ? AND %1 ORDER BY t.rowid DESC"_s.arg(wanted.text()),
        values);
    if (!query)
        return query.error();
    QList<qint64> found; // kept sorted, newest first
    while (query->next()) {
        const qint64 line = query->value(0).toLongLong();
        if (found.size() > most && found.at(most) >= line)
            break;
        const qint64 begun = query->value(1).toLongLong();
        if (begun >= beforeSeq)
            continue;
        const auto place = std::lower_bound(found.begin(), found.end(), begun, std::greater<>());
        if (place == found.end() || *place != begun)
            found.insert(place, begun);
    }
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return found;
}

QString phrase(const QString &word)
{
    return u'"' + QString(word).replace(u'"', u"\"\""_s) + u'"';
}

} // namespace

QString matchOf(const QString &text, const QString &node)
{
    QStringList words;
    for (const QString &word : text.simplified().split(u' ', Qt::SkipEmptyParts)) {
        // A "word" of punctuation alone would match nothing.
        if (std::any_of(word.cbegin(), word.cend(), [](QChar c) { return c.isLetterOrNumber(); }) && words.size() < 16)
            words.append(phrase(word.left(100)) + u'*');
    }
    if (words.isEmpty())
        return {};
    QString match = u"words : (%1)"_s.arg(words.join(u" AND "_s));
    // The node narrows the walk here; whether it is this very node the table tells.
    if (std::any_of(node.cbegin(), node.cend(), [](QChar c) { return c.isLetterOrNumber(); }))
        match += u" AND node : %1"_s.arg(phrase(node));
    return match;
}

namespace {

enum class Direction { Back, Onwards };

/// One page of lines from @p edge on, which itself does not belong to it.
Result<ActivityPage> linesFrom(QSqlDatabase &database, const ActivityFilter &filter, qint64 edge, int most, Direction direction)
{
    const bool isBack = direction == Direction::Back;
    Where where;
    const QString match = matchOf(filter.text, filter.node);
    QString tables = u"activity a"_s;
    if (!match.isEmpty()) {
        tables = u"activity_text t JOIN activity a ON a.seq = t.rowid"_s;
        where.add(u"activity_text MATCH ?"_s, match);
        where.add(isBack ? u"t.rowid < ?"_s : u"t.rowid > ?"_s, edge);
    } else {
        where.add(isBack ? u"a.seq < ?"_s : u"a.seq > ?"_s, edge);
    }
    if (!filter.fleet.isEmpty())
        where.add(u"a.fleet = ?"_s, filter.fleet);
    if (!filter.node.isEmpty())
        where.add(u"a.target = ?"_s, filter.node);
    if (!filter.kind.isEmpty())
        addKind(where, u"a"_s, filter.kind, filter.node.isEmpty() && filter.operation.isEmpty()); // a node narrows more;
    if (!filter.operation.isEmpty())
        where.add(u"a.op_seq = (SELECT begun_seq FROM operations WHERE id = ?)"_s, filter.operation);
    if (filter.result)
        where.add(u"EXISTS(SELECT 1 FROM operations o WHERE o.begun_seq = a.op_seq AND o.result = ?)"_s, operationResultName(*filter.result));
    if (filter.from.isValid())
        where.add(u"a.at >= ?"_s, filter.from.toMSecsSinceEpoch());
    if (filter.to.isValid())
        where.add(u"a.at < ?"_s, filter.to.toMSecsSinceEpoch());
    Result<QSqlQuery> query = runSql(database,
        u"SELECT %1 FROM %2 WHERE %3 ORDER BY %4 %5 LIMIT %6"_s.arg(recordColumns, tables, where.text(),
            match.isEmpty() ? u"a.seq"_s : u"t.rowid"_s, isBack ? u"DESC"_s : u"ASC"_s).arg(most + 1),
        where.values);
    if (!query)
        return query.error();
    ActivityPage page;
    while (query->next()) {
        if (page.records.size() == most) {
            page.hasMore = true;
            break;
        }
        page.records.append(recordOf(*query));
    }
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return page;
}

} // namespace

Result<ActivityPage> readPage(QSqlDatabase &database, const ActivityFilter &filter, qint64 beforeSeq, int most)
{
    return linesFrom(database, filter, beforeSeq, most, Direction::Back);
}

Result<ActivityPage> readOnwards(QSqlDatabase &database, const ActivityFilter &filter, qint64 afterSeq, int most)
{
    return linesFrom(database, filter, afterSeq, most, Direction::Onwards);
}

Result<OperationPage> readOperations(
    QSqlDatabase &database, const ActivityFilter &filter, qint64 beforeSeq, int most, const ProcessIdentity &own)
{
    Where where = operationWhere(filter);
    const QString match = matchOf(filter.text, filter.node);
    if (match.isEmpty()) {
        where.add(u"o.begun_seq < ?"_s, beforeSeq);
        return operationsOf(database, where, most, own);
    }
    Result<QList<qint64>> found = operationsWithText(database, match, where, beforeSeq, most);
    if (!found)
        return found.error();
    OperationPage page;
    if (found->isEmpty())
        return page;
    const bool hasMore = found->size() > most;
    QStringList wanted;
    for (qsizetype i = 0; i < std::min<qsizetype>(most, found->size()); ++i)
        wanted.append(QString::number(found->at(i)));
    Where these;
    these.conditions.append(u"o.begun_seq IN (%1)"_s.arg(wanted.join(u',')));
    Result<OperationPage> read = operationsOf(database, these, most, own);
    if (read)
        read->hasMore = hasMore;
    return read;
}

Result<QList<ActivityRecord>> readOperation(QSqlDatabase &database, const QString &id)
{
    Result<QSqlQuery> query = runSql(database,
        u"SELECT %1 FROM activity a WHERE a.op_seq = (SELECT begun_seq FROM operations WHERE id = ?) ORDER BY a.seq LIMIT %2"_s
            .arg(recordColumns).arg(operationLinesLimit),
        {id});
    if (!query)
        return query.error();
    QList<ActivityRecord> records;
    while (query->next())
        records.append(recordOf(*query));
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return records;
}

Result<LogHead> readHead(QSqlDatabase &database)
{
    Result<QSqlQuery> query = runSql(database, u"SELECT seq, hash FROM head WHERE id = 1"_s);
    if (!query)
        return query.error();
    LogHead head;
    if (query->next()) {
        head.seq = query->value(0).toLongLong();
        head.hash = query->value(1).toByteArray();
    }
    return head;
}

Result<ChainSlice> readSlice(QSqlDatabase &database, qint64 afterSeq, int most)
{
    // One statement, so that lines and head are of the same moment though others write meanwhile.
    Result<QSqlQuery> query = runSql(database,
        u"SELECT %1, h.seq, h.hash FROM head h LEFT JOIN (SELECT * FROM activity WHERE seq > ? ORDER BY seq LIMIT %2) a ON 1 ORDER BY a.seq"_s
            .arg(recordColumns).arg(most),
        {afterSeq});
    if (!query)
        return query.error();
    ChainSlice slice;
    while (query->next()) {
        slice.head.seq = query->value(10).toLongLong();
        slice.head.hash = query->value(11).toByteArray();
        if (!query->value(0).isNull())
            slice.records.append(recordOf(*query));
    }
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return slice;
}

} // namespace hybridge
