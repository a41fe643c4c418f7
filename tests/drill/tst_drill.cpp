// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What a drill is planned, counted, judged and told by: tables; and the probes against servers that hang.
#include "backend/drill/drillplan.h"
#include "backend/drill/drillprobe.h"
#include "backend/drill/drillreport.h"
#include "backend/drill/drilljournal.h"
#include "backend/activity/activityschema.h"
#include "tests/fleet/nodestates.h"
#include "tests/support/fakeshell.h"
#include "tests/support/faultyserver.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTemporaryDir>
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
    routing.readAt = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Qt::UTC);
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

DrillSample sample(double at, const QString &node, double ms = 20, int attempts = 1)
{
    DrillSample out;
    out.at = at;
    out.ms = ms;
    out.node = node;
    out.attempts = attempts;
    out.status = 200;
    return out;
}

DrillSample failed(double at, double ms = 20)
{
    DrillSample out = sample(at, {}, ms, 0);
    out.outcome = DrillSample::Outcome::Failed;
    out.status = 502;
    out.layer = u"router"_s;
    out.cause = u"HTTP 502"_s;
    return out;
}

/// 5 s steady, cut at 5, given back at 15, back at 18; every second request goes to gcp.
DrillReport goodReport()
{
    DrillReport report;
    report.id = u"0b6f2a4e-1111-4222-8333-444455556666"_s;
    report.fleet = u"demo"_s;
    report.who = u"op@desk, hybridgectl"_s;
    report.routing = u"worker"_s;
    report.request.node = u"gcp"_s;
    report.request.duration = std::chrono::seconds(10);
    report.leaseId = u"drill-0b6f2a4e"_s;
    report.leaseTime = std::chrono::seconds(120);
    report.begun = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Qt::UTC);
    report.ended = report.begun.addSecs(25);
    report.restored = true;
    report.labels = {{u"gcp"_s, u"GCP L4"_s}, {u"home"_s, u"Home 3090"_s}};
    report.colours = {{u"gcp"_s, u"#4285F4"_s}, {u"home"_s, u"url(evil)"_s}};
    report.sharesBefore = report.sharesAfter = {{u"gcp"_s, 80}, {u"home"_s, 20}};
    report.marks = {5.0, 5.1, 15.0, 15.2, 16.0, 25.0};
    for (int i = 0; i < 125; ++i) {
        const double at = i / 5.0;
        const bool toGcp = i % 2 == 0;
        if (at < 5 || at >= 18)
            report.samples.append(sample(at, toGcp ? u"gcp"_s : u"home"_s));
        else // the first three that meet the dead node are asked again
            report.samples.append(sample(at, u"home"_s, toGcp && at < 6.2 ? 60 : 20, toGcp && at < 6.2 ? 2 : 1));
    }
    report.counts = drillCounts(report.samples, 0);
    report.times = drillTimes(report.samples, report.marks, u"gcp"_s, 5);
    return report;
}

} // namespace

class TestDrill : public QObject {
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

    void times()
    {
        const DrillReport report = goodReport();
        QCOMPARE(report.times.uncertainty, 200.0);
        QVERIFY(qAbs(*report.times.detect - 260) < 1); // request 26 at 5.2 s is the first that was asked twice
        QVERIFY(*report.times.shift >= *report.times.detect && *report.times.shift < 400);
        QVERIFY(qAbs(*report.times.recover - 3020) < 1);
        QCOMPARE(report.counts.retried, 3);
        // Failures push the shift behind the last of them.
        QList<DrillSample> late = report.samples;
        late[40] = failed(8.0);
        QVERIFY(*drillTimes(late, report.marks, u"gcp"_s, 5).shift >= 3200);
        // The node still answers: nothing has moved.
        QList<DrillSample> stuck = report.samples;
        for (DrillSample &one : stuck)
            one.node = u"gcp"_s, one.attempts = 1;
        QVERIFY(!drillTimes(stuck, report.marks, u"gcp"_s, 5).shift);
        QVERIFY(!drillTimes(stuck, report.marks, u"gcp"_s, 5).detect);
        QVERIFY(!drillTimes({}, {}, u"gcp"_s, 5).recover);
    }

    void seconds()
    {
        QVERIFY(drillSeconds({}).isEmpty());
        const QList<DrillSecond> all = drillSeconds({sample(0.1, u"a"_s, 10), sample(0.9, u"b"_s, 30), failed(2.5)});
        QCOMPARE(all.size(), 3);
        QCOMPARE(all.at(0).byNode.value(u"a"_s), 1);
        QCOMPARE(*all.at(0).medianMs, 20.0);
        QVERIFY(all.at(1).byNode.isEmpty() && !all.at(1).medianMs);
        QCOMPARE(all.at(2).failed, 1);
        QCOMPARE(*quantile({1, 2, 3, 4}, 0.5), 2.5);
        QVERIFY(!quantile({}, 0.5));
    }

    void verdict_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<DrillVerdict>("verdict");
        QTest::newRow("good") << u""_s << DrillVerdict::Pass;
        QTest::newRow("not restored") << u"not-restored"_s << DrillVerdict::Fail;
        QTest::newRow("aborted") << u"abort"_s << DrillVerdict::Aborted;
        QTest::newRow("many failed") << u"many"_s << DrillVerdict::Fail;
        QTest::newRow("one failed") << u"one"_s << DrillVerdict::Inconclusive;
        QTest::newRow("too few") << u"few"_s << DrillVerdict::Inconclusive;
        QTest::newRow("nobody told who answered") << u"unproven"_s << DrillVerdict::Inconclusive;
        QTest::newRow("never answered before") << u"idle"_s << DrillVerdict::Inconclusive;
        QTest::newRow("did not move") << u"stuck"_s << DrillVerdict::Fail;
        QTest::newRow("slow") << u"slow"_s << DrillVerdict::Fail;
        QTest::newRow("not back") << u"not-back"_s << DrillVerdict::Inconclusive;
    }

    void verdict()
    {
        QFETCH(QString, what);
        QFETCH(DrillVerdict, verdict);
        DrillReport report = goodReport();
        for (qsizetype i = 0; i < report.samples.size(); ++i) {
            DrillSample &one = report.samples[i];
            const bool during = one.at >= 5 && one.at < 15;
            if (what == u"many" && during && i % 3 == 0)
                one = failed(one.at);
            if (what == u"one" && i == 40)
                one = failed(one.at);
            if (what == u"unproven")
                one.node.clear();
            if (what == u"idle" || (what == u"not-back" && one.at >= 5))
                one.node = u"home"_s;
            if (what == u"stuck")
                one.node = u"gcp"_s;
            if (what == u"slow" && during)
                one.ms = 11000;
        }
        if (what == u"few")
            report.samples.removeIf([](const DrillSample &one) { return one.at >= 6 && one.at < 15; });
        report.restored = what != u"not-restored";
        report.times = drillTimes(report.samples, report.marks, u"gcp"_s, 5);
        const DrillJudgement judged = judgeDrill(report, what == u"abort" ? u"Aborted by the operator."_s : QString());
        QVERIFY2(judged.verdict == verdict, qPrintable(judged.reasons.join(u' ')));
        QVERIFY(!judged.reasons.isEmpty());
    }

    void aborts()
    {
        const DrillHypothesis hypothesis;
        QList<DrillSample> samples;
        for (int i = 0; i < 20; ++i)
            samples.append(i % 2 ? failed(i) : sample(i, u"a"_s));
        QVERIFY(abortReason(samples, 0, hypothesis).isEmpty()); // half is not more than half
        samples.append(failed(21));
        QVERIFY(!abortReason(samples, 0, hypothesis).isEmpty());
        QVERIFY(abortReason(samples, 5, hypothesis).isEmpty()); // too few since then
    }

    void predictions()
    {
        DrillRequest request;
        request.duration = std::chrono::seconds(20);
        const DrillPrediction tunnel = predictWorker(request, {}, 0.8);
        request.fault = DrillFault::Hang;
        const DrillPrediction hang = predictWorker(request, {}, 0.8);
        QVERIFY(hang.shift->high >= tunnel.shift->high + 4000); // the router waits for a first byte
        QVERIFY(tunnel.recover->high > 5000);
        const DrillPrediction balancer = predictBalancer(request, 2, 63, 0.5);
        QCOMPARE(balancer.shift->low, 2000.0);
        QVERIFY(balancer.shift->high >= 63000);
    }

    void reportRoundTrip()
    {
        DrillReport report = goodReport();
        report.samples[40] = failed(8.0);
        report.samples[40].cause = u"<script>alert(1)</script>"_s;
        report.counts = drillCounts(report.samples, 3);
        const DrillJudgement judged = judgeDrill(report, {});
        report.verdict = judged.verdict;
        report.reasons = judged.reasons;
        report.digest = drillDigest(report);
        const QByteArray json = QByteArray::fromStdString(drillDocument(report, true).dump(2));
        QVERIFY(digestHolds(json));
        QByteArray edited = json;
        edited.replace("\"failed\": 1", "\"failed\": 0");
        QVERIFY(edited != json && !digestHolds(edited));
        QVERIFY(!digestHolds("{}") && !digestHolds("no"));
        const Result<DrillReport> read = drillFromDocument(json);
        QVERIFY(read);
        QCOMPARE(read->samples.size(), report.samples.size());
        QCOMPARE(read->samples.at(40), report.samples.at(40));
        QCOMPARE(read->counts, report.counts);
        QCOMPARE(read->marks, report.marks);
        QCOMPARE(read->request, report.request);
        QCOMPARE(drillDigest(*read), report.digest);
        // The keys that other programs rely on.
        const auto document = drillDocument(report, false);
        for (const char *key : {"id", "node", "fault", "verdict", "restored", "requests", "times", "lease"})
            QVERIFY2(document.contains(key), key);
        for (const char *key : {"sent", "failed", "cut"})
            QVERIFY2(document["requests"][key].is_number_integer(), key);
        for (const char *key : {"detectMs", "shiftMs", "recoverMs"})
            QVERIFY2(document["times"][key].is_number_integer(), key);
        // For people: whole, self-contained, and nothing of the outside comes alive in it.
        const QByteArray html = drillHtml(report);
        QVERIFY(html.count("<svg") == 3 && html.count("<circle") >= 2 * report.samples.size());
        QVERIFY(!html.contains("<script") && !html.contains("url(evil)") && !html.contains("http://") && !html.contains("https://"));
        QVERIFY(html.contains(report.digest.toLatin1()));
        const QByteArray markdown = drillMarkdown(report);
        QVERIFY(markdown.contains("GCP L4") && !markdown.contains("<script"));
    }

    void badReports_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("list") << QByteArray("[]");
        QTest::newRow("no id") << QByteArray(R"({"fault":"tunnel","verdict":"pass"})");
        QTest::newRow("unknown fault") << QByteArray(R"({"id":"a","fault":"meteor","verdict":"pass"})");
        QTest::newRow("wrong type") << QByteArray(R"({"id":7,"fault":"tunnel","verdict":"pass"})");
    }
    void badReports()
    {
        QFETCH(QByteArray, json);
        QVERIFY(!drillFromDocument(json));
    }

    void classifies_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("headers");
        QTest::addColumn<bool>("ok");
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("layer");
        QTest::newRow("answered") << 200 << u"x-hybridge-backend=gcp x-hybridge-attempts=1"_s << true << u"gcp"_s << QString();
        QTest::newRow("asked again") << 200 << u"x-hybridge-backend=home x-hybridge-attempts=2"_s << true << u"home"_s << QString();
        QTest::newRow("by the router itself") << 502 << u"x-hybridge-routes=7"_s << false << QString() << u"router"_s;
        QTest::newRow("the engine failed") << 500 << u"x-hybridge-backend=gcp x-hybridge-routes=7"_s << false << u"gcp"_s << u"engine"_s;
        QTest::newRow("access") << 302 << u"location=https://example.cloudflareaccess.com/cdn-cgi/access/login"_s << false << QString() << u"access"_s;
    }
    void classifies()
    {
        QFETCH(int, status);
        QFETCH(QString, headers);
        QFETCH(bool, ok);
        QFETCH(QString, node);
        QFETCH(QString, layer);
        HttpResponse response;
        response.status = status;
        for (const QString &header : headers.split(u' '))
            response.headers.append({header.section(u'=', 0, 0).toLatin1(), header.section(u'=', 1).toLatin1()});
        response.body = "{}";
        const Result<HttpResponse> answer = response;
        const DrillSample told = classifyDrillAnswer(answer, {});
        QCOMPARE(told.isOk(), ok);
        QCOMPARE(told.node, node);
        QCOMPARE(told.layer, layer);
        // A balancer's tunnels tell by their mark.
        DrillAsk marks;
        marks.worker = false;
        marks.codes = {{210, u"gcp"_s}};
        response.status = 210;
        const Result<HttpResponse> mark = response;
        QCOMPARE(classifyDrillAnswer(mark, marks).node, u"gcp"_s);
    }

    void hangingRequestsDelayNobody()
    {
        FaultyServer server(FaultyServer::Mode::Silent);
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillProber prober(client, {}, 100);
        prober.start();
        // 40 hang; the next one leaves in its time all the same.
        QTRY_VERIFY_WITH_TIMEOUT(server.seen().size() >= 40, 10000);
        server.setMode(FaultyServer::Mode::Ok);
        const double before = prober.now();
        const qint64 sent = prober.sent();
        QTRY_VERIFY_WITH_TIMEOUT(!prober.samples().isEmpty(), 5000);
        const DrillSample &first = prober.samples().constFirst();
        QVERIFY(first.isOk());
        QVERIFY2(first.at >= before - 0.5, "an old request was answered");
        QVERIFY2(first.ms < 1500, qPrintable(QString::number(first.ms)));
        QVERIFY(prober.sent() > sent);
        QVERIFY(prober.inFlight() >= 40);
        prober.stop();
    }

    void constantRateAndDrain()
    {
        FaultyServer server;
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillProber prober(client, {}, 50);
        prober.start();
        QTRY_VERIFY_WITH_TIMEOUT(prober.sent() >= 25, 10000);
        const Pending<bool> drained([](DrillProber &of) -> Task<bool> { co_await of.drain(std::chrono::seconds(5)); co_return true; }(prober));
        QVERIFY(drained.finishes());
        QCOMPARE(prober.inFlight(), 0);
        QCOMPARE(prober.samples().size(), prober.sent());
        for (qsizetype i = 1; i < prober.samples().size(); ++i)
            QVERIFY(qAbs(prober.samples().at(i).at - prober.samples().at(i - 1).at - 0.02) < 1e-6); // the intended times, whatever the answers did
        QCOMPARE(server.seen().size(), prober.sent());
    }

    void cutStreams()
    {
        FaultyServer server(FaultyServer::Mode::Scripted);
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillAsk ask;
        ask.probe = DrillProbe::Stream;
        ask.model = u"chat"_s;
        server.setAnswer(200, "data: {}\n\ndata: [DONE]\n\n", {{"content-type", "text/event-stream"}, {"x-hybridge-backend", "gcp"}});
        DrillProber whole(client, ask, 1);
        whole.start();
        QTRY_VERIFY_WITH_TIMEOUT(!whole.samples().isEmpty(), 5000);
        QVERIFY(whole.samples().constFirst().isOk());
        QCOMPARE(whole.samples().constFirst().node, u"gcp"_s);
        whole.stop();
        server.setAnswer(200, "data: {}\n\n", {{"content-type", "text/event-stream"}, {"x-hybridge-backend", "gcp"}});
        DrillProber cut(client, ask, 1);
        cut.start();
        QTRY_VERIFY_WITH_TIMEOUT(!cut.samples().isEmpty(), 5000);
        QCOMPARE(int(cut.samples().constFirst().outcome), int(DrillSample::Outcome::Cut));
        cut.stop();
    }

    void journal()
    {
        QTemporaryDir folder;
        Database database(folder.filePath(u"activity.sqlite"_s), activitySchema());
        DrillJournal journal(database, u"demo"_s);
        DrillReport open = goodReport();
        open.ended = QDateTime();
        QVERIFY(await(journal.keep(open)));
        QCOMPARE(await(journal.open())->size(), 1);
        DrillReport ended = goodReport();
        QVERIFY(await(journal.keep(ended)));
        QVERIFY(await(journal.open())->isEmpty());
        ended.id = u"ffff"_s;
        ended.begun = ended.begun.addDays(1);
        QVERIFY(await(journal.keep(ended)));
        const Result<QList<DrillReport>> all = await(journal.list());
        QCOMPARE(all->size(), 2);
        QCOMPARE(all->first().id, u"ffff"_s);
        QVERIFY(all->first().samples.isEmpty());
        const Result<DrillReport> whole = await(journal.load(u"0b6f"_s));
        QVERIFY(whole);
        QCOMPARE(whole->samples.size(), 125);
        QCOMPARE(int(await(journal.load(u"nothing"_s)).error().kind), int(Error::Kind::NotFound));
        QCOMPARE(*await(journal.sentSince(ended.begun.addSecs(-1))), 125);
        DrillJournal other(database, u"other"_s);
        QVERIFY(await(other.list())->isEmpty());
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
        QDateTime at(monday, wish.at.addSecs(30), Qt::UTC);
        if (what == u"early")
            at = QDateTime(monday, QTime(9, 59), Qt::UTC);
        if (what == u"late")
            at = QDateTime(monday, QTime(12, 0), Qt::UTC);
        if (what == u"soon-after")
            at = QDateTime(monday, QTime(10, 40), Qt::UTC);
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
};

QTEST_GUILESS_MAIN(TestDrill)
#include "tst_drill.moc"
