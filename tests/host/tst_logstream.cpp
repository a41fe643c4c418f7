// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/clock.h"
#include "backend/host/logstream.h"
#include "tests/support/fakeshell.h"

#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

QByteArray entry(int number, const QByteArray &message = "line")
{
    return "{\"__CURSOR\":\"s=a;i=" + QByteArray::number(number) + "\",\"__REALTIME_TIMESTAMP\":\"1795394079000000\",\"MESSAGE\":\"" + message + ' '
        + QByteArray::number(number) + "\"}\n";
}

/// What came out of a stream, as it came.
class Heard : public QObject {
public:
    explicit Heard(LogStream &stream)
    {
        connect(&stream, &LogStream::linesReceived, this, [this](const QList<JournalLine> &got) {
            ++batches;
            for (const JournalLine &line : got)
                lines.append(line.message);
        });
    }
    QStringList lines;
    int batches = 0;
};

const QStringList Follow {u"exec"_s, u"timeout"_s};

Error lost()
{
    return Error(Error::Kind::Network, u"The link was lost."_s);
}

} // namespace

class TestLogStream : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void journalGoesOnBehindItsCursor();
    void aLinePassesInPieces();
    void endlessLineIsDropped();
    void escapesAreNotInterpreted();
    void linkDownAtFirst();
    void finalTrouble_data();
    void finalTrouble();
    void silenceWithoutRights();
    void rotatedJournal();
    void itsOwnLimitIsNoTrouble();
    void dockerRepeatsNoLine();
    void dockerContainerStopped();
    void stops();
    void mayBeDeletedByItsListener();
};

void TestLogStream::journalGoesOnBehindItsCursor()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:ollama"_s);
    log.setRetry(5ms, 20ms);
    const Heard heard(log);
    log.start(50);
    QCOMPARE(log.state(), LogStream::State::Live);
    FakeStream *stream = shell.openStream(Follow);
    QVERIFY(stream);
    QVERIFY(stream->command.argv().contains(u"50"_s));
    stream->push(entry(1) + entry(2));
    QCOMPARE(heard.batches, 1); // one signal for what came together
    shell.setLinkState(LinkState::Waiting, lost());
    QCOMPARE(log.state(), LogStream::State::Reconnecting);
    QCOMPARE(log.error()->kind, Error::Kind::Network);
    shell.setLinkState(LinkState::Connected);
    QTRY_COMPARE(log.state(), LogStream::State::Live);
    stream = shell.openStream(Follow);
    QVERIFY(stream);
    QCOMPARE(stream->command.argv().constLast(), u"--after-cursor=s=a;i=2"_s);
    QVERIFY(stream->command.argv().contains(u"--no-tail"_s));
    stream->push(entry(3));
    QCOMPARE(heard.lines, (QStringList {u"line 1"_s, u"line 2"_s, u"line 3"_s}));
    QVERIFY(!log.error());
}

void TestLogStream::aLinePassesInPieces()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    const Heard heard(log);
    log.start(10);
    for (const char byte : entry(1) + "not json\n\n" + entry(2))
        shell.openStream(Follow)->push(QByteArray(1, byte));
    QCOMPARE(heard.lines, (QStringList {u"line 1"_s, u"line 2"_s}));
}

void TestLogStream::endlessLineIsDropped()
{
    LogLineCutter cutter;
    QCOMPARE(cutter.feed("a\nb").size(), 1);
    for (int i = 0; i < 100; ++i)
        QVERIFY(cutter.feed(QByteArray(10000, 'x')).isEmpty());
    QCOMPARE(cutter.dropped(), 1);
    QCOMPARE(cutter.feed("tail\nnext\n"), QList<QByteArray> {"next"});
}

void TestLogStream::escapesAreNotInterpreted()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    const Heard heard(log);
    log.start(10);
    shell.openStream(Follow)->push(entry(1, "\\u001b]0;owned\\u0007\\u001b[2Jred"));
    QCOMPARE(heard.lines.size(), 1);
    QVERIFY(!heard.lines.constFirst().contains(QChar(0x1b)));
    QVERIFY(!heard.lines.constFirst().contains(QChar(0x07)));
}

void TestLogStream::linkDownAtFirst()
{
    FakeShell shell;
    shell.setLinkState(LinkState::Waiting, lost());
    LogStream log(shell, u"systemd:x"_s);
    log.setRetry(60s, 60s);
    log.start(10);
    QTRY_COMPARE(log.state(), LogStream::State::Reconnecting);
    shell.setLinkState(LinkState::Connected); // does not wait for the pause to end
    QCOMPARE(log.state(), LogStream::State::Live);
}

void TestLogStream::finalTrouble_data()
{
    QTest::addColumn<QString>("service");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<int>("kind");
    QTest::newRow("no rights") << u"systemd:x"_s << 1 << QByteArray("No journal files were opened due to insufficient permissions.\n")
                               << int(Error::Kind::Unauthorized);
    QTest::newRow("no journalctl") << u"systemd:x"_s << 127 << QByteArray("sh: journalctl: not found\n") << int(Error::Kind::Unavailable);
    QTest::newRow("no container") << u"docker:x"_s << 1 << QByteArray("Error response from daemon: No such container: x\n") << int(Error::Kind::NotFound);
    QTest::newRow("docker denied") << u"docker:x"_s << 1 << QByteArray("permission denied while trying to connect\n") << int(Error::Kind::Unauthorized);
    QTest::newRow("no service") << u"x"_s << 0 << QByteArray() << int(Error::Kind::Invalid);
}

void TestLogStream::finalTrouble()
{
    QFETCH(QString, service);
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(int, kind);
    FakeShell shell;
    LogStream log(shell, service);
    log.start(10);
    if (FakeStream *stream = shell.openStream(Follow)) {
        stream->pushError(err);
        stream->finish(FakeShell::done({}, exitCode));
    }
    QCOMPARE(log.state(), LogStream::State::Ended);
    QCOMPARE(int(log.error()->kind), kind);
}

/// journalctl -f without rights says so once, and then follows nothing for ever.
void TestLogStream::silenceWithoutRights()
{
    const QByteArray hint = "Hint: You are currently not seeing messages from other users and the system.\n";
    // One whose lines it may read goes on, although its wait is over first.
    FakeShell other;
    LogStream own(other, u"systemd:y"_s);
    own.setPatience(5ms);
    own.start(10);
    other.openStream(Follow)->pushError(hint);
    other.openStream(Follow)->push(entry(1));
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    log.setPatience(5ms);
    log.start(10);
    shell.openStream(Follow)->pushError(hint);
    QCOMPARE(log.state(), LogStream::State::Live);
    QTRY_COMPARE(log.state(), LogStream::State::Ended);
    QCOMPARE(log.error()->kind, Error::Kind::Unauthorized);
    QCOMPARE(own.state(), LogStream::State::Live);
    // As JSON journalctl keeps the hint to itself: it is asked in words.
    FakeShell quiet;
    quiet.whenExec(FakeShell::contains(u"-u z --no-pager -n 1"_s), FakeShell::done("-- No entries --\n", 0, hint));
    LogStream asked(quiet, u"systemd:z"_s);
    asked.setPatience(5ms);
    asked.start(10);
    QTRY_COMPARE(asked.state(), LogStream::State::Ended);
    QCOMPARE(asked.error()->kind, Error::Kind::Unauthorized);
    // A service that is merely quiet is followed on.
    FakeShell still;
    still.whenExec(FakeShell::contains(u"-u z --no-pager -n 1"_s), FakeShell::done("-- No entries --\n"));
    LogStream patient(still, u"systemd:z"_s);
    patient.setPatience(5ms);
    patient.start(10);
    QTRY_COMPARE(still.countOf(journalRightsArgv(u"z"_s)), 1);
    still.openStream(Follow)->push(entry(1));
    QCOMPARE(patient.state(), LogStream::State::Live);
}

void TestLogStream::rotatedJournal()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    log.setRetry(1ms, 1ms);
    const Heard heard(log);
    log.start(10);
    shell.openStream(Follow)->push(entry(1));
    shell.openStream(Follow)->finish(FakeShell::done({}, 143));
    QTRY_VERIFY(shell.openStream(Follow));
    shell.openStream(Follow)->pushError("Failed to seek to cursor: Invalid argument\n");
    shell.openStream(Follow)->finish(FakeShell::done({}, 1));
    QTRY_VERIFY(shell.openStream(Follow));
    QVERIFY2(!quoteArgv(shell.openStream(Follow)->command.argv()).contains(u"--after-cursor"_s), "starts with the newest lines");
}

void TestLogStream::itsOwnLimitIsNoTrouble()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    QSignalSpy states(&log, &LogStream::stateChanged);
    log.start(10);
    shell.openStream(Follow)->push(entry(4));
    shell.openStream(Follow)->finish(FakeShell::done({}, 124));
    QVERIFY(shell.openStream(Follow));
    QCOMPARE(shell.openStream(Follow)->command.argv().constLast(), u"--after-cursor=s=a;i=4"_s);
    QCOMPARE(states.size(), 1); // live, all the time
}

void TestLogStream::dockerRepeatsNoLine()
{
    FakeShell shell;
    LogStream log(shell, u"docker:vllm"_s);
    log.setRetry(1ms, 1ms);
    const Heard heard(log);
    log.start(10);
    const QByteArray first = "2026-01-26T10:00:00.000000001Z one\n2026-01-26T10:00:00.000000002Z two a\n2026-01-26T10:00:00.000000002Z two b\n";
    shell.openStream(Follow)->pushError(first); // vLLM writes to stderr
    shell.openStream(Follow)->push("2026-01-26T10:00:00.000000003Z out\n");
    shell.setLinkState(LinkState::Waiting, lost());
    shell.setLinkState(LinkState::Connected);
    QTRY_VERIFY(shell.openStream(Follow));
    const QStringList argv = shell.openStream(Follow)->command.argv();
    QVERIFY2(argv.contains(u"2026-01-26T10:00:00.000000002Z"_s), "from the older of both channels");
    shell.openStream(Follow)->pushError(first.mid(first.indexOf('\n') + 1) + "2026-01-26T10:00:00.000000002Z two c\n2026-01-26T10:00:01.000000000Z three\n");
    shell.openStream(Follow)->push("2026-01-26T10:00:00.000000003Z out\n2026-01-26T10:00:04.000000000Z out 2\n");
    QCOMPARE(heard.lines, (QStringList {u"one"_s, u"two a"_s, u"two b"_s, u"out"_s, u"two c"_s, u"three"_s, u"out 2"_s}));
}

void TestLogStream::dockerContainerStopped()
{
    FakeShell shell;
    LogStream log(shell, u"docker:vllm"_s);
    log.setRetry(60s, 60s);
    log.start(10);
    shell.openStream(Follow)->finish(FakeShell::done({}, 0));
    QCOMPARE(log.state(), LogStream::State::Reconnecting); // it may be started again
    QVERIFY2(log.error()->summary.contains(u"does not run"_s), qPrintable(log.error()->summary));
}

void TestLogStream::stops()
{
    FakeShell shell;
    LogStream log(shell, u"systemd:x"_s);
    const Heard heard(log);
    log.start(10);
    const QPointer<FakeStream> stream = shell.openStream(Follow);
    log.stop();
    QVERIFY(!stream || stream->isClosed());
    QCOMPARE(log.state(), LogStream::State::Idle);
    QVERIFY(heard.lines.isEmpty());
}

void TestLogStream::mayBeDeletedByItsListener()
{
    FakeShell shell;
    auto log = std::make_unique<LogStream>(shell, u"systemd:x"_s);
    connect(log.get(), &LogStream::linesReceived, this, [&log] { log.reset(); });
    log->start(10);
    FakeStream *stream = shell.openStream(Follow);
    stream->push(entry(1));
    QVERIFY(!log);
}

QTEST_GUILESS_MAIN(TestLogStream)
#include "tst_logstream.moc"
