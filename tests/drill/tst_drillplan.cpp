// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// When a drill may begin, by itself or not, how it is planned, and what the lease helper's words mean: tables.
#include "backend/base/utc.h"
#include "backend/drill/drillplan.h"
#include "backend/drill/drillschedule.h"
#include "backend/routing/routingguards.h"
#include "tests/fleet/nodestates.h"
#include "tests/support/fakeshell.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QTest>

using namespace hybridge;
using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

namespace {

LeaseStatus closedLease()
{
    return {};
}

DrillFacts healthyFacts()
{
    DrillFacts facts;
    facts.leases.insert(u"gcp"_s, closedLease());
    facts.leases.insert(u"home"_s, closedLease());
    RoutingState routing;
    routing.mode = RoutingMode::Worker;
    routing.place = WeightPlace::RoutesBinding;
    routing.readAt = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc);
    for (const auto &[node, share] : {std::pair(u"gcp"_s, 80.0), std::pair(u"home"_s, 20.0)}) {
        RouteTarget target;
        target.node = node;
        target.weight = target.share = share;
        routing.targets.append(target);
    }
    facts.routing = routing;
    return facts;
}

/// Healthy gcp and home behind an endpoint, as @p change makes them.
std::unique_ptr<FleetState> fleetOf(const Clock &clock, const std::function<void(FleetConfig &)> &configure = {}, const std::function<void(NodeState &, NodeState &)> &change = {})
{
    NodeState gcp = healthyNode(MachineKind::Gce);
    NodeState home = healthyNode(MachineKind::Host);
    if (change)
        change(gcp, home);
    FleetConfig config;
    config.endpoint = EndpointConfig {QUrl(u"https://llm.example.com"_s), {}};
    config.nodes = {gcp.config, home.config};
    if (configure)
        configure(config);
    auto fleet = std::make_unique<FleetState>(config, clock);
    fleet->update(gcp.config.id, [&](NodeState &node) { node = gcp; });
    fleet->update(home.config.id, [&](NodeState &node) { node = home; });
    fleet->flush();
    return fleet;
}

QStringList blocks(const DrillPlan &plan)
{
    QStringList out;
    for (const DrillCheck &check : plan.checks)
        if (check.state == DrillCheck::State::Block)
            out.append(check.id);
    out.removeDuplicates();
    out.sort();
    return out;
}

} // namespace

class TestDrillPlan : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plan_data()
    {
        QTest::addColumn<DrillFault>("fault");
        QTest::addColumn<QString>("what");
        QTest::addColumn<QStringList>("blocked");
        using F = DrillFault;
        QTest::newRow("healthy, tunnel") << F::Tunnel << u""_s << QStringList {};
        QTest::newRow("healthy, weight") << F::Weight << u""_s << QStringList {};
        QTest::newRow("unknown node") << F::Tunnel << u"unknown"_s << QStringList {u"node"_s};
        QTest::newRow("last backend") << F::Tunnel << u"home-down"_s << QStringList {u"others"_s};
        QTest::newRow("the other has no share") << F::Tunnel << u"home-drained"_s << QStringList {u"others"_s};
        QTest::newRow("last backend, named") << F::Tunnel << u"home-down override"_s << QStringList {};
        QTest::newRow("last backend, the other one named") << F::Tunnel << u"home-down wrong-override"_s << QStringList {u"others"_s};
        QTest::newRow("nothing to take") << F::Engine << u"gcp-down"_s << QStringList {u"serves"_s};
        QTest::newRow("no share") << F::Engine << u"gcp-drained"_s << QStringList {u"share"_s};
        QTest::newRow("not prepared") << F::Tunnel << u"unprepared"_s << QStringList {u"lease-helper"_s};
        QTest::newRow("not prepared, weight needs nothing") << F::Weight << u"unprepared"_s << QStringList {};
        QTest::newRow("lease open here") << F::Tunnel << u"open-gcp"_s << QStringList {u"nobody-else"_s};
        QTest::newRow("lease open there") << F::Tunnel << u"open-home"_s << QStringList {u"nobody-else"_s};
        QTest::newRow("lease at the router") << F::Tunnel << u"router-lease"_s << QStringList {u"router"_s};
        QTest::newRow("no router, weight") << F::Weight << u"no-router"_s << QStringList {u"target"_s};
        QTest::newRow("no router, tunnel") << F::Tunnel << u"no-router"_s << QStringList {};
        QTest::newRow("busy") << F::Tunnel << u"busy"_s << QStringList {u"nobody-else"_s};
        QTest::newRow("a drill was cut off") << F::Tunnel << u"open-drill"_s << QStringList {u"open-drill"_s};
        QTest::newRow("no ssh") << F::Network << u"no-ssh"_s << QStringList {u"target"_s};
        QTest::newRow("no service named") << F::Engine << u"no-service"_s << QStringList {u"target"_s};
        QTest::newRow("link down") << F::Tunnel << u"link"_s << QStringList {u"link"_s};
        QTest::newRow("no endpoint") << F::Tunnel << u"no-endpoint"_s << QStringList {u"endpoint"_s};
        QTest::newRow("budget") << F::Tunnel << u"budget"_s << QStringList {u"budget"_s};
        QTest::newRow("lease too short") << F::Tunnel << u"short-lease"_s << QStringList {u"lease-time"_s};
        QTest::newRow("lease too long") << F::Tunnel << u"long-lease"_s << QStringList {u"lease-time"_s};
        QTest::newRow("fault too long") << F::Tunnel << u"long-fault"_s << QStringList {u"duration"_s};
        QTest::newRow("balancer is slow") << F::Tunnel << u"balancer short-for-balancer"_s << QStringList {u"lease-time"_s};
        QTest::newRow("balancer, chosen") << F::Tunnel << u"balancer"_s << QStringList {};
    }

    void plan()
    {
        QFETCH(DrillFault, fault);
        QFETCH(QString, what);
        QFETCH(QStringList, blocked);
        const QStringList words = what.split(u' ');
        const auto has = [&words](const char *word) { return words.contains(QLatin1String(word)); };
        ManualClock clock;
        clock.advance(testNow - clock.monotonic());
        const auto fleet = fleetOf(
            clock,
            [&](FleetConfig &config) {
                if (has("no-endpoint"))
                    config.endpoint.reset();
            },
            [&](NodeState &gcp, NodeState &home) {
                const auto kill = [](NodeState &node) {
                    setService(node, node.config.connector->service, ServiceState::Inactive);
                    failTwice(node.connector, ::hybridge::test::fault(Error::Kind::Network, "refused", 111));
                    setTunnel(node, "down", 0);
                    setEdge(node, EdgeFacts::Verdict::NoConnector, 530);
                };
                if (has("home-down"))
                    kill(home);
                if (has("gcp-down"))
                    kill(gcp);
                if (has("no-ssh"))
                    gcp.config.ssh.reset();
                if (has("no-service"))
                    gcp.config.engine->service.clear();
            });
        DrillFacts facts = healthyFacts();
        const auto share = [&facts](int target, double value) { facts.routing->targets[target].share = facts.routing->targets[target].weight = value; };
        if (has("home-drained"))
            share(1, 0);
        if (has("gcp-drained"))
            share(0, 0);
        if (has("unprepared"))
            facts.leases.insert(u"gcp"_s, Error(Error::Kind::NotFound, u"no helper"_s));
        LeaseStatus open;
        open.state = LeaseStatus::State::Armed;
        open.id = u"other"_s;
        open.fault = u"none"_s;
        if (has("open-gcp"))
            facts.leases.insert(u"gcp"_s, open);
        if (has("open-home"))
            facts.leases.insert(u"home"_s, open);
        if (has("router-lease")) {
            RouteLease lease;
            lease.id = u"x"_s;
            lease.expiresAt = facts.routing->readAt.addSecs(60);
            facts.routing->lease = lease;
        }
        if (has("no-router"))
            facts.routing.reset();
        if (has("busy"))
            facts.busyWith = u"\"up\" by op@desk"_s;
        if (has("open-drill"))
            facts.openDrills.append(u"tunnel of gcp"_s);
        if (has("link"))
            facts.linkTrouble = u"refused"_s;
        if (has("budget"))
            facts.sentToday = freeRequestsADay - 10;
        if (has("balancer"))
            facts.balancerSeconds = DrillRange {17, 95};
        DrillRequest request;
        request.node = has("unknown") ? u"nobody"_s : u"gcp"_s;
        request.fault = fault;
        if (has("override"))
            request.lastBackendOverride = u"gcp"_s;
        if (has("wrong-override"))
            request.lastBackendOverride = u"home"_s;
        if (has("short-lease"))
            request.lease = request.duration;
        if (has("long-lease"))
            request.lease = std::chrono::seconds(1801);
        if (has("long-fault"))
            request.duration = std::chrono::seconds(1500);
        if (has("short-for-balancer"))
            request.lease = std::chrono::seconds(200);
        const DrillPlan made = drillPlan(*fleet, request, facts);
        QCOMPARE(blocks(made), blocked);
        QCOMPARE(made.isBlocked(), !blocked.isEmpty());
        const auto refusal = drillRefusal(made);
        QCOMPARE(refusal.has_value(), !blocked.isEmpty());
        if (refusal)
            QVERIFY(refusal->kind == Error::Kind::Refused && !refusal->summary.isEmpty());
        if (blocked.isEmpty()) {
            QVERIFY(made.lease >= request.duration && made.lease <= longestLease);
            QVERIFY(made.lock >= made.lease);
            if (fault != DrillFault::Weight)
                QVERIFY(made.calls.join(u'\n').contains(u"arm ID %1 %2"_s.arg(made.lease.count()).arg(drillFaultName(fault))));
            if (has("balancer"))
                QVERIFY(made.lease >= std::chrono::seconds(2 * 95 + 60));
        }
    }

    /// A balancer rewrites no name; Ollama answers to NAME for its NAME:latest, vLLM to what it lists alone.
    void commonModelName_data()
    {
        QTest::addColumn<QStringList>("vllm");
        QTest::addColumn<QStringList>("ollama");
        QTest::addColumn<QString>("common");
        QTest::newRow("the same") << QStringList {u"a"_s, u"chat"_s} << QStringList {u"chat"_s} << u"chat"_s;
        QTest::newRow("latest at Ollama") << QStringList {u"a"_s, u"chat"_s} << QStringList {u"llama3:8b"_s, u"chat:latest"_s} << u"chat"_s;
        QTest::newRow("latest at vLLM") << QStringList {u"chat:latest"_s} << QStringList {u"chat"_s} << QString();
        QTest::newRow("another tag") << QStringList {u"llama3"_s} << QStringList {u"llama3:8b"_s} << QString();
    }
    void commonModelName()
    {
        QFETCH(QStringList, vllm);
        QFETCH(QStringList, ollama);
        QFETCH(QString, common);
        ManualClock clock;
        const auto fleet = fleetOf(clock, {}, [&](NodeState &gcp, NodeState &home) {
            const auto serve = [&clock](NodeState &node, const QStringList &models) {
                EngineFacts facts = *node.engine;
                facts.models = models;
                node.engine.succeed(facts, clock.monotonic());
            };
            serve(gcp, vllm);
            serve(home, ollama);
        });
        DrillFacts facts = healthyFacts();
        facts.routing->mode = RoutingMode::LoadBalancer;
        QCOMPARE(commonModel(*fleet, *facts.routing, {{u"gcp"_s, 80.0}, {u"home"_s, 20.0}}), common);
        DrillRequest request;
        request.node = u"gcp"_s;
        request.probe = DrillProbe::Chat; // a list of models names none
        const QList<DrillCheck> checks = drillPlan(*fleet, request, facts).checks;
        const bool warned = std::any_of(checks.begin(), checks.end(), [](const DrillCheck &check) { return check.id == u"model"; });
        QCOMPARE(warned, common.isEmpty());
        // Marks tell who answers a list of models, not who answers a chat.
        facts.hasMarks = true;
        for (const DrillProbe probe : {DrillProbe::Models, DrillProbe::Chat, DrillProbe::Stream}) {
            request.probe = probe;
            const QList<DrillCheck> all = drillPlan(*fleet, request, facts).checks;
            const bool unproven = std::any_of(all.begin(), all.end(), [](const DrillCheck &check) { return check.id == u"proof"; });
            QCOMPARE(unproven, probe != DrillProbe::Models);
        }
    }

    void rate()
    {
        QCOMPARE(allowedRate(200, false), 15.0);
        QCOMPARE(allowedRate(200, true), 200.0);
        QCOMPARE(allowedRate(500, true), 200.0);
        QCOMPARE(allowedRate(0, true), 0.2);
    }

    void leaseStatus_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("ok");
        QTest::addColumn<bool>("open");
        QTest::addColumn<QString>("id");
        QTest::newRow("nothing") << QByteArray(R"({"version":1,"open":false,"last":null})") << true << false << QString();
        QTest::newRow("armed") << QByteArray(R"({"version":1,"open":true,"id":"d-1","fault":"tunnel","seconds":120,"secondsLeft":118,"state":"armed","service":"systemd:cloudflared","last":null})") << true << true << u"d-1"_s;
        QTest::newRow("a new word") << QByteArray(R"({"open":true,"id":"d-1","fault":"tunnel","state":"thinking"})") << true << true << u"d-1"_s;
        QTest::newRow("no id") << QByteArray(R"({"open":true})") << false << false << QString();
        QTest::newRow("no json") << QByteArray("bash: hybridge-lease: not found") << false << false << QString();
        QTest::newRow("empty") << QByteArray() << false << false << QString();
        QTest::newRow("wrong types") << QByteArray(R"({"open":"yes","id":7})") << false << false << QString();
    }

    void leaseStatus()
    {
        QFETCH(QByteArray, text);
        QFETCH(bool, ok);
        QFETCH(bool, open);
        QFETCH(QString, id);
        const Result<LeaseStatus> status = parseLeaseStatus(text);
        QCOMPARE(status.has_value(), ok);
        if (!ok)
            return;
        QCOMPARE(status->isOpen(), open);
        QCOMPARE(status->id, id);
    }

    void leaseCalls_data()
    {
        QTest::addColumn<int>("exit");
        QTest::addColumn<QByteArray>("err");
        QTest::addColumn<int>("kind");
        QTest::newRow("taken") << 4 << QByteArray("hybridge-lease: another lease is open") << int(Error::Kind::Refused);
        QTest::newRow("not there") << 127 << QByteArray("env: no such file") << int(Error::Kind::NotFound);
        QTest::newRow("not there, sudo says") << 1 << QByteArray("sudo: /usr/local/sbin/hybridge-lease: command not found") << int(Error::Kind::NotFound);
        QTest::newRow("no rule") << 1 << QByteArray("sudo: a password is required") << int(Error::Kind::Unauthorized);
        QTest::newRow("cannot cut") << 1 << QByteArray("hybridge-lease: tunnel could not be cut") << int(Error::Kind::RemoteExit);
        QTest::newRow("bad words") << 2 << QByteArray("hybridge-lease: usage") << int(Error::Kind::Invalid);
        QTest::newRow("silent") << 124 << QByteArray() << int(Error::Kind::Timeout);
    }

    void leaseCalls()
    {
        QFETCH(int, exit);
        QFETCH(QByteArray, err);
        QFETCH(int, kind);
        FakeShell shell;
        shell.whenExec(FakeShell::contains(u"hybridge-lease arm d-1 120 tunnel"_s), FakeShell::done({}, exit, err));
        NodeConfig node = healthyNode(MachineKind::Gce).config;
        DrillLease lease(shell, node);
        const Result<LeaseStatus> armed = await(lease.arm(u"d-1"_s, std::chrono::seconds(120), u"tunnel"_s, {}));
        QVERIFY(!armed);
        QCOMPARE(int(armed.error().kind), kind);
        QVERIFY(shell.commands().first().argv().contains(u"sudo"_s)); // the only rule that a drill needs
        node.ssh->user = u"root"_s;
        QVERIFY(!DrillLease::argv(node, {u"show"_s}).contains(u"sudo"_s));
    }

    void schedule_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<bool>("now");
        QTest::newRow("due") << u""_s << true;
        QTest::newRow("off") << u"off"_s << false;
        QTest::newRow("too early") << u"early"_s << false;
        QTest::newRow("too late today") << u"late"_s << false;
        QTest::newRow("in the hour behind") << u"soon-after"_s << true;
        QTest::newRow("one ran this week") << u"recent"_s << false;
        QTest::newRow("one ran last week") << u"week-ago"_s << true;
        QTest::newRow("another day") << u"weekday"_s << false;
        QTest::newRow("blackout") << u"blackout"_s << false;
        QTest::newRow("blackout over midnight") << u"night"_s << false;
        QTest::newRow("unhealthy") << u"unhealthy"_s << false;
    }
    void schedule()
    {
        QFETCH(QString, what);
        QFETCH(bool, now);
        ManualClock clock;
        clock.advance(testNow - clock.monotonic());
        const auto fleet = fleetOf(clock, {}, [&](NodeState &, NodeState &home) {
            if (what == u"unhealthy") {
                setTunnel(home, "down", 0);
                setEdge(home, EdgeFacts::Verdict::NoConnector, 530);
            }
        });
        DrillSchedule wish;
        wish.enabled = what != u"off";
        wish.at = what == u"night" ? QTime(0, 10) : QTime(10, 0);
        const QDate monday(2026, 1, 26);
        QDateTime at(monday, wish.at.addSecs(30), Utc);
        if (what == u"early")
            at = QDateTime(monday, QTime(9, 59), Utc);
        if (what == u"late")
            at = QDateTime(monday, QTime(12, 0), Utc);
        if (what == u"soon-after")
            at = QDateTime(monday, QTime(10, 40), Utc);
        if (what == u"weekday")
            wish.weekdays = {2, 3};
        if (what == u"blackout")
            wish.blackouts = {{QTime(9, 0), QTime(18, 0)}};
        if (what == u"night")
            wish.blackouts = {{QTime(22, 0), QTime(6, 0)}};
        QDateTime last;
        if (what == u"recent")
            last = at.addDays(-3);
        if (what == u"week-ago")
            last = at.addDays(-7);
        const DrillDue due = drillDue(wish, at, last, *fleet);
        QVERIFY2(due.now == now, qPrintable(due.because));
        QVERIFY(!due.because.isEmpty());
    }

    void scheduleIsKept()
    {
        DrillSchedule wish;
        wish.enabled = true;
        wish.every = std::chrono::hours(24 * 14);
        wish.at = QTime(7, 5);
        wish.blackouts = {{QTime(22, 0), QTime(6, 0)}, {QTime(12, 0), QTime(13, 30)}};
        wish.weekdays = {1, 5};
        wish.node = u"home"_s;
        wish.fault = DrillFault::Engine;
        QCOMPARE(drillScheduleOf(drillScheduleText(wish)), wish);
        QCOMPARE(drillScheduleOf({}), DrillSchedule());
        QCOMPARE(drillScheduleOf("[1]"), DrillSchedule());
        QCOMPARE(drillScheduleOf(R"({"enabled":"yes","days":-3,"at":7,"weekdays":[0,8,"x"],"blackouts":[["25:00","x"]],"fault":"meteor","node":{}})"), DrillSchedule());
    }

    void windows_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("told"); // empty: not understood
        QTest::newRow("one") << u"18:00-08:00"_s << u"18:00-08:00"_s;
        QTest::newRow("two, loosely") << u" 9:00 - 12:00 ,13:00-14:30"_s << u"09:00-12:00, 13:00-14:30"_s;
        QTest::newRow("no end") << u"18:00"_s << QString();
        QTest::newRow("no time") << u"18:00-25:00"_s << QString();
        QTest::newRow("words") << u"at night"_s << QString();
    }
    void windows()
    {
        QFETCH(QString, text);
        QFETCH(QString, told);
        const auto read = drillWindowsOf(text);
        QCOMPARE(read.has_value(), !told.isEmpty());
        if (read)
            QCOMPARE(drillWindowsText(*read), told);
        else
            QVERIFY(read.error().summary.contains(u"18:00-08:00"_s));
        QVERIFY(drillWindowsOf(u"  "_s)->isEmpty());
    }

    void neverDue()
    {
        DrillSchedule wish;
        wish.enabled = true;
        wish.at = QTime(10, 0);
        QVERIFY(drillScheduleTrouble(wish).isEmpty());
        wish.blackouts = {{QTime(9, 0), QTime(18, 0)}};
        QVERIFY(drillScheduleTrouble(wish).contains(u"09:00"_s));
        // A late beginning is still possible.
        wish.blackouts = {{QTime(9, 0), QTime(10, 30)}};
        QVERIFY(drillScheduleTrouble(wish).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestDrillPlan)
#include "tst_drillplan.moc"
