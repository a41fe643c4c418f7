// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The watches on scripted shells and transports: what each writes into the fleet's state, and that one that fails leaves
// the rest alone.
#include "backend/base/utc.h"
#include "backend/fleet/connectorwatch.h"
#include "backend/fleet/hostnamewatch.h"
#include "backend/fleet/secretcache.h"
#include "backend/fleet/servicewatch.h"
#include "backend/fleet/tunnelwatch.h"
#include "tests/fleet/nodestates.h"
#include "tests/support/fakeshell.h"
#include "tests/support/faketransport.h"
#include "tests/support/manualclock.h"

#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;

namespace {

const char *const healthyUnits = "Id=cloudflared.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\n"
                                 "\nId=ollama.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=3\nNRestarts=2\n";

WatchSchedule once()
{
    WatchSchedule schedule;
    schedule.services = schedule.control = schedule.controlRetry = schedule.engine = schedule.connector = std::chrono::hours(1);
    schedule.tunnels = schedule.hostnames = schedule.endpoint = std::chrono::hours(1);
    return schedule;
}

} // namespace

class TestWatches : public QObject {
    Q_OBJECT

    ManualClock m_clock;
    std::unique_ptr<FleetState> m_state;

    const NodeState &home() const { return *m_state->node(QStringLiteral("home")); }

private Q_SLOTS:
    void init()
    {
        FleetConfig config;
        config.nodes = {healthyNode(MachineKind::Host).config, healthyNode(MachineKind::Gce).config};
        config.nodes[1].tunnel = QStringLiteral("11111111-2222-3333-4444-555555555555");
        config.cloudflare = CloudflareConfig();
        config.cloudflare->accountId = QStringLiteral("acc");
        m_state = std::make_unique<FleetState>(config, m_clock);
    }

    void servicesAreReadAndKept()
    {
        FakeShell shell;
        shell.whenExec({QStringLiteral("sudo")}, FakeShell::done("/usr/bin/systemctl restart cloudflared\n"));
        shell.whenExec(FakeShell::contains(QStringLiteral("systemctl")), FakeShell::done(healthyUnits));
        ServiceWatch watch(*m_state, shell, home().config, once());
        watch.start();
        QTRY_VERIFY(home().services.isKnown());
        QCOMPARE(home().services->size(), 2);
        QCOMPARE(home().services->at(0).state, ServiceState::Active);
        QCOMPARE(home().services->at(1).state, ServiceState::Failed);
        QTRY_VERIFY(home().control.isKnown());
        QVERIFY(shell.unexpected().isEmpty());
    }

    void aMissingSudoRuleIsNamedWithItsLine()
    {
        FakeShell shell;
        shell.whenExec(FakeShell::contains(QStringLiteral("systemctl")), FakeShell::done(healthyUnits));
        shell.whenExec({QStringLiteral("sudo")}, FakeShell::done({}, 1, "sudo: a password is required\n"));
        ServiceWatch watch(*m_state, shell, home().config, once());
        watch.start();
        QTRY_VERIFY(home().control.error());
        QVERIFY2(home().control.error()->remedy.contains(QLatin1String("systemctl restart")), qPrintable(home().control.error()->remedy));
        QVERIFY(home().control.error()->remedy.contains(QLatin1String("NOPASSWD")));
    }

    void aFailureKeepsTheLastServices()
    {
        FakeShell shell;
        shell.whenExec({QStringLiteral("sudo")}, FakeShell::done({}));
        shell.whenExec(FakeShell::contains(QStringLiteral("systemctl")), FakeShell::done(healthyUnits));
        ServiceWatch watch(*m_state, shell, home().config, once());
        watch.start();
        QTRY_VERIFY(home().services.isKnown());
        shell.clearRules();
        shell.whenExec(FakeShell::startsWith({}), Result<ExecResult>(Error(Error::Kind::Timeout, QStringLiteral("late"))));
        QTRY_VERIFY(home().control.triedAt().count() != 0);
        watch.runNow();
        QTRY_VERIFY(home().services.error());
        QCOMPARE(home().services->size(), 2);
    }

    void goingWhileACommandHangsIsClean()
    {
        FakeShell shell;
        shell.whenExecHangs({});
        auto watch = std::make_unique<ServiceWatch>(*m_state, shell, home().config, once());
        watch->start();
        QVERIFY(!shell.commands().isEmpty());
        watch.reset();
        QCoreApplication::processEvents();
        QVERIFY(!home().services.isKnown());
    }

    void connectorTellsItsConnections()
    {
        FakeShell shell;
        shell.whenRoundTrip(QStringLiteral("127.0.0.1"), 20241, "/ready",
            FakeShell::http(200, "{\"status\":200,\"readyConnections\":3,\"connectorId\":\"c\"}"));
        shell.whenRoundTrip(QStringLiteral("127.0.0.1"), 20241, "/metrics",
            FakeShell::http(200, "cloudflared_tunnel_total_requests 12\n", "text/plain"));
        ConnectorWatch watch(*m_state, shell, home().config, once());
        watch.start();
        QTRY_VERIFY(home().connector.isKnown());
        QCOMPARE(*home().connector->readyConnections, 3);
        QCOMPARE(*home().connector->totalRequests, 12.0);
    }

    void connectorThatRefusesIsAnError()
    {
        FakeShell shell;
        shell.whenRoundTrip(QStringLiteral("127.0.0.1"), 20241, {}, Result<QByteArray>(Error(Error::Kind::Network, QStringLiteral("refused"), {}, 111)));
        ConnectorWatch watch(*m_state, shell, home().config, once());
        watch.start();
        QTRY_VERIFY(home().connector.error());
        QCOMPARE(home().connector.error()->code, 111);
    }

    void tunnelsAreReadWithTheirConnections()
    {
        FakeTransport api;
        api.answerAt(QStringLiteral("/cfd_tunnel"), 200,
            "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[{\"id\":\"6ff42ae2-765d-4adf-8112-31c55c1551ef\",\"name\":\"home\",\"status\":\"degraded\",\"conns_active_at\":\"2026-01-26T09:00:00Z\"}],"
            "\"result_info\":{\"page\":1,\"per_page\":1000,\"count\":1,\"total_count\":1}}");
        api.answerAt(QStringLiteral("/connections"), 200,
            "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[{\"id\":\"c\",\"version\":\"2026.8.2\",\"conns\":[{\"id\":\"1\",\"colo_name\":\"fra10\"},{\"id\":\"2\",\"colo_name\":\"ams01\"}]}]}");
        TunnelWatch watch(*m_state, api, once());
        watch.start();
        QTRY_VERIFY(home().tunnel.isKnown() && home().tunnel->connections);
        QCOMPARE(home().tunnel->status, QStringLiteral("degraded"));
        QCOMPARE(*home().tunnel->connections, 2);
        QCOMPARE(home().tunnel->colos, QStringList({QStringLiteral("ams01"), QStringLiteral("fra10")}));
        // A tunnel that the account does not have is an error of that node alone.
        QTRY_VERIFY(m_state->node(QStringLiteral("gcp"))->tunnel.error());
        QCOMPARE(m_state->node(QStringLiteral("gcp"))->tunnel.error()->kind, Error::Kind::NotFound);
    }

    void anApiFailureAgesTheValues()
    {
        FakeTransport api;
        api.answerAt(QStringLiteral("/cfd_tunnel"), 500, "<html>oops</html>");
        m_state->update(QStringLiteral("home"), [](NodeState &node) {
            TunnelFacts facts;
            facts.status = QStringLiteral("healthy");
            node.tunnel.succeed(facts, std::chrono::milliseconds(500));
        });
        TunnelWatch watch(*m_state, api, once());
        watch.start();
        QTRY_VERIFY(home().tunnel.error());
        QCOMPARE(home().tunnel->status, QStringLiteral("healthy"));
        QTRY_VERIFY(m_state->services().cloudflare);
    }

    void hostnamesAreJudged_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("location");
        QTest::addColumn<int>("verdict");
        using V = EdgeFacts::Verdict;
        QTest::newRow("served") << 200 << QByteArray("{}") << QByteArray() << int(V::Served);
        QTest::newRow("engine says 503") << 503 << QByteArray("{\"error\":\"dead\"}") << QByteArray() << int(V::OriginDown);
        QTest::newRow("no connector") << 530 << QByteArray("error code: 1033") << QByteArray() << int(V::NoConnector);
        QTest::newRow("record missing") << 530 << QByteArray("error code: 1016") << QByteArray() << int(V::DnsWrong);
        QTest::newRow("log-in page") << 302 << QByteArray() << QByteArray("https://t.cloudflareaccess.com/cdn-cgi/access/login/x") << int(V::AccessRefused);
    }
    void hostnamesAreJudged()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, location);
        QFETCH(int, verdict);
        HeaderList headers {{"server", "cloudflare"}, {"cf-ray", "8c1f-FRA"}, {"content-type", body.startsWith('{') ? "application/json" : "text/plain"}};
        if (!location.isEmpty())
            headers.append({"location", location});
        auto api = std::make_unique<FakeTransport>();
        api->answerAt(QStringLiteral("/api/version"), status, body, headers);
        HostnameWatch watch(*m_state, QStringLiteral("home"), std::move(api), probePath(home().config.engine), once(), nullptr);
        watch.start();
        QTRY_VERIFY(home().edge.isKnown());
        QCOMPARE(int(home().edge->verdict), verdict);
    }

    void theDailyBudgetHolds()
    {
        const QDateTime noon(QDate(2026, 1, 26), QTime(12, 0), Utc);
        ProbeBudget budget(10);
        budget.spend(noon, 7);
        QVERIFY(!budget.mustSave(noon));
        budget.spend(noon);
        QVERIFY(budget.mustSave(noon));
        QVERIFY(!budget.isExhausted(noon));
        budget.spend(noon, 2);
        QVERIFY(budget.isExhausted(noon));
        QCOMPARE(budget.spentToday(noon.addDays(1)), 0);
    }

    void anExhaustedBudgetSendsNothing()
    {
        auto budget = std::make_shared<ProbeBudget>(1);
        budget->spend(m_clock.now());
        auto api = std::make_unique<FakeTransport>();
        FakeTransport *seen = api.get();
        HostnameWatch watch(*m_state, {}, std::move(api), QStringLiteral("/v1/models"), once(), budget);
        watch.start();
        QTRY_VERIFY(m_state->endpoint().edge.error());
        QVERIFY(seen->requests().isEmpty());
    }

    void aMissingSecretIsToldOnce()
    {
        SessionSecretStore store;
        SecretResolver resolver(store);
        auto secrets = std::make_shared<SecretCache>(resolver, m_clock);
        QSignalSpy missing(secrets.get(), &SecretCache::missing);
        SecretRef ref;
        ref.name = QStringLiteral("cloudflare");
        const SecretPurpose purpose {QStringLiteral("the token"), QStringLiteral("api.example.com")};
        bool found = true;
        for (int i = 0; i < 3; ++i) {
            bool done = false;
            QCoro::connect(secrets->get(ref, purpose, {}), this, [&](const Result<Secret> &result) {
                found = result.has_value();
                done = true;
            });
            QTRY_VERIFY(done);
            QVERIFY(!found);
            m_clock.advance(std::chrono::seconds(11));
        }
        QCOMPARE(missing.size(), 1);
        QCoro::connect(store.write(QStringLiteral("cloudflare"), Secret("abcdef"), {}), this, [](const Result<void> &) {});
        secrets->retry();
        bool done = false;
        QCoro::connect(secrets->get(ref, purpose, {}), this, [&](const Result<Secret> &result) {
            found = result.has_value();
            done = true;
        });
        QTRY_VERIFY(done);
        QVERIFY(found);
    }
};

QTEST_GUILESS_MAIN(TestWatches)
#include "tst_watches.moc"
