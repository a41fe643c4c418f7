// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/analytics.h"
#include "app/lab/cloudflare/balancing.h"
#include "app/lab/connector/configurations.h"
#include "app/lab/edge/monitoring.h"
#include "app/lab/edge/steering.h"
#include "app/lab/edge/traffic.h"
#include "app/lab/world/node.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

#include <QTest>

#include <cmath>

using namespace hybridge::lab;
using nlohmann::json;

namespace {

constexpr int Draws = 5000;

/// Chi-square with one degree of freedom a node less than nodes; 10.83 and 13.82 are p = 0.001.
double chiSquare(const std::map<std::string, int> &seen, const std::map<std::string, double> &shares)
{
    double sum = 0;
    for (const auto &[name, share] : shares) {
        const double expected = share * Draws;
        const auto found = seen.find(name);
        const double off = (found == seen.end() ? 0 : found->second) - expected;
        sum += expected > 0 ? off * off / expected : (off > 0 ? 1e9 : 0);
    }
    return sum;
}

json origin(const char *name, double weight = 1, bool enabled = true)
{
    return {{"name", name}, {"address", std::string(name) + ".cfargotunnel.com"}, {"weight", weight},
        {"enabled", enabled}, {"header", {{"Host", {"127.81.0.1"}}}}};
}

/// Two pools, gcp and home, and a load balancer "lb" by weights 0.8 and 0.2.
struct Account {
    Balancing balancing{7, true};

    Account()
    {
        using Kind = Balancing::Kind;
        balancing.create(Kind::Monitor, {{"type", "https"}, {"interval", 15}}, "m");
        balancing.create(Kind::Pool, {{"name", "gcp"}, {"monitor", "m"}, {"origins", {origin("gcp")}}}, "gcp");
        balancing.create(Kind::Pool, {{"name", "home"}, {"monitor", "m"}, {"origins", {origin("home")}}}, "home");
        balancing.create(Kind::Balancer,
            {{"name", "llm"}, {"default_pools", {"gcp", "home"}}, {"fallback_pool", "gcp"}, {"proxied", true},
                {"steering_policy", "random"},
                {"random_steering", {{"default_weight", 0.5}, {"pool_weights", {{"gcp", 0.8}, {"home", 0.2}}}}},
                {"adaptive_routing", {{"failover_across_pools", true}}}},
            "lb");
    }
    json patch(const json &body)
    {
        const ApiReply reply = balancing.patch(Balancing::Kind::Balancer, "lb", body);
        return reply.ok() ? reply.result : json{{"code", reply.code}};
    }
    json get() const { return balancing.state()->balancers.at("lb"); }
};

} // namespace

/// The lab's load balancing without a process: steering, the rules of the API, health checks, and a tunnel's own rules.
class LabBalancingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void steers_data();
    void steers();
    void leaseRuleEndsByItself();
    void originWeightsInsideOnePool();
    void fixedResponses();
    void conditions_data();
    void conditions();
    void patchReplacesWholeProperties();
    void refusesObjects_data();
    void refusesObjects();
    void referencesProtect();
    void withoutTheAddOn();
    void ingressPaths();
    void monitorCodes_data();
    void monitorCodes();
    void analytics_data();
    void analytics();
    void visitorsFollowTheBalancer();
    void visitorsFollowTheWorker_data();
    void visitorsFollowTheWorker();
    void visitorsFade();
};

void LabBalancingTest::steers_data()
{
    QTest::addColumn<QByteArray>("change"); // PATCH of the load balancer
    QTest::addColumn<QByteArray>("pool");   // PATCH of pool home
    QTest::addColumn<QString>("dead");      // an origin that fails its checks
    QTest::addColumn<double>("gcp");
    QTest::addColumn<double>("home");
    const auto row
        = [](const char *name, const char *change, const char *pool, const char *dead, double gcp, double home) {
              QTest::newRow(name) << QByteArray(change) << QByteArray(pool) << QString::fromLatin1(dead) << gcp << home;
          };
    row("80 to 20", "{}", "{}", "", 0.8, 0.2);
    row("weights are relative", R"({"random_steering":{"pool_weights":{"gcp":0.1,"home":0.3}}})", "{}", "", 0.25, 0.75);
    row("a pool without a weight has the default",
        R"({"random_steering":{"default_weight":0.5,"pool_weights":{"gcp":1}}})", "{}", "", 2 / 3.0, 1 / 3.0);
    row("a forgotten default weight is 1", R"({"random_steering":{"pool_weights":{"gcp":1}}})", "{}", "", 0.5, 0.5);
    row("weight 0", R"({"random_steering":{"pool_weights":{"gcp":0,"home":1}}})", "{}", "", 0, 1);
    row("all weights 0: the fallback", R"({"random_steering":{"pool_weights":{"gcp":0,"home":0}}})", "{}", "", 1, 0);
    row("policy off: failover in order", R"({"steering_policy":"off"})", "{}", "", 1, 0);
    row("policy off: the next one", R"({"steering_policy":"off"})", "{}", "gcp", 0, 1);
    row("a dead pool is left out", "{}", "{}", "gcp", 0, 1);
    row("all dead: the fallback all the same", "{}", "{}", "gcp home", 1, 0);
    row("a pool switched off", "{}", R"({"enabled":false})", "", 1, 0);
    row("too few origins", "{}", R"({"minimum_origins":2})", "", 1, 0);
}

void LabBalancingTest::steers()
{
    QFETCH(const QByteArray, change);
    QFETCH(const QByteArray, pool);
    QFETCH(const QString, dead);
    QFETCH(const double, gcp);
    QFETCH(const double, home);
    Account account;
    QVERIFY(!account.patch(json::parse(change.toStdString())).contains("code"));
    QVERIFY(account.balancing.patch(Balancing::Kind::Pool, "home", json::parse(pool.toStdString())).ok());
    const auto state = account.balancing.state();
    std::map<std::string, int> seen;
    const OriginHealth healthy
        = [&](const Pool &, const Origin &each) { return !dead.contains(QString::fromStdString(each.name)); };
    for (int i = 0; i < Draws; ++i) {
        const Pick pick = steer(state->plans.at(0), {}, healthy, mix(11, static_cast<std::uint64_t>(i)));
        QVERIFY(pick.origin);
        ++seen[pick.origin->name];
    }
    const double off = chiSquare(seen, {{"gcp", gcp}, {"home", home}});
    QVERIFY2(off < 10.83, qPrintable(QStringLiteral("%1: %2 and %3").arg(off).arg(seen["gcp"]).arg(seen["home"])));
}

void LabBalancingTest::leaseRuleEndsByItself()
{
    Account account;
    const json rule{{"name", "hybridge-lease-1"}, {"condition", "http.request.timestamp.sec lt 1000"},
        {"overrides",
            {{"steering_policy", "random"}, {"random_steering", {{"pool_weights", {{"gcp", 0}, {"home", 1}}}}}}}};
    QVERIFY(!account.patch({{"rules", {rule}}}).contains("code"));
    QCOMPARE(account.patch({{"rules", {rule, rule}}}).at("code").get<int>(), 1002); // the plan has one slot
    QCOMPARE(account.get()["rules"][0]["priority"].get<int>(), 0);
    const auto state = account.balancing.state();
    const OriginHealth all = [](const Pool &, const Origin &) { return true; };
    RequestFacts before;
    before.second = 999;
    RequestFacts after;
    after.second = 1000;
    std::map<std::string, int> seen;
    for (int i = 0; i < Draws; ++i) {
        const std::uint64_t draw = mix(3, static_cast<std::uint64_t>(i));
        QCOMPARE(steer(state->plans.at(0), before, all, draw).origin->name, std::string("home"));
        ++seen[steer(state->plans.at(0), after, all, draw).origin->name];
    }
    QVERIFY(chiSquare(seen, {{"gcp", 0.8}, {"home", 0.2}}) < 10.83);
}

void LabBalancingTest::originWeightsInsideOnePool()
{
    Account account;
    QVERIFY(
        account.balancing
            .create(Balancing::Kind::Pool,
                {{"name", "both"}, {"origins", {origin("a", 0.7), origin("b", 0.3), origin("c", 1, false)}}}, "both")
            .ok());
    account.patch({{"default_pools", {"both"}}, {"steering_policy", "off"}});
    const auto state = account.balancing.state();
    std::map<std::string, int> seen;
    for (int i = 0; i < Draws; ++i)
        ++seen[steer(
            state->plans.at(0), {}, [](const Pool &, const Origin &) { return true; },
            mix(5, static_cast<std::uint64_t>(i)))
                   .origin->name];
    QVERIFY(chiSquare(seen, {{"a", 0.7}, {"b", 0.3}, {"c", 0}}) < 10.83);
}

void LabBalancingTest::fixedResponses()
{
    Account account;
    account.patch({{"rules",
        {{{"name", "closed"}, {"condition", "http.request.uri.path contains \"/closed\""},
            {"fixed_response", {{"status_code", 410}, {"message_body", "gone"}}}}}}});
    const auto state = account.balancing.state();
    RequestFacts facts;
    facts.path = "/closed/x";
    const OriginHealth all = [](const Pool &, const Origin &) { return true; };
    QCOMPARE(steer(state->plans.at(0), facts, all, 1).fixed->status, 410);
    facts.path = "/open";
    QVERIFY(!steer(state->plans.at(0), facts, all, 1).fixed);
}

void LabBalancingTest::conditions_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("holds"); // -1: not understood
    const auto row = [](const char *text, int holds) { QTest::newRow(text) << QByteArray(text) << holds; };
    row("", 1);
    row("http.request.timestamp.sec lt 1001", 1);
    row("http.request.timestamp.sec lt 1000", 0);
    row("http.request.timestamp.sec >= 1000 and http.request.method eq \"GET\"", 1);
    row("not http.host eq \"a.example.com\" or http.request.uri.path contains \"/v1\"", 1);
    row("(http.host eq \"a.example.com\") && !(http.request.uri.query contains \"x=1\")", 0);
    row("http.request.uri eq \"/v1/models?x=1\"", 1);
    row("http.host ne \"quo\\\"te\"", 1);
    row("http.request.timestamp.sec lt", -1);
    row("http.request.timestamp.sec lt soon", -1);
    row("http.request.timestamp.sec contains 1", -1);
    row("ip.src eq 1.2.3.4", -1);
    row("(http.host eq \"a\"", -1);
    row("http.host eq \"a\" http.host eq \"b\"", -1);
    row("http.host eq \"open", -1);
    QTest::newRow("too deep") << QByteArray(200, '(') << -1;
}

void LabBalancingTest::conditions()
{
    QFETCH(const QByteArray, text);
    QFETCH(const int, holds);
    std::string wrong;
    const Condition condition = Condition::parse(text.toStdString(), wrong);
    QCOMPARE(wrong.empty(), holds >= 0);
    RequestFacts facts;
    facts.second = 1000;
    facts.method = "GET";
    facts.host = "a.example.com";
    facts.path = "/v1/models";
    facts.query = "x=1";
    if (holds >= 0)
        QCOMPARE(condition.holds(facts), holds == 1);
}

void LabBalancingTest::patchReplacesWholeProperties()
{
    Account account;
    json before = account.get();
    json after = account.patch(
        {{"random_steering", {{"default_weight", 0.5}, {"pool_weights", {{"gcp", 0.7}, {"home", 0.3}}}}}});
    // Everything else stays.
    for (const char *key : {"random_steering", "modified_on"}) {
        before.erase(key);
        after.erase(key);
    }
    QCOMPARE(after.dump(), before.dump());
    // What a property leaves out is gone, and not what stood there before.
    after = account.patch({{"random_steering", {{"pool_weights", {{"gcp", 0.6}}}}}});
    QCOMPARE(after["random_steering"].dump(), json({{"default_weight", 1}, {"pool_weights", {{"gcp", 0.6}}}}).dump());
    const ApiReply pool = account.balancing.patch(Balancing::Kind::Pool, "home",
        {{"origins", {{{"name", "home"}, {"address", "home.cfargotunnel.com"}, {"weight", 0.5}}}}});
    QVERIFY(pool.ok());
    QVERIFY(!pool.result["origins"][0].contains("header"));
    QCOMPARE(pool.result["monitor"].get<std::string>(), std::string("m"));
    // null takes the default back, PUT replaces the object, and what nobody may write stays.
    QCOMPARE(
        account.patch({{"adaptive_routing", nullptr}})["adaptive_routing"]["failover_across_pools"].get<bool>(), false);
    const ApiReply put = account.balancing.replace(Balancing::Kind::Balancer, "lb",
        {{"name", "llm"}, {"default_pools", {"home"}}, {"fallback_pool", "home"}, {"id", "other"}});
    QVERIFY(put.ok());
    QCOMPARE(put.result["id"].get<std::string>(), std::string("lb"));
    QCOMPARE(put.result["proxied"].get<bool>(), false);
    QCOMPARE(put.result["steering_policy"].get<std::string>(), std::string());
}

void LabBalancingTest::refusesObjects_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("patch");
    QTest::addColumn<int>("code");
    using Kind = Balancing::Kind;
    const auto row = [](const char *name, Kind kind, const char *patch, int code = 1002) {
        QTest::newRow(name) << static_cast<int>(kind) << QByteArray(patch) << code;
    };
    row("a weight above 1", Kind::Balancer, R"({"random_steering":{"pool_weights":{"gcp":80}}})");
    row("a weight finer than 0.01", Kind::Balancer, R"({"random_steering":{"pool_weights":{"gcp":0.805}}})");
    row("a default weight finer than 0.1", Kind::Balancer, R"({"random_steering":{"default_weight":0.55}})");
    row("a weight of an unknown pool", Kind::Balancer, R"({"random_steering":{"pool_weights":{"nobody":1}}})");
    row("no pools", Kind::Balancer, R"({"default_pools":[]})");
    row("an unknown pool", Kind::Balancer, R"({"fallback_pool":"nobody"})");
    row("paid steering", Kind::Balancer, R"({"steering_policy":"dynamic_latency"})");
    row("affinity", Kind::Balancer, R"({"session_affinity":"cookie"})");
    row("a rule without a name", Kind::Balancer, R"({"rules":[{"condition":"","overrides":{}}]})");
    row("a rule that cannot be read", Kind::Balancer, R"({"rules":[{"name":"x","condition":"soon","overrides":{}}]})");
    row("a rule's unknown pool", Kind::Balancer,
        R"({"rules":[{"name":"x","overrides":{"random_steering":{"pool_weights":{"nobody":1}}}}]})");
    row("no object", Kind::Balancer, "[]", 1000);
    row("no origins", Kind::Pool, R"({"origins":[]})");
    row("one tunnel twice", Kind::Pool, R"({"origins":[{"name":"a","address":"x"},{"name":"b","address":"x"}]})");
    row("an origin's weight", Kind::Pool, R"({"origins":[{"name":"a","address":"x","weight":1.5}]})");
    row("an unknown monitor", Kind::Pool, R"({"monitor":"nobody"})");
    row("every data centre", Kind::Pool, R"({"check_regions":["ALL_REGIONS"]})");
    row("too often", Kind::Monitor, R"({"interval":5})");
    row("a time-out above the limit", Kind::Monitor, R"({"timeout":60})");
    row("the user agent", Kind::Monitor, R"({"header":{"User-Agent":["x"]}})");
    row("no path", Kind::Monitor, R"({"path":"health"})");
}

void LabBalancingTest::refusesObjects()
{
    QFETCH(const int, kind);
    QFETCH(const QByteArray, patch);
    QFETCH(const int, code);
    Account account;
    const auto before = account.balancing.state();
    const std::string id = kind == static_cast<int>(Balancing::Kind::Monitor) ? "m"
        : kind == static_cast<int>(Balancing::Kind::Pool)                     ? "home"
                                                                              : "lb";
    const ApiReply reply
        = account.balancing.patch(static_cast<Balancing::Kind>(kind), id, json::parse(patch.toStdString()));
    QCOMPARE(reply.code, code);
    QCOMPARE(account.balancing.state()->revision, before->revision); // what is refused changes nothing
}

void LabBalancingTest::referencesProtect()
{
    Account account;
    QCOMPARE(account.balancing.remove(Balancing::Kind::Pool, "home").code, 1005);
    QCOMPARE(account.balancing.remove(Balancing::Kind::Monitor, "m").status, 412);
    QCOMPARE(account.balancing.references(Balancing::Kind::Pool, "home")[0]["resource_id"].get<std::string>(),
        std::string("lb"));
    QCOMPARE(account.balancing.remove(Balancing::Kind::Pool, "nobody").status, 404);
    QVERIFY(account.balancing.remove(Balancing::Kind::Balancer, "lb").ok());
    QVERIFY(account.balancing.remove(Balancing::Kind::Pool, "home").ok());
    QCOMPARE(account.balancing.create(Balancing::Kind::Pool, {{"name", "gcp"}, {"origins", {origin("x")}}}).code, 1003);
}

void LabBalancingTest::withoutTheAddOn()
{
    Balancing balancing(7, false);
    QCOMPARE(balancing.create(Balancing::Kind::Monitor, {{"type", "https"}}).status, 403);
    QVERIFY(balancing.state()->monitors.empty());
}

void LabBalancingTest::ingressPaths()
{
    Configurations configurations;
    const auto rules = [](const json &first) {
        return json{{"ingress",
            {first, {{"hostname", "h"}, {"service", "http://127.0.0.1:1"}}, {{"service", "http_status:404"}}}}};
    };
    QCOMPARE(configurations.replace(
                 "t", rules({{"hostname", "h"}, {"path", "^/__hybridge/node$"}, {"service", "http_status:211"}})),
        std::string());
    const auto service = [&](const char *host, const char *path) {
        return configurations.rule("t", host, path)["service"].get<std::string>();
    };
    QCOMPARE(service("h", "/__hybridge/node"), std::string("http_status:211"));
    QCOMPARE(service("h", "/__hybridge/node/x"), std::string("http://127.0.0.1:1"));
    QCOMPARE(service("h", "/v1/models"), std::string("http://127.0.0.1:1"));
    QCOMPARE(service("other", "/__hybridge/node"), std::string("http_status:404"));
    QVERIFY(!configurations.replace("t", rules({{"path", "(["}, {"service", "http_status:211"}})).empty());
    QVERIFY(!configurations.replace("t", rules({{"path", "x"}, {"service", "http_status:2NN"}})).empty());
    QCOMPARE(configurations.current("t").number, 1);
}

void LabBalancingTest::monitorCodes_data()
{
    QTest::addColumn<QByteArray>("codes");
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("fits");
    QTest::newRow("same") << QByteArray("200") << 200 << true;
    QTest::newRow("class") << QByteArray("2xx") << 204 << true;
    QTest::newRow("list") << QByteArray("200, 302") << 302 << true;
    QTest::newRow("other") << QByteArray("2xx") << 302 << false;
    QTest::newRow("empty") << QByteArray("") << 200 << false;
}

void LabBalancingTest::monitorCodes()
{
    QFETCH(const QByteArray, codes);
    QFETCH(const int, status);
    QFETCH(const bool, fits);
    QCOMPARE(Monitoring::expected(codes.toStdString(), status), fits);
}

void LabBalancingTest::analytics_data()
{
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<bool>("mayRead");
    QTest::addColumn<int>("lag"); // seconds
    QTest::addColumn<QByteArray>("told"); // pools with their counts, or the code of the refusal
    const QByteArray usual = "query($z:string!,$a:Time!,$b:Time!,$h:string!){viewer{zones(filter:{zoneTag:$z}){loadBalancingRequestsAdaptiveGroups(limit:100,"
                             "filter:{datetime_geq: $a, datetime_lt:$b,lbName:$h}){count dimensions{selectedPoolName selectedOriginName}}}}}";
    QByteArray unknown = usual;
    unknown.replace("count ", "count bananas ");
    QByteArray other = usual;
    other.replace("loadBalancingRequestsAdaptiveGroups", "httpRequestsAdaptiveGroups");
    QByteArray unbound = usual;
    unbound.replace(",lbName:$h", "");
    QTest::newRow("what was shared out") << usual << QByteArray("z") << true << 0 << QByteArray("gcp=3 home=1 ");
    QTest::newRow("the newest is not there yet") << usual << QByteArray("z") << true << 60 << QByteArray("gcp=1 ");
    QTest::newRow("nothing is there yet") << usual << QByteArray("z") << true << 600 << QByteArray();
    QTest::newRow("no permission") << usual << QByteArray("z") << false << 0 << QByteArray("authz");
    QTest::newRow("another zone") << usual << QByteArray("y") << true << 0 << QByteArray("authz");
    QTest::newRow("an unknown field") << unknown << QByteArray("z") << true << 0 << QByteArray("parser");
    QTest::newRow("another question") << other << QByteArray("z") << true << 0 << QByteArray("parser");
    QTest::newRow("an argument is missing") << unbound << QByteArray("z") << true << 0 << QByteArray("parser");
    QTest::newRow("no query") << QByteArray() << QByteArray("z") << true << 0 << QByteArray("parser");
}

void LabBalancingTest::analytics()
{
    QFETCH(const QByteArray, query);
    QFETCH(const QByteArray, zone);
    QFETCH(const bool, mayRead);
    QFETCH(const int, lag);
    QFETCH(const QByteArray, told);
    class Kept : public Answer {
    public:
        void send(int status, Headers, std::string body) override
        {
            m_status = status;
            m_json = json::parse(body);
        }
        bool begin(int, Headers) override { return false; }
        bool write(std::string_view) override { return false; }
        void end() override { }
        bool gone() override { return false; }
        void cut() override { }
        int m_status = 0;
        json m_json;
    };
    const Wall::time_point now = Wall::now();
    using std::chrono::seconds;
    BalancedCounts counts;
    counts.setLag(seconds(lag));
    counts.add("llm", "gcp", "g", now - seconds(7300)); // forgotten
    counts.add("llm", "gcp", "g", now - seconds(400)); // before the time that is asked about
    counts.add("llm", "gcp", "g", now - seconds(100));
    counts.add("llm", "gcp", "g", now);
    counts.add("llm", "gcp", "g", now);
    counts.add("llm", "home", "h", now);
    counts.add("other", "home", "h", now);
    const auto second = [&](int from) { return rfc3339(now + seconds(from)).substr(0, 19) + 'Z'; };
    json body = json::object();
    if (!query.isEmpty())
        body["query"] = query.toStdString();
    body["variables"] = {{"z", zone.toStdString()}, {"h", "llm"}, {"a", second(-300)}, {"b", second(5)}};
    Request request;
    request.method = "POST";
    request.body = body.dump();
    Kept answer;
    serveAnalytics(request, mayRead, "z", counts, answer);
    QCOMPARE(answer.m_status, 200); // also when it is refused
    QByteArray said;
    if (answer.m_json["errors"].is_array())
        said = QByteArray::fromStdString(answer.m_json["errors"][0]["extensions"]["code"].get<std::string>());
    else
        for (const json &row : answer.m_json["data"]["viewer"]["zones"][0]["loadBalancingRequestsAdaptiveGroups"])
            said += QByteArray::fromStdString(row["dimensions"]["selectedPoolName"].get<std::string>()) + '=' + QByteArray::number(row["count"].get<int>()) + ' ';
    QCOMPARE(said, told);
}

// The imitated visitors go where the endpoint would send them.
void LabBalancingTest::visitorsFollowTheBalancer()
{
    World world({7, 2, false, 1});
    Balancing balancing(7, true);
    using Kind = Balancing::Kind;
    for (const NodeSpec &node : world.nodes())
        balancing.create(Kind::Pool, {{"name", node.id}, {"origins", {origin(node.tunnelId.c_str())}}}, node.id);
    balancing.create(Kind::Balancer,
        {{"name", "llm"}, {"default_pools", {"gcp", "home"}}, {"fallback_pool", "gcp"}, {"steering_policy", "random"},
            {"random_steering", {{"pool_weights", {{"gcp", 0.8}, {"home", 0.2}}}}}},
        "lb");
    const Monitoring monitoring(world, balancing, [](const json &, const json &) { return ProbeResult(); });
    Shares shares = balancedShares(world, *balancing.state(), monitoring, "llm");
    QVERIFY(std::abs(shares["gcp"] - 0.8) < 0.08 && std::abs(shares["home"] - 0.2) < 0.08);
    balancing.patch(Kind::Balancer, "lb", {{"random_steering", {{"pool_weights", {{"gcp", 0}, {"home", 1}}}}}});
    shares = balancedShares(world, *balancing.state(), monitoring, "llm");
    QVERIFY(shares["gcp"] == 0 && std::abs(shares["home"] - 1) < 1e-9);
    QVERIFY(balancedShares(world, *balancing.state(), monitoring, "another").empty());
}

void LabBalancingTest::visitorsFollowTheWorker_data()
{
    QTest::addColumn<QByteArray>("lease");
    QTest::addColumn<QString>("fault"); // of home
    QTest::addColumn<double>("gcp");
    QTest::addColumn<double>("home");
    const auto row = [](const char *name, const char *lease, const char *fault, double gcp, double home) {
        QTest::newRow(name) << QByteArray(lease) << QString::fromLatin1(fault) << gcp << home;
    };
    row("weights", "null", "", 0.8, 0.2);
    row("a lease", R"({"backends":{"gcp":0},"expiresAt":"2026-01-26T10:00:01Z"})", "", 0, 1);
    row("a lease with a fraction", R"({"backends":{"gcp":20},"expiresAt":"2026-01-26T10:00:01.5Z"})", "", 0.5, 0.5);
    row("a lease that ran out", R"({"backends":{"gcp":0},"expiresAt":"2026-01-26T10:00:00Z"})", "", 0.8, 0.2);
    row("a lease that leaves nobody", R"({"backends":{"gcp":0,"home":0},"expiresAt":"2026-01-26T10:00:01Z"})", "", 0.8, 0.2);
    row("no time", R"({"backends":{"gcp":0},"expiresAt":"soon"})", "", 0.8, 0.2);
    row("a dead engine", "null", "engine-dead", 1, 0);
    row("no tunnel", "null", "tunnel-down", 1, 0);
    row("a lease to a dead engine", R"({"backends":{"gcp":0},"expiresAt":"2026-01-26T10:00:01Z"})", "engine-dead", 0, 0);
}

void LabBalancingTest::visitorsFollowTheWorker()
{
    QFETCH(QByteArray, lease);
    QFETCH(QString, fault);
    QFETCH(double, gcp);
    QFETCH(double, home);
    World world({7, 2, false, 1});
    if (!fault.isEmpty())
        QVERIFY(world.addFault("home", fault.toStdString()));
    const auto version = [&](const json &held) {
        auto made = std::make_shared<ScriptVersion>();
        made->bundle.bindings = {{{"name", "OTHER"}, {"type", "plain_text"}, {"text", "x"}},
            {{"name", "ROUTES"}, {"type", "json"},
                {"json", {{"backends", {{{"id", "gcp"}, {"weight", 80}}, {{"id", "home"}, {"weight", 20}}}}, {"lease", held}}}}};
        return made;
    };
    const Wall::time_point now = Wall::from_time_t(1769421600); // 2026-01-26T10:00:00Z
    Shares shares = workerShares(world, {{version(json::parse(lease.toStdString())), 100}}, now);
    QVERIFY2(std::abs(shares["gcp"] - gcp) < 1e-9 && std::abs(shares["home"] - home) < 1e-9,
        qPrintable(QStringLiteral("%1 %2").arg(shares["gcp"]).arg(shares["home"])));
    // Half of the requests meet the version that is deployed beside it.
    shares = workerShares(world, {{version(json::parse(lease.toStdString())), 50}, {version(nullptr), 50}}, now);
    const double beside = fault.isEmpty() ? 0.8 : 1;
    QVERIFY(std::abs(shares["gcp"] - (gcp + beside) / 2) < 1e-9);
    QVERIFY(workerShares(world, {{std::make_shared<ScriptVersion>(), 100}}, now).empty());
}

void LabBalancingTest::visitorsFade()
{
    const World world({7, 2, false, 1});
    World::Node node;
    node.spec = world.find("gcp");
    node.born = Monotonic::now();
    node.visitorsBefore = 1;
    node.visitorsAfter = 0;
    node.visitorsChanged = node.born + std::chrono::seconds(100);
    QCOMPARE(visitorsAt(node, 99), 1.0);
    QVERIFY(visitorsAt(node, 101) > 0.8 && visitorsAt(node, 105) < 0.4);
    QVERIFY(background(*node.spec, 99, visitorsAt(node, 99)).running > 0);
    for (int at = 130; at < 300; ++at) {
        const Background idle = background(*node.spec, at, visitorsAt(node, at));
        QVERIFY(idle.load < 0.01 && idle.running == 0 && idle.waiting == 0);
    }
    QVERIFY(background(*node.spec, 500, 2.5).load <= 0.97);
}

QTEST_GUILESS_MAIN(LabBalancingTest)
#include "tst_lab_balancing.moc"
