// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fakeshell.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace std::chrono_literals;

/// The fake must keep the contract of Shell, or every test that stands on it means nothing.
class TestFakeShell : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".?"))); }
    void answersAsynchronously();
    void newestRuleWins();
    void unexpectedIsAnError();
    void hangEnds();
    void streams();
    void roundTrips();
    void linkDown();
};

void TestFakeShell::answersAsynchronously()
{
    FakeShell shell;
    shell.whenExec({QStringLiteral("uname")}, FakeShell::done("Linux\n"));
    const Pending<Result<ExecResult>> pending(
        shell.exec(SshCommand({QStringLiteral("uname"), QStringLiteral("-s")}), {}));
    QVERIFY(!pending.isDone());
    QVERIFY(pending.finishes());
    QCOMPARE(pending.result()->out, QByteArray("Linux\n"));
    QCOMPARE(shell.countOf({QStringLiteral("uname")}), 1);
}

void TestFakeShell::newestRuleWins()
{
    FakeShell shell;
    shell.whenExec({QStringLiteral("a")}, FakeShell::done("old"));
    shell.whenExec(FakeShell::contains(QStringLiteral("b")), FakeShell::done("new", 3));
    QCOMPARE(await(shell.exec(SshCommand({QStringLiteral("a")}), {}))->out, QByteArray("old"));
    QCOMPARE(await(shell.exec(SshCommand({QStringLiteral("a"), QStringLiteral("b")}), {}))->exitCode, 3);
}

void TestFakeShell::unexpectedIsAnError()
{
    FakeShell shell;
    const Result<ExecResult> result = await(shell.exec(SshCommand({QStringLiteral("rm"), QStringLiteral("x y")}), {}));
    QVERIFY(!result);
    QCOMPARE(shell.unexpected(), QStringList{QStringLiteral("rm 'x y'")});
}

void TestFakeShell::hangEnds()
{
    FakeShell shell;
    shell.whenExecHangs({QStringLiteral("sleep")});
    const SshCommand brief = SshCommand({QStringLiteral("sleep")}).timeout(20ms);
    QCOMPARE(await(shell.exec(brief, {})).error().kind, Error::Kind::Timeout);

    std::stop_source stop;
    const Pending<Result<ExecResult>> cancelled(shell.exec(SshCommand({QStringLiteral("sleep")}), stop.get_token()));
    stop.request_stop();
    QVERIFY(cancelled.finishes());
    QCOMPARE(cancelled.result().error().kind, Error::Kind::Cancelled);

    const Pending<Result<ExecResult>> released(shell.exec(SshCommand({QStringLiteral("sleep")}), {}));
    QCOMPARE(shell.releaseHung(FakeShell::done("late")), 1);
    QVERIFY(released.finishes());
    QCOMPARE(released.result()->out, QByteArray("late"));
}

void TestFakeShell::streams()
{
    FakeShell shell;
    shell.whenStream({QStringLiteral("tail")}, {"a\n", "b\n"}, FakeShell::done({}, 1));
    const auto scripted = shell.stream(SshCommand({QStringLiteral("tail")}));
    QByteArray got;
    QSignalSpy ended(scripted.get(), &ShellStream::ended);
    connect(scripted.get(), &ShellStream::outputReceived, this, [&](const QByteArray &bytes) { got += bytes; });
    QTRY_COMPARE(ended.count(), 1);
    QCOMPARE(got, QByteArray("a\nb\n"));

    auto open = shell.stream(SshCommand({QStringLiteral("nvidia-smi")}));
    QSignalSpy output(open.get(), &ShellStream::outputReceived);
    FakeStream *const fake = shell.openStream({QStringLiteral("nvidia-smi")});
    QVERIFY(fake);
    fake->push("x");
    QCOMPARE(output.count(), 1);
    open->close();
    fake->push("y");
    QCOMPARE(output.count(), 1);
    QVERIFY(!shell.openStream({QStringLiteral("nvidia-smi")}));
}

void TestFakeShell::roundTrips()
{
    FakeShell shell;
    const QString host = QStringLiteral("127.0.0.1");
    shell.whenRoundTrip(host, 8000, "/health", FakeShell::http(200, "ok"));
    const Result<QByteArray> answer
        = await(shell.roundTrip(host, 8000, "GET /health HTTP/1.1\r\n\r\n", nullptr, 1000, 1s, {}));
    QVERIFY(answer && answer->endsWith("ok"));
    const Result<QByteArray> refused
        = await(shell.roundTrip(host, 8000, "GET /x HTTP/1.1\r\n\r\n", nullptr, 1000, 1s, {}));
    QCOMPARE(refused.error().code, 111);
    shell.whenRoundTripHangs(host, 8000);
    const Result<QByteArray> hung
        = await(shell.roundTrip(host, 8000, "GET / HTTP/1.1\r\n\r\n", nullptr, 1000, 20ms, {}));
    QCOMPARE(hung.error().kind, Error::Kind::Timeout);
    QCOMPARE(shell.roundTrips().size(), 3);
}

void TestFakeShell::linkDown()
{
    FakeShell shell;
    shell.whenExecHangs({QStringLiteral("sleep")});
    const auto stream = shell.stream(SshCommand({QStringLiteral("tail")}));
    QSignalSpy ended(stream.get(), &ShellStream::ended);
    const Pending<Result<ExecResult>> hung(shell.exec(SshCommand({QStringLiteral("sleep")}), {}));
    shell.setLinkState(LinkState::Waiting, Error(Error::Kind::Network, QStringLiteral("gone")));
    QVERIFY(hung.finishes());
    QCOMPARE(hung.result().error().summary, QStringLiteral("gone"));
    QCOMPARE(ended.count(), 1);
    const auto late = shell.stream(SshCommand({QStringLiteral("tail")}));
    QSignalSpy lateEnded(late.get(), &ShellStream::ended);
    QTRY_COMPARE(lateEnded.count(), 1);
    QCOMPARE(await(shell.exec(SshCommand({QStringLiteral("id")}), {})).error().summary, QStringLiteral("gone"));
}

QTEST_GUILESS_MAIN(TestFakeShell)
#include "tst_fakeshell.moc"
