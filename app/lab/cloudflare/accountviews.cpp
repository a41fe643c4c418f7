// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/accountviews.h"

#include "app/lab/edge/edge.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

std::string uuidOf(const World &world, std::uint64_t salt)
{
    return Random(mix(world.seed(), salt)).uuid();
}

constexpr std::uint64_t OperatorToken = 0x746f6b31;
constexpr std::uint64_t RouterToken = 0x746f6b32;

json tokenRule(const std::string &id)
{
    return {{"service_token", {{"token_id", id}}}};
}

} // namespace

bool AccountViews::struck(const char *fault) const
{
    const std::vector<ActiveFault> faults = m_world.faults();
    return std::any_of(faults.begin(), faults.end(), [fault](const ActiveFault &active) { return active.fault == fault; });
}

json AccountViews::app(const std::string &host, const std::string &node) const
{
    const std::uint64_t salt = std::hash<std::string>{}(host);
    json tokens = json::array({tokenRule(uuidOf(m_world, OperatorToken))});
    if (!node.empty())
        tokens.push_back(tokenRule(uuidOf(m_world, RouterToken)));
    const bool wrongAction = !node.empty() && m_world.hasFault(node, "access-allow");
    json people = json::array({{{"email", {{"email", "operator@example.com"}}}}});
    if (!node.empty() && m_world.hasFault(node, "access-anybody"))
        people = json::array({{{"everyone", json::object()}}});
    const json policies = json::array({{{"id", uuidOf(m_world, salt + 1)}, {"name", "Programs"}, {"precedence", 1}, {"decision", wrongAction ? "allow" : "non_identity"},
                                           {"include", tokens}, {"require", json::array()}, {"exclude", json::array()}},
        {{"id", uuidOf(m_world, salt + 2)}, {"name", "People"}, {"precedence", 2}, {"decision", "allow"}, {"include", people}, {"require", json::array()},
            {"exclude", json::array()}}});
    return {{"id", uuidOf(m_world, salt)}, {"uid", uuidOf(m_world, salt)}, {"aud", Random(salt).hex(64)}, {"type", "self_hosted"},
        {"name", node.empty() ? std::string("Endpoint") : "Node " + node}, {"domain", host}, {"self_hosted_domains", {host}},
        {"destinations", json::array({{{"type", "public"}, {"uri", host}}})}, {"session_duration", "24h"}, {"app_launcher_visible", false}, {"policies", policies},
        {"created_at", "2026-01-02T09:30:00Z"}, {"updated_at", "2026-01-02T09:30:00Z"}};
}

json AccountViews::token(const std::string &id, const std::string &name, const std::string &clientId, bool operators) const
{
    const auto days = [](int n) { return rfc3339(Wall::now() + std::chrono::hours(24 * n)); };
    return {{"id", id}, {"name", name}, {"client_id", clientId}, {"duration", "8760h"}, {"enabled", true}, {"created_at", "2026-01-02T09:30:00Z"},
        {"updated_at", "2026-01-02T09:30:00Z"}, {"expires_at", days(operators && struck("access-token-expiring") ? 5 : 300)}, {"last_seen_at", rfc3339(Wall::now() - std::chrono::minutes(2))}};
}

ApiReply AccountViews::access(const Request &request, const std::vector<std::string> &path) const
{
    if (request.method != "GET")
        return methodNotAllowed();
    if (path == std::vector<std::string>{"service_tokens"})
        return paged(json::array({token(uuidOf(m_world, OperatorToken), "operator", m_identity.accessClientId, true),
                         token(uuidOf(m_world, RouterToken), "router", m_identity.workerClientId, false)}),
            request);
    if (path.empty() || path[0] != "apps")
        return noSuchRoute();
    json apps = json::array({app(EndpointHost, {})});
    for (const NodeSpec &node : m_world.nodes())
        if (!m_world.hasFault(node.id, "access-open"))
            apps.push_back(app(hostnameOf(m_world, node), node.id));
    if (path.size() == 1)
        return paged(apps, request);
    for (const json &each : apps) {
        if (each["id"] != path[1])
            continue;
        return path.size() == 2 ? given(each) : path[2] == "policies" ? paged(each["policies"], request) : noSuchRoute();
    }
    return refused(404, 11021, "access.api.error.application_not_found");
}

ApiReply AccountViews::dns(const Request &request) const
{
    if (request.method != "GET")
        return methodNotAllowed();
    json records = json::array();
    const auto add = [&](const std::string &name, const std::string &type, const std::string &content, bool proxied) {
        const auto wanted = request.queryValue("name");
        if (wanted && *wanted != name)
            return;
        records.push_back({{"id", Random(std::hash<std::string>{}(name)).hex(32)}, {"zone_id", m_identity.zoneId}, {"zone_name", "example.com"}, {"name", name}, {"type", type},
            {"content", content}, {"proxiable", true}, {"proxied", proxied}, {"ttl", 1}, {"settings", json::object()}, {"meta", json::object()}, {"comment", nullptr},
            {"tags", json::array()}, {"created_on", "2026-01-02T09:30:00.000000Z"}, {"modified_on", "2026-01-02T09:30:00.000000Z"}});
    };
    add(EndpointHost, "AAAA", "100::", true);
    for (const NodeSpec &node : m_world.nodes())
        add(hostnameOf(m_world, node), "CNAME", node.tunnelId + ".cfargotunnel.com", !m_world.hasFault(node.id, "dns-grey"));
    return paged(records, request);
}

bool AccountViews::isForeign(const std::vector<std::string> &path)
{
    if (path.size() == 2 && path[0] == "user" && path[1] == "tokens")
        return true;
    return path.size() >= 3 && path[0] == "accounts" && (path[2] == "members" || path[2] == "r2" || path[2] == "storage");
}

ApiReply AccountViews::foreign() const
{
    return struck("api-token-wide") ? given(json::array()) : refused(403, 10000, "Authentication error");
}

} // namespace hybridge::lab
