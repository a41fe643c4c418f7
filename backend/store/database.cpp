// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/database.h"

#include "backend/store/databasefile.h"
#include "backend/store/sql.h"

#include <QSqlError>
#include <QThread>

#include <atomic>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString nextConnectionName()
{
    static std::atomic<quint64> count {0};
    return u"hybridge-store-%1"_s.arg(++count);
}

} // namespace

/// The thread, and what lives on it.
class StoreThread {
public:
    StoreThread(Database &owner, const QString &path, DatabaseSchema schema)
        : m_owner(owner), m_file(std::make_unique<DatabaseFile>(path, nextConnectionName(), std::move(schema)))
    {
        m_thread.setObjectName(u"store"_s);
        m_anchor.moveToThread(&m_thread);
        m_thread.start();
    }

    ~StoreThread()
    {
        // Behind all that was posted: a plain quit() would overtake it.
        QMetaObject::invokeMethod(
            &m_anchor,
            [this] {
                m_file.reset();
                m_thread.quit();
            },
            Qt::QueuedConnection);
        m_thread.wait();
    }
    StoreThread(const StoreThread &) = delete;
    StoreThread &operator=(const StoreThread &) = delete;

    template<class Job>
    void post(Job job)
    {
        QMetaObject::invokeMethod(
            &m_anchor, [this, job = std::move(job)]() mutable { work(job); }, Qt::QueuedConnection);
    }

private:
    template<class Job>
    void work(Job &job)
    {
        const Result<void> opened = m_file->open(m_isSuspect);
        if (const std::optional<DatabaseAside> aside = m_file->takeAside()) {
            // The owner waits for this thread before it goes, so it is alive here; a call queued to it goes with it.
            QMetaObject::invokeMethod(
                &m_owner, [owner = &m_owner, aside = *aside] { Q_EMIT owner->movedAside(aside); }, Qt::QueuedConnection);
        }
        std::optional<Error> failure;
        if (opened) {
            m_isSuspect = false;
            QSqlDatabase database = m_file->connection();
            failure = job(&database, nullptr);
        } else {
            failure = job(nullptr, &opened.error());
        }
        if (failure && isDamage(*failure)) {
            m_isSuspect = true;
            m_file->close();
        }
    }

    Database &m_owner;
    std::unique_ptr<DatabaseFile> m_file; ///< touched on the store thread alone, after the constructor
    QThread m_thread;
    QObject m_anchor; ///< receiver of the queued calls
    bool m_isSuspect = false;
};

Database::Database(QString path, DatabaseSchema schema, QObject *parent)
    : QObject(parent), m_path(std::move(path)), m_thread(std::make_unique<StoreThread>(*this, m_path, std::move(schema)))
{
}

Database::~Database() = default;

void Database::post(Job job)
{
    m_thread->post(std::move(job));
}

WriteTransaction::WriteTransaction(QSqlDatabase &database) : m_database(database) { }

WriteTransaction::~WriteTransaction()
{
    if (m_isOpen)
        QSqlQuery(m_database).exec(u"ROLLBACK"_s);
}

Result<void> WriteTransaction::begin()
{
    const Result<QSqlQuery> begun = runSql(m_database, u"BEGIN IMMEDIATE"_s);
    if (!begun)
        return begun.error();
    m_isOpen = true;
    return {};
}

Result<void> WriteTransaction::commit()
{
    const Result<QSqlQuery> done = runSql(m_database, u"COMMIT"_s);
    if (!done)
        return done.error();
    m_isOpen = false;
    return {};
}

} // namespace hybridge
