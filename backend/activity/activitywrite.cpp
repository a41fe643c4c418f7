// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitywrite.h"

#include "backend/activity/activitychain.h"
#include "backend/activity/activitydetail.h"
#include "backend/base/utc.h"
#include "backend/store/database.h"
#include "backend/store/sql.h"

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Activity", text);
}

/// What the file knows of an operation before a line is added.
struct Known {
    qint64 begunSeq = 0; ///< 0: nothing yet
    QString fleet;
    QString kind;
    QString target;
    QByteArray steps;
    bool isEnded = false;
};

Result<Known> knownOperation(QSqlDatabase &database, const QString &id)
{
    Result<QSqlQuery> query = runSql(
        database, u"SELECT begun_seq, fleet, kind, target, steps, ended_at IS NOT NULL FROM operations WHERE id = ?"_s, {id});
    if (!query)
        return query.error();
    Known known;
    if (query->next()) {
        known.begunSeq = query->value(0).toLongLong();
        known.fleet = query->value(1).toString();
        known.kind = query->value(2).toString();
        known.target = query->value(3).toString();
        known.steps = query->value(4).toByteArray();
        known.isEnded = query->value(5).toBool();
    }
    return known;
}

/// An empty QString would be bound as NULL.
QString bound(const QString &text)
{
    return text.isNull() ? u""_s : text;
}

Result<void> keepLine(QSqlDatabase &database, const ActivityRecord &record, qint64 opSeq)
{
    const Result<QSqlQuery> line = runSql(database,
        u"INSERT INTO activity(seq, at, op_seq, operation, fleet, who, kind, target, event, json, hash) VALUES(?,?,?,?,?,?,?,?,?,?,?)"_s,
        {record.seq, record.at.toMSecsSinceEpoch(), opSeq, record.operation, bound(record.fleet), bound(record.who),
            record.kind, bound(record.target), activityEventName(record.event), QString::fromUtf8(record.json), record.hash});
    if (!line)
        return line.error();
    const QString words = record.kind + u'\n' + record.target + u'\n' + record.who + u'\n' + searchText(record.json);
    const Result<QSqlQuery> text = runSql(
        database, u"INSERT INTO activity_text(rowid, node, words) VALUES(?,?,?)"_s, {record.seq, bound(record.target), words});
    if (!text)
        return text.error();
    const Result<QSqlQuery> head
        = runSql(database, u"UPDATE head SET seq = ?, hash = ? WHERE id = 1"_s, {record.seq, record.hash});
    return head ? Result<void>() : head.error();
}

Result<void> keepOperation(QSqlDatabase &database, const ActivityRecord &record, const Known &known, const ProcessIdentity &own)
{
    const qint64 at = record.at.toMSecsSinceEpoch();
    if (known.begunSeq == 0) {
        const Result<QSqlQuery> added = runSql(database,
            u"INSERT OR REPLACE INTO operations(begun_seq, last_seq, id, fleet, who, kind, target, begun_at, result, process) VALUES(?,?,?,?,?,?,?,?,'running',?)"_s,
            {record.seq, record.seq, record.operation, bound(record.fleet), bound(record.who), record.kind, bound(record.target), at, own.text()});
        if (!added)
            return added.error();
    }
    const QByteArray steps = stepsToJson(stepsAfter(stepsFromJson(known.steps), record.event, record.json));
    const qint64 begunSeq = known.begunSeq == 0 ? record.seq : known.begunSeq;
    const Result<QSqlQuery> moved
        = runSql(database, u"UPDATE operations SET last_seq = ?, steps = ?, process = ? WHERE begun_seq = ?"_s,
            {record.seq, QString::fromUtf8(steps), own.text(), begunSeq});
    if (!moved || record.event != ActivityEvent::Ended)
        return moved ? Result<void>() : moved.error();
    const ActivityEnd end = activityEnd(record.json);
    const Result<QSqlQuery> ended = runSql(database,
        u"UPDATE operations SET ended_at = ?, result = ?, error_layer = ?, error_kind = ?, error_summary = ? WHERE begun_seq = ?"_s,
        {at, operationResultName(end.result), bound(end.errorLayer), bound(end.errorKind), bound(end.errorSummary), begunSeq});
    if (!ended)
        return ended.error();
    const Result<QSqlQuery> released = runSql(database, u"DELETE FROM claims WHERE operation = ?"_s, {record.operation});
    return released ? Result<void>() : released.error();
}

NodeClaim claimOf(const QSqlQuery &query, const ProcessIdentity &own)
{
    NodeClaim claim;
    claim.fleet = query.value(0).toString();
    claim.node = query.value(1).toString();
    claim.operation = query.value(2).toString();
    claim.kind = query.value(3).toString();
    claim.who = query.value(4).toString();
    claim.since = QDateTime::fromMSecsSinceEpoch(query.value(5).toLongLong(), Utc);
    claim.holder = holderState(ProcessIdentity::fromText(query.value(6).toString()), own);
    return claim;
}

Error heldError(const NodeClaim &claim, const QDateTime &now)
{
    const QString since = QLocale().toString(claim.since.toLocalTime().time(), u"HH:mm:ss"_s);
    Error error(Error::Kind::Refused, tr("\"%1\" is running on %2 since %3.").arg(claim.kind, claim.node, since),
        tr("By %1, for %2 s.").arg(claim.who).arg(std::max<qint64>(0, claim.since.secsTo(now))));
    switch (claim.holder) {
    case HolderState::Ours:
        error.remedy = tr("Wait until it has ended, or cancel it.");
        break;
    case HolderState::Elsewhere:
        error.remedy = tr("It was begun on another machine or in a container. See there whether it still runs.");
        break;
    case HolderState::Alive:
    case HolderState::Gone:
        error.remedy = tr("Wait until it has ended, or end it where it was begun.");
        break;
    }
    return error;
}

constexpr auto claimColumns = "SELECT fleet, node, operation, kind, who, since, process FROM claims "_L1;

} // namespace

Result<ActivityRecord> appendRecord(QSqlDatabase &database, const ActivityDraft &draft, const QDateTime &at,
    const QString &who, const ProcessIdentity &own)
{
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun.error();
    const Result<ActivityRecord> record = addRecord(database, draft, at, who, own);
    if (!record)
        return record;
    if (const Result<void> done = transaction.commit(); !done)
        return done.error();
    return record;
}

Result<ActivityRecord> addRecord(QSqlDatabase &database, const ActivityDraft &draft, const QDateTime &at, const QString &who,
    const ProcessIdentity &own)
{
    if (draft.operation.isEmpty())
        return Error(Error::Kind::Invalid, tr("A line of the activity log belongs to an operation."));
    const Result<Known> known = knownOperation(database, draft.operation);
    if (!known)
        return known.error();
    if (known->isEnded && draft.event != ActivityEvent::Note)
        return Error(Error::Kind::Invalid, tr("The operation has ended; only notes may follow."), draft.operation);
    ActivityRecord record;
    record.at = QDateTime::fromMSecsSinceEpoch(at.toMSecsSinceEpoch(), Utc);
    record.operation = draft.operation;
    record.fleet = draft.fleet.isEmpty() ? known->fleet : draft.fleet;
    record.kind = draft.kind.isEmpty() ? known->kind : draft.kind;
    record.target = draft.target.isEmpty() ? known->target : draft.target;
    record.who = who;
    record.event = draft.event;
    record.json = draft.payload.json();
    if (record.kind.isEmpty())
        return Error(Error::Kind::Invalid, tr("The first line of an operation names its kind."), draft.operation);
    QByteArray previous;
    {
        Result<QSqlQuery> head = runSql(database, u"SELECT seq, hash FROM head WHERE id = 1"_s);
        if (!head)
            return head.error();
        if (!head->next())
            return Error(Error::Kind::Protocol, tr("The activity log has lost its head."));
        record.seq = head->value(0).toLongLong() + 1;
        previous = head->value(1).toByteArray();
    }
    record.hash = chainHash(previous, record);
    if (const Result<void> kept = keepLine(database, record, known->begunSeq == 0 ? record.seq : known->begunSeq); !kept)
        return kept.error();
    if (const Result<void> kept = keepOperation(database, record, *known, own); !kept)
        return kept.error();
    return record;
}

Result<QList<NodeClaim>> takeClaims(QSqlDatabase &database, const ClaimRequest &request, const ProcessIdentity &own)
{
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun.error();
    QList<NodeClaim> taken;
    for (const QString &node : request.nodes) {
        {
            Result<QSqlQuery> query = runSql(
                database, QString(claimColumns) + u"WHERE fleet = ? AND node = ?"_s, {bound(request.fleet), bound(node)});
            if (!query)
                return query.error();
            if (query->next()) {
                const NodeClaim held = claimOf(*query, own);
                // The same operation in another live process: two want to go on with it at once.
                const bool isMine = held.holder == HolderState::Ours && held.operation == request.operation;
                if (!isMine && held.holder != HolderState::Gone)
                    return heldError(held, request.at);
                if (!isMine)
                    taken.append(held);
            }
        }
        const Result<QSqlQuery> kept = runSql(database,
            u"INSERT OR REPLACE INTO claims(fleet, node, operation, kind, who, since, process) VALUES(?,?,?,?,?,?,?)"_s,
            {bound(request.fleet), bound(node), request.operation, bound(request.kind), bound(request.who),
                request.at.toMSecsSinceEpoch(), own.text()});
        if (!kept)
            return kept.error();
    }
    if (const Result<void> done = transaction.commit(); !done)
        return done.error();
    return taken;
}

Result<void> dropClaims(QSqlDatabase &database, const QString &operation)
{
    const Result<QSqlQuery> done = runSql(database, u"DELETE FROM claims WHERE operation = ?"_s, {operation});
    return done ? Result<void>() : done.error();
}

Result<QList<NodeClaim>> readClaims(QSqlDatabase &database, const QString &fleet, const ProcessIdentity &own)
{
    Result<QSqlQuery> query = fleet.isEmpty()
        ? runSql(database, QString(claimColumns) + u"ORDER BY since"_s)
        : runSql(database, QString(claimColumns) + u"WHERE fleet = ? ORDER BY since"_s, {fleet});
    if (!query)
        return query.error();
    QList<NodeClaim> claims;
    while (query->next())
        claims.append(claimOf(*query, own));
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return claims;
}

} // namespace hybridge
