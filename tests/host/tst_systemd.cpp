// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/systemd.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

/// What systemd 252 prints, in its own order.
QByteArray block(const char *id, const char *load, const char *active, const char *sub, const char *result, int code,
    int status, int restarts, const char *more = "")
{
    return QByteArray("ExecMainPID=") + (code == 0 ? "4711" : "4700") + "\nExecMainCode=" + QByteArray::number(code)
        + "\nExecMainStatus=" + QByteArray::number(status) + "\nResult=" + result + "\nNRestarts=" + QByteArray::number(restarts)
        + "\nId=" + id + "\nLoadState=" + load + "\nActiveState=" + active + "\nSubState=" + sub + "\nUnitFileState=enabled\n" + more;
}

ExecResult ended(int exitCode, QByteArray out, QByteArray err)
{
    ExecResult result;
    result.exitCode = exitCode;
    result.out = std::move(out);
    result.err = std::move(err);
    return result;
}

} // namespace

class TestSystemd : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void states_data();
    void states();
    void severalUnits();
    void unknownAmongOthers();
    void missingBlocksAreMatchedByName();
    void sinceIsTheStartWhileActive();
    void times_data();
    void times();
    void unitNames_data();
    void unitNames();
    void failures_data();
    void failures();
    void argvHasTimeLimit();
    void hostileOutput();
};

void TestSystemd::states_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<ServiceState>("state");
    QTest::addColumn<QString>("subState");
    QTest::addColumn<QString>("result");
    QTest::addColumn<int>("exitCode"); // -1: not told
    QTest::addColumn<int>("signal");
    QTest::addColumn<int>("notes");

    // Every row of the table of states.
    QTest::newRow("running") << block("d.service", "loaded", "active", "running", "success", 0, 0, 0) << ServiceState::Active << u"running"_s
                             << u"success"_s << -1 << -1 << 0;
    QTest::newRow("stopped") << block("d.service", "loaded", "inactive", "dead", "success", 1, 0, 0) << ServiceState::Inactive << u"dead"_s
                             << u"success"_s << 0 << -1 << 0;
    QTest::newRow("crashed out") << block("d.service", "loaded", "failed", "failed", "exit-code", 1, 3, 0) << ServiceState::Failed
                                 << u"failed"_s << u"exit-code"_s << 3 << -1 << 0;
    QTest::newRow("starting") << block("d.service", "loaded", "activating", "start", "success", 0, 0, 0) << ServiceState::Activating
                              << u"start"_s << u"success"_s << -1 << -1 << 0;
    QTest::newRow("waits for its restart") << block("d.service", "loaded", "activating", "auto-restart", "exit-code", 1, 1, 0)
                                           << ServiceState::Activating << u"auto-restart"_s << u"exit-code"_s << 1 << -1 << 1;
    QTest::newRow("killed") << block("d.service", "loaded", "failed", "failed", "signal", 2, 9, 2) << ServiceState::Failed << u"failed"_s
                            << u"signal"_s << -1 << 9 << 0;
    QTest::newRow("dumped") << block("d.service", "loaded", "failed", "failed", "core-dump", 3, 11, 0) << ServiceState::Failed
                            << u"failed"_s << u"core-dump"_s << -1 << 11 << 0;
    QTest::newRow("out of memory") << block("d.service", "loaded", "failed", "failed", "oom-kill", 2, 9, 0) << ServiceState::Failed
                                   << u"failed"_s << u"oom-kill"_s << -1 << 9 << 0;
    QTest::newRow("unknown unit") << block("d.service", "not-found", "inactive", "dead", "success", 0, 0, 0) << ServiceState::NotFound
                                  << QString() << QString() << -1 << -1 << 0;
    QTest::newRow("start limit") << block("d.service", "loaded", "failed", "failed", "start-limit-hit", 1, 1, 5) << ServiceState::Failed
                                 << u"failed"_s << u"start-limit-hit"_s << 1 << -1 << 1;
    QTest::newRow("masked") << block("d.service", "masked", "inactive", "dead", "success", 1, 0, 0) << ServiceState::Inactive << u"dead"_s
                            << u"success"_s << 0 << -1 << 1;
    QTest::newRow("runs, file gone") << block("d.service", "not-found", "active", "running", "success", 0, 0, 0) << ServiceState::Active
                                     << u"running"_s << u"success"_s << -1 << -1 << 1;
    QTest::newRow("stopping") << block("d.service", "loaded", "deactivating", "stop-sigterm", "success", 0, 0, 0)
                              << ServiceState::Deactivating << u"stop-sigterm"_s << u"success"_s << -1 << -1 << 0;
    QTest::newRow("reloading") << block("d.service", "loaded", "reloading", "reload", "success", 0, 0, 0) << ServiceState::Reloading
                               << u"reload"_s << u"success"_s << -1 << -1 << 0;
    QTest::newRow("a word of tomorrow") << block("d.service", "loaded", "hibernating", "x", "success", 0, 0, 0) << ServiceState::Unknown
                                        << u"x"_s << u"success"_s << -1 << -1 << 0;
    QTest::newRow("nothing") << QByteArray() << ServiceState::Unknown << QString() << QString() << -1 << -1 << 0;
    QTest::newRow("no such format") << QByteArray("Usage: systemctl\n") << ServiceState::Unknown << QString() << QString() << -1 << -1 << 0;
}

void TestSystemd::states()
{
    QFETCH(QByteArray, text);
    QFETCH(ServiceState, state);
    QFETCH(QString, subState);
    QFETCH(QString, result);
    QFETCH(int, exitCode);
    QFETCH(int, signal);
    QFETCH(int, notes);
    const QList<ServiceFacts> all = parseSystemctlShow(text, {u"d"_s});
    QCOMPARE(all.size(), 1);
    const ServiceFacts &facts = all.first();
    QCOMPARE(facts.service, u"systemd:d"_s);
    QCOMPARE(facts.state, state);
    QCOMPARE(facts.subState, subState);
    QCOMPARE(facts.result, result);
    QCOMPARE(facts.exitCode.value_or(-1), exitCode);
    QCOMPARE(facts.signal.value_or(-1), signal);
    QCOMPARE(facts.notes.size(), notes);
    QCOMPARE(facts.oomKilled, result == u"oom-kill");
}

void TestSystemd::severalUnits()
{
    const QByteArray text = block("cloudflared.service", "loaded", "active", "running", "success", 0, 0, 2) + '\n'
        + block("ollama.service", "loaded", "failed", "failed", "exit-code", 1, 1, 0);
    const QList<ServiceFacts> all = parseSystemctlShow(text, {u"cloudflared"_s, u"ollama"_s});
    QCOMPARE(all.size(), 2);
    QCOMPARE(all.at(0).state, ServiceState::Active);
    QCOMPARE(all.at(0).restarts, std::optional(2));
    QCOMPARE(all.at(0).mainPid, std::optional<qint64>(4711));
    QCOMPARE(all.at(0).unitFileState, u"enabled"_s);
    QCOMPARE(all.at(1).service, u"systemd:ollama"_s);
    QCOMPARE(all.at(1).state, ServiceState::Failed);
    QCOMPARE(all.at(1).mainPid, std::nullopt);
}

void TestSystemd::unknownAmongOthers()
{
    const QByteArray text = block("nosuch.service", "not-found", "inactive", "dead", "success", 0, 0, 0) + '\n'
        + block("alias-target.service", "loaded", "active", "running", "success", 0, 0, 0);
    const QList<ServiceFacts> all = parseSystemctlShow(text, {u"nosuch"_s, u"alias"_s});
    QCOMPARE(all.at(0).state, ServiceState::NotFound);
    QCOMPARE(all.at(1).state, ServiceState::Active); // by position: an alias answers under another name
}

void TestSystemd::missingBlocksAreMatchedByName()
{
    const QByteArray text = block("b.service", "loaded", "active", "running", "success", 0, 0, 0);
    const QList<ServiceFacts> all = parseSystemctlShow(text, {u"a"_s, u"b"_s});
    QCOMPARE(all.at(0).state, ServiceState::Unknown);
    QCOMPARE(all.at(1).state, ServiceState::Active);
}

void TestSystemd::sinceIsTheStartWhileActive()
{
    const char *times = "ActiveEnterTimestamp=@1795394079\nStateChangeTimestamp=@1795394999\n";
    const ServiceFacts active = parseSystemctlShow(block("d", "loaded", "active", "running", "success", 0, 0, 0, times), {u"d"_s}).first();
    QCOMPARE(active.since.toSecsSinceEpoch(), 1795394079);
    const ServiceFacts failed = parseSystemctlShow(block("d", "loaded", "failed", "failed", "signal", 2, 9, 0, times), {u"d"_s}).first();
    QCOMPARE(failed.since.toSecsSinceEpoch(), 1795394999);
    const ServiceFacts never = parseSystemctlShow(
        block("d", "loaded", "inactive", "dead", "success", 0, 0, 0, "ActiveEnterTimestamp=\nStateChangeTimestamp=\n"), {u"d"_s}).first();
    QVERIFY(!never.since.isValid());
}

void TestSystemd::times_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("iso");
    QTest::newRow("unix") << QByteArray("@1795394079") << u"2026-11-23T00:34:39Z"_s;
    QTest::newRow("unix with decimals") << QByteArray("@1795394079.123456") << u"2026-11-23T00:34:39Z"_s;
    QTest::newRow("text") << QByteArray("Mon 2026-11-23 00:34:39 UTC") << u"2026-11-23T00:34:39Z"_s;
    QTest::newRow("text with decimals") << QByteArray("Mon 2026-11-23 00:34:39.123456 UTC") << u"2026-11-23T00:34:39Z"_s;
    QTest::newRow("another zone") << QByteArray("Mon 2026-11-23 00:34:39 CET") << QString();
    QTest::newRow("empty") << QByteArray() << QString();
    QTest::newRow("n/a") << QByteArray("n/a") << QString();
    QTest::newRow("zero") << QByteArray("@0") << QString();
    QTest::newRow("negative") << QByteArray("@-5") << QString();
    QTest::newRow("giant") << QByteArray("@99999999999999999") << QString();
    QTest::newRow("no date") << QByteArray("Mon 2026-13-45 99:99:99 UTC") << QString();
    QTest::newRow("words") << QByteArray("a b c UTC") << QString();
}

void TestSystemd::times()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, iso);
    const QDateTime time = parseSystemdTime(text);
    QCOMPARE(time.isValid() ? time.toString(Qt::ISODate) : QString(), iso);
}

void TestSystemd::unitNames_data()
{
    QTest::addColumn<QString>("unit");
    QTest::addColumn<bool>("good");
    QTest::newRow("plain") << u"cloudflared"_s << true;
    QTest::newRow("suffix") << u"cloudflared.service"_s << true;
    QTest::newRow("instance") << u"vllm@a-b:1.service"_s << true;
    QTest::newRow("escaped") << u"dev-disk\\x2d1.device"_s << true;
    QTest::newRow("empty") << QString() << false;
    QTest::newRow("option") << u"--all"_s << false;
    QTest::newRow("pattern") << u"*"_s << false;
    QTest::newRow("shell") << u"a;reboot"_s << false;
    QTest::newRow("blank") << u"a b"_s << false;
    QTest::newRow("line end") << u"a\nb"_s << false;
    QTest::newRow("long") << QString(256, u'a') << false;
}

void TestSystemd::unitNames()
{
    QFETCH(QString, unit);
    QFETCH(bool, good);
    QCOMPARE(isUnitName(unit), good);
}

void TestSystemd::failures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<Error::Kind>("kind");
    QTest::newRow("not installed") << 127 << QByteArray("env: 'systemctl': No such file or directory\n") << Error::Kind::Unavailable;
    QTest::newRow("hung") << 124 << QByteArray() << Error::Kind::Timeout;
    QTest::newRow("no systemd") << 1 << QByteArray("System has not been booted with systemd as init system (PID 1). Can't operate.\n")
                                << Error::Kind::Unavailable;
    QTest::newRow("no bus") << 1 << QByteArray("Failed to connect to bus: No such file or directory\n") << Error::Kind::Unavailable;
    QTest::newRow("no rights") << 1 << QByteArray("Failed to get properties: Access denied\n") << Error::Kind::Unauthorized;
    QTest::newRow("something else") << 1 << QByteArray("boom\x1b[31m\n") << Error::Kind::RemoteExit;
}

void TestSystemd::failures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(Error::Kind, kind);
    const Error error = explainSystemctl(ended(exitCode, {}, err));
    QCOMPARE(error.kind, kind);
    QCOMPARE(error.code, exitCode);
    QVERIFY(!error.summary.isEmpty());
    QVERIFY(!error.detail.contains(u'\x1b'));
    QVERIFY(isOldSystemctl(ended(1, {}, "systemctl: unrecognized option '--timestamp=unix'\n")));
    QVERIFY(!isOldSystemctl(ended(exitCode, {}, err)));
}

void TestSystemd::argvHasTimeLimit()
{
    const QStringList argv = systemctlShowArgv({u"a"_s, u"b"_s}, true);
    QCOMPARE(argv.first(4), (QStringList {u"timeout"_s, u"-k"_s, u"2"_s, u"10"_s}));
    QVERIFY(argv.contains(u"--timestamp=unix"_s));
    QCOMPARE(argv.last(2), (QStringList {u"a"_s, u"b"_s}));
    QVERIFY(!systemctlShowArgv({u"a"_s}, false).contains(u"--timestamp=unix"_s));
    QVERIFY(argv.contains(u"TZ=UTC"_s));
}

void TestSystemd::hostileOutput()
{
    QByteArray flood;
    for (int i = 0; i < 5000; ++i)
        flood += "Key" + QByteArray::number(i) + "=v\n";
    flood += "\n\n\n=x\nNRestarts=-3\nExecMainStatus=99999999999999999999\nActiveState=active\nSubState=\x1b[2Jboo\n";
    const ServiceFacts facts = parseSystemctlShow(flood, {u"d"_s}).first();
    QCOMPARE(facts.restarts, std::nullopt);
    QVERIFY(!facts.subState.contains(u'\x1b'));
}

QTEST_APPLESS_MAIN(TestSystemd)
#include "tst_systemd.moc"
