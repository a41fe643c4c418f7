// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/api.h"

#include "app/lab/cloudflare/accountviews.h"
#include "app/lab/cloudflare/analytics.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// What a client that obeys Retry-After waits, at most, after the fault is gone.
constexpr int FaultRetryAfter = 1;

void tooManyRequests(int seconds, Answer &answer)
{
    refuse(answer, 429, 971, "Please wait and consider throttling your request speed", nullptr,
        {{"Retry-After", std::to_string(seconds)}});
}

/// Takes an answer that nobody gets.
class Lost : public Answer {
public:
    void send(int, Headers, std::string) override { }
    bool begin(int, Headers) override { return false; }
    bool write(std::string_view) override { return false; }
    void end() override { }
    bool gone() override { return false; }
    void cut() override { }
};

} // namespace

void CloudflareApi::serve(const Request &request, Answer &answer)
{
    std::vector<std::string> path = request.segments();
    if (path.size() < 3 || path[0] != "client" || path[1] != "v4")
        return refuse(answer, 404, 7000, "No route for that URI");
    path.erase(path.begin(), path.begin() + 2);

    const std::string authorization = request.headers.value("authorization");
    static constexpr std::string_view Bearer = "Bearer ";
    const std::string token
        = authorization.size() > Bearer.size() && equalsIgnoreCase(authorization.substr(0, Bearer.size()), Bearer)
        ? authorization.substr(Bearer.size())
        : std::string();
    if (token.empty() || token.find(' ') != std::string::npos)
        return refuse(answer, 400, 6003, "Invalid request headers",
            {{"code", 6111}, {"message", "Invalid format for Authorization header"}});
    if (const int wait = m_limit.admit(Monotonic::now()); wait > 0)
        return tooManyRequests(wait, answer);

    const bool tunnels = path.size() >= 3 && path[0] == "accounts" && path[2] == "cfd_tunnel";
    if (struckByFault(tunnels && path.size() > 3 ? path[3] : std::string(), answer))
        return;
    const bool get = request.method == "GET";
    if (get && path == std::vector<std::string>{"user", "tokens", "verify"})
        return verifyToken(token, false, answer);
    if ((path[0] == "accounts" || path[0] == "zones") && path.size() >= 2 && !isApiId(path[1]))
        return refuse(answer, 400, 7003,
            "Could not route to " + request.path.substr(std::string_view(BasePath).size())
                + ", perhaps your object identifier is invalid?");
    if (get && path.size() == 4 && path[0] == "accounts" && path[2] == "tokens" && path[3] == "verify")
        return verifyToken(token, true, answer);
    if (!known(token))
        return refuse(answer, 403, 9109, "Invalid access token");
    if (path == std::vector<std::string>{"graphql"}) {
        static const BalancedCounts None;
        const BalancedCounts *const counts = m_rooms.analytics;
        return serveAnalytics(request, counts && token != m_identity.narrowToken, m_identity.zoneId, counts ? *counts : None, answer);
    }
    if (get && AccountViews::isForeign(path))
        return send(AccountViews(m_world, m_identity).foreign(), answer);
    const bool ofAccount = path[0] == "accounts" && path.size() >= 3;
    if (!ofAccount && path[0] != "zones")
        return refuse(answer, 404, 7000, "No route for that URI");
    if ((ofAccount && path[1] != m_identity.accountId)
        || (!ofAccount && path.size() >= 2 && path[1] != m_identity.zoneId) || token == m_identity.narrowToken
        || (token == m_identity.readToken && !get))
        return refuse(answer, 403, 10000, "Authentication error");
    Lost lost;
    const std::vector<ActiveFault> faults = get ? std::vector<ActiveFault>{} : m_world.faults();
    const bool unanswered = std::any_of(
        faults.begin(), faults.end(), [](const ActiveFault &fault) { return fault.fault == "api-answer-lost"; });
    Answer &to = unanswered ? static_cast<Answer &>(lost) : answer;
    if (tunnels)
        serveTunnels(request, path, to);
    else
        send(ofAccount ? account(request, path) : zone(request, path), to);
    if (unanswered)
        answer.cut();
}

ApiReply CloudflareApi::account(const Request &request, const std::vector<std::string> &path)
{
    const auto from = [&path](std::ptrdiff_t first) {
        return std::vector<std::string>(path.begin() + std::min(first, std::ssize(path)), path.end());
    };
    if (path[2] == "access")
        return AccountViews(m_world, m_identity).access(request, from(3));
    if (path[2] == "load_balancers")
        return m_rooms.balancing.ofAccount(request, from(3));
    if (path[2] == "workers" && path.size() >= 4 && path[3] == "scripts") {
        ApiReply reply = m_rooms.scripts.serve(request, from(4));
        const std::vector<ActiveFault> faults = m_world.faults();
        const auto active = [&faults](std::string_view name) {
            return std::any_of(faults.begin(), faults.end(), [name](const ActiveFault &fault) { return fault.fault == name; });
        };
        if (const std::size_t first = reply.raw.find("\r\n\r\n"); first != std::string::npos && active("worker-edited"))
            reply.raw.insert(first + 4, "// edited by hand in the dashboard\n");
        if (path.size() == 6 && path[5] == "subdomain" && request.method == "GET" && reply.result.is_object() && active("worker-side-door"))
            reply.result["enabled"] = true;
        return reply;
    }
    if (path[2] == "workers" && path.size() == 4 && path[3] == "domains" && request.method == "GET")
        return paged(json::array(), request); // the lab leads to its Worker by a route
    return noSuchRoute();
}

ApiReply CloudflareApi::zone(const Request &request, const std::vector<std::string> &path)
{
    const auto from = [&path](std::ptrdiff_t first) {
        return std::vector<std::string>(path.begin() + std::min(first, std::ssize(path)), path.end());
    };
    if (path.size() <= 2) {
        if (request.method != "GET")
            return methodNotAllowed();
        if (path.size() == 1)
            return m_rooms.zone.list(request);
        ApiReply reply = m_rooms.zone.get();
        const std::vector<ActiveFault> faults = m_world.faults();
        if (std::any_of(faults.begin(), faults.end(), [](const ActiveFault &fault) { return fault.fault == "ns-moved"; }))
            reply.result["status"] = "moved";
        return reply;
    }
    if (path[2] == "dns_records" && path.size() == 3)
        return AccountViews(m_world, m_identity).dns(request);
    if (path[2] == "load_balancers")
        return m_rooms.balancing.ofZone(request, from(3));
    if (path[2] == "workers" && path.size() >= 4 && path[3] == "routes")
        return m_rooms.zone.routes(
            request, from(4), [this](const std::string &script) { return m_rooms.scripts.knows(script); });
    return noSuchRoute();
}

bool CloudflareApi::known(const std::string &token) const
{
    return token == m_identity.cloudflareToken || token == m_identity.readToken || token == m_identity.narrowToken;
}

bool CloudflareApi::struckByFault(const std::string &tunnel, Answer &answer) const
{
    for (const ActiveFault &fault : m_world.faults()) {
        if (fault.fault != "api-429" && fault.fault != "api-500")
            continue;
        // For a VM the fault strikes Compute, and here only what is asked about its own tunnel: the list is shared with
        // every other node. A host has no other API than this one.
        const NodeSpec *node = m_world.find(fault.node);
        if (!node || (node->machine == MachineKind::Gce && node->tunnelId != tunnel))
            continue;
        if (fault.fault == "api-429")
            tooManyRequests(FaultRetryAfter, answer);
        else
            refuse(answer, 500, 1001, "Internal server error");
        return true;
    }
    return false;
}

void CloudflareApi::verifyToken(const std::string &token, bool accountOwned, Answer &answer) const
{
    if (!known(token) || accountOwned) // the lab's tokens belong to a user
        return refuse(answer, 401, 1000, "Invalid API Token");
    send(given({{"id", m_identity.cloudflareTokenId}, {"status", "active"}, {"not_before", "2026-01-01T00:00:00Z"},
             {"expires_on", "2036-01-01T00:00:00Z"}}),
        answer);
}

json CloudflareApi::tunnel(const NodeSpec &node) const
{
    const ConnectorState connector = m_world.connector(node.id);
    json active = nullptr;
    json inactive = nullptr;
    if (!connector.connections.empty())
        active = rfc3339(connector.connections.front().openedAt);
    else
        inactive = rfc3339(connector.downSince.value_or(connector.runAt));
    return {{"id", node.tunnelId}, {"account_tag", m_identity.accountId}, {"name", node.tunnelName},
        {"created_at", "2026-01-02T09:30:00.000000Z"}, {"deleted_at", nullptr}, {"conns_active_at", active},
        {"conns_inactive_at", inactive}, {"status", m_world.tunnelStatus(node.id)}, {"config_src", "cloudflare"},
        {"remote_config", true}, {"tun_type", "cfd_tunnel"}, {"metadata", json::object()},
        {"connections", json::array()}};
}

json CloudflareApi::connectors(const NodeSpec &node) const
{
    const ConnectorState connector = m_world.connector(node.id);
    if (connector.connections.empty())
        return json::array();
    json connections = json::array();
    for (const EdgeConnection &connection : connector.connections) {
        connections.push_back({{"id", connection.uuid}, {"uuid", connection.uuid}, {"client_id", connector.connectorId},
            {"client_version", CloudflaredVersion}, {"colo_name", connection.colo},
            {"opened_at", rfc3339(connection.openedAt)}, {"origin_ip", "203.0.113.7"},
            {"is_pending_reconnect", false}});
    }
    const json one{{"id", connector.connectorId}, {"arch", "linux_amd64"},
        {"version", m_world.hasFault(node.id, "connector-old") ? "2025.2.1" : CloudflaredVersion},
        {"features", {"ha-origin", "allow_remote_config", "serialized_headers", "quick_reconnects"}},
        {"config_version", m_configurations.current(node.tunnelId).number}, {"run_at", rfc3339(connector.runAt)},
        {"conns", connections}};
    json all = json::array({one});
    if (m_world.hasFault(node.id, "tunnel-shared")) {
        json other = one; // a second machine that was given the same token
        other["id"] = Random(mix(m_world.seed(), 0x7265706c)).uuid();
        for (json &connection : other["conns"])
            connection["origin_ip"] = "198.51.100.23";
        all.push_back(other);
    }
    return all;
}

void CloudflareApi::listTunnels(const Request &request, Answer &answer) const
{
    const auto matches = [&](const NodeSpec &node) {
        const auto name = request.queryValue("name");
        const auto uuid = request.queryValue("uuid");
        const auto prefix = request.queryValue("include_prefix");
        const auto exclude = request.queryValue("exclude_prefix");
        const auto status = request.queryValue("status");
        return (!name || *name == node.tunnelName) && (!uuid || *uuid == node.tunnelId)
            && (!prefix || node.tunnelName.starts_with(*prefix))
            && (!exclude || exclude->empty() || !node.tunnelName.starts_with(*exclude))
            && (!status || *status == m_world.tunnelStatus(node.id));
    };
    std::vector<const NodeSpec *> found;
    for (const NodeSpec &node : m_world.nodes()) {
        if (matches(node))
            found.push_back(&node);
    }
    // One tunnel that was deleted long ago: a client that forgets is_deleted=false sees it too, as in life.
    json deleted;
    if (request.queryValue("is_deleted") != "false" && !request.queryValue("name") && !request.queryValue("uuid")
        && !request.queryValue("status")) {
        deleted = {{"id", Random(mix(m_world.seed(), 404)).uuid()}, {"account_tag", m_identity.accountId},
            {"name", "old-laptop"}, {"created_at", "2025-03-01T08:00:00Z"}, {"deleted_at", "2025-04-01T08:00:00Z"},
            {"conns_active_at", nullptr}, {"conns_inactive_at", "2025-03-30T17:12:00Z"}, {"status", "inactive"},
            {"config_src", "cloudflare"}, {"remote_config", true}, {"tun_type", "cfd_tunnel"},
            {"metadata", json::object()}, {"connections", json::array()}};
    }
    if (request.queryValue("is_deleted") == "true")
        found.clear();
    json all = json::array();
    for (const NodeSpec *node : found)
        all.push_back(tunnel(*node));
    if (!deleted.is_null())
        all.push_back(deleted);
    send(paged(all, request), answer);
}

void CloudflareApi::serveTunnels(const Request &request, const std::vector<std::string> &path, Answer &answer)
{
    const bool get = request.method == "GET";
    if (path.size() == 3)
        return get ? listTunnels(request, answer)
                   : refuse(answer, 405, 10405, "Method not allowed for this authentication scheme");
    const auto &nodes = m_world.nodes();
    const auto node
        = std::find_if(nodes.begin(), nodes.end(), [&](const NodeSpec &spec) { return spec.tunnelId == path[3]; });
    if (node == nodes.end())
        return refuse(answer, 404, 1003, "Tunnel not found");
    if (path.size() == 4 && get)
        return send(given(tunnel(*node)), answer);
    if (path.size() == 5 && path[4] == "connections" && get)
        return send(given(connectors(*node)), answer);
    if (path.size() == 5 && path[4] == "configurations")
        return serveConfiguration(request, *node, answer);
    refuse(answer, 404, 7000, "No route for that URI");
}

void CloudflareApi::serveConfiguration(const Request &request, const NodeSpec &node, Answer &answer)
{
    if (request.method == "PUT") {
        const json body = json::parse(request.body, nullptr, false);
        if (!body.is_object() || !body.contains("config"))
            return refuse(answer, 400, 1004, "Bad Configuration");
        if (const std::string wrong = m_configurations.replace(node.tunnelId, body["config"]); !wrong.empty())
            return refuse(answer, 400, 1056, "Bad Configuration: " + wrong);
        if (m_world.connector(node.id).running) // it takes a new configuration while it runs
            m_world.appendJournal(node.id, ConnectorService, 6,
                "INF Updated to new configuration config=" + json(body["config"].dump()).dump()
                    + " version=" + std::to_string(m_configurations.current(node.tunnelId).number));
    } else if (request.method != "GET") {
        return refuse(answer, 405, 10405, "Method not allowed for this authentication scheme");
    }
    const Configurations::Version version = m_configurations.current(node.tunnelId);
    send(given({{"account_id", m_identity.accountId}, {"tunnel_id", node.tunnelId}, {"version", version.number},
             {"config", version.config}, {"source", "cloudflare"}, {"created_at", rfc3339(version.createdAt)}}),
        answer);
}

} // namespace hybridge::lab
