// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/ssherrors.h"
#include "tests/ssh/sshworld.h"

#include <QCoroSignal>
#include <QElapsedTimer>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>

#include <algorithm>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace hybridge;
using namespace std::chrono_literals;

namespace {
/// Accepts connections and says only this.
class MuteServer : public QTcpServer {
public:
    explicit MuteServer(QByteArray greeting = {})
    {
        connect(this, &QTcpServer::newConnection, this, [this, greeting] { nextPendingConnection()->write(greeting); });
        if (!listen(QHostAddress::LocalHost))
            qFatal("no port");
    }
};

/// Hands what a client says on to another port of this machine, up to a number of bytes, then closes.
class CuttingProxy final : public QTcpServer {
public:
    explicit CuttingProxy(quint16 port)
    {
        connect(this, &QTcpServer::newConnection, this, [this, port] {
            QTcpSocket *client = nextPendingConnection();
            auto *server = new QTcpSocket(client);
            server->connectToHost(QHostAddress(QHostAddress::LocalHost), port);
            const auto heard = std::make_shared<qint64>(0);
            connect(server, &QTcpSocket::readyRead, client, [client, server] { client->write(server->readAll()); });
            connect(client, &QTcpSocket::readyRead, server, [this, client, server, heard] {
                const QByteArray bytes = client->readAll();
                *heard += bytes.size();
                mostHeard = std::max(mostHeard, *heard);
                if (*heard > cutAfter)
                    client->abort();
                else
                    server->write(bytes);
            });
            connect(client, &QTcpSocket::disconnected, client, &QObject::deleteLater);
        });
        if (!listen(QHostAddress::LocalHost))
            qFatal("no port");
    }
    qint64 cutAfter = std::numeric_limits<qint64>::max();
    qint64 mostHeard = 0;
};

/// Answers when the test says so.
class ScriptedQuestion final : public HostKeyQuestion {
public:
    Task<bool> ask(HostKeyFinding finding, SshTarget, std::stop_token stop) override
    {
        ++asked;
        last = finding;
        const auto latch = std::make_shared<Latch>();
        m_latch = latch;
        const std::stop_callback give(stop, [this, latch] {
            ++stopped;
            latch->release();
        });
        if (!latch->isReleased())
            co_await qCoro(latch.get(), &Latch::released);
        co_return m_answer;
    }
    void answer(bool yes)
    {
        m_answer = yes;
        m_latch->release();
    }
    int asked = 0;
    int stopped = 0;
    HostKeyFinding last;

private:
    std::shared_ptr<Latch> m_latch;
    bool m_answer = false;
};

const auto truth = [] { return SshCommand({QStringLiteral("true")}); };
} // namespace

/// What goes wrong with a link: each fault in words, the other node untouched, recovery by itself.
class TestSshFaults : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();

    void portClosed();
    void nameNotResolving();
    void blackHoles_data();
    void blackHoles();
    void notAnSshServer();
    void strictRefusesUnknown();
    void acceptNewRemembers();
    void changedKeyBlocks();
    void blockedRecoversWhenMended();
    void askAccepted();
    void askDeclined();
    void askOutlivedByNothing();
    void expectedKey();
    void loginRefused();
    void loginRefusedWithAReason();
    void disconnectReasons_data();
    void disconnectReasons();
    void cutAtLogin();
    void keyFileMissing();
    void keyFileProtected();
    void keepAliveLoss();
    void keepAliveOfAnIdleLink();
    void killedInMidStream();
    void cutWhileAChildHasTheSocket();
    void rekeySurvives();
    void cutInMidRekey();
    void addressToldLater();
    void retryNow();
    void pausesGrow();

private:
    std::unique_ptr<SshdFixture> m_sshd;
    std::unique_ptr<SshdFixture> m_other;
    std::unique_ptr<SshWorld> m_world;
};

void TestSshFaults::initTestCase()
{
    m_sshd = std::make_unique<SshdFixture>();
    m_other = std::make_unique<SshdFixture>();
    for (SshdFixture *sshd : {m_sshd.get(), m_other.get()}) {
        const QString why = sshd->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
    }
}

void TestSshFaults::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".?")));
    m_world = std::make_unique<SshWorld>();
}

void TestSshFaults::cleanup()
{
    m_world.reset();
    m_sshd->killSessions();
    m_sshd->setExtraConfig({});
}

void TestSshFaults::portClosed()
{
    SshTarget target = m_sshd->target();
    {
        QTcpServer free;
        QVERIFY(free.listen(QHostAddress::LocalHost));
        target.port = free.serverPort();
    }
    SshSession session(m_world->hub, target);
    QCOMPARE(session.linkState(), LinkState::Idle);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Network);
    QVERIFY2(result.error().summary.contains(QStringLiteral("refuses")), qPrintable(result.error().summary));
    QVERIFY(!result.error().detail.isEmpty());
    QVERIFY(!result.error().remedy.isEmpty());
    QVERIFY(session.linkError());
    QVERIFY(session.linkState() == LinkState::Waiting || session.linkState() == LinkState::Dialing);

    // Answered at once, in the words of the last try.
    QTRY_COMPARE(session.linkState(), LinkState::Waiting);
    QVERIFY(session.nextTryIn());
    const auto stream = session.stream(truth());
    QSignalSpy ended(stream.get(), &ShellStream::ended);
    QCOMPARE(ended.count(), 0);
    QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 200);
}

void TestSshFaults::nameNotResolving()
{
    SshTarget target = m_sshd->target();
    target.host = QStringLiteral("no-such-host.invalid");
    target.dialTimeout = 1500ms;
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Network);
    QVERIFY2(
        result.error().summary.contains(QStringLiteral("no-such-host.invalid")), qPrintable(result.error().summary));
    QVERIFY2(result.error().summary.contains(QStringLiteral("resolved")), qPrintable(result.error().summary));
}

void TestSshFaults::blackHoles_data()
{
    QTest::addColumn<QByteArray>("greeting");
    QTest::newRow("says nothing") << QByteArray();
    QTest::newRow("stops after its banner") << QByteArray("SSH-2.0-Hole\r\n");
    QTest::newRow("stops in its banner") << QByteArray("SSH-2.0-Ho");
}

void TestSshFaults::blackHoles()
{
    QFETCH(QByteArray, greeting);
    MuteServer hole(greeting);
    SshTarget target = m_sshd->target();
    target.port = hole.serverPort();
    target.dialTimeout = 600ms;
    // More holes than the pool has threads.
    std::vector<std::unique_ptr<SshSession>> holes;
    std::vector<std::unique_ptr<Pending<Result<ExecResult>>>> stuck;
    const int count = greeting.isEmpty() ? 20 : 2;
    for (int i = 0; i < count; ++i) {
        holes.push_back(std::make_unique<SshSession>(m_world->hub, target));
        stuck.push_back(std::make_unique<Pending<Result<ExecResult>>>(holes.back()->exec(truth(), {})));
    }
    // Meanwhile another node is served as if nothing were.
    SshSession good(m_world->hub, m_other->target());
    int served = 0;
    QElapsedTimer clock;
    clock.start();
    while (!stuck.front()->isDone()) {
        const Result<ExecResult> result = run(good, truth());
        QVERIFY2(result, qPrintable(result ? QString() : result.error().summary));
        ++served;
        QVERIFY(clock.elapsed() < 5000);
    }
    QVERIFY2(served >= 3, qPrintable(QString::number(served)));
    for (const auto &one : stuck) {
        QVERIFY(one->finishes());
        QVERIFY(!one->result());
        QCOMPARE(one->result().error().kind, Error::Kind::Timeout);
        QVERIFY2(one->result().error().summary.contains(QStringLiteral("does not answer")),
            qPrintable(one->result().error().summary));
    }
    QVERIFY(clock.elapsed() >= 500);
}

void TestSshFaults::notAnSshServer()
{
    MuteServer web("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n" + QByteArray(5000, 'x') + "\r\n");
    SshTarget target = m_sshd->target();
    target.port = web.serverPort();
    target.dialTimeout = 1000ms;
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QVERIFY(result.error().kind == Error::Kind::Network || result.error().kind == Error::Kind::Timeout);
    QVERIFY(!result.error().remedy.isEmpty());
}

void TestSshFaults::strictRefusesUnknown()
{
    SshWorld world(HostKeyMode::Strict);
    SshSession session(world.hub, m_sshd->target());
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::HostKey);
    QVERIFY2(result.error().detail.contains(m_sshd->hostKey().fingerprint()), qPrintable(result.error().detail));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    QVERIFY(!QFile::exists(world.dir.filePath(QStringLiteral("known_hosts"))));
    QVERIFY(!m_sshd->log().contains("Accepted")); // no credential went there
}

void TestSshFaults::acceptNewRemembers()
{
    {
        SshSession session(m_world->hub, m_sshd->target());
        QVERIFY(run(session, truth()));
    }
    QFile file(m_world->dir.filePath(QStringLiteral("known_hosts")));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY2(text.startsWith("[127.0.0.1]:" + QByteArray::number(m_sshd->target().port) + " ssh-ed25519 "),
        text.constData());
    QCOMPARE(text.count('\n'), 1);
    SshSession again(m_world->hub, m_sshd->target());
    QVERIFY(run(again, truth()));
    QVERIFY(file.seek(0));
    QCOMPARE(file.readAll(), text);
}

void TestSshFaults::changedKeyBlocks()
{
    SshSession session(m_world->hub, m_sshd->target());
    SshSession other(m_world->hub, m_other->target());
    QVERIFY(run(session, truth()));
    QVERIFY(run(other, truth()));
    const HostKey before = m_sshd->hostKey();
    m_sshd->changeHostKey();
    const qsizetype logins = m_sshd->log().count("Accepted publickey");
    m_sshd->killSessions();
    QTRY_COMPARE(session.linkState(), LinkState::Blocked);
    QCOMPARE(session.linkError()->kind, Error::Kind::HostKey);
    const QString detail = session.linkError()->detail;
    QVERIFY2(detail.contains(before.fingerprint()), qPrintable(detail));
    QVERIFY2(detail.contains(m_sshd->hostKey().fingerprint()), qPrintable(detail));
    QVERIFY(session.linkError()->summary.contains(QStringLiteral("changed")));
    QCOMPARE(m_sshd->log().count("Accepted publickey"), logins);
    QVERIFY(run(other, truth()));
    QCOMPARE(other.linkState(), LinkState::Connected);
}

void TestSshFaults::blockedRecoversWhenMended()
{
    SshWorld world(HostKeyMode::Strict);
    SshSession session(world.hub, m_sshd->target());
    QVERIFY(!run(session, truth()));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    // The operator adds the key to his own file, with his own tools.
    QFile file(world.dir.filePath(QStringLiteral("user_known_hosts")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const HostKey key = m_sshd->hostKey();
    file.write(knownHostsName(m_sshd->target().host, m_sshd->target().port).toUtf8() + ' ' + key.type() + ' '
        + key.blob.toBase64() + '\n');
    file.close();
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
}

void TestSshFaults::askAccepted()
{
    ScriptedQuestion question;
    SshWorld world(HostKeyMode::Ask, &question);
    SshSession session(world.hub, m_sshd->target());
    QVERIFY(!run(session, truth()));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    QTRY_COMPARE(question.asked, 1);
    QCOMPARE(question.last.presented, m_sshd->hostKey());
    QVERIFY(!session.nextTryIn()); // a human has all the time he wants
    question.answer(true);
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
    QVERIFY(run(session, truth()));
    QCOMPARE(question.asked, 1);
}

void TestSshFaults::askDeclined()
{
    ScriptedQuestion question;
    SshWorld world(HostKeyMode::Ask, &question);
    SshSession session(world.hub, m_sshd->target());
    QVERIFY(!run(session, truth()));
    QTRY_COMPARE(question.asked, 1);
    const int served = m_sshd->connectionsServed();
    question.answer(false);
    QTest::qWait(50);
    QCOMPARE(session.linkState(), LinkState::Blocked);
    QVERIFY(!session.nextTryIn());
    QCOMPARE(m_sshd->connectionsServed(), served);
    session.requestRetryNow();
    QTRY_COMPARE(question.asked, 2); // asked again only because the operator wanted it
    question.answer(true);
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
}

void TestSshFaults::askOutlivedByNothing()
{
    ScriptedQuestion question;
    SshWorld world(HostKeyMode::Ask, &question);
    auto session = std::make_unique<SshSession>(world.hub, m_sshd->target());
    QVERIFY(!run(*session, truth()));
    QTRY_COMPARE(question.asked, 1);
    session.reset();
    QCOMPARE(question.stopped, 1);
    QTest::qWait(10);
}

void TestSshFaults::expectedKey()
{
    SshWorld world(HostKeyMode::Strict);
    {
        SshSession session(world.hub, m_sshd->target());
        session.setExpectedHostKeys({m_other->hostKey(), m_sshd->hostKey()});
        QVERIFY(run(session, truth())); // the cloud has told: nobody needs to be asked
    }
    SshSession wrong(world.hub, m_other->target());
    wrong.setExpectedHostKeys({m_sshd->hostKey()});
    const Result<ExecResult> result = run(wrong, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::HostKey);
    QVERIFY(result.error().detail.contains(m_sshd->hostKey().fingerprint()));
    QVERIFY(result.error().detail.contains(m_other->hostKey().fingerprint()));
    QCOMPARE(wrong.linkState(), LinkState::Blocked);
}

void TestSshFaults::loginRefused()
{
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->makeStrangerKey();
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unauthorized);
    QVERIFY(result.error().summary.contains(QStringLiteral("op")));
    QVERIFY2(result.error().detail.contains(target.identityFile), qPrintable(result.error().detail));
    QVERIFY(result.error().remedy.contains(QStringLiteral("ssh-copy-id")));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    QVERIFY(session.nextTryIn());
}

void TestSshFaults::loginRefusedWithAReason()
{
    m_sshd->setExtraConfig("MaxAuthTries 1\n"); // the server closes, but says why before
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->makeStrangerKey();
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unauthorized);
    QVERIFY2(result.error().detail.contains(QStringLiteral("Too many authentication failures")), qPrintable(result.error().detail));
    QCOMPARE(session.linkState(), LinkState::Blocked);
}

void TestSshFaults::disconnectReasons_data()
{
    QTest::addColumn<QString>("why");
    QTest::addColumn<bool>("isRefusal");
    const auto row = [](const char *why, bool isRefusal) { QTest::newRow(why) << QString::fromLatin1(why) << isRefusal; };
    row("Received SSH_MSG_DISCONNECT: 2:Too many authentication failures", true);
    row("Received SSH_MSG_DISCONNECT: 1:Host not allowed", true);
    row("Received SSH_MSG_DISCONNECT: 14:No more authentication methods", true);
    row("Received SSH_MSG_DISCONNECT: 15:No such user", true);
    row("Received SSH_MSG_DISCONNECT: 11:Server shutting down: 2:", false);
    row("Received SSH_MSG_DISCONNECT: 12:Too many connections", false);
    row("Received SSH_MSG_DISCONNECT: 10:", false);
    row("Socket error: disconnected", false);
    QTest::newRow("nothing") << QString() << false;
}

void TestSshFaults::disconnectReasons()
{
    QFETCH(QString, why);
    QFETCH(bool, isRefusal);
    QCOMPARE(ssherror::refusesTheUser(why), isRefusal);
}

// A server that goes away in the middle of a log-in has refused nobody.
void TestSshFaults::cutAtLogin()
{
    CuttingProxy proxy(m_sshd->target().port);
    SshTarget target = m_sshd->target();
    target.port = proxy.serverPort();
    qint64 wholeLogin = 0;
    {
        SshSession whole(m_world->hub, target);
        connect(&whole, &Shell::linkStateChanged, this, [&](LinkState state) {
            if (state == LinkState::Connected)
                wholeLogin = proxy.mostHeard;
        });
        QVERIFY(run(whole, truth()));
    }
    // The last thing said in a log-in is the signed request, of some 300 bytes.
    proxy.cutAfter = wholeLogin - 100;
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Network);
    QVERIFY2(result.error().summary.contains(QStringLiteral("closed the connection while op logged in")), qPrintable(result.error().summary));
    QCOMPARE(session.linkState(), LinkState::Waiting);
    proxy.cutAfter = std::numeric_limits<qint64>::max();
    QTRY_COMPARE(session.linkState(), LinkState::Connected); // by itself
}

void TestSshFaults::keyFileMissing()
{
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->path(QStringLiteral("nothing-here"));
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unauthorized);
    QVERIFY(result.error().summary.contains(target.identityFile));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    target.identityFile = m_sshd->path(QStringLiteral("sshd_config")); // not a key
    session.setTarget(target);
    QTRY_VERIFY(session.linkError() && session.linkError()->summary.contains(QStringLiteral("not a private key")));
}

void TestSshFaults::keyFileProtected()
{
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->addIdentity(QStringLiteral("ed25519"), QStringLiteral("secret"));
    SshSession session(m_world->hub, target); // nobody can be asked
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unauthorized);
    QVERIFY2(result.error().summary.contains(QStringLiteral("passphrase")), qPrintable(result.error().summary));
}

void TestSshFaults::keepAliveLoss()
{
    SshTarget target = m_sshd->target();
    target.keepAlive = 100ms;
    SshSession session(m_world->hub, target);
    SshSession other(m_world->hub, m_other->target());
    QVERIFY(run(session, truth()));
    QVERIFY(run(other, truth()));
    QSignalSpy states(&session, &SshSession::linkStateChanged);
    m_sshd->freeze();
    const Pending<Result<ExecResult>> hung(session.exec(SshCommand({QStringLiteral("true")}).timeout(8s), {}));
    QElapsedTimer clock;
    clock.start();
    QVERIFY(hung.finishes());
    QVERIFY(!hung.result());
    QCOMPARE(hung.result().error().kind, Error::Kind::Network);
    QVERIFY2(
        hung.result().error().detail.contains(QStringLiteral("keep-alive")), qPrintable(hung.result().error().detail));
    QVERIFY(clock.elapsed() >= 250);
    QVERIFY(!states.isEmpty());
    QVERIFY(run(other, truth()));
    m_sshd->killSessions();
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
}

void TestSshFaults::keepAliveOfAnIdleLink()
{
    SshTarget target = m_sshd->target();
    target.keepAlive = 20ms;
    SshSession session(m_world->hub, target);
    QVERIFY(run(session, truth()));
    QSignalSpy states(&session, &SshSession::linkStateChanged);
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 500) // many keep-alives, all answered
        QTest::qWait(20);
    QCOMPARE(states.count(), 0);
    QCOMPARE(session.linkState(), LinkState::Connected);
    QVERIFY(run(session, truth()));
}

void TestSshFaults::killedInMidStream()
{
    SshSession session(m_world->hub, m_sshd->target());
    SshSession other(m_world->hub, m_other->target());
    const auto stream = session.stream(script(QStringLiteral("while echo x; do sleep 0.02; done")));
    const auto otherStream = other.stream(script(QStringLiteral("while echo x; do sleep 0.02; done")));
    QSignalSpy output(stream.get(), &ShellStream::outputReceived);
    QSignalSpy otherOutput(otherStream.get(), &ShellStream::outputReceived);
    QSignalSpy otherEnded(otherStream.get(), &ShellStream::ended);
    std::optional<Result<ExecResult>> end;
    connect(stream.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &result) { end = result; });
    QTRY_VERIFY(output.count() > 2 && otherOutput.count() > 2);
    const Pending<Result<ExecResult>> running(session.exec(script(QStringLiteral("sleep 5")), {}));
    m_sshd->stop();
    QTRY_VERIFY(end);
    QVERIFY(!*end);
    QCOMPARE(end->error().kind, Error::Kind::Network);
    QVERIFY(end->error().summary.contains(QStringLiteral("lost")));
    QVERIFY(running.finishes());
    QVERIFY(!running.result());
    QTRY_VERIFY(session.linkError() && session.linkError()->summary.contains(QStringLiteral("refuses")));
    const auto seen = otherOutput.count();
    QTRY_VERIFY(otherOutput.count() > seen + 2);
    QCOMPARE(otherEnded.count(), 0);

    QVERIFY(m_sshd->restart());
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
    QVERIFY(!session.linkError());
    QVERIFY(run(session, truth()));
}

/// A child has every descriptor of its parent from its fork until it runs its program: the kernel goes on to tell of a
/// socket that libssh has closed long since.
void TestSshFaults::cutWhileAChildHasTheSocket()
{
    SshSession session(m_world->hub, m_sshd->target());
    const auto stream = session.stream(script(QStringLiteral("while echo x; do sleep 0.02; done")));
    QSignalSpy output(stream.get(), &ShellStream::outputReceived);
    QSignalSpy ended(stream.get(), &ShellStream::ended);
    QTRY_VERIFY(output.count() > 2);
    std::vector<int> childs;
    const auto letGo = qScopeGuard([&childs] { std::for_each(childs.begin(), childs.end(), &::close); });
    for (int fd = 3; fd < 256; ++fd) {
        struct stat file { };
        if (::fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode))
            childs.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 256));
    }
    QVERIFY(!childs.empty());
    m_sshd->killSessions();
    QTRY_COMPARE(ended.count(), 1);
    QTRY_COMPARE(session.linkState(), LinkState::Connected); // again
    QVERIFY(run(session, truth()));
}

void TestSshFaults::rekeySurvives()
{
    m_sshd->setExtraConfig("RekeyLimit 64K\nLogLevel DEBUG1\n");
    SshSession session(m_world->hub, m_sshd->target());
    const auto stream
        = session.stream(script(QStringLiteral("i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.01; done")));
    QByteArray lines;
    bool over = false;
    connect(stream.get(), &ShellStream::outputReceived, this, [&](const QByteArray &bytes) { lines += bytes; });
    connect(stream.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &end) { over = end.has_value(); });
    QByteArray input(1500000, 'y');
    const Result<ExecResult> echoed
        = run(session, SshCommand({QStringLiteral("cat")}).stdinBytes(input).maxOutput(4 << 20));
    QVERIFY2(echoed, qPrintable(echoed ? QString() : echoed.error().detail));
    QVERIFY(echoed->out == input);
    QTRY_VERIFY(over);
    QCOMPARE(lines.count('\n'), 60);
    const QByteArray log = m_sshd->log();
    QVERIFY2(
        log.count("rekeying in progress") + log.count("rekey in progress") + log.count("SSH2_MSG_KEXINIT sent") > 3,
        log.right(2000).constData());
}

void TestSshFaults::cutInMidRekey()
{
    m_sshd->setExtraConfig("RekeyLimit 32K\n"); // a key exchange is nearly always going on
    SshSession session(m_world->hub, m_sshd->target());
    SshSession other(m_world->hub, m_other->target());
    QVERIFY(run(other, truth()));
    for (int round = 0; round < 3; ++round) {
        QTRY_VERIFY(session.linkState() == LinkState::Connected || session.linkState() == LinkState::Idle);
        const auto stream = session.stream(script(QStringLiteral("cat /dev/zero")));
        bool lost = false;
        qint64 got = 0;
        connect(
            stream.get(), &ShellStream::outputReceived, this, [&](const QByteArray &bytes) { got += bytes.size(); });
        connect(stream.get(), &ShellStream::ended, this, [&](const Result<ExecResult> &end) { lost = !end; });
        QTRY_VERIFY(got > 100000 * (round + 1));
        const Pending<Result<ExecResult>> running(session.exec(script(QStringLiteral("sleep 5")), {}));
        m_sshd->killSessions();
        QTRY_VERIFY(lost);
        QVERIFY(running.finishes());
        QVERIFY(!running.result());
        QVERIFY(run(other, truth()));
    }
}

void TestSshFaults::addressToldLater()
{
    SshTarget target = m_sshd->target();
    const QString host = std::exchange(target.host, QString());
    SshSession session(m_world->hub, target);
    const Result<ExecResult> result = run(session, truth());
    QVERIFY(!result);
    QVERIFY2(result.error().summary.contains(QStringLiteral("address")), qPrintable(result.error().summary));
    QCOMPARE(session.linkState(), LinkState::Waiting);
    target.host = host;
    session.setTarget(target);
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
    QVERIFY(run(session, truth()));

    const Pending<Result<ExecResult>> running(session.exec(script(QStringLiteral("sleep 5")), {}));
    session.setTarget(m_other->target());
    QVERIFY(running.finishes());
    QCOMPARE(running.result().error().kind, Error::Kind::Network);
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
    QCOMPARE(session.target().port, m_other->target().port);
}

void TestSshFaults::retryNow()
{
    SshTarget target = m_sshd->target();
    target.identityFile = m_sshd->path(QStringLiteral("late_key"));
    SshSession session(m_world->hub, target);
    QVERIFY(!run(session, truth()));
    QCOMPARE(session.linkState(), LinkState::Blocked);
    QVERIFY(QFile::copy(m_sshd->identityFile(), target.identityFile));
    session.requestRetryNow();
    QCOMPARE(session.linkState(), LinkState::Dialing);
    QTRY_COMPARE(session.linkState(), LinkState::Connected);
    session.close();
    session.requestRetryNow();
    QCOMPARE(session.linkState(), LinkState::Closed);
}

void TestSshFaults::pausesGrow()
{
    SshTarget target = m_sshd->target();
    {
        QTcpServer free;
        QVERIFY(free.listen(QHostAddress::LocalHost));
        target.port = free.serverPort();
    }
    SshSession session(m_world->hub, target);
    QList<qint64> pauses;
    connect(&session, &SshSession::linkStateChanged, this, [&](LinkState state) {
        if (state == LinkState::Waiting && session.nextTryIn())
            pauses.append(session.nextTryIn()->count());
    });
    session.connectLink();
    QTRY_COMPARE(pauses.size(), 5);
    QVERIFY2(pauses[0] <= 41, qPrintable(QString::number(pauses[0]))); // 20..40 ms, then 160..320 and 200..400
    QVERIFY2(pauses[3] >= 150, qPrintable(QString::number(pauses[3])));
    QVERIFY2(pauses[4] >= 190 && pauses[4] <= 401, qPrintable(QString::number(pauses[4])));
}

QTEST_GUILESS_MAIN(TestSshFaults)
#include "tst_sshfaults.moc"
