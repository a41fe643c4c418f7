// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/databasefile.h"

#include "backend/store/sql.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>
#include <QSqlError>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

/// How long another process may hold the write lock before a write of ours fails.
constexpr int busyMs = 10000;
/// Switching a new file to WAL needs it alone, and SQLite does not wait for that by itself.
constexpr int openTries = 40;
constexpr int openPauseMs = 50;

QString tr(const char *text)
{
    return QCoreApplication::translate("Database", text);
}

Error cannotMake(const QString &path, int number)
{
    return Error(Error::Kind::Unavailable, tr("%1 cannot be written.").arg(path), QString::fromLocal8Bit(std::strerror(number)))
        .withRemedy(tr("See that its folder exists, that you may write in it and that the disk has room."));
}

bool isBusy(const Error &error)
{
    return error.serviceCode == int(SqliteCode::Busy) || error.serviceCode == int(SqliteCode::Locked);
}

} // namespace

DatabaseFile::DatabaseFile(QString path, QString connection, DatabaseSchema schema)
    : m_path(std::move(path)), m_connection(std::move(connection)), m_schema(std::move(schema))
{
}

DatabaseFile::~DatabaseFile()
{
    close();
}

QSqlDatabase DatabaseFile::connection() const
{
    return QSqlDatabase::database(m_connection, false);
}

std::optional<DatabaseAside> DatabaseFile::takeAside()
{
    return std::exchange(m_aside, std::nullopt);
}

void DatabaseFile::close()
{
    m_isOpen = false;
    if (!QSqlDatabase::contains(m_connection))
        return;
    {
        QSqlDatabase database = connection();
        database.close();
    }
    QSqlDatabase::removeDatabase(m_connection);
}

Result<void> DatabaseFile::open(bool suspect)
{
    if (m_isOpen)
        return {};
    Result<void> opened = openOnce(suspect);
    if (!opened && isDamage(opened.error())) {
        const QString why = opened.error().detail;
        if (const Result<void> moved = moveAside(why, suspect); !moved)
            return moved.error();
        opened = openOnce(false);
    }
    m_isOpen = opened.has_value();
    if (!m_isOpen)
        close();
    return opened;
}

Result<void> DatabaseFile::prepareFile() const
{
    const QString folder = QFileInfo(m_path).absolutePath();
    if (!QFileInfo::exists(folder)) {
        // Parents by the usual rule, the last one ours alone.
        if (!QDir().mkpath(QFileInfo(folder).absolutePath()))
            return cannotMake(folder, errno);
        if (::mkdir(QFile::encodeName(folder).constData(), 0700) != 0 && errno != EEXIST)
            return cannotMake(folder, errno);
    }
    // Made here, before SQLite would make it with the usual mask; "-wal" and "-shm" get the same mode from it. A file that
    // is there is not opened: closing a descriptor of it would drop the locks of other connections in this process.
    const QByteArray name = QFile::encodeName(m_path);
    const int fd = ::open(name.constData(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        ::close(fd);
        return {};
    }
    if (errno != EEXIST)
        return cannotMake(m_path, errno);
    struct stat info { };
    if (::stat(name.constData(), &info) != 0)
        return cannotMake(m_path, errno);
    if (!S_ISREG(info.st_mode))
        return cannotMake(m_path, EINVAL);
    if ((info.st_mode & 077) != 0)
        ::chmod(name.constData(), 0600);
    return {};
}

Result<void> DatabaseFile::openOnce(bool suspect)
{
    close();
    if (const Result<void> ready = prepareFile(); !ready)
        return ready;
    QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, m_connection);
    if (!database.isValid())
        return Error(Error::Kind::Unavailable, tr("Qt's SQLite driver is missing."))
            .withRemedy(tr("Install it (Debian: libqt6sql6-sqlite)."));
    database.setDatabaseName(m_path);
    database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=%1"_s.arg(busyMs));
    if (!database.open())
        return sqlError(database.lastError(), m_path);
    Result<void> done = Error(Error::Kind::Unavailable, {});
    for (int attempt = 0; attempt < openTries; ++attempt) {
        done = runSqlAll(database, {u"PRAGMA journal_mode=WAL"_s, u"PRAGMA synchronous=FULL"_s, u"PRAGMA foreign_keys=ON"_s,
            u"PRAGMA journal_size_limit=8388608"_s});
        if (done || !isBusy(done.error()))
            break;
        ::usleep(openPauseMs * 1000);
    }
    if (!done)
        return done;
    if (suspect) {
        const Result<QVariant> check = readSql(database, u"PRAGMA quick_check(1)"_s);
        if (!check)
            return check.error();
        if (check->toString() != u"ok"_s) {
            Error damaged(Error::Kind::Unavailable, tr("%1 is damaged.").arg(m_path), check->toString());
            damaged.serviceCode = int(SqliteCode::Corrupt);
            return damaged;
        }
    }
    return migrate(database);
}

Result<void> DatabaseFile::migrate(QSqlDatabase &database) const
{
    const auto version = [&] { return readSql(database, u"PRAGMA user_version"_s); };
    Result<QVariant> found = version();
    if (!found)
        return found.error();
    if (found->toInt() > m_schema.migrations.size())
        return Error(Error::Kind::Unavailable, tr("%1 was written by a newer version of this program.").arg(m_path),
            tr("It has version %1, this program knows %2.").arg(found->toInt()).arg(m_schema.migrations.size()))
            .withRemedy(tr("Use the newer version. The file was left as it is."));
    if (found->toInt() == m_schema.migrations.size())
        return {};
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun;
    // Another process may have done it while this one waited for the lock.
    found = version();
    if (!found)
        return found.error();
    for (qsizetype step = found->toInt(); step < m_schema.migrations.size(); ++step) {
        if (const Result<void> done = m_schema.migrations.at(step)(database); !done)
            return done;
        if (const Result<QSqlQuery> set = runSql(database, u"PRAGMA user_version=%1"_s.arg(step + 1)); !set)
            return set.error();
    }
    return transaction.commit();
}

Result<void> DatabaseFile::moveAside(const QString &why, bool suspect)
{
    close();
    // Two processes may find the damage together: the second must not move the new file of the first.
    QLockFile lock(m_path + u".lock"_s);
    lock.setStaleLockTime(0);
    if (!lock.tryLock(busyMs))
        return Error(Error::Kind::Unavailable, tr("%1 is damaged and another program is moving it aside.").arg(m_path))
            .withRemedy(tr("Do it again in a moment."));
    const Result<void> again = openOnce(suspect);
    close();
    if (again)
        return {}; // somebody else has done it
    const QString stamp = QDateTime::currentDateTimeUtc().toString(u"yyyyMMdd-HHmmss"_s);
    QString target = m_path + u".damaged-"_s + stamp;
    for (int i = 2; QFileInfo::exists(target); ++i)
        target = m_path + u".damaged-%1-%2"_s.arg(stamp).arg(i);
    if (!QFile::rename(m_path, target))
        return Error(Error::Kind::Unavailable, tr("%1 is damaged and cannot be moved aside.").arg(m_path), why)
            .withRemedy(tr("Move it away by hand; a new one is begun then."));
    // What the log of writes holds belongs to the old file: it must not be replayed into the new one.
    for (const QString &suffix : {u"-wal"_s, u"-shm"_s})
        if (QFileInfo::exists(m_path + suffix))
            QFile::rename(m_path + suffix, target + suffix);
    m_aside = DatabaseAside {target, why};
    return {};
}

} // namespace hybridge
