// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Services and their logs on the lab's nodes: orders, a live log over a cut link, hybridgectl logs, prepare and idle.
#include "backend/base/clock.h"
#include "backend/fleet/fleetfile.h"
#include "backend/host/logstream.h"
#include "backend/host/servicecontrol.h"
#include "backend/host/servicereader.h"
#include "backend/ssh/sshsession.h"
#include "tests/support/pending.h"
#include "tests/system/labfixture.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

namespace {

/// A login on one node of the lab.
class Login {
public:
    Login(const QString &fleet, const NodeConfig &node) : hub(options(fleet)), session(hub, targetOf(node)), control(session, node.ssh->user, clock)
    {
        control.setPace({50ms, 500ms});
    }
    Result<ServiceFacts> act(const QString &service, ServiceAction action)
    {
        const Pending<Result<ServiceFacts>> pending(control.act(service, action, 30s, {}));
        if (!pending.finishes(60000))
            return Error(Error::Kind::Timeout, u"the test gave up"_s);
        return pending.result();
    }
    SystemClock clock;
    SshHub hub;
    SshSession session;
    ServiceControl control;

private:
    static SshHubOptions options(const QString &fleet)
    {
        SshHubOptions options;
        options.ourKnownHosts = QFileInfo(fleet).absolutePath() + u"/known_hosts"_s;
        options.userKnownHosts = u"/nonexistent"_s;
        options.firstRetry = 50ms;
        options.mostRetry = 200ms;
        return options;
    }
    static SshTarget targetOf(const NodeConfig &node)
    {
        SshTarget target;
        target.host = node.ssh->host;
        target.port = node.ssh->port;
        target.user = node.ssh->user;
        target.identityFile = node.ssh->identity;
        return target;
    }
};

} // namespace

class TestServices : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void orders_data();
    void orders();
    void noSudoRule();
    void logGoesOnOverACutLink_data();
    void logGoesOnOverACutLink();
    void ctlLogs();
    void ctlLogsRefuses_data();
    void ctlLogsRefuses();
    void ctlWritesNothingOnTheDemo();

private:
    LabFixture m_lab;
    std::optional<FleetConfig> m_config;
};

void TestServices::initTestCase()
{
    QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
    const Result<FleetFile> file = FleetFile::load(m_lab.fleet());
    QVERIFY(file);
    m_config = file->config();
}

void TestServices::cleanup()
{
    QVERIFY(m_lab.repairAll());
}

void TestServices::orders_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("service");
    QTest::newRow("unit") << u"home"_s << u"systemd:cloudflared"_s;
    QTest::newRow("engine's unit") << u"home"_s << u"systemd:ollama"_s;
    QTest::newRow("container") << u"gcp"_s << u"docker:vllm"_s;
}

void TestServices::orders()
{
    QFETCH(QString, node);
    QFETCH(QString, service);
    Login login(m_lab.fleet(), *m_config->node(node));
    Result<ServiceFacts> facts = login.act(service, ServiceAction::Stop);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary));
    QCOMPARE(facts->state, ServiceState::Inactive);
    facts = login.act(service, ServiceAction::Start);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary + facts.error().detail));
    QCOMPARE(facts->state, ServiceState::Active);
    facts = login.act(service, ServiceAction::Restart);
    QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().summary + facts.error().detail));
    QCOMPARE(facts->state, ServiceState::Active);
    QCOMPARE(login.act(u"systemd:nosuch"_s, ServiceAction::Start).error().kind, Error::Kind::NotFound);
    // Where no docker runs, that is what is told, not that a container is missing.
    QCOMPARE(login.act(u"docker:nosuch"_s, ServiceAction::Start).error().kind,
        node == u"gcp" ? Error::Kind::NotFound : Error::Kind::Unavailable);
}

void TestServices::noSudoRule()
{
    QVERIFY(!m_lab.breakIt(u"home"_s, u"sudo-denied"_s).isEmpty());
    Login login(m_lab.fleet(), *m_config->node(u"home"_s));
    const Result<ServiceFacts> facts = login.act(u"systemd:ollama"_s, ServiceAction::Restart);
    QCOMPARE(facts.error().kind, Error::Kind::Unauthorized);
    QVERIFY2(facts.error().remedy.contains(u"/usr/bin/systemctl restart ollama"_s), qPrintable(facts.error().remedy));
}

void TestServices::logGoesOnOverACutLink_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("service");
    QTest::newRow("journal, by its cursor") << u"home"_s << u"systemd:ollama"_s;
    QTest::newRow("docker, by the time of its lines") << u"gcp"_s << u"docker:vllm"_s;
}

void TestServices::logGoesOnOverACutLink()
{
    QFETCH(QString, node);
    QFETCH(QString, service);
    // A cursor, or where there is none what tells a line from another.
    const auto keyOf = [](const JournalLine &line) {
        return line.cursor.isEmpty() ? line.time.toString(Qt::ISODateWithMs) + line.message : QString::fromLatin1(line.cursor);
    };
    Login login(m_lab.fleet(), *m_config->node(node));
    QVERIFY(login.act(service, ServiceAction::Restart));
    LogStream stream(login.session, service);
    stream.setRetry(50ms, 200ms);
    QStringList heard;
    connect(&stream, &LogStream::linesReceived, this, [&heard, keyOf](const QList<JournalLine> &lines) {
        for (const JournalLine &line : lines)
            heard.append(keyOf(line));
    });
    stream.start(1000);
    QTRY_VERIFY(!heard.isEmpty());
    for (int round = 0; round < 3; ++round) {
        const qsizetype before = heard.size();
        const QString cut = m_lab.breakIt(node, u"ssh-refused"_s);
        QVERIFY(!cut.isEmpty());
        QTRY_COMPARE_WITH_TIMEOUT(stream.state(), LogStream::State::Reconnecting, 30000);
        // More than ten lines while nobody listens: a stream that begins with "the newest ten" would lose some.
        for (int i = 0; i < 6; ++i) {
            const QString dead = m_lab.breakIt(node, u"engine-dead"_s);
            QVERIFY(!dead.isEmpty());
            QVERIFY(m_lab.repair(dead));
        }
        QVERIFY(m_lab.repair(cut));
        QTRY_VERIFY_WITH_TIMEOUT(heard.size() > before, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(stream.state(), LogStream::State::Live, 30000);
    }
    ServiceReader reader(login.session);
    QStringList whole;
    const auto isAllThere = [&] {
        whole.clear();
        const Result<QList<JournalLine>> log = await(reader.readLog(service, 1000, {}, {}));
        if (!log)
            return false;
        for (const JournalLine &line : *log)
            whole.append(keyOf(line));
        return whole == heard;
    };
    // None lost, none twice, in order. Once is enough: a line may come between two looks.
    bool same = false;
    QTRY_VERIFY_WITH_TIMEOUT(same || (same = isAllThere()), 30000);
    QVERIFY2(whole.size() > 20, qPrintable(QString::number(whole.size())));
}

void TestServices::ctlLogs()
{
    const CtlResult json = m_lab.ctl({u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--json"_s, u"logs"_s, u"home"_s, u"engine"_s, u"-n"_s, u"5"_s});
    QCOMPARE(json.exitCode, 0);
    QCOMPARE(json.json().value(u"service"_s).toString(), u"systemd:ollama"_s);
    const QJsonArray lines = json.json().value(u"lines"_s).toArray();
    QCOMPARE(lines.size(), 5);
    QVERIFY(!lines.at(0).toObject().value(u"message"_s).toString().isEmpty());
    const CtlResult text = m_lab.ctl({u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"logs"_s, u"gcp"_s, u"docker:vllm"_s, u"-n"_s, u"3"_s});
    QCOMPARE(text.exitCode, 0);
    QCOMPARE(text.out.count('\n'), 3);
}

void TestServices::ctlLogsRefuses_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<int>("exitCode");
    QTest::newRow("no node") << QStringList {u"logs"_s, u"nowhere"_s, u"engine"_s} << 2;
    QTest::newRow("no service") << QStringList {u"logs"_s, u"home"_s, u"engin"_s} << 2;
    QTest::newRow("option in disguise") << QStringList {u"logs"_s, u"home"_s, u"systemd:--flush"_s} << 2;
    QTest::newRow("no container") << QStringList {u"logs"_s, u"home"_s, u"docker:nosuch"_s} << 1;
    QTest::newRow("too many") << QStringList {u"logs"_s, u"home"_s, u"engine"_s, u"-n"_s, u"0"_s} << 2;
}

void TestServices::ctlLogsRefuses()
{
    QFETCH(QStringList, words);
    QFETCH(int, exitCode);
    const CtlResult result = m_lab.ctl(QStringList {u"--fleet"_s, m_lab.fleet(), u"--trust"_s} + words);
    QCOMPARE(result.exitCode, exitCode);
    QCOMPARE(result.out, QByteArray());
    QVERIFY(!result.err.isEmpty());
}

void TestServices::ctlWritesNothingOnTheDemo()
{
    // The demo's shells are this computer's own.
    const bool before = QFileInfo::exists(u"/etc/hybridge"_s);
    for (const QStringList &words : {QStringList {u"prepare"_s, u"home"_s}, QStringList {u"prepare"_s, u"home"_s, u"--remove"_s},
             QStringList {u"idle"_s, u"arm"_s, u"home"_s, u"--after"_s, u"30m"_s}, QStringList {u"idle"_s, u"remove"_s, u"home"_s}}) {
        const CtlResult result = m_lab.ctl(QStringList {u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--yes"_s} + words);
        QVERIFY2(result.exitCode == 3 || (words.contains(u"--remove"_s) && result.exitCode == 0), result.err.constData());
        QVERIFY2(QFileInfo::exists(u"/etc/hybridge"_s) == before, "something was written on this computer");
    }
    const CtlResult plan = m_lab.ctl({u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--dry-run"_s, u"--json"_s, u"prepare"_s, u"home"_s});
    QCOMPARE(plan.exitCode, 0);
    QVERIFY(plan.json().value(u"dryRun"_s).toBool());
    QVERIFY(plan.json().value(u"files"_s).toArray().size() >= 5);
    const CtlResult call = m_lab.ctl({u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--dry-run"_s, u"idle"_s, u"arm"_s, u"gcp"_s, u"--after"_s, u"30m"_s});
    QCOMPARE(call.out, QByteArray("sudo -n /usr/local/sbin/hybridge-idle arm 1800 poweroff\n"));
}

QTEST_GUILESS_MAIN(TestServices)
#include "tst_services.moc"
