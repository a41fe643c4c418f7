// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What Cloudflare tells about scripts, balancers, pools, monitors and tunnel configurations, and the bodies sent to it.
#include "backend/base/utc.h"
#include "backend/cloudflare/analytics.h"
#include "backend/cloudflare/loadbalancers.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/cloudflare/workers.h"
#include "tests/support/faketransport.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::cloudflare;
using nlohmann::json;
using Kind = Error::Kind;

namespace {

HttpResponse good(const char *result)
{
    HttpResponse response;
    response.status = 200;
    response.body = QByteArray(R"({"success":true,"errors":[],"messages":[],"result":)") + result + '}';
    return response;
}

template <class T>
int kindOf(const Result<T> &result)
{
    return result ? -1 : int(result.error().kind);
}

} // namespace

class TestRoutingParsers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void shapes_data()
    {
        QTest::addColumn<QString>("parser");
        QTest::addColumn<QByteArray>("result");
        QTest::addColumn<bool>("good");
        const auto row = [](const char *parser, const char *name, const char *result, bool isGood) {
            QTest::addRow("%s: %s", parser, name) << QString::fromLatin1(parser) << QByteArray(result) << isGood;
        };
        row("settings", "empty", "{}", true);
        row("settings", "no object", "[]", false);
        row("settings", "bindings are no list", R"({"bindings":{}})", false);
        row("settings", "a binding without a name", R"({"bindings":[{"type":"json"}]})", false);
        row("settings", "a binding without a type", R"({"bindings":[{"name":"A"}]})", false);
        row("settings", "a flag that is no text", R"({"compatibility_flags":[1]})", false);
        row("deployments", "none", R"({"deployments":[]})", true);
        row("deployments", "unknown keys", R"({"deployments":[{"id":"d","x":1,"versions":[{"version_id":"v","percentage":100,"y":2}]}],"z":3})", true);
        row("deployments", "a version without an id", R"({"deployments":[{"id":"d","versions":[{"percentage":100}]}]})", false);
        row("deployments", "more than all", R"({"deployments":[{"id":"d","versions":[{"version_id":"v","percentage":101}]}]})", false);
        row("balancer", "the least", R"({"id":"l"})", true);
        row("balancer", "without an id", R"({"name":"l"})", false);
        row("balancer", "a weight above 1", R"({"id":"l","random_steering":{"pool_weights":{"p":1.5}}})", false);
        row("balancer", "a weight that is no number", R"({"id":"l","random_steering":{"pool_weights":{"p":"0.5"}}})", false);
        row("balancer", "a pool that is no text", R"({"id":"l","default_pools":[1]})", false);
        row("balancer", "nulls", R"({"id":"l","random_steering":null,"default_pools":null,"adaptive_routing":null,"steering_policy":null})", true);
        row("balancers", "none", "null", true);
        row("balancers", "one broken", R"([{"id":"l"},{}])", false);
        row("pool", "the least", R"({"id":"p"})", true);
        row("pool", "an origin's weight below 0", R"({"id":"p","origins":[{"name":"o","weight":-0.1}]})", false);
        row("pool", "origins are no list", R"({"id":"p","origins":{}})", false);
        row("pool", "an origin is no object", R"({"id":"p","origins":["o"]})", false);
        row("monitor", "the least", R"({"id":"m"})", true);
        row("monitor", "headers are no object", R"({"id":"m","header":[]})", false);
        row("monitor", "a header's value is no list", R"({"id":"m","header":{"Host":"a"}})", false);
        row("health", "nothing yet", "{}", true);
        row("health", "null", "null", true);
        row("health", "origins are no list", R"({"pop_health":{"Amsterdam":{"origins":1}}})", false);
        row("configuration", "no config", R"({"version":0})", true);
        row("configuration", "null config", R"({"version":0,"config":null})", true);
        row("configuration", "config is no object", R"({"config":[]})", false);
    }
    void shapes()
    {
        QFETCH(QString, parser);
        QFETCH(QByteArray, result);
        QFETCH(bool, good);
        const HttpResponse response = ::good(result.constData());
        const int kind = parser == QLatin1String("settings") ? kindOf(parseWorkerSettings(response))
            : parser == QLatin1String("deployments")         ? kindOf(parseDeployments(response))
            : parser == QLatin1String("balancer")            ? kindOf(parseLoadBalancer(response))
            : parser == QLatin1String("balancers")           ? kindOf(parseLoadBalancers(response))
            : parser == QLatin1String("pool")                ? kindOf(parsePool(response))
            : parser == QLatin1String("monitor")             ? kindOf(parseMonitor(response))
            : parser == QLatin1String("health")              ? kindOf(parsePoolHealth(response))
                                                             : kindOf(parseTunnelConfiguration(response));
        QCOMPARE(kind, good ? -1 : int(Kind::Protocol));
    }

    void scripts()
    {
        const Result<WorkerSettings> settings = parseWorkerSettings(good(
            R"({"bindings":[{"type":"secret_text","name":"S"},{"type":"json","name":"ROUTES","json":{"version":7}},{"type":"kv_namespace","name":"K","namespace_id":"n"}],"compatibility_flags":["f"]})"));
        QVERIFY(settings);
        QVERIFY(settings->binding(QStringLiteral("ROUTES"))->document["json"]["version"] == 7);
        QVERIFY(!settings->binding(QStringLiteral("X")));
        const json patch = settingsPatch(*settings, QStringLiteral("ROUTES"), json {{"version", 8}}, QStringLiteral("note"));
        QVERIFY(patch["bindings"] == json::parse(R"([{"type":"inherit","name":"S"},{"type":"json","name":"ROUTES","json":{"version":8}},{"type":"inherit","name":"K"}])"));
        QVERIFY(patch["annotations"]["workers/message"] == "note");
        QCOMPARE(patch.size(), std::size_t(2)); // nothing else: the service keeps it
        // The binding is added where it was not there yet.
        QCOMPARE(settingsPatch(*settings, QStringLiteral("NEW"), 1, {})["bindings"].size(), std::size_t(4));
        const QByteArray form = settingsForm(patch, "B");
        QVERIFY(form.startsWith("--B\r\nContent-Disposition: form-data; name=\"settings\""));
        QVERIFY(form.contains("\r\nContent-Type: application/json\r\n\r\n{"));
        QVERIFY(form.endsWith("}\r\n--B--\r\n"));

        const Result<QList<Deployment>> deployments = parseDeployments(
            good(R"({"deployments":[{"id":"d2","created_on":"2026-01-26T10:00:00Z","source":"dash","author_email":"a@b","versions":[{"version_id":"v2","percentage":90},{"version_id":"v1","percentage":10}]},{"id":"d1","versions":[{"version_id":"v1","percentage":100}]}]})"));
        QVERIFY(deployments);
        QVERIFY(deployments->first().only().isEmpty());
        QCOMPARE(deployments->last().only(), QStringLiteral("v1"));
        QCOMPARE(deployments->first().author, QStringLiteral("a@b"));
        QVERIFY(parseVersionBindings(good(R"({"id":"v","resources":{"bindings":[{"type":"json","name":"R","json":1}]}})"))->first().document["json"] == 1);
        QVERIFY(!parseVersionBindings(good("{}")));
        const Result<WorkerSubdomain> subdomain = parseSubdomain(good(R"({"enabled":true,"previews_enabled":false})"));
        QVERIFY(subdomain->enabled && !subdomain->previews);
    }

    void poolHealth()
    {
        const char *one = R"({"1.2.3.4":{"healthy":false,"rtt":"12.1ms","failure_reason":"HTTP 302","response_code":302}})";
        for (const QByteArray &shape : {QByteArray(R"({"pool_id":"p","pop_health":{"Amsterdam, NL":{"healthy":false,"origins":[%1]}}})"), QByteArray(R"({"pop_health":{"healthy":false,"origins":[%1]}})")}) {
            QByteArray text = shape;
            const Result<QList<OriginHealth>> health = parsePoolHealth(good(text.replace("%1", one).constData()));
            QVERIFY(health);
            QCOMPARE(health->size(), 1);
            QCOMPARE(health->first().address, QStringLiteral("1.2.3.4"));
            QCOMPARE(*health->first().healthy, false);
            QCOMPARE(health->first().code, 302);
        }
        const Result<QList<OriginHealth>> preview = parsePreview(good(R"({"p":{"1.2.3.4":{"healthy":true,"response_code":200}}})"));
        QVERIFY(preview && preview->size() == 1 && *preview->first().healthy);
        QCOMPARE(parsePreview(good(R"({"p":{"healthy":true,"origins":[{"1.2.3.4":{"healthy":true}}]}})"))->size(), 1); // as in the schema
        const Result<QList<OriginHealth>> byLocation
            = parsePreview(good(R"({"p":{"Amsterdam, NL":{"healthy":false,"origins":[{"1.2.3.4":{"healthy":false,"failure_reason":"HTTP 404","response_code":404}}]}}})"));
        QVERIFY(byLocation && byLocation->size() == 1);
        QCOMPARE(byLocation->first().region, QStringLiteral("Amsterdam, NL"));
        QCOMPARE(byLocation->first().code, 404);
    }

    void marks()
    {
        const json config = json::parse(R"({"ingress":[{"hostname":"a.example.com","service":"unix:x"},{"hostname":"b.example.com","service":"unix:y"},{"service":"http_status:404"}],"warp-routing":{"enabled":true}})");
        const QString host = QStringLiteral("b.example.com");
        QCOMPARE(nodeMarkOf(config, host), 0);
        const Result<json> marked = withNodeMark(config, host, 211);
        QVERIFY(marked);
        QCOMPARE(nodeMarkOf(*marked, host), 211);
        QVERIFY((*marked)["ingress"][1] == json::parse(R"({"hostname":"b.example.com","path":"^/__hybridge/node$","service":"http_status:211"})")); // before its main rule
        QCOMPARE((*marked)["ingress"].size(), std::size_t(4));
        QVERIFY((*marked)["warp-routing"] == config["warp-routing"]);
        QVERIFY((*marked)["ingress"][3] == config["ingress"][2]); // the catch-all stays last
        QVERIFY(*withNodeMark(*marked, host, 211) == *marked); // once
        QCOMPARE(nodeMarkOf(*withNodeMark(*marked, host, 212), host), 212);
        QVERIFY(!withNodeMark(config, QStringLiteral("c.example.com"), 211));
        QVERIFY(!withNodeMark(json::object(), host, 211));
    }

    void calls()
    {
        FakeTransport api;
        LoadBalancers balancers(api, QStringLiteral("a/b"), QStringLiteral("z"));
        api.answer(200, R"({"success":true,"result":{"id":"l"}})");
        QVERIFY(await(balancers.patchBalancer(QStringLiteral("l"), json {{"random_steering", json::object()}}, {})));
        QVERIFY(api.requests().last().verb() == ApiRequest::Verb::Patch);
        QCOMPARE(api.requests().last().path(), QStringLiteral("zones/z/load_balancers/l"));
        QVERIFY(!api.requests().last().isIdempotent()); // sent once
        QCOMPARE(api.requests().last().body(), QByteArray(R"({"random_steering":{}})"));
        api.answer(200, R"({"success":true,"result":{"id":"p"}})");
        QVERIFY(await(balancers.pool(QStringLiteral("p"), {})));
        QCOMPARE(api.requests().last().path(), QStringLiteral("accounts/a%2Fb/load_balancers/pools/p"));
        api.answer(200, R"({"success":true,"result":{"preview_id":"q","pools":{}}})");
        QCOMPARE(*await(balancers.previewMonitor(QStringLiteral("m"), json::object(), {})), QStringLiteral("q"));
        api.answer(403, R"({"success":false,"errors":[{"code":10000,"message":"x"}]})");
        const Result<Pool> denied = await(balancers.patchPool(QStringLiteral("p"), json::object(), {}));
        QCOMPARE(kindOf(denied), int(Kind::Unauthorized));
        QVERIFY(denied.error().summary.contains(QStringLiteral("Monitors and Pools Write"))); // the permission that is missing
        LoadBalancers nameless(api, {}, {});
        QCOMPARE(kindOf(await(nameless.list({}))), int(Kind::Invalid));

        Workers workers(api, QStringLiteral("acc"));
        api.answer(200, R"({"success":true,"result":{"bindings":[]}})");
        QVERIFY(await(workers.patchSettings(QStringLiteral("s"), json {{"bindings", json::array()}}, {})));
        QVERIFY(api.requests().last().contentType().startsWith("multipart/form-data; boundary="));
        QVERIFY(!api.requests().last().isIdempotent());
        std::stop_source stop;
        api.hang();
        const Pending<Result<QList<Deployment>>> pending(workers.deployments(QStringLiteral("s"), stop.get_token()));
        QTRY_COMPARE(api.inFlight(), 1);
        stop.request_stop();
        QVERIFY(pending.finishes());
        QCOMPARE(kindOf(pending.result()), int(Kind::Cancelled));
    }
    void analytics_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("kind"); // of the error; -1: none
        QTest::addColumn<QString>("says"); // in the sentence, or "pool/origin=count"
        const auto row = [](const char *name, int status, const QByteArray &body, int kind, const char *says = "") {
            QTest::newRow(name) << status << body << kind << QString::fromUtf8(says);
        };
        const auto groups = [](const QByteArray &rows) { return R"({"data":{"viewer":{"zones":[{"loadBalancingRequestsAdaptiveGroups":)" + rows + R"(}]}},"errors":null})"; };
        const auto group = [](const QByteArray &count, const QByteArray &pool) { return R"({"count":)" + count + R"(,"dimensions":{"selectedPoolName":)" + pool + R"(,"selectedOriginName":"o"}})"; };
        const auto refusal = [](const QByteArray &extensions) { return R"({"data":null,"errors":[{"message":"zone '1' does not have access to the path","path":null,"extensions":)" + extensions + "}]}"; };
        const int protocol = int(Kind::Protocol);
        row("two pools", 200, groups('[' + group("318", "\"gcp\"") + ',' + group("82", "\"home\"") + ']'), -1, "gcp/o=318 home/o=82");
        row("nothing yet", 200, groups("[]"), -1);
        row("one pool in two rows", 200, groups('[' + group("3", "\"gcp\"") + ',' + group("4", "\"gcp\"") + ']'), -1, "gcp/o=7");
        row("no pool was chosen", 200, groups('[' + group("3", "null") + ']'), -1, "/o=3");
        row("a name that would move the cursor", 200, groups('[' + group("3", "\"a\\u001b[2Jb\"") + ']'), -1, "ab/o=3");
        row("nothing is no count", 200, groups('[' + group("0", "\"gcp\"") + ']'), -1, "gcp/o=0");
        row("below nothing", 200, groups('[' + group("-1", "\"gcp\"") + ']'), protocol);
        row("more than there can be", 200, groups('[' + group("9000000000000000000", "\"gcp\"") + ']'), protocol);
        row("a part of a request, extrapolated", 200, groups('[' + group("1.5", "\"gcp\"") + ']'), -1, "gcp/o=1");
        row("a count that is not told", 200, groups('[' + group("null", "\"gcp\"") + ']'), protocol);
        row("a name that is no text", 200, groups('[' + group("1", "7") + ']'), protocol);
        row("no dimensions", 200, groups(R"([{"count":1}])"), protocol);
        row("groups are no list", 200, groups("{}"), protocol);
        row("rows without end", 200, groups('[' + QByteArray("{},").repeated(1000) + "{}]"), protocol);
        row("no data", 200, R"({"data":null,"errors":null})", protocol);
        row("nothing at all", 200, "{}", protocol);
        row("a list", 200, "[]", protocol);
        row("deep", 200, QByteArray("[").repeated(5000), protocol);
        row("a page", 200, "<!DOCTYPE html><html>", protocol, "web page");
        row("two zones", 200, R"({"data":{"viewer":{"zones":[{},{}]}}})", protocol);
        row("no zone", 200, R"({"data":{"viewer":{"zones":[]}}})", int(Kind::NotFound), "zone");
        row("no permission", 200, refusal(R"({"code":"authz"})"), int(Kind::Unauthorized), "Analytics Read");
        row("no permission, as 403", 403, refusal(R"({"code":"authz"})"), int(Kind::Unauthorized), "Analytics Read");
        row("asked too much", 200, refusal(R"({"code":"budget"})"), int(Kind::RateLimited));
        row("another refusal", 200, refusal(R"({"code":"parser"})"), int(Kind::Remote));
        row("a refusal without a code", 200, refusal("7"), int(Kind::Remote));
        row("errors that are none", 200, R"({"data":null,"errors":[7,null,"x"]})", int(Kind::Remote));
        row("the API's own refusal", 403, R"({"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null})", int(Kind::Unauthorized), "Analytics Read");
        row("the API's own answer", 200, R"({"success":true,"errors":[],"result":[]})", protocol);
        row("too many calls", 429, R"({"data":null,"errors":[{"message":"limit"}]})", int(Kind::RateLimited));
        row("the service fails", 502, R"({"data":null})", int(Kind::Remote));
    }
    void analytics()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(int, kind);
        QFETCH(QString, says);
        HttpResponse response;
        response.status = status;
        response.headers = {{"Content-Type", body.startsWith('<') ? "text/html" : "application/json"}};
        response.body = body;
        const Result<QList<BalancedCount>> counts = parseBalancedCounts(response);
        QCOMPARE(kindOf(counts), kind);
        if (!counts) {
            QVERIFY2(counts.error().summary.contains(says), qPrintable(counts.error().summary));
            return;
        }
        QStringList words;
        for (const BalancedCount &one : *counts)
            words.append(QStringLiteral("%1/%2=%3").arg(one.pool, one.origin).arg(one.requests));
        QCOMPARE(words.join(QLatin1Char(' ')), says);
    }
    void analyticsAreAskedOnce()
    {
        FakeTransport api;
        const QDateTime from(QDate(2026, 1, 26), QTime(10, 0), Utc);
        Analytics analytics(api, QStringLiteral("z\"1"));
        api.fail(Error(Kind::Network, QStringLiteral("gone")));
        QCOMPARE(kindOf(await(analytics.balanced(QStringLiteral("llm.example.com"), from, from.addSecs(27), {}))), int(Kind::Network));
        QCOMPARE(api.requests().size(), 1);
        const ApiRequest request = api.requests().last();
        QVERIFY(request.verb() == ApiRequest::Verb::Post && request.path() == QLatin1String("graphql") && !request.isIdempotent());
        const json body = json::parse(request.body().toStdString());
        json variables = json::parse(R"({"balancer":"llm.example.com","from":"2026-01-26T10:00:00Z","to":"2026-01-26T10:00:27Z"})");
        variables["zone"] = "z\"1";
        QVERIFY(body["variables"] == variables);
        QVERIFY(body["query"].get<std::string>().find("llm") == std::string::npos); // nothing is pasted into it
        Analytics nameless(api, {});
        QCOMPARE(kindOf(await(nameless.balanced({}, from, from, {}))), int(Kind::Invalid));
    }
    void ownerGoes()
    {
        FakeTransport api;
        api.hang();
        api.hang();
        api.hang();
        api.hang();
        std::stop_source stop;
        auto analytics = std::make_unique<Analytics>(api, QStringLiteral("z"));
        auto workers = std::make_unique<Workers>(api, QStringLiteral("a"));
        auto balancers = std::make_unique<LoadBalancers>(api, QStringLiteral("a"), QStringLiteral("z"));
        auto tunnels = std::make_unique<TunnelConfigurations>(api, QStringLiteral("a"));
        const Pending<Result<WorkerSettings>> one(workers->settings(QStringLiteral("s"), stop.get_token()));
        const Pending<Result<QList<Pool>>> two(balancers->pools(stop.get_token()));
        const Pending<Result<TunnelConfiguration>> three(tunnels->get(QStringLiteral("t"), stop.get_token()));
        const Pending<Result<QList<BalancedCount>>> four(analytics->balanced({}, {}, {}, stop.get_token()));
        analytics.reset();
        workers.reset();
        balancers.reset();
        tunnels.reset();
        stop.request_stop();
        QVERIFY(one.finishes() && two.finishes() && three.finishes() && four.finishes());
    }
};

QTEST_GUILESS_MAIN(TestRoutingParsers)
#include "tst_routingparsers.moc"
