// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/routing/fakecloud.h"

#include <QRegularExpression>

namespace hybridge::test {

using nlohmann::json;

namespace {

const char *const gcpTunnel = "11111111-1111-4111-8111-111111111111";
const char *const homeTunnel = "22222222-2222-4222-8222-222222222222";

class Hostname final : public ApiTransport {
public:
    Hostname(FakeEdge &edge, QString node) : m_edge(edge), m_node(std::move(node)) { }
    Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) override
    {
        FakeEdge *edge = &m_edge;
        const QString node = m_node;
        if (!co_await pause(std::chrono::milliseconds(0), stop))
            co_return Error(Error::Kind::Cancelled, QStringLiteral("Cancelled."));
        co_return edge->answer(request, node);
    }

private:
    FakeEdge &m_edge;
    QString m_node;
};

json origin(const char *name, const char *tunnel, const char *host, double weight)
{
    return {{"name", name}, {"address", std::string(tunnel) + ".cfargotunnel.com"}, {"enabled", true}, {"weight", weight}, {"header", {{"Host", {host}}}}, {"x_future", 7}};
}

} // namespace

FakeCloud::FakeCloud()
{
    settings = json::parse(R"({"bindings":[
        {"type":"secret_text","name":"ACCESS_CLIENT_ID"},{"type":"secret_text","name":"ACCESS_CLIENT_SECRET"},
        {"type":"json","name":"ROUTES","json":{"version":7,"backends":[
            {"id":"home","url":"https://home-llm.example.com","weight":20,"engine":"ollama","models":["llama3:8b"],"aliases":{"small":"llama3:8b"}},
            {"id":"gcp","url":"https://gcp-llm.example.com","weight":80,"engine":"vllm"}],
            "virtual":{"small":"home","large":"gcp","auto":{"largeAbove":2000}},"lease":null,"stickyHeader":"x-conversation-id"}}],
        "compatibility_date":"2026-06-01","compatibility_flags":["global_fetch_strictly_public"],"usage_model":"standard","x_future":{"kept":true}})");
    deployments = json::parse(R"([{"id":"d1","source":"api","strategy":"percentage","created_on":"2026-01-26T10:00:00Z","versions":[{"version_id":"v1","percentage":100}]}])");
    balancer = json::parse(R"({"id":"lb1","name":"llm.example.com","enabled":true,"proxied":true,"steering_policy":"random",
        "default_pools":["p-gcp","p-home"],"fallback_pool":"p-gcp","session_affinity":"none","adaptive_routing":{"failover_across_pools":true},
        "random_steering":{"default_weight":0.5,"pool_weights":{"p-gcp":0.8,"p-home":0.2},"x_future":1},"modified_on":"2026-01-26T10:00:00Z","x_future":[1,2]})");
    pools["p-gcp"] = {{"id", "p-gcp"}, {"name", "gcp-pool"}, {"enabled", true}, {"monitor", "m1"}, {"origins", {origin("gcp", gcpTunnel, "gcp-llm.example.com", 1)}}};
    pools["p-home"] = {{"id", "p-home"}, {"name", "home-pool"}, {"enabled", true}, {"monitor", "m1"}, {"origins", {origin("home", homeTunnel, "home-llm.example.com", 1)}}};
    pools["p-both"] = {{"id", "p-both"}, {"name", "both"}, {"enabled", true}, {"minimum_origins", 1}, {"origin_steering", {{"policy", "random"}}},
        {"origins", {origin("gcp", gcpTunnel, "gcp-llm.example.com", 0.8), origin("home", homeTunnel, "home-llm.example.com", 0.2)}}};
    monitors["m1"] = json::parse(R"({"id":"m1","type":"https","method":"GET","path":"/health","port":443,"expected_codes":"200","interval":60,"timeout":5,"retries":2,
        "header":{"Host":["llm.example.com"],"CF-Access-Client-Secret":["s3cret"]},"follow_redirects":false,"x_future":1})");
    for (const auto &[tunnel, host] : {std::pair(gcpTunnel, "gcp-llm.example.com"), std::pair(homeTunnel, "home-llm.example.com")})
        tunnels[tunnel] = {{"version", 3}, {"config", {{"ingress", {{{"hostname", host}, {"service", "http://127.0.0.1:8000"}}, {{"service", "http_status:404"}}}}, {"warp-routing", {{"enabled", false}}}}}};
}

json &FakeCloud::routes()
{
    for (json &binding : settings["bindings"])
        if (binding["name"] == "ROUTES")
            return binding["json"];
    static json none;
    return none;
}

QList<ApiRequest> FakeCloud::writes() const
{
    QList<ApiRequest> out;
    for (const ApiRequest &request : requests)
        if (request.verb() != ApiRequest::Verb::Get && request.path() != QLatin1String("graphql"))
            out.append(request);
    return out;
}

HttpResponse FakeCloud::answer(int status, const json &result)
{
    HttpResponse response;
    response.status = status;
    response.headers = {{"content-type", "application/json"}};
    const json envelope = status < 300 ? json {{"success", true}, {"errors", json::array()}, {"messages", json::array()}, {"result", result}}
                                       : json {{"success", false}, {"errors", {{{"code", 1234}, {"message", "broken on purpose"}}}}, {"result", nullptr}};
    response.body = QByteArray::fromStdString(envelope.dump());
    return response;
}

HttpResponse FakeCloud::patchSettings(const ApiRequest &request)
{
    // multipart/form-data with one part named settings, nothing else.
    const QByteArray boundary = "--" + request.contentType().mid(request.contentType().indexOf("boundary=") + 9);
    const QByteArray body = request.body();
    if (!request.contentType().startsWith("multipart/form-data; ") || !body.startsWith(boundary + "\r\n") || !body.endsWith(boundary + "--\r\n") || !body.contains("name=\"settings\""))
        return answer(400, nullptr);
    const qsizetype from = body.indexOf("\r\n\r\n") + 4;
    const json patch = json::parse(body.mid(from, body.lastIndexOf("\r\n" + boundary) - from).toStdString(), nullptr, false);
    if (!patch.is_object())
        return answer(400, nullptr);
    json next = settings;
    next.erase("annotations"); // not inherited
    for (const auto &[key, value] : patch.items())
        next[key] = value;
    if (patch.contains("bindings")) {
        next["bindings"] = json::array();
        for (const json &binding : patch["bindings"]) {
            if (binding["type"] != "inherit") {
                next["bindings"].push_back(binding);
                continue;
            }
            for (const json &old : settings["bindings"])
                if (old["name"] == binding["name"])
                    next["bindings"].push_back(old);
        }
    }
    settings = next;
    ++m_versions;
    const std::string version = "v" + std::to_string(m_versions);
    json versions = json::array();
    if (deploysHalf)
        versions = {{{"version_id", "v1"}, {"percentage", 50}}, {{"version_id", version}, {"percentage", 50}}};
    else
        versions.push_back({{"version_id", version}, {"percentage", 100}});
    json deployment = json::object();
    deployment["id"] = "d" + std::to_string(m_versions);
    deployment["strategy"] = "percentage";
    deployment["versions"] = versions;
    deployments.insert(deployments.begin(), deployment);
    return answer(200, settings);
}

HttpResponse FakeCloud::tellBalanced() const
{
    json rows = json::array();
    for (const auto &[id, count] : balanced)
        rows.push_back({{"count", count}, {"dimensions", {{"selectedPoolName", pools.at(id)["name"]}, {"selectedOriginName", pools.at(id)["origins"][0]["name"]}}}});
    json zone = json::object();
    zone["loadBalancingRequestsAdaptiveGroups"] = rows;
    json body = json::object();
    body["data"]["viewer"]["zones"] = json::array({zone});
    body["errors"] = nullptr;
    HttpResponse response;
    response.status = 200;
    response.headers = {{"content-type", "application/json"}};
    response.body = QByteArray::fromStdString(body.dump());
    return response;
}

HttpResponse FakeCloud::handle(const ApiRequest &request)
{
    if (request.path() == QLatin1String("graphql"))
        return analytics ? *analytics : tellBalanced();
    const bool isGet = request.verb() == ApiRequest::Verb::Get;
    const QString path = request.path();
    const json body = isGet || request.body().isEmpty() || request.body().startsWith("--") ? json::object() : json::parse(request.body().toStdString(), nullptr, false);
    if (path == QLatin1String("accounts/acc/workers/scripts/llm-router/settings"))
        return isGet ? answer(200, settings) : patchSettings(request);
    if (path == QLatin1String("accounts/acc/workers/scripts/llm-router/deployments"))
        return answer(200, {{"deployments", deployments}});
    if (path == QLatin1String("accounts/acc/workers/scripts/llm-router/subdomain"))
        return answer(200, subdomain);
    if (path == QLatin1String("zones/zone/load_balancers"))
        return answer(200, json::array({balancer}));
    if (path == QLatin1String("zones/zone/load_balancers/lb1")) {
        if (!isGet)
            for (const auto &[key, value] : body.items())
                balancer[key] = value;
        if (!isGet)
            balancer["modified_on"] = "2026-01-26T11:00:00Z";
        if (balancer.contains("rules")) // the service fills in what a rule does not say
            for (json &rule : balancer["rules"])
                rule["disabled"] = rule.value("disabled", false);
        return answer(200, balancer);
    }
    if (path == QLatin1String("accounts/acc/load_balancers/pools")) {
        json list = json::array();
        for (const auto &[id, pool] : pools)
            list.push_back(pool);
        return answer(200, list);
    }
    if (path.startsWith(QLatin1String("accounts/acc/load_balancers/pools/"))) {
        const auto found = pools.find(path.section(QLatin1Char('/'), -1).toStdString());
        if (found == pools.end())
            return answer(404, nullptr);
        if (!isGet)
            for (const auto &[key, value] : body.items())
                found->second[key] = value;
        return answer(200, found->second);
    }
    if (path.startsWith(QLatin1String("accounts/acc/load_balancers/monitors/"))) {
        if (path.endsWith(QLatin1String("/preview")))
            return answer(200, {{"preview_id", "p1"}});
        const auto found = monitors.find(path.section(QLatin1Char('/'), -1).toStdString());
        if (found == monitors.end())
            return answer(404, nullptr);
        if (!isGet)
            for (const auto &[key, value] : body.items())
                found->second[key] = value;
        return answer(200, found->second);
    }
    if (path == QLatin1String("accounts/acc/load_balancers/preview/p1"))
        return answer(200, json::parse(R"({"p-gcp":{"origins":[{"1.cfargotunnel.com":{"healthy":true,"response_code":200,"failure_reason":"No failures"}}]}})"));
    if (path.startsWith(QLatin1String("accounts/acc/cfd_tunnel/"))) {
        const auto found = tunnels.find(path.section(QLatin1Char('/'), 3, 3).toStdString());
        if (found == tunnels.end())
            return answer(404, nullptr);
        if (!isGet) {
            found->second["config"] = body["config"];
            found->second["version"] = found->second["version"].get<int>() + 1;
        }
        return answer(200, found->second);
    }
    return answer(404, nullptr);
}

Task<Result<HttpResponse>> FakeCloud::send(ApiRequest request, std::stop_token stop)
{
    if (!co_await pause(std::chrono::milliseconds(0), stop))
        co_return Error(Error::Kind::Cancelled, QStringLiteral("Cancelled."));
    requests.append(request);
    const bool isWrite = request.verb() != ApiRequest::Verb::Get && request.path() != QLatin1String("graphql"); // a question
    if (!isWrite && readsAs)
        co_return *readsAs;
    if (isWrite && beforeWrite)
        if (const auto instead = beforeWrite(request))
            co_return *instead;
    const HttpResponse response = handle(request);
    if (isWrite && afterWrite)
        if (const auto instead = afterWrite(request))
            co_return *instead;
    co_return response;
}

std::string FakeEdge::choose(const std::map<std::string, double> &weights)
{
    double whole = 0;
    std::string best;
    for (const auto &[node, weight] : weights) {
        whole += weight;
        m_debt[node] += weight;
        if (weight > 0 && (best.empty() || m_debt[node] > m_debt[best]))
            best = node;
    }
    m_debt[best] -= whole;
    return best;
}

HttpResponse FakeEdge::answer(const ApiRequest &request, const QString &node)
{
    HttpResponse response;
    response.status = 200;
    response.headers = {{"content-type", "application/json"}};
    response.body = "{}";
    ++asked;
    const auto mark = [this](const std::string &tunnel) {
        for (const json &rule : m_cloud.tunnels[tunnel]["config"]["ingress"])
            if (rule.contains("path"))
                return QString::fromStdString(rule["service"].get<std::string>()).mid(12).toInt();
        return 404;
    };
    const auto markOf = [&](const QString &name) {
        const int code = mark(name == QLatin1String("gcp") ? gcpTunnel : homeTunnel);
        return name == down ? 530 : name == altersMarksOf && code < 300 ? 200 : code;
    };
    const auto reach = [&](const QString &name) {
        engineLogs[crossed ? (name == QLatin1String("gcp") ? QStringLiteral("home") : QStringLiteral("gcp")) : name].append(QStringLiteral("GET /v1/models?") + QString::fromLatin1(request.encodedQuery()));
    };
    if (!node.isEmpty()) {
        response.status = markOf(node);
        return response;
    }
    if (request.path().endsWith(QLatin1String("chat/completions"))) {
        ++tokens;
        response.body = R"({"model":"m","choices":[{"message":{"content":"!"}}]})";
        response.elapsedMs = tokenMs;
        return response;
    }
    std::map<std::string, double> weights;
    if (isBalancer) {
        json steering = m_cloud.balancer["random_steering"];
        if (m_cloud.balancer.contains("rules") && !m_cloud.balancer["rules"].empty())
            steering = m_cloud.balancer["rules"][0]["overrides"]["random_steering"];
        const json &poolWeights = steering["pool_weights"];
        for (const auto &[pool, weight] : poolWeights.items())
            weights[pool] = weight.get<double>();
        if (!down.isEmpty())
            weights[down == QLatin1String("gcp") ? "p-gcp" : "p-home"] = 0; // its monitor has seen it
        const std::string pool = choose(weights);
        ++m_cloud.balanced[pool];
        const QString chosen = pool == "p-gcp" ? QStringLiteral("gcp") : QStringLiteral("home");
        if (request.path().endsWith(QLatin1String("/__hybridge/node")))
            response.status = markOf(chosen);
        else
            reach(chosen);
        return response;
    }
    const json &routes = m_cloud.routes();
    for (const json &backend : routes["backends"])
        weights[backend["id"]] = backend["weight"].get<double>();
    if (routes["lease"].is_object())
        for (const auto &[id, weight] : routes.at("lease").at("backends").items())
            weights[id] = weight.get<double>();
    qint64 version = routes["version"].get<qint64>();
    if (lag > 0) {
        --lag;
        --version;
    }
    response.headers.append({"x-hybridge-routes", QByteArray::number(version)});
    if (request.path().startsWith(QLatin1String("/__hybridge/probe"))) {
        if (fails && fails(routes)) {
            response.status = 502;
            return response;
        }
        const std::string chosen = choose(weights);
        reach(QString::fromStdString(chosen));
        response.headers.append({"x-hybridge-backend", QByteArray::fromStdString(chosen)});
    }
    return response;
}

std::unique_ptr<ApiTransport> FakeRouteWays::hostname(const QUrl &url, const std::optional<AccessRefs> &, const std::optional<SecretRef> &)
{
    const QString host = url.host();
    return std::make_unique<Hostname>(edge, host.startsWith(QLatin1String("llm")) ? QString() : host.section(QLatin1Char('-'), 0, 0));
}

FleetConfig routedFleet(const QString &mode)
{
    FleetConfig config;
    config.name = QStringLiteral("test");
    config.plan = QStringLiteral("paid");
    config.endpoint = EndpointConfig {QUrl(QStringLiteral("https://llm.example.com")), std::nullopt};
    CloudflareConfig cloudflare;
    cloudflare.accountId = QStringLiteral("acc");
    cloudflare.zoneId = QStringLiteral("zone");
    config.cloudflare = cloudflare;
    config.routing = RoutingConfig {mode, QStringLiteral("llm-router"), QStringLiteral("llm.example.com")};
    for (const auto &[id, tunnel] : {std::pair("gcp", gcpTunnel), std::pair("home", homeTunnel)}) {
        NodeConfig node;
        node.id = QString::fromLatin1(id);
        node.label = node.id;
        node.url = QUrl(QStringLiteral("https://%1-llm.example.com").arg(node.id));
        node.tunnel = QString::fromLatin1(tunnel);
        node.engine = EngineConfig();
        config.nodes.append(node);
    }
    return config;
}

} // namespace hybridge::test
