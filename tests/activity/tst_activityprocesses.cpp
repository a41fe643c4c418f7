// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Several processes at one log, and one that is killed while it writes.
#include "backend/activity/activitylog.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QFileSystemWatcher>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestActivityProcesses : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_path = m_folder.filePath(u"%1/activity.sqlite"_s.arg(++m_count)); }
    void severalAppendAtOnce();
    void killedInTheMiddleLeavesAChain();
    void aWriteOnASlowDiskIsSeen();
    void aLiveHolderIsNamed();
    void aDeadHolderIsTakenOver();

private:
    std::unique_ptr<QProcess> start(const QStringList &words)
    {
        auto process = std::make_unique<QProcess>();
        process->start(QStringLiteral(HYBRIDGE_BIN_DIR "/activitywriter"), QStringList {m_path} + words);
        return process;
    }
    static bool isReady(QProcess &process)
    {
        while (!process.canReadLine())
            if (!process.waitForReadyRead(30000))
                return false;
        return process.readLine().trimmed() == "ready";
    }

    QTemporaryDir m_folder;
    ManualClock m_clock;
    QString m_path;
    int m_count = 0;
};

void TestActivityProcesses::severalAppendAtOnce()
{
    constexpr int processes = 4;
    constexpr int lines = 50;
    std::vector<std::unique_ptr<QProcess>> writers;
    for (int i = 0; i < processes; ++i)
        writers.push_back(start({u"append"_s, QString::number(lines)}));
    for (const auto &writer : writers) {
        QVERIFY(writer->waitForFinished(60000));
        QVERIFY2(writer->exitCode() == 0, writer->readAll().constData());
    }
    ActivityLog log(m_path, m_clock, u"tests"_s);
    const Result<ChainCheck> check = await(log.verify({}));
    QVERIFY2(check->isIntact(), qPrintable(chainSentence(*check)));
    QCOMPARE(check->lines, processes * lines);
    QCOMPARE(await(log.operations({}))->operations.size(), processes);
}

void TestActivityProcesses::killedInTheMiddleLeavesAChain()
{
    for (int round = 0; round < 5; ++round) {
        const std::unique_ptr<QProcess> writer = start({u"forever"_s});
        QVERIFY(isReady(*writer));
        // At another moment in each round; what moment is does not matter.
        ActivityLog watching(m_path, m_clock, u"tests"_s);
        const qint64 wanted = *await(watching.count()) + 3 * (round + 1);
        while (*await(watching.count()) < wanted)
            QCOMPARE(writer->state(), QProcess::Running);
        writer->kill();
        QVERIFY(writer->waitForFinished());
        const Result<ChainCheck> check = await(watching.verify({}));
        QVERIFY2(check->isIntact(), qPrintable(chainSentence(*check)));
        QVERIFY(check->lines >= wanted);
        const Result<QList<OperationSummary>> open = await(watching.unfinished(u"demo"_s));
        QCOMPARE(open->size(), round + 1);
        QCOMPARE(open->first().holder, HolderState::Gone);
    }
}

// The kernel tells when SQLite writes; others can read that only once it is synced.
void TestActivityProcesses::aWriteOnASlowDiskIsSeen()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    ActivityDraft draft;
    draft.operation = newOperationId();
    draft.kind = u"up"_s;
    draft.event = ActivityEvent::Begun;
    QVERIFY(await(log.append(draft)));
    qint64 seen = 0;
    connect(&log, &ActivityLog::changed, this, [&] {
        QCoro::connect(log.count(), this, [&](const Result<qint64> &lines) { seen = lines.value_or(-1); });
    });
    log.watchFile();
    QTRY_COMPARE(seen, 1);

    QFileSystemWatcher kernel({m_path + u"-wal"_s});
    QSignalSpy written(&kernel, &QFileSystemWatcher::fileChanged);
    const std::unique_ptr<QProcess> writer = start({u"held"_s});
    QTRY_VERIFY_WITH_TIMEOUT(writer->canReadLine(), 30000);
    QCOMPARE(writer->readLine().trimmed(), "syncing");
    QTRY_VERIFY(!written.isEmpty());
    for (int round = 0; round < 3; ++round) {
        QCOMPARE(*await(log.count()), 1); // whatever looked because of the event was too early
        QCoreApplication::processEvents();
    }
    for (int syncs = 0; syncs < 20 && writer->state() == QProcess::Running; ++syncs)
        writer->write("\n");
    QVERIFY(writer->waitForFinished(30000));
    QCOMPARE(writer->exitCode(), 0);
    QTRY_COMPARE(seen, 2);
}

void TestActivityProcesses::aLiveHolderIsNamed()
{
    const std::unique_ptr<QProcess> holder = start({u"claim"_s, u"gcp"_s});
    QVERIFY(isReady(*holder));
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QCOMPARE(await(log.claims(u"demo"_s))->first().holder, HolderState::Alive);
    const Result<void> refused = await(log.claim(u"demo"_s, {u"gcp"_s}, u"mine"_s, u"down"_s));
    QCOMPARE(refused.error().kind, Error::Kind::Refused);
    QVERIFY2(refused.error().detail.contains(u"activitywriter"_s), qPrintable(refused.error().detail));
    // Nor may a second process go on with the very operation that the first still has in hand.
    const QString theirs = await(log.claims(u"demo"_s))->first().operation;
    QCOMPARE(await(log.claim(u"demo"_s, {u"gcp"_s}, theirs, u"up"_s)).error().kind, Error::Kind::Refused);
    QVERIFY(await(log.claim(u"demo"_s, {u"home"_s}, u"mine"_s, u"down"_s)));
    QCOMPARE(await(log.unfinished(u"demo"_s))->first().holder, HolderState::Alive);
    holder->kill();
    QVERIFY(holder->waitForFinished());
}

void TestActivityProcesses::aDeadHolderIsTakenOver()
{
    const std::unique_ptr<QProcess> holder = start({u"claim"_s, u"gcp"_s});
    QVERIFY(isReady(*holder));
    holder->kill();
    QVERIFY(holder->waitForFinished());
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QSignalSpy tookOver(&log, &ActivityLog::tookOver);
    QVERIFY(await(log.claim(u"demo"_s, {u"gcp"_s}, u"mine"_s, u"down"_s)));
    QCOMPARE(tookOver.size(), 1);
    QCOMPARE(await(log.claims(u"demo"_s))->first().operation, u"mine"_s);
}

QTEST_GUILESS_MAIN(TestActivityProcesses)
#include "tst_activityprocesses.moc"
