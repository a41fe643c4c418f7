// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Both routers against services that keep what is written, lose what they should keep, and are edited by others meanwhile.
#include "backend/base/utc.h"
#include "backend/routing/loadbalancerrouter.h"
#include "backend/routing/router.h"
#include "backend/routing/splitanalytics.h"
#include "tests/routing/fakecloud.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;
using nlohmann::json;
using Kind = Error::Kind;

namespace {

PercentMap split(int gcp)
{
    return {{QStringLiteral("gcp"), gcp}, {QStringLiteral("home"), 100 - gcp}};
}

RouteChange to(int gcp)
{
    RouteChange change;
    change.percents = split(gcp);
    change.message = QStringLiteral("test");
    return change;
}

/// One service and its router.
struct Bench {
    explicit Bench(const QString &mode) : config(routedFleet(mode)), router(*makeRouter(config, cloud, clock)) { }
    FakeCloud cloud;
    ManualClock clock;
    FleetConfig config;
    std::shared_ptr<Router> router;

    Result<RoutingState> read() { return await(router->read({})); }
    Result<RoutingState> apply(const RouteChange &change) { return await(router->apply(*read(), change, {})); }
    [[nodiscard]] json sent() const
    {
        QByteArray body = cloud.writes().last().body();
        const qsizetype from = body.indexOf("\r\n\r\n");
        if (from >= 0) // the one part of a form
            body = body.mid(from + 4, body.lastIndexOf("\r\n--") - from - 4);
        return json::parse(body.toStdString());
    }
};

Bench worker()
{
    return Bench(QStringLiteral("worker"));
}
Bench balancer()
{
    return Bench(QStringLiteral("load-balancer"));
}

} // namespace

class TestRouters : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void workerIsRead()
    {
        Bench bench = worker();
        const Result<RoutingState> state = bench.read();
        QVERIFY2(state, qPrintable(state ? QString() : state.error().summary));
        QVERIFY(state->place == WeightPlace::RoutesBinding);
        QCOMPARE(*state->version, 7);
        QCOMPARE(state->percents(), split(80));
        QCOMPARE(state->targets.first().node, QStringLiteral("gcp")); // the fleet file's order
        QVERIFY(state->warnings.isEmpty());
        bench.cloud.settings["compatibility_flags"] = json::array();
        QVERIFY(bench.read()->warnings.join(QString()).contains(QStringLiteral("global_fetch_strictly_public")));
        bench.cloud.subdomain = {{"enabled", true}, {"previews_enabled", false}};
        QVERIFY(!bench.read()->warnings.join(QString()).contains(QStringLiteral("workers.dev"))); // not asked with each look
        bench.clock.advance(std::chrono::minutes(10));
        QVERIFY(bench.read()->warnings.join(QString()).contains(QStringLiteral("workers.dev")));
    }

    void workerIsWritten()
    {
        Bench bench = worker();
        const json before = bench.cloud.routes();
        const Result<RoutingState> after = bench.apply(to(70));
        QVERIFY2(after, qPrintable(after ? QString() : after.error().summary + after.error().detail));
        QCOMPARE(after->percents(), split(70));
        QCOMPARE(*after->version, 8);
        QCOMPARE(bench.cloud.writes().size(), 1);
        // Every other binding is inherited by name; no secret's text is sent or lost.
        const json sent = bench.sent();
        QCOMPARE(sent["bindings"].size(), std::size_t(3));
        int inherited = 0;
        for (const json &binding : sent["bindings"])
            inherited += binding["type"] == "inherit" && !binding.contains("text");
        QCOMPARE(inherited, 2);
        QCOMPARE(bench.cloud.settings["bindings"].size(), std::size_t(3));
        QVERIFY(bench.cloud.settings["annotations"]["workers/message"] == "test");
        json now = bench.cloud.routes();
        QVERIFY(now["backends"][1]["weight"] == 70 && now["backends"][0]["weight"] == 30);
        now["version"] = 7;
        now["backends"][0]["weight"] = 20;
        now["backends"][1]["weight"] = 80;
        QVERIFY(now == before); // nothing but the two weights and the version
    }

    void payloadIsWhatLeaves()
    {
        for (const char *mode : {"worker", "load-balancer"}) {
            Bench bench {QString::fromLatin1(mode)};
            const Result<RoutingState> state = bench.read();
            const Result<RoutePayload> payload = bench.router->payload(*state, to(70));
            QVERIFY(payload);
            QVERIFY(bench.cloud.writes().isEmpty());
            QVERIFY(payload->call.startsWith(QStringLiteral("PATCH https://api.cloudflare.com/client/v4/")));
            QVERIFY(bench.apply(to(70)));
            QVERIFY(json::parse(payload->body.toStdString()) == bench.sent());
            QStringList fields;
            for (const FieldChange &change : payload->changes)
                fields.append(change.pointer);
            QCOMPARE(fields.join(QLatin1Char(' ')),
                qstrcmp(mode, "worker") == 0 ? QStringLiteral("/backends/0/weight /backends/1/weight /version")
                                             : QStringLiteral("/random_steering/pool_weights/p-gcp /random_steering/pool_weights/p-home"));
        }
    }

    void misbehaviour_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QString>("what");
        QTest::addColumn<int>("kind"); // -1: it goes well all the same
        QTest::addColumn<int>("writes");
        for (const char *mode : {"worker", "load-balancer"}) {
            const auto row = [mode](const char *what, int kind, int writes) {
                QTest::addRow("%s: %s", mode, what) << QString::fromLatin1(mode) << QString::fromLatin1(what) << kind << writes;
            };
            row("somebody edits before", int(Kind::Refused), 0);
            row("somebody edits in the gap", int(Kind::Remote), 1);
            row("the service forgets a field", int(Kind::Remote), 1);
            row("rate limited", int(Kind::RateLimited), 1);
            row("5xx, not done", int(Kind::Remote), 1);
            row("5xx, done", -1, 1);
            row("accepted, not done", int(Kind::Remote), 1);
        }
        QTest::newRow("worker: a secret is lost") << QStringLiteral("worker") << QStringLiteral("a secret is lost") << int(Kind::Remote) << 1;
        QTest::newRow("worker: half of the requests") << QStringLiteral("worker") << QStringLiteral("half") << int(Kind::Timeout) << 1;
    }
    void misbehaviour()
    {
        QFETCH(QString, mode);
        QFETCH(QString, what);
        QFETCH(int, kind);
        QFETCH(int, writes);
        Bench bench(mode);
        FakeCloud &cloud = bench.cloud;
        const bool isWorker = mode == QLatin1String("worker");
        const Result<RoutingState> seen = bench.read();
        const auto elsewhere = [&cloud, isWorker] {
            if (isWorker) {
                cloud.routes()["backends"][0]["weight"] = 55;
                cloud.routes()["version"] = 9;
            } else {
                cloud.balancer["random_steering"]["pool_weights"]["p-home"] = 0.55;
            }
        };
        if (what == QLatin1String("somebody edits before"))
            elsewhere();
        else if (what == QLatin1String("somebody edits in the gap"))
            cloud.afterWrite = [&](const ApiRequest &) { elsewhere(); return std::optional<HttpResponse>(); };
        else if (what == QLatin1String("the service forgets a field"))
            cloud.afterWrite = [&](const ApiRequest &) { (isWorker ? cloud.settings : cloud.balancer).erase("x_future"); return std::optional<HttpResponse>(); };
        else if (what == QLatin1String("a secret is lost"))
            cloud.afterWrite = [&](const ApiRequest &) { cloud.settings["bindings"].erase(0); return std::optional<HttpResponse>(); };
        else if (what == QLatin1String("half"))
            cloud.deploysHalf = true;
        else if (what == QLatin1String("rate limited"))
            cloud.beforeWrite = [](const ApiRequest &) { return std::optional(FakeCloud::answer(429, nullptr)); };
        else if (what == QLatin1String("5xx, not done"))
            cloud.beforeWrite = [](const ApiRequest &) { return std::optional(FakeCloud::answer(500, nullptr)); };
        else if (what == QLatin1String("5xx, done"))
            cloud.afterWrite = [](const ApiRequest &) { return std::optional(FakeCloud::answer(502, nullptr)); };
        else if (what == QLatin1String("accepted, not done"))
            cloud.beforeWrite = [&](const ApiRequest &) { return std::optional(FakeCloud::answer(200, isWorker ? cloud.settings : cloud.balancer)); };
        const Result<RoutingState> after = await(bench.router->apply(*seen, to(70), {}));
        QCOMPARE(after ? -1 : int(after.error().kind), kind);
        QCOMPARE(cloud.writes().size(), writes); // never a second one
        if (!after) {
            QVERIFY(!after.error().summary.isEmpty());
            QCOMPARE(isRouteConflict(after.error()), what == QLatin1String("somebody edits before"));
            if (what.contains(QLatin1String("forgets")))
                QVERIFY2(after.error().detail.contains(QStringLiteral("x_future")), qPrintable(after.error().detail));
            if (what.contains(QLatin1String("secret")))
                QVERIFY2(after.error().detail.contains(QStringLiteral("ACCESS_CLIENT_ID")), qPrintable(after.error().detail));
            if (what == QLatin1String("somebody edits before"))
                QVERIFY2(after.error().detail.contains(QStringLiteral("80")), qPrintable(after.error().detail)); // both are shown
        }
    }

    void workerRefuses()
    {
        Bench bench = worker();
        bench.cloud.routes()["backends"][0]["models"] = std::string(4900, 'm');
        QCOMPARE(int(bench.apply(to(70)).error().kind), int(Kind::Refused));
        bench.cloud.routes()["backends"][0].erase("models");
        RouteChange unknown;
        unknown.percents = {{QStringLiteral("nobody"), 100}};
        QCOMPARE(int(bench.apply(unknown).error().kind), int(Kind::Refused));
        QVERIFY(bench.cloud.writes().isEmpty());
        for (const char *broken : {R"({"version":1})", R"({"version":1,"backends":[]})", R"({"backends":[{"id":"a","weight":-1}]})", R"({"backends":[{"id":"a"},{"id":"a"}]})", R"([])", R"({"backends":[{"weight":1}]})"}) {
            bench.cloud.routes() = json::parse(broken);
            QCOMPARE(int(bench.read().error().kind), int(Kind::Protocol));
        }
        bench.cloud.settings["bindings"].erase(2);
        QCOMPARE(int(bench.read().error().kind), int(Kind::NotFound));
    }

    void leases_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::newRow("worker") << QStringLiteral("worker");
        QTest::newRow("load balancer") << QStringLiteral("load-balancer");
    }
    void leases()
    {
        QFETCH(QString, mode);
        Bench bench(mode);
        RouteChange change;
        change.lease = RouteLease {QStringLiteral("abc"), RouteLease::Kind::Weight, QStringLiteral("op@desk"),
            {{QStringLiteral("gcp"), 0}, {QStringLiteral("home"), 100}}, bench.clock.now().addSecs(120)};
        Result<RoutingState> held = bench.apply(change);
        QVERIFY2(held, qPrintable(held ? QString() : held.error().summary + held.error().detail));
        QVERIFY(held->lease);
        QCOMPARE(held->lease->id, QStringLiteral("abc"));
        QCOMPARE(held->lease->expiresAt.toSecsSinceEpoch(), bench.clock.now().addSecs(120).toSecsSinceEpoch());
        QCOMPARE(held->percents(), split(80)); // the standing ones stay below
        QCOMPARE(held->effectiveShares(bench.clock.now()).value(QStringLiteral("home")), 100.0);
        QCOMPARE(held->effectiveShares(bench.clock.now().addSecs(121)).value(QStringLiteral("home")), 20.0);
        // One at a time.
        RouteChange second = change;
        second.lease->id = QStringLiteral("def");
        QCOMPARE(int(bench.apply(second).error().kind), int(Kind::Refused));
        // The same one may be prolonged.
        change.lease->expiresAt = bench.clock.now().addSecs(300);
        QVERIFY(bench.apply(change));
        RouteChange end;
        end.endLease = true;
        const Result<RoutingState> ended = bench.apply(end);
        QVERIFY2(ended, qPrintable(ended ? QString() : ended.error().summary + ended.error().detail));
        QVERIFY(!ended->lease);
        QCOMPARE(ended->percents(), split(80));
        // One that ends between a write and the look at it is nobody else's edit.
        change.lease->expiresAt = bench.clock.now().addSecs(60);
        QVERIFY(bench.apply(change));
        bench.cloud.afterWrite = [&bench](const ApiRequest &) -> std::optional<HttpResponse> {
            bench.clock.advance(std::chrono::seconds(61));
            return std::nullopt;
        };
        const Result<RoutingState> late = bench.apply(to(60));
        QVERIFY2(late, qPrintable(late ? QString() : late.error().summary + late.error().detail));
        QCOMPARE(late->percents(), split(60));
    }
    void leaseRuleSlotIsTaken()
    {
        Bench bench = balancer();
        bench.cloud.balancer["rules"] = json::array({{{"name", "maintenance"}, {"condition", "true"}}});
        RouteChange change;
        change.lease = RouteLease {QStringLiteral("abc"), RouteLease::Kind::Drill, {}, {{QStringLiteral("gcp"), 0}}, bench.clock.now().addSecs(60)};
        const Result<RoutingState> held = bench.apply(change);
        QCOMPARE(int(held.error().kind), int(Kind::Refused));
        QVERIFY(bench.cloud.writes().isEmpty());
        // A dead rule of ours is no obstacle and is replaced.
        bench.cloud.balancer["rules"] = json::array({{{"name", "hybridge-lease-old"}, {"condition", "http.request.timestamp.sec lt 5"}, {"overrides", {{"random_steering", {{"pool_weights", {{"p-gcp", 0}}}}}}}}});
        QVERIFY(bench.apply(change));
        QCOMPARE(bench.cloud.balancer["rules"].size(), std::size_t(1));
        QVERIFY(bench.cloud.balancer["rules"][0]["name"] == "hybridge-lease-abc");
    }

    void balancerWritesOneProperty()
    {
        Bench bench = balancer();
        json before = bench.cloud.balancer;
        const Result<RoutingState> after = bench.apply(to(70));
        QVERIFY2(after, qPrintable(after ? QString() : after.error().summary + after.error().detail));
        QVERIFY(after->place == WeightPlace::PoolWeights);
        QVERIFY(!after->version);
        QCOMPARE(after->percents(), split(70));
        const json sent = bench.sent();
        QCOMPARE(sent.size(), std::size_t(1));
        QVERIFY(sent["random_steering"]["default_weight"] == 0.5 && sent["random_steering"]["x_future"] == 1); // complete
        before["random_steering"]["pool_weights"] = {{"p-gcp", 0.7}, {"p-home", 0.3}};
        before["modified_on"] = bench.cloud.balancer["modified_on"];
        QVERIFY(bench.cloud.balancer == before);
    }
    void originsOfOnePool()
    {
        Bench bench = balancer();
        bench.cloud.balancer["default_pools"] = {"p-both"};
        bench.cloud.balancer["steering_policy"] = "off"; // means nothing for one pool
        const Result<RoutingState> state = bench.read();
        QVERIFY(state->place == WeightPlace::OriginWeights);
        QCOMPARE(state->percents(), split(80));
        json before = bench.cloud.pools["p-both"];
        const Result<RoutingState> after = bench.apply(to(65));
        QVERIFY2(after, qPrintable(after ? QString() : after.error().summary + after.error().detail));
        QCOMPARE(after->percents(), split(65));
        const json sent = bench.sent();
        QCOMPARE(sent.size(), std::size_t(1));
        QCOMPARE(sent["origins"].size(), std::size_t(2));
        QVERIFY(sent["origins"][0]["x_future"] == 7 && sent["origins"][0]["header"]["Host"][0] == "gcp-llm.example.com"); // whole
        before["origins"][0]["weight"] = 0.65;
        before["origins"][1]["weight"] = 0.35;
        QVERIFY(bench.cloud.pools["p-both"] == before);
    }
    void recognised_data()
    {
        QTest::addColumn<QString>("change"); // a merge patch of the balancer
        QTest::addColumn<QString>("pools"); // a merge patch of the pools
        QTest::addColumn<int>("place");
        QTest::addColumn<QString>("shares");
        const int none = int(WeightPlace::None);
        const int byPool = int(WeightPlace::PoolWeights);
        QTest::newRow("as it should be") << "{}" << "{}" << byPool << "gcp 80 %, home 20 %";
        QTest::newRow("default weight for a pool without one") << R"({"random_steering":{"pool_weights":{"p-home":null}}})" << "{}" << byPool << "gcp 62 %, home 38 %";
        QTest::newRow("no random steering at all") << R"({"random_steering":null})" << "{}" << byPool << "gcp 50 %, home 50 %";
        QTest::newRow("steering off: the first gets all") << R"({"steering_policy":"off"})" << "{}" << none << "gcp 100 %, home 0 %";
        QTest::newRow("empty means off") << R"({"steering_policy":""})" << "{}" << none << "gcp 100 %, home 0 %";
        QTest::newRow("by latency: no shares at all") << R"({"steering_policy":"dynamic_latency"})" << "{}" << none << "";
        QTest::newRow("a pool is off") << "{}" << R"({"p-gcp":{"enabled":false}})" << byPool << "gcp 0 %, home 100 %";
        QTest::newRow("mixed: both nodes in one of two pools") << R"({"default_pools":["p-both","p-home"]})" << "{}" << none << "";
        QTest::newRow("a pool that is not there") << R"({"default_pools":["p-gcp","gone"]})" << "{}" << none << "gcp 100 %";
        QTest::newRow("no pools") << R"({"default_pools":[]})" << "{}" << none << "";
        QTest::newRow("one pool sharing by hash") << R"({"default_pools":["p-both"]})" << R"({"p-both":{"origin_steering":{"policy":"hash"}}})" << none << "";
    }
    void recognised()
    {
        QFETCH(QString, change);
        QFETCH(QString, pools);
        QFETCH(int, place);
        QFETCH(QString, shares);
        Bench bench = balancer();
        bench.cloud.balancer.merge_patch(json::parse(change.toStdString()));
        const json patches = json::parse(pools.toStdString());
        for (const auto &[id, patch] : patches.items())
            bench.cloud.pools[id].merge_patch(patch);
        const Result<RoutingState> state = bench.read();
        QVERIFY(state);
        QCOMPARE(int(state->place), place);
        QCOMPARE(sharesText(state->shares()), shares);
        if (place == int(WeightPlace::None)) {
            QVERIFY(!state->warnings.isEmpty());
            QCOMPARE(int(bench.apply(to(70)).error().kind), int(Kind::Refused));
            QVERIFY(bench.cloud.writes().isEmpty());
        }
    }
    void balancerIsMissing()
    {
        Bench bench = balancer();
        bench.cloud.balancer["name"] = "other.example.com";
        QCOMPARE(int(bench.read().error().kind), int(Kind::NotFound));
        FleetConfig config = routedFleet(QStringLiteral("worker"));
        config.routing.reset();
        QVERIFY(!makeRouter(config, bench.cloud, bench.clock));
        config = routedFleet(QStringLiteral("load-balancer"));
        config.cloudflare->zoneId.clear();
        QVERIFY(!makeRouter(config, bench.cloud, bench.clock));
    }
    void routerGoesWhileItWrites()
    {
        Bench bench = worker();
        const RoutingState seen = *bench.read();
        auto router = *makeRouter(bench.config, bench.cloud, bench.clock);
        const Pending<Result<RoutingState>> pending(router->apply(seen, to(70), {}));
        router.reset();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
    }

    void analyticsAreALateWitness_data()
    {
        QTest::addColumn<QString>("pool"); // the balancer's only one; empty: one a node
        QTest::addColumn<QString>("rows"); // "pool/origin=count"
        QTest::addColumn<QString>("agrees");
        QTest::addColumn<QString>("shares");
        // 80 of 100 were counted for gcp.
        QTest::newRow("as counted") << "" << "gcp-pool/gcp=80 home-pool/home=20" << "true" << "gcp 80 %, home 20 %";
        QTest::newRow("everybody's, sampled") << "" << "gcp-pool/gcp=1500 home-pool/home=500" << "true" << "gcp 75 %, home 25 %";
        QTest::newRow("the other way round") << "" << "gcp-pool/gcp=20 home-pool/home=80" << "false" << "gcp 20 %, home 80 %";
        QTest::newRow("one node alone") << "" << "gcp-pool/gcp=100" << "false" << "gcp 100 %";
        QTest::newRow("a pool that nobody knows") << "" << "gcp-pool/gcp=60 old-pool/x=40" << "false" << "gcp 60 %, old-pool 40 %";
        QTest::newRow("origins of one pool") << "p-both" << "both/gcp=80 both/home=20" << "true" << "gcp 80 %, home 20 %";
        QTest::newRow("nothing yet") << "" << "" << "null" << "";
        QTest::newRow("nothing but noughts") << "" << "gcp-pool/gcp=0" << "null" << "";
        QTest::newRow("half told") << "" << "gcp-pool/gcp=49" << "null" << "gcp 100 %";
    }
    void analyticsAreALateWitness()
    {
        QFETCH(QString, pool);
        QFETCH(QString, rows);
        QFETCH(QString, agrees);
        QFETCH(QString, shares);
        Bench bench = balancer();
        if (!pool.isEmpty())
            bench.cloud.balancer["default_pools"] = json::array({pool.toStdString()});
        json groups = json::array();
        for (const QString &word : rows.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
            const QStringList names = word.section(QLatin1Char('='), 0, 0).split(QLatin1Char('/'));
            json group = json::object();
            group["count"] = word.section(QLatin1Char('='), 1).toInt();
            group["dimensions"]["selectedPoolName"] = names.first().toStdString();
            group["dimensions"]["selectedOriginName"] = names.last().toStdString();
            groups.push_back(group);
        }
        json body = json::object();
        body["data"]["viewer"]["zones"][0]["loadBalancingRequestsAdaptiveGroups"] = groups;
        bench.cloud.analytics = HttpResponse();
        bench.cloud.analytics->status = 200;
        bench.cloud.analytics->body = QByteArray::fromStdString(body.dump());
        const Result<RoutingState> state = bench.read();
        QVERIFY(state);
        const SplitReport counted = splitReport({{QStringLiteral("gcp"), 80}, {QStringLiteral("home"), 20}}, state->shares());
        const QDateTime from(QDate(2026, 1, 26), QTime(10, 0, 0, 700), Utc);
        const Result<SplitAnalytics> analytics = await(askAnalytics(&bench.cloud, QStringLiteral("zone"), *state, from, from.addMSecs(1200), counted, {}));
        QVERIFY(analytics);
        SplitReport report = counted;
        report.analytics = *analytics;
        const json document = json::parse(splitDocument(report).dump())["analytics"];
        QCOMPARE(QString::fromStdString(document["agrees"].dump()), agrees);
        QVERIFY(document["late"] == true && document["from"] == "2026-01-26T10:00:00Z" && document["to"] == "2026-01-26T10:00:02Z");
        QCOMPARE(document["requests"].is_null(), shares.isEmpty()); // unknown, not 0
        QCOMPARE(document["shares"].empty(), shares.isEmpty());
        QVERIFY2(analyticsSentence(*analytics).contains(agrees == QLatin1String("null") ? QStringLiteral("minutes late") : shares), qPrintable(analyticsSentence(*analytics)));
        QCOMPARE(json::parse(bench.cloud.requests.last().body().toStdString())["variables"]["balancer"].get<std::string>(), std::string("llm.example.com"));
    }
};

QTEST_GUILESS_MAIN(TestRouters)
#include "tst_routers.moc"
