// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/connectorreader.h"
#include "backend/host/servicereader.h"
#include "tests/support/fakeshell.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QString Local = u"127.0.0.1"_s;
constexpr quint16 Port = 20241;

QByteArray unit(const char *id, const char *active)
{
    return QByteArray("Id=") + id + ".service\nLoadState=loaded\nActiveState=" + active + "\nSubState=running\nNRestarts=0\n";
}

const QByteArray Container = "{\"Name\":\"/vllm\",\"RestartCount\":0,\"RestartPolicy\":\"no\",\"State\":{\"Status\":\"running\"}}\n";

QByteArray metricsPage(int total, int errors)
{
    return "build_info{version=\"2026.8.2\"} 1\ncloudflared_tunnel_ha_connections 4\ncloudflared_tunnel_total_requests " + QByteArray::number(total)
        + "\ncloudflared_tunnel_request_errors " + QByteArray::number(errors) + '\n';
}

void serveConnector(FakeShell &shell, quint16 port, const QByteArray &tunnel)
{
    shell.whenRoundTrip(Local, port, "/ready", FakeShell::http(200, R"({"status":200,"readyConnections":4,"connectorId":"c-1"})"));
    shell.whenRoundTrip(Local, port, "/metrics", FakeShell::http(200, metricsPage(100, 1), "text/plain"));
    shell.whenRoundTrip(Local, port, "/diag/tunnel",
        FakeShell::http(200, "{\"tunnelID\":\"" + tunnel + "\",\"connectorID\":\"c-1\",\"connections\":[{\"isConnected\":true,\"protocol\":1}]}"));
    shell.whenRoundTrip(Local, port, "/config",
        FakeShell::http(200, R"({"version":3,"config":{"ingress":[{"service":"http_status:404"}]}})"));
}

QUrl metricsUrl()
{
    return QUrl(u"http://127.0.0.1:20241"_s);
}

} // namespace

class TestHostReaders : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsUnitsAndContainers();
    void oneKindDoesNotHurtTheOther();
    void oldSystemctlIsAskedAgain();
    void linkFailure();
    void readsLogs();
    void readsHost();
    void readerMayGoFirst();
    void connectorWhole();
    void connectorRates();
    void connectorFindsItsPort();
    void connectorFailures_data();
    void connectorFailures();
    void connectorOfAnotherTunnel();
    void connectorWithoutMetrics();
    void connectorHangs();
};

void TestHostReaders::readsUnitsAndContainers()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"systemctl"_s), FakeShell::done(unit("cloudflared", "active") + '\n' + unit("ollama", "failed")));
    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done(Container));
    ServiceReader reader(shell);
    const QList<ServiceAnswer> answers = await(reader.read({u"systemd:cloudflared"_s, u"docker:vllm"_s, u"rubbish"_s, u"systemd:ollama"_s, u"systemd:--x"_s}, {}));
    QCOMPARE(answers.size(), 5);
    QCOMPARE(answers.at(0).facts->state, ServiceState::Active);
    QCOMPARE(answers.at(1).facts->state, ServiceState::Active);
    QCOMPARE(answers.at(1).facts->service, u"docker:vllm"_s);
    QCOMPARE(answers.at(2).facts.error().kind, Error::Kind::Invalid);
    QCOMPARE(answers.at(3).service, u"systemd:ollama"_s);
    QCOMPARE(answers.at(3).facts->state, ServiceState::Failed);
    QCOMPARE(answers.at(4).facts.error().kind, Error::Kind::Invalid);
    QCOMPARE(shell.commands().size(), 2); // one call a kind
}

void TestHostReaders::oneKindDoesNotHurtTheOther()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"systemctl"_s), FakeShell::done(unit("cloudflared", "active")));
    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done({}, 1, "permission denied while trying to connect to the Docker daemon socket\n"));
    ServiceReader reader(shell);
    QList<ServiceAnswer> answers = await(reader.read({u"systemd:cloudflared"_s, u"docker:vllm"_s}, {}));
    QCOMPARE(answers.at(0).facts->state, ServiceState::Active);
    QCOMPARE(answers.at(1).facts.error().kind, Error::Kind::Unauthorized);

    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done({}, 1, "Error: No such object: vllm\n"));
    answers = await(reader.read({u"docker:vllm"_s}, {}));
    QCOMPARE(answers.at(0).facts->state, ServiceState::NotFound); // known, not a failure of asking
}

void TestHostReaders::oldSystemctlIsAskedAgain()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"systemctl"_s), FakeShell::done(unit("a", "active")));
    shell.whenExec(FakeShell::contains(u"--timestamp"_s), FakeShell::done({}, 1, "systemctl: unrecognized option '--timestamp=unix'\n"));
    ServiceReader reader(shell);
    QCOMPARE(await(reader.read({u"systemd:a"_s}, {})).at(0).facts->state, ServiceState::Active);
    QCOMPARE(shell.commands().size(), 2);
    QCOMPARE(await(reader.read({u"systemd:a"_s}, {})).at(0).facts->state, ServiceState::Active);
    QCOMPARE(shell.commands().size(), 3); // remembered
}

void TestHostReaders::linkFailure()
{
    FakeShell shell;
    shell.setLinkState(LinkState::Waiting, Error(Error::Kind::Network, u"The link was lost."_s));
    ServiceReader reader(shell);
    const QList<ServiceAnswer> answers = await(reader.read({u"systemd:a"_s, u"docker:b"_s}, {}));
    QCOMPARE(answers.at(0).facts.error().kind, Error::Kind::Network);
    QCOMPARE(answers.at(1).facts.error().kind, Error::Kind::Network);
    QCOMPARE(await(reader.readHost({})).error().kind, Error::Kind::Network);
    QCOMPARE(await(reader.readLog(u"systemd:a"_s, 10, {}, {})).error().kind, Error::Kind::Network);
}

void TestHostReaders::readsLogs()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"journalctl"_s), FakeShell::done("{\"MESSAGE\":\"a\"}\n{\"MESSAGE\":\"b\"}\n"));
    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done("2026-01-26T10:00:02Z x\n", 0, "2026-01-26T10:00:01Z y\n"));
    ServiceReader reader(shell);
    QCOMPARE(await(reader.readLog(u"systemd:a"_s, 10, {}, {}))->size(), 2);
    QCOMPARE(await(reader.readLog(u"docker:a"_s, 10, {}, {}))->first().message, u"y"_s);
    QCOMPARE(await(reader.readLog(u"rubbish"_s, 10, {}, {})).error().kind, Error::Kind::Invalid);
    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done({}, 1, "Error response from daemon: No such container: a\n"));
    QCOMPARE(await(reader.readLog(u"docker:a"_s, 10, {}, {})).error().kind, Error::Kind::NotFound);
    shell.whenExec(FakeShell::contains(u"journalctl"_s), FakeShell::done({}, 1, "No journal files were opened due to insufficient permissions.\n"));
    QCOMPARE(await(reader.readLog(u"systemd:a"_s, 10, {}, {})).error().kind, Error::Kind::Unauthorized);
}

void TestHostReaders::readsHost()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"/bin/sh"_s), FakeShell::done("kernel Linux 6.1 x86_64\nboot b-1\n"));
    ServiceReader reader(shell);
    const Result<HostFacts> facts = await(reader.readHost({}));
    QVERIFY(facts);
    QCOMPARE(facts->bootId, u"b-1"_s);
    QVERIFY(facts->nvidiaModule.isEmpty());
}

void TestHostReaders::readerMayGoFirst()
{
    FakeShell shell;
    ManualClock clock;
    shell.whenExecHangs({u"timeout"_s});
    shell.whenRoundTripHangs(Local, Port);
    auto services = std::make_unique<ServiceReader>(shell);
    auto connector = std::make_unique<ConnectorReader>(shell, clock, metricsUrl(), QString());
    const Pending<QList<ServiceAnswer>> answers(services->read({u"systemd:a"_s, u"docker:b"_s}, {}));
    const Pending<Result<ConnectorFacts>> facts(connector->read({}));
    services.reset();
    connector.reset();
    while (shell.releaseHung(FakeShell::done(Container)) > 0)
        QTest::qWait(1);
    QVERIFY(answers.finishes());
    QVERIFY(facts.finishes());
    QCOMPARE(facts.result().error().kind, Error::Kind::Protocol);

    auto gone = std::make_unique<FakeShell>();
    ServiceReader orphan(*gone);
    gone.reset();
    QCOMPARE(await(orphan.read({u"systemd:a"_s}, {})).at(0).facts.error().kind, Error::Kind::Cancelled);
}

void TestHostReaders::connectorWhole()
{
    FakeShell shell;
    ManualClock clock;
    serveConnector(shell, Port, "t-1");
    ConnectorReader reader(shell, clock, metricsUrl(), u"t-1"_s);
    const Result<ConnectorFacts> facts = await(reader.read({}));
    QVERIFY(facts);
    QCOMPARE(facts->readyConnections, std::optional(4));
    QCOMPARE(facts->connectorId, u"c-1"_s);
    QCOMPARE(facts->tunnelId, u"t-1"_s);
    QCOMPARE(facts->version, u"2026.8.2"_s);
    QCOMPARE(facts->totalRequests, std::optional(100.0));
    QCOMPARE(facts->protocol, u"quic"_s);
    QCOMPARE(facts->configVersion, std::optional(3));
    QCOMPARE(facts->metricsPort, Port);
    QVERIFY(facts->notes.isEmpty());
    QCOMPARE(facts->requestsPerSecond, std::nullopt);
    QVERIFY(shell.roundTrips().first().request.contains("Host: 127.0.0.1:20241\r\n"));
    QCOMPARE(shell.roundTrips().size(), 4);
    QVERIFY(await(reader.read({})));
    QCOMPARE(shell.roundTrips().size(), 7); // the configuration only once a minute
    clock.advance(61s);
    QVERIFY(await(reader.read({})));
    QCOMPARE(shell.roundTrips().size(), 11);
}

void TestHostReaders::connectorRates()
{
    FakeShell shell;
    ManualClock clock;
    serveConnector(shell, Port, "t-1");
    ConnectorReader reader(shell, clock, metricsUrl(), QString());
    QVERIFY(await(reader.read({})));
    clock.advance(10s);
    shell.whenRoundTrip(Local, Port, "/metrics", FakeShell::http(200, metricsPage(150, 6)));
    Result<ConnectorFacts> facts = await(reader.read({}));
    QCOMPARE(facts->requestsPerSecond, std::optional(5.0));
    QCOMPARE(facts->errorsPerSecond, std::optional(0.5));
    clock.advance(10s);
    shell.whenRoundTrip(Local, Port, "/metrics", FakeShell::http(200, metricsPage(3, 0))); // restarted
    facts = await(reader.read({}));
    QCOMPARE(facts->requestsPerSecond, std::nullopt);
    QCOMPARE(facts->totalRequests, std::optional(3.0));
}

void TestHostReaders::connectorFindsItsPort()
{
    FakeShell shell;
    ManualClock clock;
    serveConnector(shell, 20241, "another");
    serveConnector(shell, 20243, "MINE");
    ConnectorReader reader(shell, clock, QUrl(), u"mine"_s);
    Result<ConnectorFacts> facts = await(reader.read({}));
    QVERIFY(facts);
    QCOMPARE(facts->metricsPort, 20243);
    const qsizetype calls = shell.roundTrips().size();
    QVERIFY(await(reader.read({})));
    QCOMPARE(shell.roundTrips().size(), calls + 3); // remembered

    shell.clearRules();
    serveConnector(shell, 20241, "mine"); // restarted on another port
    QVERIFY(!await(reader.read({})));
    facts = await(reader.read({}));
    QVERIFY(facts);
    QCOMPARE(facts->metricsPort, 20241);

    shell.clearRules();
    serveConnector(shell, 20242, "another");
    QVERIFY(!await(reader.read({})));
    QCOMPARE(await(reader.read({})).error().kind, Error::Kind::NotFound);
    shell.clearRules(); // none runs at all
    const Result<ConnectorFacts> none = await(reader.read({}));
    QCOMPARE(none.error().kind, Error::Kind::Network);
    QCOMPARE(none.error().code, 111);
}

void TestHostReaders::connectorFailures_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<Error::Kind>("kind");
    QTest::newRow("HTML") << FakeShell::http(200, "<html></html>", "text/html") << Error::Kind::Protocol;
    QTest::newRow("another program") << FakeShell::http(404, "404 page not found\n") << Error::Kind::Protocol;
    QTest::newRow("no HTTP") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n") << Error::Kind::Protocol;
    QTest::newRow("cut off") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") << Error::Kind::Network;
    QTest::newRow("empty") << QByteArray() << Error::Kind::Network;
}

void TestHostReaders::connectorFailures()
{
    QFETCH(QByteArray, answer);
    QFETCH(Error::Kind, kind);
    FakeShell shell;
    ManualClock clock;
    shell.whenRoundTrip(Local, Port, {}, answer);
    ConnectorReader reader(shell, clock, metricsUrl(), QString());
    const Result<ConnectorFacts> facts = await(reader.read({}));
    QVERIFY(!facts);
    QCOMPARE(facts.error().kind, kind);
    // A closed port names the port and what to look at; a bad address is refused.
    shell.clearRules();
    const Result<ConnectorFacts> refused = await(reader.read({}));
    QCOMPARE(refused.error().code, 111);
    QVERIFY(refused.error().summary.contains(u"127.0.0.1:20241"));
    QVERIFY(!refused.error().remedy.isEmpty());
    ConnectorReader bad(shell, clock, QUrl(u"ftp://127.0.0.1:1"_s), QString());
    QCOMPARE(await(bad.read({})).error().kind, Error::Kind::Invalid);
}

void TestHostReaders::connectorOfAnotherTunnel()
{
    FakeShell shell;
    ManualClock clock;
    serveConnector(shell, Port, "another");
    ConnectorReader reader(shell, clock, metricsUrl(), u"t-1"_s);
    const Result<ConnectorFacts> facts = await(reader.read({}));
    QVERIFY(facts);
    QCOMPARE(facts->notes.size(), 1);
    QVERIFY(facts->notes.first().contains(u"another"));
}

void TestHostReaders::connectorWithoutMetrics()
{
    FakeShell shell;
    ManualClock clock;
    shell.whenRoundTrip(Local, Port, {}, FakeShell::http(404, "404 page not found\n")); // an old version has no /diag
    shell.whenRoundTrip(Local, Port, "/ready", FakeShell::http(503, R"({"status":503,"readyConnections":0,"connectorId":"c-1"})"));
    ConnectorReader reader(shell, clock, metricsUrl(), QString());
    const Result<ConnectorFacts> facts = await(reader.read({}));
    QVERIFY(facts);
    QCOMPARE(facts->ready, std::optional(false));
    QCOMPARE(facts->haConnections, std::nullopt);
    QCOMPARE(facts->notes.size(), 1);
}

void TestHostReaders::connectorHangs()
{
    FakeShell shell;
    ManualClock clock;
    shell.whenRoundTripHangs(Local, Port);
    ConnectorReader reader(shell, clock, metricsUrl(), QString());
    std::stop_source stop;
    const Pending<Result<ConnectorFacts>> facts(reader.read(stop.get_token()));
    QTest::qWait(5);
    QVERIFY(!facts.isDone());
    stop.request_stop();
    QVERIFY(facts.finishes());
    QCOMPARE(facts.result().error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestHostReaders)
#include "tst_hostreaders.moc"
