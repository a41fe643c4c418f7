// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activityread.h"
#include "backend/activity/activitytypes.h"
#include "backend/activity/processidentity.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/base/result.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/store/database.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <stop_token>

class QFileSystemWatcher;

namespace hybridge {

/// Everything that operations did: who, when, what was planned, each call, how it ended. Append-only and chained by hash,
/// so that a gap or an edit shows. One file; several processes may write to it at once.
///
/// GUI thread; the disk is touched on the log's own thread alone. The file is opened by the first call. Common errors:
/// Unavailable (disk full, read-only, locked for 10 s, damaged, of a newer version), each with its remedy. Calls are
/// answered in the order in which they were made, also while this object goes: a destroyed log finishes what it was given.
class ActivityLog final : public QObject {
    Q_OBJECT
public:
    /// @p program: "hybridge", "hybridgectl"; stands behind user and host in each line. @p clock must outlive the log.
    ActivityLog(QString path, const Clock &clock, const QString &program, QObject *parent = nullptr);
    ~ActivityLog() override;

    [[nodiscard]] const QString &path() const { return m_database.path(); }
    [[nodiscard]] const QString &who() const { return m_who; }

    /// Adds a line. Returns its seq once it is on the disk (synced). A draft of event Ended also releases the operation's
    /// claims. Invalid: the first line of an operation has no kind, or the operation has ended (a Note may still follow).
    Task<Result<qint64>> append(ActivityDraft draft);

    /// The newest @p most lines (1 to 1000) before @p beforeSeq, newest first.
    Task<Result<ActivityPage>> page(ActivityFilter filter, qint64 beforeSeq = fromNewest, int most = 100);
    /// The newest @p most operations (1 to 1000) whose begunSeq is below @p beforeSeq, newest first.
    Task<Result<OperationPage>> operations(ActivityFilter filter, qint64 beforeSeq = fromNewest, int most = 100);
    /// All lines of one operation, oldest first (at most 5 000).
    Task<Result<QList<ActivityRecord>>> operation(QString id);
    /// Begun and not ended, newest first: OperationSummary::holder tells whether anybody goes on with it.
    Task<Result<QList<OperationSummary>>> unfinished(QString fleet);
    /// Lines in the log.
    Task<Result<qint64>> count();

    /// Walks the whole chain in slices, so that lines can be appended meanwhile. @p progress (may be empty) is called with
    /// lines read and lines in all. Cancelled by @p stop. A million lines take some ten seconds of the
    /// log's own thread.
    Task<Result<ChainCheck>> verify(std::stop_token stop, std::function<void(qint64, qint64)> progress = {});

    /// Keeps these nodes for an operation, all or none. Refused, naming who, what and since when, while a live process
    /// (this one too) keeps one of them for another operation; what a dead process kept is taken over. Released by
    /// release() and by the operation's Ended line. Emits tookOver() for each claim of a dead process.
    Task<Result<void>> claim(QString fleet, QStringList nodes, QString operation, QString kind);
    Task<Result<void>> release(QString operation);
    /// Who keeps what now; an empty @p fleet: all.
    Task<Result<QList<NodeClaim>>> claims(QString fleet);

    /// From now on changed() also tells of lines that other processes write. The kernel says when the file is written to;
    /// from then on it is looked at in growing intervals for a minute, since what was written can be read only after it
    /// is safe on the disk, which nobody tells. Nothing is polled while nobody writes.
    void watchFile();

    /// The connection, for whoever keeps other tables in the same file.
    [[nodiscard]] Database &database() { return m_database; }

Q_SIGNALS:
    /// A line of this process is on the disk.
    void appended(const hybridge::ActivityRecord &record);
    /// The log has grown, by this process or, after watchFile(), by another. May come more often than lines do, and for
    /// several lines at once.
    void changed();
    /// The file was damaged; it lies at @p aside now and a new log was begun, in which a line says so.
    void damaged(const hybridge::DatabaseAside &aside);
    void tookOver(const hybridge::NodeClaim &claim);

private:
    void noteDamage(const DatabaseAside &aside);
    void watchAgain();
    void look();
    Task<void> lookOnce();

    Database m_database;
    const Clock &m_clock;
    QString m_who;
    ProcessIdentity m_own;
    QFileSystemWatcher *m_watcher = nullptr;
    QTimer m_nextLook;
    qint64 m_seenVersion = -1; ///< SQLite's data_version: another one means that another connection has committed
    bool m_isLooking = false;
};

/// Where the log of a fleet lies: beside its fleet file for a lab, otherwise $XDG_STATE_HOME/hybridge/activity.sqlite
/// (~/.local/state/hybridge/activity.sqlite). Pure but for the environment.
[[nodiscard]] QString activityPath(const FleetConfig &config, const QString &fleetFile);

} // namespace hybridge
