// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/store/lastknown.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QDateTime noon(QDate(2026, 1, 26), QTime(12, 0, 0, 123), Utc);

LastKnown sample(int nodes, qsizetype size = 2000)
{
    LastKnown known;
    for (int i = 0; i < nodes; ++i)
        known.entries.insert(
            u"node-%1"_s.arg(i), LastKnown::Entry{QByteArray(size, char('a' + i % 26)), noon.addSecs(i)});
    known.entries.insert(QString(), LastKnown::Entry{"{\"state\":\"ok\"}", noon});
    return known;
}

} // namespace

class TestLastKnown : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsBack();
    void anotherKeyIsNotTaken();
    void damageGivesNothing();
    void boundsAreKept();
    void cacheWritesAndReads();
    void cacheKeepsTheNewest();
    void destructorWritesWhatIsPending();
    void cacheSaysWhenItCannotWrite();
    void cacheDropsOldSnapshots();
    void readsFast();
};

void TestLastKnown::readsBack()
{
    const LastKnown known = sample(20);
    QVERIFY(decodeLastKnown("key", encodeLastKnown("key", known)) == known);
    QVERIFY(decodeLastKnown("key", encodeLastKnown("key", LastKnown())) == LastKnown());
}

void TestLastKnown::anotherKeyIsNotTaken()
{
    const QByteArray bytes = encodeLastKnown("key", sample(2));
    QVERIFY(decodeLastKnown("kez", bytes).entries.isEmpty());
    QVERIFY(decodeLastKnown("", bytes).entries.isEmpty());
}

void TestLastKnown::damageGivesNothing()
{
    const QByteArray bytes = encodeLastKnown("key", sample(2, 50));
    for (qsizetype size = 0; size < bytes.size(); ++size)
        QVERIFY(decodeLastKnown("key", bytes.left(size)).entries.isEmpty());
    QVERIFY(decodeLastKnown("key", bytes + 'x').entries.isEmpty());
    // Wild lengths and counts in place of any four bytes: no crash, no huge allocation.
    for (qsizetype i = 0; i + 4 <= bytes.size(); ++i)
        for (const char fill : {'\x7f', '\xff'}) {
            QByteArray wild = bytes;
            wild.replace(i, 4, QByteArray(4, fill));
            QVERIFY(decodeLastKnown("key", wild).entries.size() <= 3);
        }
    QByteArray other = bytes;
    other[5] = 2; // another format
    QVERIFY(decodeLastKnown("key", other).entries.isEmpty());
}

void TestLastKnown::boundsAreKept()
{
    LastKnown known;
    known.entries.insert(u"large"_s, LastKnown::Entry{QByteArray(300 * 1024, 'x'), noon});
    known.entries.insert(u"small"_s, LastKnown::Entry{"x", noon});
    const LastKnown read = decodeLastKnown("key", encodeLastKnown("key", known));
    QCOMPARE(read.entries.keys(), QStringList{u"small"_s});
}

void TestLastKnown::cacheWritesAndReads()
{
    QTemporaryDir dir;
    LastKnownCache cache(dir.filePath(u"a b/last-known"_s));
    QVERIFY(cache.read("key").entries.isEmpty());
    QSignalSpy spy(&cache, &LastKnownCache::written);
    cache.write("key", sample(3));
    QVERIFY(spy.count() == 1 || spy.wait());
    QCOMPARE(spy.constFirst().constFirst().toBool(), true);
    QVERIFY(cache.read("key") == sample(3));
    QVERIFY(cache.read("other").entries.isEmpty());
    const QFileInfoList files = QDir(dir.filePath(u"a b/last-known"_s)).entryInfoList(QDir::Files | QDir::Hidden);
    QCOMPARE(files.size(), 1);
    QCOMPARE(files.constFirst().permissions() & 0x0077, QFileDevice::Permissions());
}

void TestLastKnown::cacheKeepsTheNewest()
{
    QTemporaryDir dir;
    LastKnownCache cache(dir.path());
    QSignalSpy spy(&cache, &LastKnownCache::written);
    for (int i = 1; i <= 20; ++i)
        cache.write("key", sample(i));
    QTRY_COMPARE(cache.read("key").entries.size(), 21);
    QTRY_COMPARE(spy.count(), 2); // the first, and the newest of those that came meanwhile
}

void TestLastKnown::destructorWritesWhatIsPending()
{
    QTemporaryDir dir;
    {
        LastKnownCache cache(dir.path());
        cache.write("key", sample(1));
        cache.write("key", sample(7));
    }
    QVERIFY(LastKnownCache(dir.path()).read("key") == sample(7));
}

void TestLastKnown::cacheSaysWhenItCannotWrite()
{
    QTemporaryDir dir;
    QFile blocker(dir.filePath(u"file"_s));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    LastKnownCache cache(dir.filePath(u"file/below"_s));
    QSignalSpy spy(&cache, &LastKnownCache::written);
    cache.write("key", sample(1));
    QVERIFY(spy.count() == 1 || spy.wait());
    QCOMPARE(spy.constFirst().constFirst().toBool(), false);
    QVERIFY(cache.read("key").entries.isEmpty());
}

void TestLastKnown::cacheDropsOldSnapshots()
{
    QTemporaryDir dir;
    LastKnownCache cache(dir.path());
    QSignalSpy spy(&cache, &LastKnownCache::written);
    for (int i = 0; i < 25; ++i) {
        cache.write("key" + QByteArray::number(i), sample(1));
        QTRY_COMPARE(spy.count(), i + 1);
    }
    QCOMPARE(QDir(dir.path()).entryList(QDir::Files).size(), 20);
    QVERIFY(!cache.read("key24").entries.isEmpty());
}

void TestLastKnown::readsFast()
{
    QTemporaryDir dir;
    LastKnownCache cache(dir.path());
    QSignalSpy spy(&cache, &LastKnownCache::written);
    cache.write("key", sample(500));
    QTRY_COMPARE(spy.count(), 1);
    qint64 best = 1'000'000;
    for (int i = 0; i < 5; ++i) {
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(cache.read("key").entries.size(), 501);
        best = std::min(best, timer.nsecsElapsed() / 1000);
    }
    qInfo("500 nodes of 2000 bytes read in %lld us (budget 5000)", static_cast<long long>(best));
}

QTEST_GUILESS_MAIN(TestLastKnown)
#include "tst_lastknown.moc"
