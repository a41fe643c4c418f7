// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/host/journal.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {
ExecResult ended(int exitCode, QByteArray out, QByteArray err)
{
    ExecResult result;
    result.exitCode = exitCode;
    result.out = std::move(out);
    result.err = std::move(err);
    return result;
}
} // namespace

class TestJournal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void messages_data();
    void messages();
    void wholeLine();
    void output();
    void cursors_data();
    void cursors();
    void arguments();
    void dockerLogs();
    void failures_data();
    void failures();
    void isBounded();
};

void TestJournal::messages_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("message");
    QTest::addColumn<bool>("missing");
    QTest::newRow("string") << QByteArray(R"({"MESSAGE":"Registered tunnel connection"})") << u"Registered tunnel connection"_s << false;
    QTest::newRow("bytes") << QByteArray(R"({"MESSAGE":[72,105]})") << u"Hi"_s << false;
    QTest::newRow("bytes with colour codes") << QByteArray(R"({"MESSAGE":[27,91,51,50,109,73,78,70,79,27,91,48,109,32,111,107]})") << u"INFO ok"_s << false;
    QTest::newRow("bytes that are no UTF-8") << QByteArray(R"({"MESSAGE":[65,255,66]})") << (u"A"_s + QChar(0xFFFD) + u"B"_s) << false;
    QTest::newRow("bytes out of range") << QByteArray(R"({"MESSAGE":[65,256,-1,66]})") << u"AB"_s << false;
    QTest::newRow("null") << QByteArray(R"({"MESSAGE":null})") << QString() << true;
    QTest::newRow("given twice") << QByteArray(R"({"MESSAGE":["one","two"]})") << u"one\ntwo"_s << false;
    QTest::newRow("given twice as bytes") << QByteArray(R"({"MESSAGE":[[65],[66]]})") << u"A\nB"_s << false;
    QTest::newRow("absent") << QByteArray(R"({"PRIORITY":"6"})") << QString() << false;
    QTest::newRow("number") << QByteArray(R"({"MESSAGE":5})") << QString() << false;
    QTest::newRow("title escape") << QByteArray("{\"MESSAGE\":\"a\\u001b]0;evil\\u0007b\"}") << u"ab"_s << false;
    QTest::newRow("bidi override") << QByteArray("{\"MESSAGE\":\"a\\u202Eb\"}") << u"ab"_s << false;
}

void TestJournal::messages()
{
    QFETCH(QByteArray, json);
    const std::optional<JournalLine> line = parseJournalLine(json);
    QVERIFY(line);
    QTEST(line->message, "message");
    QTEST(line->missing, "missing");
}

void TestJournal::wholeLine()
{
    const std::optional<JournalLine> line = parseJournalLine(
        R"({"_PID":"512","__REALTIME_TIMESTAMP":"1795394079123456","PRIORITY":"3","SYSLOG_IDENTIFIER":"cloudflared","__CURSOR":"s=ab;i=1f;b=c;m=d;t=e;x=f","MESSAGE":"x"})");
    QVERIFY(line);
    QCOMPARE(line->time, QDateTime::fromMSecsSinceEpoch(1795394079123, Utc));
    QCOMPARE(line->priority, std::optional(3));
    QCOMPARE(line->pid, std::optional<qint64>(512));
    QCOMPARE(line->identifier, u"cloudflared"_s);
    QCOMPARE(line->cursor, QByteArray("s=ab;i=1f;b=c;m=d;t=e;x=f"));
    const std::optional<JournalLine> twice = parseJournalLine(R"({"_PID":["7","8"],"PRIORITY":["4","5"],"__REALTIME_TIMESTAMP":17,"MESSAGE":"x"})");
    QCOMPARE(twice->pid, std::optional<qint64>(7));
    QCOMPARE(twice->priority, std::optional(4));
    QVERIFY(!twice->time.isValid());
    const std::optional<JournalLine> wild = parseJournalLine(R"({"_PID":"-7","PRIORITY":"99","__REALTIME_TIMESTAMP":"99999999999999999999","__CURSOR":"; rm -rf /"})");
    QCOMPARE(wild->pid, std::nullopt);
    QCOMPARE(wild->priority, std::nullopt);
    QVERIFY(!wild->time.isValid());
    QVERIFY(wild->cursor.isEmpty());
}

void TestJournal::output()
{
    const QList<JournalLine> lines = parseJournal("{\"MESSAGE\":\"a\"}\n-- No entries --\n{\"MESSAGE\":\"b\"}\n{\"MESS");
    QCOMPARE(lines.size(), 2);
    QCOMPARE(lines.at(1).message, u"b"_s);
    QVERIFY(parseJournal("-- No entries --\n").isEmpty()); // an unknown unit
    QVERIFY(!explainJournal(ended(0, "-- No entries --\n", {})));
    // A login with a journal of its own reads that one, and is told of the others in a hint, with exit code 0.
    for (const char *hint : {"Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n",
             "Hint: You are currently not seeing messages from the system.\n", "Failed to search journal ACL: Operation not supported\n"}) {
        const std::optional<Error> blind = explainJournal(ended(0, "-- No entries --\n", hint));
        QVERIFY(blind);
        QCOMPARE(blind->kind, Error::Kind::Unauthorized);
        QVERIFY(blind->remedy.contains(u"systemd-journal"_s) && blind->remedy.contains(u"adm"_s));
        QVERIFY(!explainJournal(ended(0, "{\"MESSAGE\":\"its own\"}\n", hint)));
    }
}

void TestJournal::cursors_data()
{
    QTest::addColumn<QByteArray>("cursor");
    QTest::addColumn<bool>("good");
    QTest::newRow("real") << QByteArray("s=0639;i=1f4;b=ed7;m=54a;t=5e1;x=a9") << true;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("option") << QByteArray("--flush") << false;
    QTest::newRow("shell") << QByteArray("s=1;$(x)") << false;
    QTest::newRow("long") << "s=" + QByteArray(600, 'a') << false;
}

void TestJournal::cursors()
{
    QFETCH(QByteArray, cursor);
    QTEST(isJournalCursor(cursor), "good");
}

void TestJournal::arguments()
{
    const QStringList newest = journalArgv(u"ollama"_s, 200);
    QCOMPARE(newest.last(2), (QStringList {u"-n"_s, u"200"_s}));
    QCOMPARE(newest.first(), u"timeout"_s);
    QVERIFY(newest.contains(u"-a"_s)); // else long messages come as null
    QCOMPARE(journalArgv(u"ollama"_s, 1 << 30).constLast(), u"10000"_s);
    QCOMPARE(journalArgv(u"ollama"_s, 5, "s=1;i=2").constLast(), u"--after-cursor=s=1;i=2"_s);
    QCOMPARE(journalArgv(u"ollama"_s, 5, "--flush").constLast(), u"5"_s);
    const QStringList follow = journalFollowArgv(u"ollama"_s, 5);
    QCOMPARE(follow.mid(5, 4), (QStringList {u"env"_s, u"LC_ALL=C"_s, u"journalctl"_s, u"-f"_s}));
    QCOMPARE(follow.first(5), (QStringList {u"exec"_s, u"timeout"_s, u"-k"_s, u"2"_s, u"600"_s})); // none is left behind
    QVERIFY(!follow.contains(u"--no-tail"_s));
    QVERIFY(journalFollowArgv(u"ollama"_s, 5, "s=1;i=2").contains(u"--no-tail"_s)); // else the newest ten alone
    QCOMPARE(dockerFollowArgv(u"vllm"_s, 7).last(3), (QStringList {u"--tail"_s, u"7"_s, u"vllm"_s}));
    QCOMPARE(dockerFollowArgv(u"vllm"_s, 7, "2026-01-26T10:00:00.000000001Z").last(3),
        (QStringList {u"--since"_s, u"2026-01-26T10:00:00.000000001Z"_s, u"vllm"_s}));
    QCOMPARE(dockerLogsArgv(u"vllm"_s, 0).last(2), (QStringList {u"1"_s, u"vllm"_s}));
}

void TestJournal::dockerLogs()
{
    const QList<JournalLine> lines = parseDockerLogs("2026-01-26T10:00:02.000000000Z out 2\n",
        "2026-01-26T10:00:01.123456789Z \x1b[32mINFO\x1b[0m err 1\n  continued\n2026-01-26T10:00:03Z err 3\n");
    QCOMPARE(lines.size(), 4);
    QCOMPARE(lines.at(0).message, u"INFO err 1"_s);
    QCOMPARE(lines.at(0).time.time().msec(), 123);
    QCOMPARE(lines.at(1).message, u"continued"_s); // stays behind the line that it follows
    QCOMPARE(lines.at(2).message, u"out 2"_s);
    QCOMPARE(lines.at(3).message, u"err 3"_s);
    QCOMPARE(parseDockerLogLine("no time at all").message, u"no time at all"_s);
    QVERIFY(!parseDockerLogLine("2026-99-99T10:00:01.123456789Z x").time.isValid());
}

void TestJournal::failures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("out");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<Error::Kind>("kind");
    const QByteArray hint = "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n";
    QTest::newRow("no rights") << 1 << QByteArray() << hint + "No journal files were opened due to insufficient permissions.\n" << Error::Kind::Unauthorized;
    QTest::newRow("no rights, exit 0") << 0 << QByteArray("-- No entries --\n") << hint << Error::Kind::Unauthorized;
    QTest::newRow("no journal") << 1 << QByteArray() << QByteArray("No journal files were found.\n") << Error::Kind::Unavailable;
    QTest::newRow("cursor gone") << 1 << QByteArray() << QByteArray("Failed to seek to cursor: Invalid argument\n") << Error::Kind::NotFound;
    QTest::newRow("not installed") << 127 << QByteArray() << QByteArray("env: 'journalctl': No such file or directory\n") << Error::Kind::Unavailable;
    QTest::newRow("hung") << 124 << QByteArray() << QByteArray() << Error::Kind::Timeout;
    QTest::newRow("something else") << 1 << QByteArray() << QByteArray("boom\n") << Error::Kind::RemoteExit;
}

void TestJournal::failures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, out);
    QFETCH(QByteArray, err);
    QFETCH(Error::Kind, kind);
    const std::optional<Error> error = explainJournal(ended(exitCode, out, err));
    QVERIFY(error);
    QCOMPARE(error->kind, kind);
    if (kind == Error::Kind::Unauthorized)
        QVERIFY(error->remedy.contains(u"systemd-journal"));
    QVERIFY(!explainJournal(ended(0, "{\"MESSAGE\":\"own lines\"}\n", err)) || exitCode != 0 || kind == Error::Kind::Unauthorized);
}

void TestJournal::isBounded()
{
    QVERIFY(!parseJournalLine("{\"MESSAGE\":\"" + QByteArray(300 << 10, 'x') + "\"}"));
    const std::optional<JournalLine> longLine = parseJournalLine("{\"MESSAGE\":\"" + QByteArray(200 << 10, 'x') + "\"}");
    QVERIFY(longLine && longLine->message.size() == 16 << 10);
    QByteArray many;
    for (int i = 0; i < 10050; ++i)
        many += "{}\n";
    QCOMPARE(parseJournal(many).size(), 10000);
    QVERIFY(!parseJournalLine(QByteArray(5000, '[')));
}

QTEST_APPLESS_MAIN(TestJournal)
#include "tst_journal.moc"
