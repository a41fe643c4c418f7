// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of shares from the guards to the history: on a Worker and on a balancer in memory, with a real activity log.
#include "backend/routing/routingservice.h"
#include "tests/routing/fakecloud.h"
#include "tests/support/fakeshell.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <nlohmann/json.hpp>

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

PercentMap split(int gcp)
{
    return {{QStringLiteral("gcp"), gcp}, {QStringLiteral("home"), 100 - gcp}};
}

/// A fleet, its cloud and its log. Both nodes are healthy until told otherwise.
struct Bench {
    explicit Bench(const QString &mode) : Bench(routedFleet(mode), mode) { }
    Bench(const FleetConfig &config, const QString &mode)
        : state(config, clock), log(folder.filePath(QStringLiteral("activity.sqlite")), clock, QStringLiteral("test")),
          service(state, ways, log, QStringLiteral("test"))
    {
        ways.edge.isBalancer = mode == QLatin1String("load-balancer");
        for (const char *id : {"gcp", "home"})
            setServing(id, true);
    }
    void setServing(const char *id, bool serves)
    {
        state.update(QString::fromLatin1(id), [&](NodeState &node) {
            EngineFacts facts;
            facts.ready = serves;
            facts.models = QStringList {QStringLiteral("m")};
            if (serves)
                node.engine.succeed(facts, clock.monotonic());
            else
                node.engine.fail(Error(Error::Kind::Network, QStringLiteral("refused")), clock.monotonic());
            EdgeFacts edge;
            edge.verdict = serves ? EdgeFacts::Verdict::Served : EdgeFacts::Verdict::OriginDown;
            edge.status = serves ? 200 : 502;
            node.edge.succeed(edge, clock.monotonic());
        });
        state.flush();
    }
    Result<RouteProposal> propose(int gcp, const QString &lastBackend = {})
    {
        RouteChange change;
        change.percents = split(gcp);
        return await(service.propose(change, lastBackend, {}));
    }
    RouteOutcome set(int gcp, const RouteManner &manner = {}, bool confirmed = true)
    {
        const Result<RouteProposal> proposal = propose(gcp);
        Q_ASSERT(proposal);
        return await(service.apply(*proposal, confirmed, manner, QStringLiteral("route set"), {}));
    }
    Result<SplitReport> verify(int samples)
    {
        SplitOptions options;
        options.samples = samples;
        options.rate = 1000;
        options.logPatience = 100ms;
        return await(service.verify(options, {}, {}));
    }
    QList<RouteHistoryEntry> history() { return *await(service.history(50)); }

    QTemporaryDir folder;
    ManualClock clock;
    FakeRouteWays ways;
    FleetState state;
    ActivityLog log;
    RoutingService service;
};

RouteManner canary()
{
    RouteManner manner;
    manner.canary = true;
    manner.dwell = 200ms;
    manner.probesPerStep = 3;
    return manner;
}

QByteArray describe(const RouteOutcome &outcome)
{
    return outcome.report.error ? (outcome.report.error->summary + QLatin1Char(' ') + outcome.report.error->detail).toUtf8() : QByteArray("no error");
}

bool has(const QList<RouteFinding> &findings, const char *id, RouteFinding::Weight weight)
{
    return std::any_of(findings.begin(), findings.end(), [&](const RouteFinding &one) { return one.id == QLatin1String(id) && one.weight == weight; });
}

} // namespace

class TestRoutingService : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void modes_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::newRow("worker") << QStringLiteral("worker");
        QTest::newRow("load balancer") << QStringLiteral("load-balancer");
    }
    void fromSetToRollback_data() { modes_data(); }
    void fromSetToRollback()
    {
        QFETCH(QString, mode);
        Bench bench(mode);
        if (bench.ways.edge.isBalancer) {
            // Without marks nobody can be told apart: said, with the cure, before a request leaves.
            const Result<SplitReport> blind = bench.verify(20);
            QVERIFY(!blind && blind.error().remedy.contains(QStringLiteral("--install-marks")));
            const OperationReport marks = await(bench.service.installMarks({}));
            QVERIFY2(marks.result == OperationResult::Done, qPrintable(marks.error ? marks.error->summary + marks.error->detail : QString()));
            QCOMPARE(bench.ways.cloud.tunnels.begin()->second["config"]["ingress"].size(), std::size_t(3));
            QVERIFY(bench.ways.cloud.tunnels.begin()->second["config"].contains("warp-routing")); // the rest is kept
        }
        QVERIFY(await(bench.service.read({})));
        QCOMPARE(*bench.state.node(QStringLiteral("gcp"))->weight, 80.0);

        bench.clock.advance(1s);
        const RouteOutcome outcome = bench.set(70);
        QVERIFY2(outcome.report.result == OperationResult::Done, describe(outcome));
        QVERIFY(outcome.readBack);
        QCOMPARE(outcome.after.value(QStringLiteral("home")), 30.0);
        QCOMPARE(*bench.state.node(QStringLiteral("home"))->weight, 30.0);
        const json document = json::parse(outcomeDocument(outcome).dump());
        QVERIFY(document["before"]["gcp"] == 80 && document["after"]["gcp"] == 70 && document["readBack"] == true);
        QVERIFY(document["version"].is_null() == bench.ways.edge.isBalancer);
        QVERIFY(bench.history().first().state == RouteHistoryEntry::State::NotVerified);
        QVERIFY(!bench.history().first().note.isEmpty());

        bench.clock.advance(1s);
        const Result<SplitReport> counted = bench.verify(200);
        QVERIFY2(counted, qPrintable(counted ? QString() : counted.error().summary));
        QCOMPARE(counted->samples, 200);
        QVERIFY(counted->agrees);
        QCOMPARE(counted->observed.value(QStringLiteral("gcp")).count, 140);
        const json told = json::parse(splitDocument(*counted).dump());
        QVERIFY(told["whyNoAnalytics"].is_null());
        QCOMPARE(told["analytics"].is_null(), !bench.ways.edge.isBalancer);
        QVERIFY(!bench.ways.edge.isBalancer || (told["analytics"]["agrees"] == true && told["analytics"]["requests"] == 200));
        QVERIFY(bench.history().first().state == RouteHistoryEntry::State::Verified);

        bench.clock.advance(1s);
        const Result<RouteChange> back = await(bench.service.rollbackChange());
        QVERIFY(back);
        QCOMPARE(back->percents, split(80));
        const Result<RouteProposal> proposal = await(bench.service.propose(*back, {}, {}));
        const RouteOutcome undone = await(bench.service.apply(*proposal, true, {}, QStringLiteral("route rollback"), {}));
        QVERIFY2(undone.report.result == OperationResult::Done, describe(undone));
        const QList<RouteHistoryEntry> entries = bench.history();
        QCOMPARE(entries.size(), 2);
        QCOMPARE(entries.first().kind, QStringLiteral("route rollback"));
        QVERIFY(entries.last().rolledBack);
        QVERIFY(!await(bench.service.rollbackChange())); // nothing is left to take back
        QVERIFY(await(bench.log.verify({}))->isIntact());
    }

    void aSplitThatDiffers()
    {
        Bench bench(QStringLiteral("worker"));
        QVERIFY(bench.set(50).readBack);
        bench.clock.advance(1s);
        // The edge goes on with other weights under the new version.
        bench.ways.cloud.routes()["backends"][0]["weight"] = 50;
        const Result<RoutingState> now = await(bench.service.read({}));
        QVERIFY(now);
        bool stale = false;
        HttpResponse answer;
        answer.status = 200;
        answer.headers = {{"x-hybridge-backend", "gcp"}, {"x-hybridge-routes", "7"}};
        SplitProof proof;
        proof.version = 8;
        QVERIFY(servedBy(answer, proof, &stale).isEmpty() && stale); // an older version proves nothing
        proof.version = 7;
        QCOMPARE(servedBy(answer, proof, &stale), QStringLiteral("gcp"));
        answer.status = 502;
        QVERIFY(servedBy(answer, proof, &stale).isEmpty() && !stale);
        answer.status = 200;
        answer.headers.removeFirst();
        QVERIFY(servedBy(answer, proof, &stale).isEmpty());
    }
    void lateEdgeIsWaitedFor()
    {
        Bench bench(QStringLiteral("worker"));
        bench.ways.edge.lag = 4;
        const RouteOutcome outcome = bench.set(60);
        QVERIFY2(outcome.report.result == OperationResult::Done, describe(outcome));
        QCOMPARE(bench.ways.edge.asked, 4 + 3); // three new answers in a row
        bench.ways.edge.lag = 5;
        const Result<SplitReport> counted = bench.verify(50);
        QVERIFY(counted);
        QCOMPARE(counted->stale, 5);
        QCOMPARE(counted->samples, 45);
    }
    void deadEdgeEndsTheCount()
    {
        Bench bench(QStringLiteral("worker"));
        bench.ways.edge.fails = [](const json &) { return true; };
        const Result<SplitReport> counted = bench.verify(400);
        QVERIFY(!counted);
        QVERIFY(bench.ways.edge.asked < 30); // not four hundred requests for nothing
    }
    void budgetOfTheFreePlan()
    {
        FleetConfig config = routedFleet(QStringLiteral("worker"));
        config.plan = QStringLiteral("free");
        const ManualClock clock;
        QTemporaryDir folder;
        FleetState state(config, clock);
        FakeRouteWays ways;
        ActivityLog log(folder.filePath(QStringLiteral("a.sqlite")), clock, QStringLiteral("test"));
        RoutingService service(state, ways, log, QStringLiteral("test"));
        SplitOptions options;
        options.samples = 10001;
        options.mostSamples = 20000;
        const Result<SplitReport> counted = await(service.verify(options, {}, {}));
        QVERIFY(!counted);
        QVERIFY(counted.error().kind == Error::Kind::Refused);
        QCOMPARE(ways.edge.asked, 0);
    }

    void sameValuesWriteNothing_data() { modes_data(); }
    void sameValuesWriteNothing()
    {
        QFETCH(QString, mode);
        Bench bench(mode);
        const RouteOutcome outcome = bench.set(80); // as it is
        QVERIFY2(outcome.report.result == OperationResult::Done, describe(outcome));
        QVERIFY(outcome.readBack);
        QCOMPARE(outcome.after.value(QStringLiteral("gcp")), 80.0);
        QCOMPARE(bench.ways.cloud.writes().size(), 0);
        // Read by somebody who has not seen another's edit: that one is not taken for his own.
        const Result<RouteProposal> proposal = bench.propose(80);
        if (bench.ways.edge.isBalancer)
            bench.ways.cloud.balancer["random_steering"]["pool_weights"]["p-gcp"] = 0.5;
        else
            bench.ways.cloud.routes()["backends"][1]["weight"] = 50;
        const RouteOutcome late = await(bench.service.apply(*proposal, true, {}, QStringLiteral("route set"), {}));
        QVERIFY(late.report.error && isRouteConflict(*late.report.error));
        QCOMPARE(bench.ways.cloud.writes().size(), 0);
    }
    void ownRequestsAreCounted()
    {
        Bench bench(QStringLiteral("worker"));
        QCOMPARE(*await(bench.service.countedToday()), 0);
        const RouteOutcome outcome = bench.set(60, canary()); // two watched steps of three
        QVERIFY2(outcome.report.result == OperationResult::Done, describe(outcome));
        QCOMPARE(*await(bench.service.countedToday()), 6);
        QVERIFY(bench.verify(20));
        QCOMPARE(*await(bench.service.countedToday()), 26);
    }

    void firstTokensInACanary_data()
    {
        QTest::addColumn<double>("ms");
        QTest::addColumn<bool>("common");
        QTest::addColumn<bool>("goes");
        QTest::newRow("in time") << 30.0 << true << true;
        QTest::newRow("too late, while lists of models come quickly") << 9000.0 << true << false;
        QTest::newRow("no name that all know") << 9000.0 << false << true; // said, not guessed
    }
    void firstTokensInACanary()
    {
        QFETCH(double, ms);
        QFETCH(bool, common);
        QFETCH(bool, goes);
        Bench bench(QStringLiteral("worker"));
        if (common)
            for (json &backend : bench.ways.cloud.routes()["backends"])
                backend["aliases"]["chat"] = "m";
        bench.ways.edge.tokenMs = ms;
        const RouteOutcome outcome = bench.set(60, canary());
        QCOMPARE(outcome.report.result == OperationResult::Done, goes);
        QCOMPARE(bench.ways.edge.tokens, !common ? 0 : goes ? 6 : 3); // three a step
        const QString told = goes ? outcome.report.steps.first().detail : outcome.report.error->summary;
        QVERIFY2(told.contains(common ? QStringLiteral("first token") : QStringLiteral("not measured")), qPrintable(told));
        if (!goes)
            QVERIFY(bench.ways.cloud.routes()["backends"][1]["weight"] == 80);
        QCOMPARE(*await(bench.service.countedToday()), (goes ? 6 : 3) + bench.ways.edge.tokens);
    }

    void engineWitness_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<bool>("crossed");
        QTest::addColumn<QString>("logs"); ///< nodes whose log can be read
        QTest::addColumn<bool>("proven");
        for (const char *mode : {"worker", "load-balancer"}) {
            const QString name = QString::fromLatin1(mode);
            QTest::addRow("%s", mode) << name << false << QStringLiteral("gcp home") << true;
            QTest::addRow("%s, the other engine", mode) << name << true << QStringLiteral("gcp home") << true;
            QTest::addRow("%s, its log is closed", mode) << name << false << QStringLiteral("home") << false;
            QTest::addRow("%s, the other's log is closed", mode) << name << false << QStringLiteral("gcp") << true;
        }
    }
    void engineWitness()
    {
        QFETCH(QString, mode);
        QFETCH(bool, crossed);
        QFETCH(QString, logs);
        QFETCH(bool, proven);
        FleetConfig config = routedFleet(mode);
        for (NodeConfig &node : config.nodes) {
            node.ssh.emplace();
            node.engine->service = QStringLiteral("systemd:vllm.service");
        }
        Bench bench(config, mode);
        QMap<QString, std::shared_ptr<FakeShell>> shells;
        for (const char *id : {"gcp", "home"}) {
            const QString node = QString::fromLatin1(id);
            shells[node] = std::make_shared<FakeShell>();
            shells[node]->setLinkState(LinkState::Connected);
            shells[node]->whenExec(FakeShell::contains(QStringLiteral("vllm.service")), [&bench, node, logs](const SshCommand &) -> Result<ExecResult> {
                if (!logs.contains(node))
                    return Error(Error::Kind::Network, QStringLiteral("closed on purpose"));
                QByteArray out;
                for (const QString &line : bench.ways.edge.engineLogs.value(node))
                    out += QByteArray::fromStdString(json {{"MESSAGE", line.toStdString()}, {"__REALTIME_TIMESTAMP", "1769421600000000"}}.dump()) + "\n";
                return FakeShell::done(out);
            });
        }
        bench.service.setShells([&shells](const QString &id) { return shells.value(id).get(); });
        if (bench.ways.edge.isBalancer) {
            // Not counted for want of marks, but one answer is proven all the same.
            const Result<SplitReport> blind = bench.verify(20);
            QVERIFY(!blind && isMarksMissing(blind.error()));
            QCOMPARE(blind.error().detail.contains(QStringLiteral("log of gcp alone")), proven);
            bench.ways.edge.engineLogs.clear();
            QVERIFY(await(bench.service.installMarks({})).result == OperationResult::Done);
        }
        bench.ways.edge.crossed = crossed;
        const Result<SplitReport> counted = bench.verify(10);
        QVERIFY(counted && counted->engine);
        const EngineWitness &witness = *counted->engine;
        const json document = json::parse(splitDocument(*counted).dump())["engine"];
        if (!proven) {
            QVERIFY(witness.node().isEmpty());
            QVERIFY(witness.unread.contains(QStringLiteral("gcp")));
            QVERIFY(document["proof"].is_null() && document["agrees"].is_null() && document["unread"].contains("gcp"));
            return;
        }
        const QString meant = crossed ? QStringLiteral("home") : QStringLiteral("gcp"); // the fake's first choice is gcp
        QVERIFY(mode != QLatin1String("worker") || witness.said == QLatin1String("gcp"));
        QCOMPARE(witness.node(), meant);
        QCOMPARE(witness.contradicts(), crossed && mode == QLatin1String("worker"));
        QVERIFY(document["proof"] == "log" && document["node"] == meant.toStdString() && document["nonce"].get<std::string>().size() == 32);
        QVERIFY(document["agrees"] == (mode == QLatin1String("worker") ? json(!crossed) : json(nullptr)));
        QVERIFY(witnessSentence(witness).contains(meant));
    }

    void marksThatTheEdgeAlters()
    {
        Bench bench(QStringLiteral("load-balancer"));
        bench.ways.edge.altersMarksOf = QStringLiteral("home");
        const OperationReport marks = await(bench.service.installMarks({}, 1ms));
        QVERIFY2(marks.result == OperationResult::Done, qPrintable(marks.error ? marks.error->summary + marks.error->detail : QString()));
        QStringList services;
        for (const auto &[id, tunnel] : bench.ways.cloud.tunnels)
            services.append(QString::fromStdString(tunnel["config"]["ingress"][0]["service"].get<std::string>()));
        QCOMPARE(services, QStringList({QStringLiteral("http_status:210"), QStringLiteral("http_status:441")}));
        const Result<SplitReport> counted = bench.verify(50);
        QVERIFY(counted && counted->agrees && counted->failed == 0);
        QCOMPARE(counted->observed.value(QStringLiteral("home")).count, 10);
        // Once more changes nothing: what comes through stays.
        const qsizetype writes = bench.ways.cloud.writes().size();
        QVERIFY(await(bench.service.installMarks({}, 1ms)).result == OperationResult::Done);
        QCOMPARE(bench.ways.cloud.writes().size(), writes);
    }
    void aNodeThatIsDownIsNoObstacle()
    {
        Bench bench(QStringLiteral("load-balancer"));
        QVERIFY(await(bench.service.installMarks({})).result == OperationResult::Done);
        bench.ways.edge.down = QStringLiteral("home");
        const Result<SplitReport> counted = bench.verify(100);
        QVERIFY(counted);
        QCOMPARE(counted->observed.value(QStringLiteral("gcp")).count, 100);
        QVERIFY(!counted->agrees); // a fifth was meant for home
        QVERIFY(counted->analytics && *counted->analytics->agrees); // with the count, whose verdict stays
    }
    void analyticsNeverDecide_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("why");
        QTest::newRow("they differ") << QByteArray(R"({"data":{"viewer":{"zones":[{"loadBalancingRequestsAdaptiveGroups":[{"count":100,"dimensions":{"selectedPoolName":"home-pool"}}]}]}}})") << QString();
        QTest::newRow("nothing yet") << QByteArray(R"({"data":{"viewer":{"zones":[{"loadBalancingRequestsAdaptiveGroups":[]}]}}})") << QString();
        QTest::newRow("no permission") << QByteArray(R"({"data":null,"errors":[{"message":"no","extensions":{"code":"authz"}}]})") << QStringLiteral("Analytics Read");
        QTest::newRow("nonsense") << QByteArray("nonsense") << QStringLiteral("understood");
    }
    void analyticsNeverDecide()
    {
        QFETCH(QByteArray, body);
        QFETCH(QString, why);
        Bench bench(QStringLiteral("load-balancer"));
        QVERIFY(await(bench.service.installMarks({})).result == OperationResult::Done);
        bench.ways.cloud.analytics = FakeCloud::answer(200, nullptr);
        bench.ways.cloud.analytics->body = body;
        const Result<SplitReport> counted = bench.verify(100);
        QVERIFY(counted && counted->agrees && counted->failed == 0);
        QCOMPARE(counted->analytics.has_value(), why.isEmpty());
        QVERIFY2(counted->whyNoAnalytics.contains(why), qPrintable(counted->whyNoAnalytics));
        QCOMPARE(counted->whyNoAnalytics.isEmpty(), why.isEmpty());
        const auto isQuestion = [](const ApiRequest &request) { return request.path() == QLatin1String("graphql"); };
        QCOMPARE(std::count_if(bench.ways.cloud.requests.begin(), bench.ways.cloud.requests.end(), isQuestion), 1); // nobody waits for them
    }

    void lastBackend()
    {
        Bench bench(QStringLiteral("worker"));
        bench.setServing("home", false);
        Result<RouteProposal> proposal = bench.propose(0);
        QVERIFY(proposal);
        QVERIFY(has(proposal->findings, "last-backend", RouteFinding::Weight::Block));
        const RouteOutcome refused = await(bench.service.apply(*proposal, true, {}, QStringLiteral("route drain"), {}));
        QVERIFY(refused.report.result == OperationResult::Refused);
        QVERIFY(!refused.readBack);
        QVERIFY(bench.ways.cloud.writes().isEmpty());
        proposal = bench.propose(0, QStringLiteral("home")); // the wrong one is named
        QVERIFY(has(proposal->findings, "last-backend", RouteFinding::Weight::Block));
        proposal = bench.propose(0, QStringLiteral("gcp"));
        QVERIFY(has(proposal->findings, "last-backend", RouteFinding::Weight::Confirm));
        QVERIFY(has(proposal->findings, "not-serving", RouteFinding::Weight::Confirm));
        QVERIFY(await(bench.service.apply(*proposal, false, {}, QStringLiteral("route drain"), {})).report.result == OperationResult::Refused);
        QVERIFY(await(bench.service.apply(*proposal, true, {}, QStringLiteral("route drain"), {})).report.result == OperationResult::Done);
        QVERIFY(bench.history().size() == 1); // refusals are no changes
        QCOMPARE(*await(bench.service.shareBeforeDrain(QStringLiteral("gcp"))), 80);
        QVERIFY(!await(bench.service.shareBeforeDrain(QStringLiteral("home"))));
    }
    void conflict()
    {
        Bench bench(QStringLiteral("load-balancer"));
        const Result<RouteProposal> proposal = bench.propose(70);
        bench.ways.cloud.balancer["random_steering"]["pool_weights"]["p-gcp"] = 0.6;
        const RouteOutcome outcome = await(bench.service.apply(*proposal, true, {}, QStringLiteral("route set"), {}));
        QVERIFY(outcome.report.result == OperationResult::Refused);
        QVERIFY(isRouteConflict(*outcome.report.error));
        QVERIFY(!outcome.readBack);
    }
    void twoAtOnce()
    {
        Bench bench(QStringLiteral("worker"));
        const Result<RouteProposal> proposal = bench.propose(70);
        const Pending<RouteOutcome> first(bench.service.apply(*proposal, true, {}, QStringLiteral("route set"), {}));
        const Pending<RouteOutcome> second(bench.service.apply(*proposal, true, {}, QStringLiteral("route set"), {}));
        QVERIFY(first.finishes() && second.finishes());
        QVERIFY(first.result().report.result == OperationResult::Done);
        QVERIFY(second.result().report.result == OperationResult::Refused);
        QCOMPARE(bench.ways.cloud.writes().size(), 1);
        // Another program on this machine: the claim in the log.
        QVERIFY(await(bench.log.claim(QStringLiteral("test"), {QStringLiteral("(routing)")}, QStringLiteral("other"), QStringLiteral("route set"))));
        const RouteOutcome third = bench.set(60);
        QVERIFY(third.report.result == OperationResult::Refused);
        QCOMPARE(bench.ways.cloud.writes().size(), 1);
    }

    void canaryGoesThrough_data() { modes_data(); }
    void canaryGoesThrough()
    {
        QFETCH(QString, mode);
        Bench bench(mode);
        if (bench.ways.edge.isBalancer)
            QVERIFY(await(bench.service.installMarks({})).result == OperationResult::Done);
        QList<PercentMap> seen;
        bench.ways.cloud.afterWrite = [&](const ApiRequest &) -> std::optional<HttpResponse> {
            const json standing = bench.ways.edge.isBalancer ? bench.ways.cloud.balancer["random_steering"]["pool_weights"]["p-gcp"] : bench.ways.cloud.routes()["backends"][1]["weight"];
            const bool held = bench.ways.edge.isBalancer ? !bench.ways.cloud.balancer.value("rules", json::array()).empty() : bench.ways.cloud.routes()["lease"].is_object();
            seen.append({{held ? QStringLiteral("held") : QStringLiteral("free"), int(std::lround(standing.get<double>() * (bench.ways.edge.isBalancer ? 100 : 1)))}});
            return std::nullopt;
        };
        const RouteOutcome outcome = bench.set(20, canary());
        QVERIFY2(outcome.report.result == OperationResult::Done, describe(outcome));
        QCOMPARE(outcome.after.value(QStringLiteral("gcp")), 20.0);
        // While it is tried the standing shares are as they were: killed here, they come back by themselves.
        const PercentMap trying {{QStringLiteral("held"), 80}};
        QCOMPARE(seen.size(), 4);
        QCOMPARE(seen.at(0), trying);
        QCOMPARE(seen.at(1), trying);
        QCOMPARE(seen.last(), (PercentMap {{QStringLiteral("free"), 20}}));
        QVERIFY(!bench.service.state()->lease);
    }
    void canaryAborts_data()
    {
        QTest::addColumn<QString>("what");
        QTest::newRow("requests fail") << QStringLiteral("requests");
        QTest::newRow("the service fails in the middle") << QStringLiteral("api");
        QTest::newRow("cancelled") << QStringLiteral("stop");
    }
    void canaryAborts()
    {
        QFETCH(QString, what);
        Bench bench(QStringLiteral("worker"));
        std::stop_source stop;
        int writes = 0;
        if (what == QLatin1String("requests"))
            bench.ways.edge.fails = [](const json &routes) { return routes["lease"].is_object() && routes["lease"]["backends"]["gcp"] == 50; };
        bench.ways.cloud.beforeWrite = [&](const ApiRequest &) -> std::optional<HttpResponse> {
            ++writes;
            if (what == QLatin1String("api") && writes == 2)
                return FakeCloud::answer(503, nullptr);
            if (what == QLatin1String("stop") && writes == 2)
                stop.request_stop();
            return std::nullopt;
        };
        const Result<RouteProposal> proposal = bench.propose(20);
        const RouteOutcome outcome = await(bench.service.apply(*proposal, true, canary(), QStringLiteral("route set"), stop.get_token()));
        QVERIFY(outcome.report.result == (what == QLatin1String("stop") ? OperationResult::Cancelled : OperationResult::Failed));
        QVERIFY(!outcome.readBack);
        QVERIFY2(bench.ways.cloud.routes()["lease"].is_null(), "the lease is ended at once, not left to its time");
        QCOMPARE(await(bench.service.read({}))->percents(), split(80));
        QVERIFY(bench.history().first().state == RouteHistoryEntry::State::Failed);
        QVERIFY(bench.history().first().note.contains(QStringLiteral("80")));
    }

    void killedBetweenApplyAndVerify()
    {
        // The lines of a program that was killed: begun, planned, and nothing after the write.
        OperationSummary summary;
        summary.id = QStringLiteral("op");
        summary.kind = QStringLiteral("route set");
        summary.result = OperationResult::Running;
        summary.holder = HolderState::Gone;
        ActivityRecord plan;
        plan.event = ActivityEvent::Plan;
        plan.json = R"({"steps":[],"route":{"before":{"gcp":80,"home":20},"after":{"gcp":70,"home":30},"version":null}})";
        auto entry = historyEntry(summary, {plan});
        QVERIFY(entry);
        QVERIFY(entry->state == RouteHistoryEntry::State::Unfinished);
        QVERIFY(entry->note.contains(QStringLiteral("route show")));
        QCOMPARE(entry->after.value(QStringLiteral("gcp")), 70.0);
        // Killed after the read-back: applied, and nobody counted.
        ActivityRecord note = plan;
        note.event = ActivityEvent::Note;
        note.json = R"({"text":"x","route":{"before":{"gcp":80,"home":20},"after":{"gcp":70,"home":30},"version":8}})";
        entry = historyEntry(summary, {plan, note});
        QVERIFY(entry->state == RouteHistoryEntry::State::NotVerified);
        QCOMPARE(*entry->version, 8);
        QList<RouteHistoryEntry> entries {*entry};
        markHistory(entries, {});
        QVERIFY(!entries.first().note.isEmpty());
        QVERIFY(json::parse(historyDocument(entries).dump())["changes"][0]["verified"] == false);
        summary.holder = HolderState::Alive;
        QVERIFY(historyEntry(summary, {plan})->state == RouteHistoryEntry::State::Running);
        plan.json = "not json";
        QVERIFY(!historyEntry(summary, {plan}));
        summary.kind = QStringLiteral("machine stop");
        QVERIFY(!historyEntry(summary, {plan}));
    }
    void serviceGoesWhileItWorks()
    {
        QTemporaryDir folder;
        ManualClock clock;
        FakeRouteWays ways;
        FleetState state(routedFleet(QStringLiteral("worker")), clock);
        ActivityLog log(folder.filePath(QStringLiteral("a.sqlite")), clock, QStringLiteral("test"));
        auto service = std::make_unique<RoutingService>(state, ways, log, QStringLiteral("test"));
        RouteChange change;
        change.percents = split(70);
        const Result<RouteProposal> proposal = await(service->propose(change, {}, {}));
        SplitOptions options;
        options.rate = 1000;
        options.samples = 30;
        const Pending<RouteOutcome> applying(service->apply(*proposal, true, {}, QStringLiteral("route set"), {}));
        const Pending<Result<SplitReport>> counting(service->verify(options, {}, {}));
        const Pending<Result<QList<RouteHistoryEntry>>> looking(service->history());
        service.reset();
        QVERIFY(applying.finishes() && counting.finishes() && looking.finishes());
        QVERIFY(!applying.result().readBack);
    }
    void notConfigured()
    {
        QTemporaryDir folder;
        ManualClock clock;
        FakeRouteWays ways;
        FleetConfig config = routedFleet(QStringLiteral("worker"));
        config.routing.reset();
        FleetState state(config, clock);
        ActivityLog log(folder.filePath(QStringLiteral("a.sqlite")), clock, QStringLiteral("test"));
        RoutingService service(state, ways, log, QStringLiteral("test"));
        QVERIFY(!service.isConfigured());
        QVERIFY(!service.whyNot().isEmpty());
        QVERIFY(!await(service.read({})));
        QVERIFY(!state.node(QStringLiteral("gcp"))->weight);
    }
};

QTEST_GUILESS_MAIN(TestRoutingService)
#include "tst_routingservice.moc"
