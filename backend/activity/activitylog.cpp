// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitylog.h"

#include "backend/activity/activityschema.h"
#include "backend/activity/activitywrite.h"
#include "backend/store/sql.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QFileSystemWatcher>
#include <QPointer>

#include <algorithm>
#include <utility>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr int mostLimit = 1000;
/// Lines of one slice of a long walk: about 10 ms on the store thread, in between which others get their turn.
constexpr int sliceLines = 2000;
/// After a write of another process: the first pause between two looks, doubled until the last.
constexpr auto firstLookPause = std::chrono::milliseconds(100);
constexpr auto lastLookPause = std::chrono::milliseconds(25600);

} // namespace

ActivityLog::ActivityLog(QString path, const Clock &clock, const QString &program, QObject *parent)
    : QObject(parent), m_database(std::move(path), activitySchema()), m_clock(clock), m_who(ownAuthor(program)), m_own(ProcessIdentity::own())
{
    connect(&m_database, &Database::movedAside, this, &ActivityLog::noteDamage);
    m_nextLook.setSingleShot(true);
    connect(&m_nextLook, &QTimer::timeout, this, [this] {
        if (m_nextLook.intervalAsDuration() < lastLookPause)
            m_nextLook.start(m_nextLook.intervalAsDuration() * 2);
        look();
    });
}

ActivityLog::~ActivityLog() = default;

Task<Result<qint64>> ActivityLog::append(ActivityDraft draft)
{
    const QPointer<ActivityLog> self(this);
    const QDateTime at = m_clock.now();
    const std::function<Result<ActivityRecord>(QSqlDatabase &)> work
        = [draft = std::move(draft), at, who = m_who, own = m_own](QSqlDatabase &database) {
              return appendRecord(database, draft, at, who, own);
          };
    const Result<ActivityRecord> record = co_await m_database.run<ActivityRecord>(work);
    if (!record)
        co_return record.error();
    const qint64 seq = record->seq;
    if (self)
        Q_EMIT self->appended(*record);
    if (self)
        Q_EMIT self->changed();
    co_return seq;
}

Task<Result<ActivityPage>> ActivityLog::page(ActivityFilter filter, qint64 beforeSeq, int most)
{
    const int bounded = std::clamp(most, 1, mostLimit);
    return m_database.run<ActivityPage>([filter = std::move(filter), beforeSeq, bounded](QSqlDatabase &database) {
        return readPage(database, filter, beforeSeq, bounded);
    });
}

Task<Result<OperationPage>> ActivityLog::operations(ActivityFilter filter, qint64 beforeSeq, int most)
{
    const int bounded = std::clamp(most, 1, mostLimit);
    return m_database.run<OperationPage>([filter = std::move(filter), beforeSeq, bounded, own = m_own](QSqlDatabase &database) {
        return readOperations(database, filter, beforeSeq, bounded, own);
    });
}

Task<Result<QList<ActivityRecord>>> ActivityLog::operation(QString id)
{
    return m_database.run<QList<ActivityRecord>>(
        [id = std::move(id)](QSqlDatabase &database) { return readOperation(database, id); });
}

Task<Result<QList<OperationSummary>>> ActivityLog::unfinished(QString fleet)
{
    ActivityFilter filter;
    filter.fleet = std::move(fleet);
    filter.result = OperationResult::Running;
    return m_database.run<QList<OperationSummary>>(
        [filter, own = m_own](QSqlDatabase &database) -> Result<QList<OperationSummary>> {
            Result<OperationPage> page = readOperations(database, filter, fromNewest, mostLimit, own);
            if (!page)
                return page.error();
            return page->operations;
        });
}

Task<Result<qint64>> ActivityLog::count()
{
    return m_database.run<qint64>([](QSqlDatabase &database) -> Result<qint64> {
        const Result<LogHead> head = readHead(database);
        return head ? Result<qint64>(head->seq) : head.error();
    });
}

Task<Result<ChainCheck>> ActivityLog::verify(std::stop_token stop, std::function<void(qint64, qint64)> progress)
{
    const QPointer<ActivityLog> self(this);
    // The walk itself is on the store thread too: hashing a million lines takes more than a GUI thread may give.
    const auto walk = std::make_shared<ChainWalk>();
    const std::function<Result<LogHead>(QSqlDatabase &)> work = [walk](QSqlDatabase &database) -> Result<LogHead> {
        const Result<ChainSlice> slice = readSlice(database, walk->lastSeq(), sliceLines);
        if (!slice)
            return slice.error();
        for (const ActivityRecord &record : slice->records)
            if (!walk->take(record))
                break;
        return slice->head;
    };
    while (self && !stop.stop_requested()) {
        const qint64 before = walk->lastSeq();
        const Result<LogHead> head = co_await self->m_database.run<LogHead>(work);
        if (!head)
            co_return head.error();
        if (progress && !stop.stop_requested())
            progress(walk->check().lines, std::max(head->seq, walk->check().lines));
        if (!walk->check().isIntact() || walk->lastSeq() >= head->seq || walk->lastSeq() == before) {
            const ChainCheck check = walk->finish(head->seq, head->hash);
            co_return check;
        }
    }
    co_return Error(Error::Kind::Cancelled, {});
}

Task<Result<void>> ActivityLog::claim(QString fleet, QStringList nodes, QString operation, QString kind)
{
    const QPointer<ActivityLog> self(this);
    ClaimRequest request;
    request.fleet = std::move(fleet);
    request.nodes = std::move(nodes);
    request.operation = std::move(operation);
    request.kind = std::move(kind);
    request.who = m_who;
    request.at = m_clock.now();
    const std::function<Result<QList<NodeClaim>>(QSqlDatabase &)> work
        = [request, own = m_own](QSqlDatabase &database) { return takeClaims(database, request, own); };
    const Result<QList<NodeClaim>> taken = co_await m_database.run<QList<NodeClaim>>(work);
    if (!taken)
        co_return taken.error();
    for (const NodeClaim &claim : *taken)
        if (self)
            Q_EMIT self->tookOver(claim);
    co_return Result<void>();
}

Task<Result<void>> ActivityLog::release(QString operation)
{
    return m_database.run<void>(
        [operation = std::move(operation)](QSqlDatabase &database) { return dropClaims(database, operation); });
}

Task<Result<QList<NodeClaim>>> ActivityLog::claims(QString fleet)
{
    return m_database.run<QList<NodeClaim>>(
        [fleet = std::move(fleet), own = m_own](QSqlDatabase &database) { return readClaims(database, fleet, own); });
}

void ActivityLog::watchFile()
{
    if (m_watcher)
        return;
    m_watcher = new QFileSystemWatcher(this);
    // The folder tells when SQLite makes or removes its log of writes, that file tells of each write.
    connect(m_watcher, &QFileSystemWatcher::directoryChanged, this, &ActivityLog::watchAgain);
    connect(m_watcher, &QFileSystemWatcher::fileChanged, this, &ActivityLog::watchAgain);
    watchAgain();
}

void ActivityLog::watchAgain()
{
    const QStringList watched = m_watcher->files() + m_watcher->directories();
    for (const QString &path : {QFileInfo(this->path()).absolutePath(), this->path() + u"-wal"_s})
        if (!watched.contains(path) && QFileInfo::exists(path))
            m_watcher->addPath(path);
    // SQLite writes first, then waits for the disk, then lets others read: a look at this moment may be too early, and no
    // further event comes.
    m_nextLook.start(firstLookPause);
    look();
}

void ActivityLog::look()
{
    if (!std::exchange(m_isLooking, true))
        lookOnce();
}

Task<void> ActivityLog::lookOnce()
{
    const QPointer<ActivityLog> self(this);
    const std::function<Result<qint64>(QSqlDatabase &)> work = [](QSqlDatabase &database) -> Result<qint64> {
        const Result<QVariant> version = readSql(database, u"PRAGMA data_version"_s);
        return version ? Result<qint64>(version->toLongLong()) : version.error();
    };
    const Result<qint64> version = co_await m_database.run<qint64>(work);
    if (!self)
        co_return;
    m_isLooking = false;
    if (!version)
        m_nextLook.stop(); // whoever reads now is told why; the next event looks again
    if (!version || std::exchange(m_seenVersion, *version) != *version)
        Q_EMIT changed();
}

void ActivityLog::noteDamage(const DatabaseAside &aside)
{
    ActivityDraft draft;
    draft.operation = newOperationId();
    draft.kind = u"activity log"_s;
    draft.event = ActivityEvent::Note;
    draft.payload = notePayload(
        tr("The log before this one was damaged (%1). It was moved to %2.").arg(aside.why, aside.path), Redactor());
    append(draft);
    OperationReport report;
    report.id = draft.operation;
    report.operation = draft.kind;
    report.result = OperationResult::Failed;
    report.error = Error(Error::Kind::Unavailable, tr("The log before this one was damaged and was moved aside."), aside.path);
    draft.event = ActivityEvent::Ended;
    draft.payload = endedPayload(report, Redactor());
    append(draft);
    Q_EMIT damaged(aside);
}

QString activityPath(const FleetConfig &config, const QString &fleetFile)
{
    if (config.isLab())
        return QFileInfo(fleetFile).absolutePath() + u"/activity.sqlite"_s;
    // Qt 6.4 has no StateLocation; the rule is the XDG base directory specification's.
    const QString state = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base = state.startsWith(u'/') ? state : QDir::homePath() + u"/.local/state"_s;
    return base + u"/hybridge/activity.sqlite"_s;
}

} // namespace hybridge
