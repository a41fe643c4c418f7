// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"

#include <QCoroSignal>
#include <QObject>
#include <QSqlDatabase>
#include <QString>

#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace hybridge {

class StoreThread;

/// What a database file must look like, and how it comes to that.
struct DatabaseSchema {
    /// Each step runs once, in order, in one transaction with those that are missing; PRAGMA user_version counts them.
    /// A step is never edited after it was released, a new one is appended.
    QList<std::function<Result<void>(QSqlDatabase &)>> migrations;
};

/// A damaged file that was moved out of the way.
struct DatabaseAside {
    QString path; ///< where it lies now, with its "-wal" beside it
    QString why; ///< what SQLite said
    bool operator==(const DatabaseAside &) const = default;
};

/// One SQLite file and the one thread that owns its connection. GUI thread; only the work given to run() is done on the
/// store thread, in the order in which it was given.
///
/// The file is 0600 in a folder that is 0700 if it had to be made. WAL, foreign keys, synchronous FULL (what was written
/// survives a power cut), a busy time-out for other processes that write to the same file. It is opened by the first
/// run(). A file that SQLite finds damaged is moved to "NAME.damaged-DATE" and a new one begun; nothing is deleted. A
/// file of a newer version of this program is left alone and every run() fails.
class Database final : public QObject {
    Q_OBJECT
public:
    Database(QString path, DatabaseSchema schema, QObject *parent = nullptr);
    /// Waits for all work that was given. Its answers still arrive, by the event loop, exactly once.
    ~Database() override;

    [[nodiscard]] const QString &path() const { return m_path; }

    /// Runs @p work on the store thread and resumes on this one with what it returned. Cannot be cancelled: work must be
    /// short (slices of a long read are several runs). When the file cannot be opened work is not called and the reason
    /// is returned: Unavailable. Work must not keep queries beyond its end; what it throws becomes an Error.
    template<class T>
    Task<Result<T>> run(std::function<Result<T>(QSqlDatabase &)> work);

Q_SIGNALS:
    /// The file was damaged; a new one stands in its place. Emitted before the answer of the run() that found it.
    void movedAside(const hybridge::DatabaseAside &aside);

private:
    /// Called on the store thread with the connection, or with the reason why there is none. What it returns is the error
    /// of the work, so that damage met on the way is noticed.
    using Job = std::function<std::optional<Error>(QSqlDatabase *, const Error *)>;
    void post(Job job);

    QString m_path;
    std::unique_ptr<StoreThread> m_thread;
};

/// A write transaction that takes the write lock at once (BEGIN IMMEDIATE), so that what it reads first is still true
/// when it writes. Rolled back unless committed. Store thread.
class WriteTransaction {
public:
    explicit WriteTransaction(QSqlDatabase &database);
    ~WriteTransaction();
    WriteTransaction(const WriteTransaction &) = delete;
    WriteTransaction &operator=(const WriteTransaction &) = delete;
    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> commit();

private:
    QSqlDatabase &m_database;
    bool m_isOpen = false;
};

template<class T>
Task<Result<T>> Database::run(std::function<Result<T>(QSqlDatabase &)> work)
{
    struct Answer {
        std::optional<Result<T>> value;
        Latch latch;
    };
    auto answer = std::make_shared<Answer>();
    // The last reference must go on this thread, where the latch lives: the store thread's own moves into the posted call.
    post([held = answer, work = std::move(work)](QSqlDatabase *database, const Error *reason) mutable {
        std::optional<Error> error;
        try {
            held->value.emplace(database ? work(*database) : Result<T>(*reason));
        } catch (const std::exception &fault) {
            held->value.emplace(Error(Error::Kind::Protocol, QObject::tr("A record of the database could not be read."),
                QString::fromUtf8(fault.what())));
        }
        work = {};
        if (!held->value->has_value())
            error = held->value->error();
        Latch *const latch = &held->latch;
        QMetaObject::invokeMethod(
            latch, [kept = std::move(held)] { kept->latch.release(); }, Qt::QueuedConnection);
        return error;
    });
    if (!answer->latch.isReleased())
        co_await qCoro(&answer->latch, &Latch::released);
    co_return std::move(*answer->value);
}

} // namespace hybridge
