// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/analytics.h"

#include "app/lab/world/text.h"

#include <nlohmann/json.hpp>

#include <cctype>
#include <cstdio>
#include <ctime>
#include <optional>
#include <set>

namespace hybridge::lab {

namespace {

using nlohmann::json;

constexpr const char *Groups = "loadBalancingRequestsAdaptiveGroups";

void refuseQuery(const char *code, const std::string &message, Answer &answer)
{
    const json error{{"message", message}, {"path", nullptr}, {"extensions", {{"code", code}, {"timestamp", rfc3339(Wall::now())}}}};
    answer.sendJson(200, json{{"data", nullptr}, {"errors", json::array({error})}}.dump());
}

/// "2026-01-26T10:00:00Z" as seconds since the epoch.
std::optional<long long> secondOf(const std::string &text)
{
    std::tm tm{};
    char zone = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &zone) != 7 || zone != 'Z')
        return std::nullopt;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return timegm(&tm);
}

/// A query as far as it matters here: the names in it, and which variable stands for which argument.
struct Query {
    std::set<std::string> names; ///< fields and arguments, without types and variables
    std::map<std::string, std::string> variables; ///< by argument
};

Query readQuery(const std::string &text)
{
    Query query;
    std::string argument; ///< the name before a colon
    char before = 0; ///< what stood before this word, blanks aside
    for (std::size_t at = 0; at < text.size();) {
        const auto isWord = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
        if (!isWord(text[at])) {
            if (std::isspace(static_cast<unsigned char>(text[at])) == 0 && !(text[at] == '$' && before == ':')) // "name: $variable" keeps its colon
                before = text[at];
            else if (text[at] == '$')
                before = '=';
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && isWord(text[end]))
            ++end;
        const std::string word = text.substr(at, end - at);
        at = end;
        if (before == '=') // the value of an argument
            query.variables[argument] = word;
        else if (before != '$' && before != ':' && std::isdigit(static_cast<unsigned char>(word[0])) == 0) // else declared, a type, a number
            query.names.insert(argument = word);
        before = 0;
    }
    return query;
}

} // namespace

void serveAnalytics(const Request &request, bool mayRead, const std::string &zone, const BalancedCounts &counts, Answer &answer)
{
    if (request.method != "POST")
        return answer.sendText(405, "Method Not Allowed");
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object() || !body.contains("query") || !body["query"].is_string())
        return refuseQuery("parser", "query not found in request", answer);
    const Query query = readQuery(body["query"].get<std::string>());
    static const std::set<std::string> Known{"query", "viewer", "zones", "filter", "zoneTag", Groups, "limit", "lbName", "datetime_geq", "datetime_lt", "count", "dimensions",
        "selectedPoolName", "selectedOriginName"};
    for (const std::string &name : query.names)
        if (!Known.contains(name))
            return refuseQuery("parser", "unknown field \"" + name + '"', answer);
    const auto variable = [&](const char *argument) -> std::string {
        const auto found = query.variables.find(argument);
        const json all = body.value("variables", json::object());
        if (found == query.variables.end() || !all.is_object() || !all.contains(found->second) || !all[found->second].is_string())
            return {};
        return all[found->second].get<std::string>();
    };
    const std::string balancer = variable("lbName");
    const std::optional<long long> from = secondOf(variable("datetime_geq"));
    const std::optional<long long> to = secondOf(variable("datetime_lt"));
    if (!query.names.contains(Groups) || !query.names.contains("dimensions") || balancer.empty() || !from || !to)
        return refuseQuery("parser", "error parsing args: the lab knows one query alone", answer);
    if (!mayRead || variable("zoneTag") != zone)
        return refuseQuery("authz", "zone '" + variable("zoneTag") + "' does not have access to the path", answer);
    json rows = json::array();
    for (const BalancedCounts::Row &row : counts.between(balancer, *from, *to, Wall::now()))
        rows.push_back({{"count", row.count}, {"dimensions", {{"selectedPoolName", row.pool}, {"selectedOriginName", row.origin}}}});
    json one = json::object();
    one[Groups] = std::move(rows);
    json data = json::object();
    data["viewer"]["zones"] = json::array({std::move(one)});
    answer.sendJson(200, json{{"data", std::move(data)}, {"errors", nullptr}}.dump());
}

} // namespace hybridge::lab
