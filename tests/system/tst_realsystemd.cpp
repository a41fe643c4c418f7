// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and steering services on two machines with real systemd, sshd, sudo and journald.
#include "backend/base/clock.h"
#include "backend/host/logstream.h"
#include "backend/host/servicecontrol.h"
#include "backend/host/servicereader.h"
#include "backend/ssh/sshsession.h"
#include "tests/support/pending.h"
#include "tests/system/realsystemd.h"

#include <QJsonArray>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestRealSystemd : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void statusReadsBoth();
    void logsOfACommand();
    void statusSeesAStop();
    void startStopRestart();
    void enables();
    void failures_data();
    void failures();
    void startLimit();
    void missingSudoRule();
    void rootNeedsNoSudo();
    void journalLines();
    void aLiveLogLosesNothing();
    void theStopOfAHangingUnitIsAwaited();
    void downAndUp();
    void downIsGoneOnWithAfterAKill();

private:
    /// A login on the first machine, made anew for each test.
    class Login {
    public:
        Login(RealSystemd &world, const RealNode &node, const QString &user)
            : hub(options(world)), session(hub, node.target(user)), control(session, user, clock)
        {
            control.setPace({100ms, 1500ms});
        }
        Result<ServiceFacts> act(const QString &service, ServiceAction action, std::chrono::milliseconds limit = 20s)
        {
            const Pending<Result<ServiceFacts>> pending(control.act(service, action, limit, {}));
            if (!pending.finishes(60000))
                return Error(Error::Kind::Timeout, u"the test gave up"_s);
            return pending.result();
        }
        SystemClock clock;
        SshHub hub;
        SshSession session;
        ServiceControl control;

    private:
        static SshHubOptions options(const RealSystemd &world)
        {
            SshHubOptions options;
            options.ourKnownHosts = world.folder() + u"/known_hosts"_s;
            options.userKnownHosts = world.folder() + u"/none"_s;
            options.hostKeyMode = HostKeyMode::AcceptNew;
            options.firstRetry = 100ms;
            options.mostRetry = 300ms;
            return options;
        }
    };
    CtlResult ctl(const QStringList &words) { return m_world->ctl(QStringList {u"--fleet"_s, m_fleet, u"--json"_s} + words); }
    /// "done"… of the step called @p name in a document of "up" or "down"; its seconds in @p seconds.
    static QString stepOf(const QJsonObject &report, const QString &name, double *seconds = nullptr);
    QJsonObject statusOf(const QString &node, int *exitCode = nullptr);
    static QJsonObject serviceOf(const QJsonObject &node, const QString &service);

    std::unique_ptr<RealSystemd> m_world;
    RealNode *m_first = nullptr;
    RealNode *m_second = nullptr;
    QString m_fleet;
};

void TestRealSystemd::initTestCase()
{
    if (!RealSystemd::whyNot().isEmpty())
        QSKIP(qPrintable(u"skipped: "_s + RealSystemd::whyNot()));
    m_world = std::make_unique<RealSystemd>();
    m_first = &m_world->add(u"alpha"_s);
    m_second = &m_world->add(u"beta"_s);
    QVERIFY2(m_first->lay(), qPrintable(m_first->why()));
    QVERIFY(m_first->addUnit(u"crash.service"_s, "ExecStart=/bin/sh -c 'echo going down; exit 3'\nRestart=always\nRestartSec=200ms", "StartLimitIntervalSec=0\n"));
    QVERIFY(m_first->addUnit(u"limit.service"_s, "ExecStart=/bin/sh -c 'exit 4'\nRestart=always\nRestartSec=50ms", "StartLimitIntervalSec=60\nStartLimitBurst=3\n"));
    QVERIFY(m_first->addUnit(u"dies.service"_s, "ExecStart=/bin/sh -c 'echo \"key token=abcdef123456\"; sleep 0.4; exit 7'"));
    QVERIFY(m_first->addUnit(u"missing.service"_s, "ExecStart=/usr/bin/no-such-program"));
    QVERIFY(m_first->addUnit(u"nouser.service"_s, "ExecStart=/bin/sleep 60\nUser=nobody-here"));
    QVERIFY(m_first->addUnit(u"slow.service"_s, "Type=notify\nExecStart=/bin/sleep 60\nTimeoutStartSec=1s"));
    QVERIFY(m_first->addUnit(u"killed.service"_s, "ExecStart=/bin/sh -c 'sleep 0.3; kill -9 $$$$'"));
    QVERIFY(m_first->addUnit(u"short.service"_s, "ExecStart=/bin/true"));
    QVERIFY(m_first->addUnit(u"once.service"_s, "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true"));
    QVERIFY(m_first->addUnit(u"late.service"_s, "ExecStart=/bin/sh -c 'trap \"sleep 1; exit 0\" TERM; while :; do sleep 0.1; done'"));
    QVERIFY(m_first->addUnit(u"chatter.service"_s, "LogRateLimitIntervalSec=0\nExecStart=/bin/sh -c 'i=0; while :; do i=$$((i+1)); echo number $$i; sleep 0.02; done'"));
    QVERIFY(QFile::link(u"/dev/null"_s, m_first->outside(u"/etc/systemd/system/masked.service"_s)));
    QVERIFY2(m_first->boot(), qPrintable(m_first->why()));
    QVERIFY2(m_second->boot(), qPrintable(m_second->why()));
    m_fleet = m_world->writeFleet();
}

void TestRealSystemd::cleanupTestCase()
{
    m_world.reset();
}

QJsonObject TestRealSystemd::statusOf(const QString &node, int *exitCode)
{
    const CtlResult result = m_world->ctl({u"--fleet"_s, m_fleet, u"--json"_s, u"status"_s});
    if (exitCode)
        *exitCode = result.exitCode;
    if (result.out.isEmpty())
        qInfo("%s", result.err.constData());
    return nodeOf(result.json(), node);
}

QJsonObject TestRealSystemd::serviceOf(const QJsonObject &node, const QString &service)
{
    for (const QJsonValue &value : node.value(u"services"_s).toArray())
        if (value.toObject().value(u"service"_s).toString() == service)
            return value.toObject();
    return {};
}

void TestRealSystemd::statusReadsBoth()
{
    int exitCode = -1;
    for (const QString &name : {u"alpha"_s, u"beta"_s}) {
        const QJsonObject node = statusOf(name, &exitCode);
        QCOMPARE(serviceOf(node, u"systemd:cloudflared"_s).value(u"state"_s).toString(), u"active"_s);
        QCOMPARE(serviceOf(node, u"systemd:engine"_s).value(u"state"_s).toString(), u"active"_s);
        QCOMPARE(node.value(u"engine"_s).toObject().value(u"ready"_s).toBool(), true);
        QVERIFY2(node.value(u"state"_s).toString() != u"down"_s, qPrintable(node.value(u"state"_s).toString()));
    }
}

void TestRealSystemd::statusSeesAStop()
{
    QCOMPARE(m_second->run(u"systemctl stop engine"_s).code, 0);
    int exitCode = -1;
    const QJsonObject node = statusOf(u"beta"_s, &exitCode);
    QCOMPARE(serviceOf(node, u"systemd:engine"_s).value(u"state"_s).toString(), u"inactive"_s);
    QCOMPARE(node.value(u"diagnosis"_s).toObject().value(u"layer"_s).toString(), u"engine"_s);
    QCOMPARE(exitCode, 4);
    QCOMPARE(m_second->run(u"systemctl start engine"_s).code, 0);
}

void TestRealSystemd::startStopRestart()
{
    Login login(*m_world, *m_first, u"op"_s);
    Result<ServiceFacts> facts = login.act(u"systemd:engine"_s, ServiceAction::Stop);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QVERIFY(facts->state == ServiceState::Inactive || facts->state == ServiceState::Failed);
    facts = login.act(u"systemd:engine"_s, ServiceAction::Start);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QCOMPARE(facts->state, ServiceState::Active);
    const std::optional<qint64> pid = facts->mainPid;
    QVERIFY(pid);
    facts = login.act(u"systemd:engine"_s, ServiceAction::Restart);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QVERIFY(facts->mainPid != pid);
    QCOMPARE(login.act(u"systemd:once"_s, ServiceAction::Start)->subState, u"exited"_s);
}

void TestRealSystemd::enables()
{
    Login login(*m_world, *m_first, u"op"_s);
    const Result<ServiceFacts> facts = login.act(u"systemd:once"_s, ServiceAction::Enable);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QCOMPARE(facts->unitFileState, u"enabled"_s);
    QCOMPARE(m_first->run(u"systemctl is-enabled once"_s).out.trimmed(), QByteArray("enabled"));
    // ssh.service is there and enabled; a unit without [Install] cannot be.
    const Result<ServiceFacts> fixed = login.act(u"systemd:systemd-journald"_s, ServiceAction::Enable);
    QVERIFY(!fixed);
    QVERIFY2(fixed.error().summary.contains(u"boot"_s), qPrintable(fixed.error().summary));
}

void TestRealSystemd::failures_data()
{
    QTest::addColumn<QString>("unit");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("summary");
    QTest::addColumn<QString>("detail");
    const int exited = int(Error::Kind::RemoteExit);
    QTest::newRow("crash loop") << u"crash"_s << exited << u"keeps ending with exit code 3"_s << u"going down"_s;
    QTest::newRow("dies a little later") << u"dies"_s << exited << u"ended with exit code 7"_s << u"key token="_s;
    QTest::newRow("program missing") << u"missing"_s << exited << u"could not be executed"_s << u"203/EXEC"_s;
    QTest::newRow("user missing") << u"nouser"_s << exited << u"user does not exist"_s << QString();
    QTest::newRow("never ready") << u"slow"_s << exited << u"in the time that its unit allows"_s << u"timed out"_s;
    QTest::newRow("killed") << u"killed"_s << exited << u"signal 9 (KILL)"_s << QString();
    QTest::newRow("ends at once") << u"short"_s << exited << u"already ended"_s << QString();
    QTest::newRow("masked") << u"masked"_s << exited << u"masked"_s << QString();
    QTest::newRow("unknown") << u"nosuch"_s << int(Error::Kind::NotFound) << u"no unit named nosuch"_s << QString();
}

void TestRealSystemd::failures()
{
    QFETCH(QString, unit);
    QFETCH(int, kind);
    QFETCH(QString, summary);
    QFETCH(QString, detail);
    Login login(*m_world, *m_first, u"op"_s);
    const Result<ServiceFacts> facts = login.act(u"systemd:"_s + unit, ServiceAction::Start);
    m_first->run(u"systemctl stop "_s + unit);
    QVERIFY(!facts);
    QCOMPARE(int(facts.error().kind), kind);
    QVERIFY2(facts.error().summary.contains(summary), qPrintable(facts.error().summary));
    QVERIFY2(facts.error().detail.contains(detail), qPrintable(facts.error().detail));
    QVERIFY2(!facts.error().detail.contains(u"abcdef123456"_s), qPrintable(facts.error().detail));
    QVERIFY(!facts.error().remedy.isEmpty());
}

void TestRealSystemd::startLimit()
{
    Login login(*m_world, *m_first, u"op"_s);
    // The first order runs into the loop; once systemd has given up, the next one is refused by its limit.
    QVERIFY(!login.act(u"systemd:limit"_s, ServiceAction::Start));
    QTRY_COMPARE_WITH_TIMEOUT(m_first->run(u"systemctl is-active limit"_s).out.trimmed(), QByteArray("failed"), 30000);
    const Result<ServiceFacts> facts = login.act(u"systemd:limit"_s, ServiceAction::Start);
    QVERIFY(!facts);
    QVERIFY2(facts.error().summary.contains(u"too often"_s), qPrintable(facts.error().summary + u'\n' + facts.error().detail));
    QVERIFY(facts.error().remedy.contains(u"reset-failed limit"_s));
}

void TestRealSystemd::missingSudoRule()
{
    Login login(*m_world, *m_first, u"bare"_s);
    const Result<ServiceFacts> facts = login.act(u"systemd:engine"_s, ServiceAction::Restart);
    QVERIFY(!facts);
    QCOMPARE(facts.error().kind, Error::Kind::Unauthorized);
    // The line that is proposed is one that sudo takes and that makes the order work.
    const QString line = facts.error().remedy.section(u'\n', -1);
    QVERIFY2(line.startsWith(u"bare ALL=(root) NOPASSWD: /usr/bin/systemctl restart engine"_s), qPrintable(facts.error().remedy));
    QVERIFY(m_first->write(u"/etc/sudoers.d/proposed"_s, line.toUtf8() + '\n', 0440));
    QCOMPARE(m_first->run(u"visudo -cf /etc/sudoers.d/proposed"_s).code, 0);
    const Result<ServiceFacts> again = login.act(u"systemd:engine"_s, ServiceAction::Restart);
    QVERIFY2(again, qPrintable(again ? QString() : again.error().summary));
    const Result<ServiceFacts> other = login.act(u"systemd:engine"_s, ServiceAction::Stop);
    QCOMPARE(other.error().kind, Error::Kind::Unauthorized);
    QVERIFY(m_first->write(u"/etc/sudoers.d/proposed"_s, {}, 0440));
}

void TestRealSystemd::rootNeedsNoSudo()
{
    Login login(*m_world, *m_second, u"root"_s);
    const Result<ServiceFacts> facts = login.act(u"systemd:cloudflared"_s, ServiceAction::Restart);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QCOMPARE(m_second->run(u"journalctl -q _COMM=sudo --since -20s"_s).out, QByteArray());
}

void TestRealSystemd::journalLines()
{
    Login login(*m_world, *m_second, u"op"_s);
    QVERIFY(login.act(u"systemd:engine"_s, ServiceAction::Restart));
    ServiceReader reader(login.session);
    const Result<QList<JournalLine>> log = await(reader.readLog(u"systemd:engine"_s, 50, {}, {}));
    QVERIFY2(log, qPrintable(log ? QString() : log.error().summary));
    QVERIFY(std::any_of(log->begin(), log->end(), [](const JournalLine &line) { return line.message.contains(u"listening on 127.0.0.1:8000"_s); }));
    QVERIFY(std::all_of(log->begin(), log->end(), [](const JournalLine &line) { return isJournalCursor(line.cursor) && line.time.isValid(); }));

    // Without the right to read the journal the failure says so, and still says what failed.
    Login bare(*m_world, *m_second, u"bare"_s);
    ServiceReader blind(bare.session);
    const Result<QList<JournalLine>> none = await(blind.readLog(u"systemd:engine"_s, 50, {}, {}));
    QVERIFY(!none);
    QCOMPARE(none.error().kind, Error::Kind::Unauthorized);
}

void TestRealSystemd::aLiveLogLosesNothing()
{
    Login login(*m_world, *m_first, u"op"_s);
    LogStream stream(login.session, u"systemd:chatter"_s);
    stream.setRetry(300ms, 300ms); // far more than ten lines are written meanwhile
    QStringList heard;
    connect(&stream, &LogStream::linesReceived, this, [&heard](const QList<JournalLine> &lines) {
        for (const JournalLine &line : lines)
            if (line.message.startsWith(u"number "_s))
                heard.append(line.message);
    });
    QCOMPARE(m_first->run(u"systemctl start chatter"_s).code, 0);
    stream.start(10000);
    QTRY_VERIFY_WITH_TIMEOUT(heard.size() > 20, 30000);
    for (int round = 0; round < 3; ++round) {
        const NodeRun cut = m_first->run(u"pkill -KILL -f '^sshd: op@' || { ps -eo pid,user,args; exit 1; }"_s);
        QVERIFY2(cut.code == 0, (QByteArray::number(round) + cut.out).constData());
        QTRY_COMPARE_WITH_TIMEOUT(stream.state(), LogStream::State::Reconnecting, 30000);
        const qsizetype before = heard.size(); // what was on its way has arrived
        QTRY_COMPARE_WITH_TIMEOUT(stream.state(), LogStream::State::Live, 30000);
        QTRY_VERIFY_WITH_TIMEOUT(heard.size() > before + 20, 30000);
    }
    QCOMPARE(m_first->run(u"systemctl stop chatter"_s).code, 0);
    const QByteArray last = m_first->run(u"journalctl -q -u chatter -o cat --no-pager | grep '^number' | tail -n 1"_s).out.trimmed();
    QTRY_COMPARE_WITH_TIMEOUT(heard.constLast(), QString::fromLatin1(last), 30000);
    for (qsizetype i = 0; i < heard.size(); ++i)
        QCOMPARE(heard.at(i), u"number %1"_s.arg(i + 1));
}

void TestRealSystemd::theStopOfAHangingUnitIsAwaited()
{
    Login login(*m_world, *m_first, u"op"_s);
    QVERIFY(login.act(u"systemd:late"_s, ServiceAction::Start));
    const Result<ServiceFacts> facts = login.act(u"systemd:late"_s, ServiceAction::Stop);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QCOMPARE(m_first->run(u"systemctl is-active late"_s).out.trimmed(), QByteArray("inactive"));
}

void TestRealSystemd::logsOfACommand()
{
    QCOMPARE(m_first->run(u"systemctl restart engine"_s).code, 0);
    const CtlResult logs = ctl({u"logs"_s, u"alpha"_s, u"engine"_s, u"-n"_s, u"20"_s});
    QVERIFY2(logs.exitCode == 0, logs.err.constData());
    const QJsonArray lines = logs.json().value(u"lines"_s).toArray();
    QVERIFY2(std::any_of(lines.begin(), lines.end(), [](const QJsonValue &line) {
        return line.toObject().value(u"message"_s).toString() == u"listening on 127.0.0.1:8000"_s;
    }), logs.out.constData());
    const CtlResult denied = m_world->ctl({u"--fleet"_s, m_world->writeFleet(u"bare"_s), u"logs"_s, u"alpha"_s, u"engine"_s});
    QCOMPARE(denied.exitCode, 1);
    QVERIFY2(denied.err.contains("systemd-journal"), denied.err.constData());
    // Once it has a journal of its own, an empty one, journalctl ends with 0 and only hints: that is no empty log.
    QCOMPARE(m_first->run(u"runuser -u bare -- logger own; journalctl --sync"_s).code, 0);
    const CtlResult hinted = m_world->ctl({u"--fleet"_s, m_world->writeFleet(u"bare"_s), u"logs"_s, u"alpha"_s, u"engine"_s});
    QVERIFY2(hinted.exitCode == 1, (hinted.out + hinted.err).constData());
    QVERIFY2(hinted.err.contains("systemd-journal"), hinted.err.constData());
}

QString TestRealSystemd::stepOf(const QJsonObject &report, const QString &name, double *seconds)
{
    for (const QJsonValue &value : report.value(u"steps"_s).toArray()) {
        const QJsonObject step = value.toObject();
        if (step.value(u"name"_s).toString() != name)
            continue;
        if (seconds)
            *seconds = step.value(u"seconds"_s).toDouble(-1);
        return step.value(u"state"_s).toString();
    }
    return {};
}

/// Both machines side by side: their units really end, and really run again, and a token comes from the model server.
void TestRealSystemd::downAndUp()
{
    for (RealNode *node : {m_first, m_second})
        QVERIFY(node->write(u"/srv/engine/v1_chat_completions"_s,
            R"({"id":"1","object":"chat.completion","model":"chat","choices":[{"index":0,"message":{"role":"assistant","content":"p"},"finish_reason":"length"}]})"));
    // Together they are all that serves: the second one is the last, and wants its name.
    const CtlResult refused = ctl({u"--yes"_s, u"--dry-run"_s, u"down"_s, u"alpha"_s, u"beta"_s});
    QCOMPARE(refused.exitCode, 3);
    QVERIFY2(refused.err.contains("beta is the last node that serves"), refused.err.constData());
    const CtlResult half = ctl({u"--yes"_s, u"down"_s, u"beta"_s, u"--drain"_s, u"0"_s, u"--override-last-backend"_s, u"alpha"_s});
    QVERIFY2(half.exitCode == 0, half.err.constData());
    QCOMPARE(ctl({u"--yes"_s, u"down"_s, u"alpha"_s, u"--override-last-backend"_s, u"beta"_s}).exitCode, 3); // alpha is the last now
    QCOMPARE(m_first->run(u"systemctl is-active engine"_s).out, QByteArray("active\n"));
    QCOMPARE(ctl({u"--yes"_s, u"up"_s, u"beta"_s}).exitCode, 0);

    const CtlResult down = ctl({u"--yes"_s, u"down"_s, u"alpha"_s, u"beta"_s, u"--drain"_s, u"5s"_s, u"--override-last-backend"_s, u"beta"_s});
    QVERIFY2(down.exitCode == 0, (down.err + down.out).constData());
    const QJsonArray downs = down.json().value(u"operations"_s).toArray();
    QCOMPARE(downs.size(), 2);
    for (const QJsonValue &value : downs) {
        const QJsonObject report = value.toObject();
        QCOMPARE(report.value(u"result"_s).toString(), u"done"_s);
        QCOMPARE(stepOf(report, u"Take the node out of routing"_s), u"skipped"_s);
        double seconds = -1;
        QCOMPARE(stepOf(report, u"Stop the model server"_s, &seconds), u"done"_s);
        QVERIFY(seconds > 0 && seconds < 60);
        QCOMPARE(stepOf(report, u"Stop the connector"_s, &seconds), u"done"_s);
        QVERIFY(seconds > 0 && seconds < 60);
        QCOMPARE(stepOf(report, u"Stop the machine"_s), u"skipped"_s);
    }
    for (RealNode *node : {m_first, m_second}) {
        QCOMPARE(node->run(u"systemctl is-active engine cloudflared"_s).out, QByteArray("inactive\ninactive\n"));
        QCOMPARE(node->run(u"pgrep -c lookalike"_s).out.trimmed(), QByteArray("0"));
        // The stop came over SSH and sudo, and systemd says so itself.
        QVERIFY(node->run(u"journalctl -q -u engine -o cat --no-pager --since -120s | grep -c '^Stopped'"_s).out.trimmed().toInt() >= 1);
    }

    const CtlResult up = ctl({u"--yes"_s, u"up"_s, u"alpha"_s, u"beta"_s});
    QVERIFY2(up.exitCode == 0, (up.err + up.out).constData());
    for (const QJsonValue &value : up.json().value(u"operations"_s).toArray()) {
        const QJsonObject report = value.toObject();
        QCOMPARE(report.value(u"result"_s).toString(), u"done"_s);
        for (const QString &name : {u"Wait for SSH"_s, u"Start the connector"_s, u"Wait until the tunnel is connected"_s,
                 u"Start the model server"_s, u"Wait until the model is loaded"_s, u"Get one token on the node"_s}) {
            double seconds = -1;
            QVERIFY2(stepOf(report, name, &seconds) == u"done"_s, up.out.constData());
            QVERIFY(seconds >= 0);
        }
        QCOMPARE(stepOf(report, u"Get one token through the edge"_s), u"skipped"_s); // no public hostname is configured
    }
    for (RealNode *node : {m_first, m_second}) {
        QCOMPARE(node->run(u"systemctl is-active engine cloudflared"_s).out, QByteArray("active\nactive\n"));
        QVERIFY(node->run(u"cat /srv/engine/posts"_s).out.contains("/v1/chat/completions"));
    }
    const CtlResult log = ctl({u"activity"_s, u"--node"_s, u"beta"_s});
    const QJsonArray operations = log.json().value(u"operations"_s).toArray();
    QVERIFY2(operations.size() == 4, log.out.constData());
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(operations.at(i).toObject().value(u"operation"_s).toString(), i % 2 == 0 ? u"up"_s : u"down"_s);
        QCOMPARE(operations.at(i).toObject().value(u"result"_s).toString(), u"done"_s);
    }
}

/// The program dies while systemd still ends a unit: the unit ends all the same, and the next run goes on.
void TestRealSystemd::downIsGoneOnWithAfterAKill()
{
    QVERIFY(m_second->run(u"mkdir -p /etc/systemd/system/engine.service.d && printf '[Service]\\nExecStop=/bin/sleep 15\\n' >/etc/systemd/system/engine.service.d/slow.conf && systemctl daemon-reload"_s).code == 0);
    QProcess process;
    process.setProcessEnvironment(m_world->environment());
    process.setStandardInputFile(QProcess::nullDevice());
    process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"),
        {u"--trust"_s, u"--host-key"_s, u"accept-new"_s, u"--fleet"_s, m_fleet, u"--json"_s, u"--yes"_s, u"down"_s, u"beta"_s, u"--drain"_s, u"0"_s});
    process.setReadChannel(QProcess::StandardError);
    QByteArray heard;
    while (!heard.contains("[3/") && process.waitForReadyRead(60000))
        heard += process.readAllStandardError();
    QVERIFY2(heard.contains("[3/"), heard.constData());
    QTRY_COMPARE_WITH_TIMEOUT(m_second->run(u"systemctl is-active engine"_s).out.trimmed(), QByteArray("deactivating"), 30000);
    process.kill();
    process.waitForFinished(10000);
    const CtlResult open = ctl({u"activity"_s, u"--node"_s, u"beta"_s});
    QVERIFY2(open.json().value(u"operations"_s).toArray().at(0).toObject().value(u"abandoned"_s).toBool(), open.out.constData());
    const CtlResult resumed = ctl({u"--yes"_s, u"down"_s, u"beta"_s, u"--drain"_s, u"0"_s});
    QVERIFY2(resumed.exitCode == 0, (resumed.err + resumed.out).constData());
    QVERIFY2(resumed.err.contains("cut off"), resumed.err.constData());
    QCOMPARE(m_second->run(u"systemctl is-active engine cloudflared"_s).out, QByteArray("inactive\ninactive\n"));
    QVERIFY(m_second->run(u"rm /etc/systemd/system/engine.service.d/slow.conf && systemctl daemon-reload"_s).code == 0);
    const CtlResult up = ctl({u"--yes"_s, u"up"_s, u"beta"_s});
    QVERIFY2(up.exitCode == 0 && !up.err.contains("cut off"), (up.err + up.out).constData());
}

int main(int argc, char **argv)
{
    RealSystemd::enter(argv);
    QCoreApplication app(argc, argv);
    TestRealSystemd test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_realsystemd.moc"
