// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ssh/sshworld.h"

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>

using namespace hybridge;
using namespace std::chrono_literals;

/// Commands, streams and forwarded connections over a real sshd.
class TestSshSession : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void exitCodes_data();
    void exitCodes();
    void outputAndError();
    void standardInput();
    void hostileArguments();
    void bothStreamsLarge();
    void largeInput();
    void outputIsCut();
    void manyAtOnce();
    void serverAllowsFewerChannels();
    void timeoutEndsTheProcess();
    void cancelEndsTheProcess();
    void cancelledBeforeTheStart();
    void ownerDeletedInFlight();
    void closeAnswersEverything();
    void streamOfLines();
    void streamsLeaveRoomForCommands();
    void streamClosedByUs();
    void streamFirstByteLimit();
    void streamOfASlowReader();
    void roundTrip();
    void roundTripUntilEnough();
    void roundTripRefused();
    void roundTripForbidden();
    void roundTripTooLong();
    void roundTripTimeout();
    void forwarded();
    void forwardRefused();
    void identities_data();
    void identities();

private:
    std::unique_ptr<SshdFixture> m_sshd;
    std::unique_ptr<SshWorld> m_world;
    std::unique_ptr<SshSession> m_session;
};

void TestSshSession::initTestCase()
{
    m_sshd = std::make_unique<SshdFixture>();
    const QString why = m_sshd->start();
    QVERIFY2(why.isEmpty(), qPrintable(why));
}

void TestSshSession::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".?")));
    m_world = std::make_unique<SshWorld>();
    m_session = std::make_unique<SshSession>(m_world->hub, m_sshd->target());
}

void TestSshSession::cleanup()
{
    m_session.reset();
    m_world.reset();
    m_sshd->setExtraConfig({});
}

void TestSshSession::exitCodes_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("signal");
    QTest::newRow("success") << "true" << 0 << QByteArray();
    QTest::newRow("failure") << "exit 7" << 7 << QByteArray();
    QTest::newRow("not found") << "/no/such/program" << 127 << QByteArray();
    QTest::newRow("terminated") << "kill -TERM $$" << 143 << QByteArray("TERM");
    QTest::newRow("killed") << "kill -KILL $$" << 137 << QByteArray("KILL");
}

void TestSshSession::exitCodes()
{
    QFETCH(QString, text);
    QFETCH(int, exitCode);
    QFETCH(QByteArray, signal);
    // exec: the process that sshd started must be the one that is killed
    const Result<ExecResult> result
        = run(*m_session, SshCommand({QStringLiteral("exec"), QStringLiteral("/bin/sh"), QStringLiteral("-c"), text}));
    QVERIFY2(result, qPrintable(result ? QString() : result.error().detail));
    QCOMPARE(result->exitCode, exitCode);
    QCOMPARE(result->signal, signal);
    QCOMPARE(m_session->linkState(), LinkState::Connected);
    QVERIFY(!m_session->linkError());
}

void TestSshSession::outputAndError()
{
    const Result<ExecResult> result = run(*m_session, script(QStringLiteral("echo out; echo err >&2; printf 'a\\0b'")));
    QVERIFY(result);
    QCOMPARE(result->out, QByteArray("out\na\0b", 7));
    QCOMPARE(result->err, QByteArray("err\n"));
    QVERIFY(!result->truncated);
}

void TestSshSession::standardInput()
{
    const Result<ExecResult> result = run(*m_session, SshCommand({QStringLiteral("cat")}).stdinBytes("hello\n"));
    QVERIFY(result);
    QCOMPARE(result->out, QByteArray("hello\n"));
    const Result<ExecResult> empty = run(*m_session, SshCommand({QStringLiteral("cat")}));
    QVERIFY(empty); // an empty input ends, too
    QCOMPARE(empty->out, QByteArray());
}

void TestSshSession::hostileArguments()
{
    const QString text = QStringLiteral("it's $(id) `id` \\ \"x\"\n; exit 9 #");
    const Result<ExecResult> result
        = run(*m_session, SshCommand({QStringLiteral("printf"), QStringLiteral("%s"), text}));
    QVERIFY(result);
    QCOMPARE(result->exitCode, 0);
    QCOMPARE(result->out, text.toUtf8());
}

void TestSshSession::bothStreamsLarge()
{
    const Result<ExecResult> result = run(*m_session,
        script(QStringLiteral("head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait; exit 3"))
            .maxOutput(8 << 20));
    QVERIFY2(result, qPrintable(result ? QString() : result.error().summary));
    QCOMPARE(result->out.size(), 3000000);
    QCOMPARE(result->err.size(), 3000000);
    QCOMPARE(result->exitCode, 3);
}

void TestSshSession::largeInput()
{
    QByteArray input(3000000, 'x');
    input += "end";
    const Result<ExecResult> result
        = run(*m_session, SshCommand({QStringLiteral("cat")}).stdinBytes(input).maxOutput(8 << 20));
    QVERIFY(result);
    QVERIFY(result->out == input);
    const Result<ExecResult> ignored = run(*m_session, SshCommand({QStringLiteral("true")}).stdinBytes(input));
    QVERIFY2(ignored, qPrintable(ignored ? QString() : ignored.error().summary)); // it does not read its input
    QCOMPARE(ignored->exitCode, 0);
}

void TestSshSession::outputIsCut()
{
    const Result<ExecResult> result = run(*m_session, script(QStringLiteral("yes")).maxOutput(10000));
    QVERIFY(result);
    QVERIFY(result->truncated);
    QCOMPARE(result->out.size(), 10000);
    QVERIFY(result->exitCode != 0);
    QCOMPARE(run(*m_session, script(QStringLiteral("exit 4")))->exitCode, 4);
}

void TestSshSession::manyAtOnce()
{
    std::vector<std::unique_ptr<Pending<Result<ExecResult>>>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(std::make_unique<Pending<Result<ExecResult>>>(
            m_session->exec(script(QStringLiteral("echo %1; sleep 0.05; exit %1").arg(i)), {})));
    for (int i = 0; i < 20; ++i) {
        const auto &one = *all[static_cast<std::size_t>(i)];
        QVERIFY(one.finishes());
        QVERIFY2(one.result(), qPrintable(one.result() ? QString() : one.result().error().detail));
        QCOMPARE(one.result()->exitCode, i);
        QCOMPARE(one.result()->out, QByteArray::number(i) + '\n');
    }
    QCOMPARE(m_sshd->log().count("Failed"), 0);
}

void TestSshSession::serverAllowsFewerChannels()
{
    m_sshd->setExtraConfig("MaxSessions 2\n");
    std::vector<std::unique_ptr<Pending<Result<ExecResult>>>> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(std::make_unique<Pending<Result<ExecResult>>>(
            m_session->exec(script(QStringLiteral("exit %1").arg(i)), {})));
    for (int i = 0; i < 5; ++i) {
        const auto &one = *all[static_cast<std::size_t>(i)];
        QVERIFY(one.finishes());
        QVERIFY2(one.result(), qPrintable(one.result() ? QString() : one.result().error().detail));
        QCOMPARE(one.result()->exitCode, i);
    }
}

namespace {
/// Leaves one file when it has begun and another when it was told to end. Silent: sh would die of telling about a
/// killed child on a pipe that is gone.
SshCommand endless(const QString &begun, const QString &ended)
{
    return SshCommand({QStringLiteral("/bin/sh"), QStringLiteral("-c"),
        QStringLiteral("exec 2>/dev/null; trap 'touch \"$1\"; exit' TERM; touch \"$0\"; while :; do sleep 0.02; done"),
        begun, ended});
}
} // namespace

void TestSshSession::timeoutEndsTheProcess()
{
    const QString ended = m_sshd->path(QStringLiteral("ended-by-time"));
    const SshCommand command = endless(m_sshd->path(QStringLiteral("begun-1")), ended).timeout(500ms);
    const Result<ExecResult> result = run(*m_session, command);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Timeout);
    QVERIFY2(result.error().summary.contains(QStringLiteral("500 ms")), qPrintable(result.error().summary));
    QTRY_VERIFY(QFile::exists(ended));
    QCOMPARE(run(*m_session, script(QStringLiteral("exit 5")))->exitCode, 5);
}

void TestSshSession::cancelEndsTheProcess()
{
    const QString begun = m_sshd->path(QStringLiteral("begun-2"));
    const QString ended = m_sshd->path(QStringLiteral("ended-by-cancel"));
    std::stop_source stop;
    const Pending<Result<ExecResult>> pending(m_session->exec(endless(begun, ended), stop.get_token()));
    QTRY_VERIFY(QFile::exists(begun));
    stop.request_stop();
    QVERIFY(pending.finishes());
    QCOMPARE(pending.result().error().kind, Error::Kind::Cancelled);
    QTRY_VERIFY(QFile::exists(ended));
    QCOMPARE(m_session->linkState(), LinkState::Connected);
}

void TestSshSession::cancelledBeforeTheStart()
{
    std::stop_source stop;
    stop.request_stop();
    const Result<ExecResult> early = await(m_session->exec(script(QStringLiteral("true")), stop.get_token()));
    QCOMPARE(early.error().kind, Error::Kind::Cancelled);
    std::stop_source later;
    const Pending<Result<ExecResult>> pending(m_session->exec(script(QStringLiteral("true")), later.get_token()));
    later.request_stop(); // while the dial is running
    QVERIFY(pending.finishes());
    QCOMPARE(pending.result().error().kind, Error::Kind::Cancelled);
    QCOMPARE(run(*m_session, script(QStringLiteral("exit 6")))->exitCode, 6);
}

void TestSshSession::ownerDeletedInFlight()
{
    const Pending<Result<ExecResult>> dialing(m_session->exec(script(QStringLiteral("sleep 5")), {}));
    m_session = std::make_unique<SshSession>(m_world->hub, m_sshd->target());
    QVERIFY(dialing.finishes());
    QCOMPARE(dialing.result().error().kind, Error::Kind::Cancelled);

    const Result<ExecResult> up = run(*m_session, script(QStringLiteral("true")));
    QVERIFY2(up, qPrintable(up ? QString() : up.error().summary + up.error().detail));
    const Pending<Result<ExecResult>> running(m_session->exec(script(QStringLiteral("sleep 5")), {}));
    const Pending<Result<QByteArray>> forwarding(
        m_session->roundTrip(QStringLiteral("127.0.0.1"), 1, "x", nullptr, 100, 5s, {}));
    const auto stream = m_session->stream(script(QStringLiteral("while echo x; do sleep 0.02; done")));
    QSignalSpy ended(stream.get(), &ShellStream::ended);
    m_session.reset();
    QVERIFY(running.finishes());
    QVERIFY(forwarding.finishes());
    QCOMPARE(running.result().error().kind, Error::Kind::Cancelled);
    QCOMPARE(ended.count(), 1);
}

void TestSshSession::closeAnswersEverything()
{
    QVERIFY(run(*m_session, script(QStringLiteral("true"))));
    std::vector<std::unique_ptr<Pending<Result<ExecResult>>>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(
            std::make_unique<Pending<Result<ExecResult>>>(m_session->exec(script(QStringLiteral("sleep 5")), {})));
    m_session->close();
    for (const auto &one : all) {
        QVERIFY(one->finishes());
        QCOMPARE(one->result().error().kind, Error::Kind::Cancelled);
    }
    QCOMPARE(m_session->linkState(), LinkState::Closed);
    QCOMPARE(run(*m_session, script(QStringLiteral("true"))).error().kind, Error::Kind::Cancelled);
}

void TestSshSession::streamOfLines()
{
    const auto stream = m_session->stream(
        script(QStringLiteral("for i in 1 2 3 4 5; do echo $i; sleep 0.03; done; echo e >&2; exit 2")));
    QByteArray out;
    QByteArray err;
    std::optional<Result<ExecResult>> end;
    connect(stream.get(), &ShellStream::outputReceived, this, [&](const QByteArray &bytes) { out += bytes; });
    connect(stream.get(), &ShellStream::errorReceived, this, [&](const QByteArray &bytes) { err += bytes; });
    QSignalSpy received(stream.get(), &ShellStream::outputReceived);
    connect(stream.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &result) { end = result; });
    QTRY_VERIFY(end);
    QVERIFY(*end);
    QCOMPARE((*end)->exitCode, 2);
    QCOMPARE(out, QByteArray("1\n2\n3\n4\n5\n"));
    QCOMPARE(err, QByteArray("e\n"));
    QVERIFY(received.count() >= 2); // as they came, not all at the end
}

void TestSshSession::streamsLeaveRoomForCommands()
{
    std::vector<std::unique_ptr<ShellStream>> streams;
    int speaking = 0;
    for (int i = 0; i < 9; ++i) {
        streams.push_back(
            m_session->stream(script(QStringLiteral("echo x; while sleep 0.1; do echo; done")).timeout(0ms)));
        connect(streams.back().get(), &ShellStream::outputReceived, this,
            [&speaking, first = true](const QByteArray &) mutable { speaking += std::exchange(first, false) ? 1 : 0; });
    }
    QTRY_COMPARE(speaking, 6);
    QCOMPARE(run(*m_session, script(QStringLiteral("exit 3")))->exitCode, 3);
    QCOMPARE(speaking, 6);
    streams.erase(streams.begin(), streams.begin() + 3);
    QTRY_COMPARE(speaking, 9); // the queued ones take the places
}

void TestSshSession::streamClosedByUs()
{
    const QString begun = m_sshd->path(QStringLiteral("begun-3"));
    const QString over = m_sshd->path(QStringLiteral("ended-by-close"));
    const auto stream = m_session->stream(endless(begun, over));
    QSignalSpy ended(stream.get(), &ShellStream::ended);
    QTRY_VERIFY(QFile::exists(begun));
    stream->close();
    QTRY_VERIFY(QFile::exists(over));
    QCOMPARE(ended.count(), 0);
}

void TestSshSession::streamFirstByteLimit()
{
    QVERIFY(run(*m_session, script(QStringLiteral("true"))));
    const auto silent = m_session->stream(script(QStringLiteral("sleep 5")).timeout(500ms));
    const auto speaking = m_session->stream(script(QStringLiteral("echo x; sleep 0.8; echo y; exit 0")).timeout(500ms));
    std::optional<Result<ExecResult>> silentEnd;
    std::optional<Result<ExecResult>> speakingEnd;
    connect(silent.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &end) { silentEnd = end; });
    connect(speaking.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &end) { speakingEnd = end; });
    QTRY_VERIFY(silentEnd);
    QVERIFY(!*silentEnd);
    QCOMPARE(silentEnd->error().kind, Error::Kind::Timeout);
    QTRY_VERIFY(speakingEnd);
    QVERIFY(*speakingEnd); // after its first byte it may take its time
}

void TestSshSession::streamOfASlowReader()
{
    // 12 MB while the reader does not look: they wait over there, not in our memory, and none is lost.
    QVERIFY(run(*m_session, script(QStringLiteral("true"))));
    const auto stream = m_session->stream(script(QStringLiteral("head -c 12000000 /dev/zero")));
    qint64 got = 0;
    qsizetype largest = 0;
    bool over = false;
    connect(stream.get(), &ShellStream::outputReceived, this, [&](const QByteArray &bytes) {
        got += bytes.size();
        largest = std::max(largest, bytes.size());
        const QDeadlineTimer busy(10);
        while (!busy.hasExpired()) { } // a GUI thread with other work
    });
    connect(stream.get(), &ShellStream::ended, this, [&] { over = true; });
    QTRY_VERIFY_WITH_TIMEOUT(over, 30000);
    QCOMPARE(got, 12000000);
    QVERIFY2(largest < (3 << 20), qPrintable(QString::number(largest)));
}

namespace {
/// Answers every connection with the same bytes, then closes or not.
class TinyServer : public QTcpServer {
public:
    TinyServer(QByteArray answer, bool closes)
    {
        connect(this, &QTcpServer::newConnection, this, [this, answer, closes] {
            QTcpSocket *const socket = nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [this, socket, answer, closes] {
                requests += socket->readAll();
                socket->write(answer);
                if (closes)
                    socket->disconnectFromHost();
            });
        });
        if (!listen(QHostAddress::LocalHost))
            qFatal("no port");
    }
    QByteArray requests;
};
const QString loopback = QStringLiteral("127.0.0.1");
} // namespace

void TestSshSession::roundTrip()
{
    TinyServer server("HTTP/1.1 200 OK\r\n\r\nhello", true);
    const Result<QByteArray> answer
        = await(m_session->roundTrip(loopback, server.serverPort(), "GET / HTTP/1.1\r\n\r\n", nullptr, 1000, 5s, {}));
    QVERIFY2(answer, qPrintable(answer ? QString() : answer.error().summary));
    QCOMPARE(*answer, QByteArray("HTTP/1.1 200 OK\r\n\r\nhello"));
    QCOMPARE(server.requests, QByteArray("GET / HTTP/1.1\r\n\r\n"));
}

void TestSshSession::roundTripUntilEnough()
{
    TinyServer server("all of it", false);
    const Result<QByteArray> answer = await(m_session->roundTrip(loopback, server.serverPort(), "x",
        [](const QByteArray &bytes) { return bytes.endsWith("it"); }, 1000, 5s, {}));
    QVERIFY(answer);
    QCOMPARE(*answer, QByteArray("all of it"));
}

void TestSshSession::roundTripRefused()
{
    quint16 free = 0;
    {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        free = server.serverPort();
    }
    const Result<QByteArray> answer = await(m_session->roundTrip(loopback, free, "x", nullptr, 1000, 5s, {}));
    QVERIFY(!answer);
    QCOMPARE(answer.error().kind, Error::Kind::Network);
    QCOMPARE(answer.error().code, 111);
    QVERIFY(!answer.error().remedy.isEmpty());
    QCOMPARE(m_session->linkState(), LinkState::Connected);
}

void TestSshSession::roundTripForbidden()
{
    m_sshd->setExtraConfig("AllowTcpForwarding no\n");
    const Result<QByteArray> answer = await(m_session->roundTrip(loopback, 1, "x", nullptr, 1000, 5s, {}));
    QVERIFY(!answer);
    QVERIFY(answer.error().code != 111);
    QVERIFY2(answer.error().remedy.contains(QStringLiteral("AllowTcpForwarding")), qPrintable(answer.error().detail));
}

void TestSshSession::roundTripTooLong()
{
    TinyServer server(QByteArray(5000, 'x'), false);
    const Result<QByteArray> answer
        = await(m_session->roundTrip(loopback, server.serverPort(), "x", nullptr, 1000, 5s, {}));
    QVERIFY(!answer);
    QCOMPARE(answer.error().kind, Error::Kind::Protocol);
}

void TestSshSession::roundTripTimeout()
{
    TinyServer server({}, false);
    QVERIFY(run(*m_session, script(QStringLiteral("true"))));
    const Result<QByteArray> answer
        = await(m_session->roundTrip(loopback, server.serverPort(), "x", nullptr, 1000, 200ms, {}));
    QVERIFY(!answer);
    QCOMPARE(answer.error().kind, Error::Kind::Timeout);
}

void TestSshSession::forwarded()
{
    TinyServer server("first", false); // keeps the connection open
    QByteArray came;
    std::optional<Result<ExecResult>> ended;
    std::unique_ptr<ShellStream> stream = m_session->forward(loopback, server.serverPort(), "GET / HTTP/1.1\r\n\r\n", 5s);
    connect(stream.get(), &ShellStream::outputReceived, this, [&came](const QByteArray &bytes) { came += bytes; });
    connect(stream.get(), &ShellStream::ended, this, [&ended](const Result<ExecResult> &end) { ended = end; });
    QTRY_COMPARE(came, QByteArray("first")); // while the peer goes on
    QVERIFY(!ended);
    stream->close();
    stream.reset();
    TinyServer closing("all", true);
    stream = m_session->forward(loopback, closing.serverPort(), "x", 5s);
    connect(stream.get(), &ShellStream::ended, this, [&ended](const Result<ExecResult> &end) { ended = end; });
    QTRY_VERIFY(ended);
    QVERIFY(*ended); // the peer closed: an end like any other
}

void TestSshSession::forwardRefused()
{
    quint16 free = 0;
    {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        free = server.serverPort();
    }
    std::optional<Result<ExecResult>> ended;
    const std::unique_ptr<ShellStream> stream = m_session->forward(loopback, free, "x", 5s);
    connect(stream.get(), &ShellStream::ended, this, [&ended](const Result<ExecResult> &end) { ended = end; });
    QTRY_VERIFY(ended);
    QCOMPARE(ended->error().code, 111);
    QCOMPARE(m_session->linkState(), LinkState::Connected);
}

namespace {
class FixedPassphrase final : public PassphraseQuestion {
public:
    Task<std::optional<Secret>> ask(QString, bool previousWasWrong, std::stop_token) override
    {
        ++asked;
        const bool right = previousWasWrong;
        co_await pause(0ms, {});
        co_return Secret(right ? "right" : "wrong");
    }
    int asked = 0;
};
} // namespace

void TestSshSession::identities_data()
{
    QTest::addColumn<QString>("type");
    QTest::addColumn<bool>("isProtected");
    QTest::newRow("Ed25519") << "ed25519" << false;
    QTest::newRow("ECDSA") << "ecdsa" << false;
    QTest::newRow("RSA") << "rsa" << false;
    QTest::newRow("Ed25519 with a passphrase") << "ed25519" << true;
}

void TestSshSession::identities()
{
    QFETCH(QString, type);
    QFETCH(bool, isProtected);
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->addIdentity(type, isProtected ? QStringLiteral("right") : QString());
    FixedPassphrase question;
    SshWorld world(HostKeyMode::AcceptNew, nullptr, &question);
    {
        SshSession first(world.hub, target);
        SshSession second(world.hub, target);
        const Pending<Result<ExecResult>> a(first.exec(script(QStringLiteral("exit 8")), {}));
        const Pending<Result<ExecResult>> b(second.exec(script(QStringLiteral("exit 9")), {}));
        QVERIFY(a.finishes() && b.finishes());
        QVERIFY2(a.result(), qPrintable(a.result() ? QString() : a.result().error().detail));
        QVERIFY2(
            b.result(), qPrintable(b.result() ? QString() : b.result().error().summary + b.result().error().detail));
        QCOMPARE(a.result()->exitCode, 8);
        QCOMPARE(b.result()->exitCode, 9);
    }
    QCOMPARE(question.asked, isProtected ? 2 : 0); // wrong, then right; shared by both sessions
}

QTEST_GUILESS_MAIN(TestSshSession)
#include "tst_sshsession.moc"
