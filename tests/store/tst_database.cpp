// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/database.h"
#include "backend/store/sql.h"
#include "tests/support/pending.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <stdexcept>

#include <sys/stat.h>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

DatabaseSchema numbersSchema()
{
    return DatabaseSchema {{[](QSqlDatabase &database) {
        return runSqlAll(database, {u"CREATE TABLE numbers(n INTEGER PRIMARY KEY, text TEXT NOT NULL DEFAULT '')"_s});
    }}};
}

Result<int> addNumber(QSqlDatabase &database, int n)
{
    const Result<QSqlQuery> added = runSql(database, u"INSERT INTO numbers(n, text) VALUES(?, ?)"_s, {n, QString(200, u'x')});
    return added ? Result<int>(n) : added.error();
}

Result<int> countNumbers(QSqlDatabase &database)
{
    const Result<QVariant> count = readSql(database, u"SELECT count(*) FROM numbers"_s);
    return count ? Result<int>(count->toInt()) : count.error();
}

int modeOf(const QString &path)
{
    struct stat info { };
    return ::stat(QFile::encodeName(path).constData(), &info) == 0 ? int(info.st_mode & 0777) : -1;
}

/// Many rows, enough for several pages.
void fill(const QString &path, int rows)
{
    Database database(path, numbersSchema());
    for (int i = 0; i < rows; ++i)
        QVERIFY(await(database.run<int>([i](QSqlDatabase &db) { return addNumber(db, i); })));
}

} // namespace

class TestDatabase : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void worksOnItsOwnThreadInOrder();
    void onlyTheOwnerMayReadIt();
    void tightensAFileThatOthersMayRead();
    void migratesOnce();
    void aNewerFileIsLeftAlone();
    void destructionFinishesWhatIsQueued();
    void answersComeAfterTheDatabaseHasGone();
    void twoConnectionsShareAFile();
    void anUncommittedTransactionIsUndone();
    void exceptionsBecomeErrors();
    void errorsAreTold_data();
    void errorsAreTold();
    void aFolderThatCannotBeMadeIsTold();
    void garbageIsMovedAside_data();
    void garbageIsMovedAside();
    void damageMetLaterIsMovedAside();

private:
    QTemporaryDir m_folder;
    [[nodiscard]] QString fresh()
    {
        static int count = 0;
        return m_folder.filePath(u"%1/log.sqlite"_s.arg(++count));
    }
};

void TestDatabase::worksOnItsOwnThreadInOrder()
{
    Database database(fresh(), numbersSchema());
    QThread *const mine = QThread::currentThread();
    const Pending<Result<int>> first(database.run<int>([mine](QSqlDatabase &db) {
        return QThread::currentThread() == mine ? Result<int>(-1) : addNumber(db, 1);
    }));
    const Pending<Result<int>> second(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); }));
    QVERIFY(!first.isDone()); // never before the caller has gone on
    QVERIFY(second.finishes());
    QVERIFY(first.isDone());
    QCOMPARE(*first.result(), 1);
    QCOMPARE(*second.result(), 1);
}

void TestDatabase::onlyTheOwnerMayReadIt()
{
    const QString path = fresh();
    Database database(path, numbersSchema());
    QVERIFY(await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 1); })));
    QCOMPARE(modeOf(QFileInfo(path).absolutePath()), 0700);
    for (const QString &name : {path, path + u"-wal"_s, path + u"-shm"_s})
        QCOMPARE(modeOf(name), 0600);
}

void TestDatabase::tightensAFileThatOthersMayRead()
{
    const QString path = fresh();
    fill(path, 1);
    QVERIFY(QFile::setPermissions(path, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
    Database database(path, numbersSchema());
    QCOMPARE(*await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 1);
    QCOMPARE(modeOf(path), 0600);
}

void TestDatabase::migratesOnce()
{
    const QString path = fresh();
    fill(path, 2);
    DatabaseSchema grown = numbersSchema();
    grown.migrations.append([](QSqlDatabase &db) {
        return runSqlAll(db, {u"ALTER TABLE numbers ADD COLUMN more INTEGER"_s, u"INSERT INTO numbers(n) VALUES(99)"_s});
    });
    for (int i = 0; i < 2; ++i) {
        Database database(path, grown);
        QCOMPARE(*await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 3);
    }
}

void TestDatabase::aNewerFileIsLeftAlone()
{
    const QString path = fresh();
    DatabaseSchema newer = numbersSchema();
    newer.migrations.append([](QSqlDatabase &) { return Result<void>(); });
    {
        Database database(path, newer);
        QVERIFY(await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 1); })));
    }
    {
        Database database(path, numbersSchema());
        QSignalSpy aside(&database, &Database::movedAside);
        const Result<int> refused = await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 2); }));
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, Error::Kind::Unavailable);
        QVERIFY(refused.error().summary.contains(u"newer"_s));
        QVERIFY(aside.isEmpty());
    }
    Database database(path, newer);
    QCOMPARE(*await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 1);
}

void TestDatabase::destructionFinishesWhatIsQueued()
{
    const QString path = fresh();
    std::vector<Pending<Result<int>>> pending;
    {
        Database database(path, numbersSchema());
        for (int i = 0; i < 200; ++i)
            pending.emplace_back(database.run<int>([i](QSqlDatabase &db) { return addNumber(db, i); }));
    }
    Database again(path, numbersSchema());
    QCOMPARE(*await(again.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 200);
    for (const Pending<Result<int>> &answer : pending)
        QVERIFY(answer.finishes());
}

void TestDatabase::answersComeAfterTheDatabaseHasGone()
{
    auto database = std::make_unique<Database>(fresh(), numbersSchema());
    int answers = 0;
    QCoro::connect(database->run<int>([](QSqlDatabase &db) { return addNumber(db, 7); }), this, [&answers](const Result<int> &n) {
        QCOMPARE(*n, 7);
        ++answers;
    });
    database.reset();
    QCOMPARE(answers, 0); // not from inside the destructor
    QTRY_COMPARE(answers, 1);
    QCoreApplication::processEvents();
    QCOMPARE(answers, 1);
}

void TestDatabase::twoConnectionsShareAFile()
{
    const QString path = fresh();
    Database one(path, numbersSchema());
    Database other(path, numbersSchema());
    std::vector<Pending<Result<int>>> pending;
    for (int i = 0; i < 50; ++i) {
        pending.emplace_back(one.run<int>([i](QSqlDatabase &db) { return addNumber(db, 2 * i); }));
        pending.emplace_back(other.run<int>([i](QSqlDatabase &db) { return addNumber(db, 2 * i + 1); }));
    }
    for (const Pending<Result<int>> &answer : pending) {
        QVERIFY(answer.finishes());
        QVERIFY(answer.result());
    }
    QCOMPARE(*await(one.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 100);
}

void TestDatabase::anUncommittedTransactionIsUndone()
{
    Database database(fresh(), numbersSchema());
    const Result<int> failed = await(database.run<int>([](QSqlDatabase &db) -> Result<int> {
        WriteTransaction transaction(db);
        if (const Result<void> begun = transaction.begin(); !begun)
            return begun.error();
        if (const Result<int> added = addNumber(db, 1); !added)
            return added;
        return Error(Error::Kind::Invalid, u"on the way"_s);
    }));
    QVERIFY(!failed);
    QCOMPARE(*await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 0);
}

void TestDatabase::exceptionsBecomeErrors()
{
    Database database(fresh(), numbersSchema());
    const Result<int> failed
        = await(database.run<int>([](QSqlDatabase &) -> Result<int> { throw std::runtime_error("odd record"); }));
    QVERIFY(!failed);
    QCOMPARE(failed.error().detail, u"odd record"_s);
    QVERIFY(await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 1); })));
}

void TestDatabase::errorsAreTold_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("word");
    QTest::newRow("disk full") << u"PRAGMA max_page_count=1"_s << int(SqliteCode::Full) << u"full"_s;
    QTest::newRow("read-only") << u"PRAGMA query_only=ON"_s << int(SqliteCode::ReadOnly) << u"read-only"_s;
}

void TestDatabase::errorsAreTold()
{
    QFETCH(QString, before);
    QFETCH(int, code);
    QFETCH(QString, word);
    Database database(fresh(), numbersSchema());
    const Result<int> failed = await(database.run<int>([before](QSqlDatabase &db) -> Result<int> {
        if (const Result<QSqlQuery> set = runSql(db, before); !set)
            return set.error();
        for (int i = 0; i < 10000; ++i)
            if (const Result<int> added = addNumber(db, i); !added)
                return added;
        return 0;
    }));
    QVERIFY(!failed);
    QCOMPARE(failed.error().serviceCode, code);
    QVERIFY2(failed.error().summary.contains(word), qPrintable(failed.error().summary));
    QVERIFY(!failed.error().remedy.isEmpty());
}

void TestDatabase::aFolderThatCannotBeMadeIsTold()
{
    const QString file = m_folder.filePath(u"a-file"_s);
    QFile blocker(file);
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    Database database(file + u"/below/log.sqlite"_s, numbersSchema());
    for (int i = 0; i < 2; ++i) {
        const Result<int> failed = await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); }));
        QVERIFY(!failed);
        QCOMPARE(failed.error().kind, Error::Kind::Unavailable);
        QVERIFY(!failed.error().remedy.isEmpty());
    }
}

void TestDatabase::garbageIsMovedAside_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("text") << QByteArray("this is no database, and nobody knows how it came here\n").repeated(200);
    QTest::newRow("good header, bad rest") << QByteArray("SQLite format 3\0", 16) + QByteArray(8000, '\xff');
}

void TestDatabase::garbageIsMovedAside()
{
    QFETCH(QByteArray, bytes);
    const QString path = fresh();
    QVERIFY(QDir().mkpath(QFileInfo(path).absolutePath()));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
    file.close();
    Database database(path, numbersSchema());
    QSignalSpy aside(&database, &Database::movedAside);
    QVERIFY(await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 1); })));
    QCOMPARE(aside.size(), 1);
    const auto told = aside.first().first().value<DatabaseAside>();
    QFile kept(told.path);
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), bytes);
    QVERIFY(!told.why.isEmpty());
}

void TestDatabase::damageMetLaterIsMovedAside()
{
    const QString path = fresh();
    fill(path, 500);
    // The pages behind the schema's: the file opens, its rows cannot be read.
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.size() > 3 * 4096);
    file.seek(4096);
    file.write(QByteArray(int(file.size()) - 4096, '\x5a'));
    file.close();
    Database database(path, numbersSchema());
    QSignalSpy aside(&database, &Database::movedAside);
    const Result<int> failed = await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); }));
    QVERIFY(!failed);
    QVERIFY(isDamage(failed.error()));
    QVERIFY(aside.isEmpty());
    QVERIFY(await(database.run<int>([](QSqlDatabase &db) { return addNumber(db, 1); })));
    QCOMPARE(aside.size(), 1);
    QVERIFY(QFileInfo::exists(aside.first().first().value<DatabaseAside>().path));
    QCOMPARE(*await(database.run<int>([](QSqlDatabase &db) { return countNumbers(db); })), 1);
}

QTEST_GUILESS_MAIN(TestDatabase)
#include "tst_database.moc"
