// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/zone.h"

#include "app/lab/world/random.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// `*` stands for anything, at the front of the host or at the end of the path.
bool fits(std::string_view pattern, std::string_view text)
{
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos)
        return pattern == text;
    const std::string_view front = pattern.substr(0, star);
    if (!text.starts_with(front))
        return false;
    const std::string_view rest = pattern.substr(star + 1);
    for (std::size_t at = front.size(); at <= text.size(); ++at) {
        if (fits(rest, text.substr(at)))
            return true;
    }
    return false;
}

/// The two places where Cloudflare takes a star, and a slash between host and path.
bool validPattern(const std::string &pattern)
{
    const std::size_t slash = pattern.find('/');
    if (slash == std::string::npos || slash == 0 || pattern.size() > 500 || pattern.find("//") != std::string::npos)
        return false;
    const std::string host = pattern.substr(0, slash);
    const std::string path = pattern.substr(slash);
    const std::size_t hostStar = host.find('*');
    const std::size_t pathStar = path.find('*');
    return (hostStar == std::string::npos || (hostStar == 0 && host.rfind('*') == 0))
        && (pathStar == std::string::npos || pathStar + 1 == path.size());
}

} // namespace

json Zone::object() const
{
    const bool free = m_plan == "free";
    return {{"id", m_identity.zoneId}, {"name", Name}, {"status", "active"}, {"paused", false}, {"type", "full"},
        {"development_mode", 0}, {"created_on", "2025-01-02T09:00:00.000000Z"},
        {"modified_on", "2026-01-02T09:30:00.000000Z"}, {"activated_on", "2025-01-02T09:05:00.000000Z"},
        {"name_servers", {"ada.ns.cloudflare.com", "bob.ns.cloudflare.com"}},
        {"account", {{"id", m_identity.accountId}, {"name", "Hybridge lab"}}},
        {"owner", {{"id", nullptr}, {"type", "user"}, {"email", nullptr}}}, {"meta", {{"page_rule_quota", 3}}},
        {"permissions", {"#zone:read", "#zone:edit"}},
        {"plan",
            {{"id", Random(mix(m_seed, 0x706c616e)).hex(32)}, {"name", free ? "Free Website" : "Pro Website"},
                {"price", free ? 0 : 20}, {"currency", "USD"}, {"frequency", free ? "" : "monthly"},
                {"legacy_id", m_plan}, {"is_subscribed", !free}, {"can_subscribe", true}, {"legacy_discount", false},
                {"externally_managed", false}}}};
}

ApiReply Zone::list(const Request &request) const
{
    const auto name = request.queryValue("name");
    const auto account = request.queryValue("account.id");
    json all = json::array();
    if ((!name || *name == Name) && (!account || *account == m_identity.accountId))
        all.push_back(object());
    return paged(all, request);
}

ApiReply Zone::routes(
    const Request &request, const std::vector<std::string> &path, const std::function<bool(const std::string &)> &knows)
{
    const auto refusedBody = [&](const json &body) -> std::optional<ApiReply> {
        if (!body.is_object() || !body.contains("pattern") || !body["pattern"].is_string()
            || !validPattern(body["pattern"].get<std::string>()))
            return refused(400, 10022, "workers.api.error.invalid_route_pattern");
        if (body.contains("script") && (!body["script"].is_string() || !knows(body["script"].get<std::string>())))
            return refused(404, 10019, "workers.api.error.script_not_found");
        return std::nullopt;
    };
    const json body = json::parse(request.body, nullptr, false);
    if (path.empty() && request.method == "POST") {
        if (const auto why = refusedBody(body))
            return *why;
        {
            const std::lock_guard lock(m_mutex);
            if (std::any_of(m_routes.begin(), m_routes.end(),
                    [&](const json &route) { return route["pattern"] == body["pattern"]; }))
                return refused(409, 10020, "workers.api.error.duplicate_route");
        }
        const std::string id = addRoute(body["pattern"].get<std::string>(), body.value("script", std::string()));
        return given({{"id", id}, {"pattern", body["pattern"]}, {"script", body.value("script", std::string())}});
    }
    const std::lock_guard lock(m_mutex);
    if (path.empty())
        return request.method == "GET" ? given(m_routes) : methodNotAllowed();
    const auto found = std::find_if(m_routes.begin(), m_routes.end(),
        [&](const json &route) { return path.size() == 1 && route["id"] == path[0]; });
    if (found == m_routes.end())
        return refused(404, 10019, "workers.api.error.route_not_found");
    if (request.method == "GET")
        return given(*found);
    if (request.method == "DELETE") {
        m_routes.erase(found);
        return given({{"id", path[0]}});
    }
    if (request.method != "PUT")
        return methodNotAllowed();
    if (const auto why = refusedBody(body))
        return *why;
    (*found)["pattern"] = body["pattern"];
    (*found)["script"] = body.value("script", std::string());
    return given(*found);
}

std::string Zone::addRoute(const std::string &pattern, const std::string &script)
{
    const std::lock_guard lock(m_mutex);
    const std::string id = Random(mix(m_seed, 0x726f757465 + m_nextRoute++)).hex(32);
    m_routes.push_back({{"id", id}, {"pattern", pattern}, {"script", script}});
    return id;
}

std::string Zone::scriptFor(const std::string &host, const std::string &path) const
{
    const std::lock_guard lock(m_mutex);
    std::string longest;
    std::string script;
    for (const json &route : m_routes) {
        const auto pattern = route["pattern"].get<std::string>();
        if (pattern.size() > longest.size() && fits(pattern, host + path)) {
            longest = pattern;
            script = route["script"].get<std::string>();
        }
    }
    return script;
}

} // namespace hybridge::lab
