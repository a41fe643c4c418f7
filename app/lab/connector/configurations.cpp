// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/connector/configurations.h"

#include <charconv>

namespace hybridge::lab {

namespace {

using nlohmann::json;

bool isCatchAll(const json &rule)
{
    const auto empty = [&](const char *key) {
        return !rule.contains(key) || (rule[key].is_string() && rule[key].get_ref<const std::string &>().empty());
    };
    return empty("hostname") && empty("path");
}

bool matches(const std::string &pattern, const std::string &hostname)
{
    if (pattern.starts_with("*."))
        return hostname.ends_with(pattern.substr(1));
    return pattern == hostname;
}

/// "http_status:204": what cloudflared answers by itself; false: no number that it takes.
bool validStatus(const std::string &service)
{
    static constexpr std::string_view Scheme = "http_status:";
    if (!service.starts_with(Scheme))
        return true;
    int status = 0;
    const char *end = service.data() + service.size();
    const auto [stop, error] = std::from_chars(service.data() + Scheme.size(), end, status);
    return error == std::errc() && stop == end && status >= 100 && status <= 999;
}

/// Where the path is longer than any client of ours sends, the regular expression is not asked: the library's recursion
/// is as deep as the text is long.
constexpr std::size_t LongestPath = 2000;

} // namespace

Configurations::Version Configurations::current(const std::string &tunnel) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_versions.find(tunnel);
    return found == m_versions.end() ? Version{} : found->second;
}

std::string Configurations::replace(const std::string &tunnel, json config)
{
    if (!config.is_object() || !config.contains("ingress") || !config["ingress"].is_array()
        || config["ingress"].empty())
        return "The configuration has no ingress rules.";
    std::vector<std::shared_ptr<const std::regex>> paths;
    for (const json &rule : config["ingress"]) {
        if (!rule.is_object() || !rule.contains("service") || !rule["service"].is_string())
            return "An ingress rule names no service.";
        if (rule.contains("hostname")
            && (!rule["hostname"].is_string()
                || rule["hostname"].get_ref<const std::string &>().find(':') != std::string::npos))
            return "A hostname must not carry a port.";
        if (rule.contains("originRequest") && !rule["originRequest"].is_object())
            return "originRequest is no object.";
        if (!validStatus(rule["service"].get<std::string>()))
            return "The status code of an http_status service is invalid.";
        paths.push_back(nullptr);
        if (!rule.contains("path") || rule["path"] == "")
            continue;
        try {
            paths.back() = std::make_shared<const std::regex>(rule["path"].get<std::string>());
        } catch (const std::exception &) {
            return "Rule #" + std::to_string(paths.size()) + " has an invalid regex";
        }
    }
    if (!isCatchAll(config["ingress"].back()))
        return "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)";
    const std::lock_guard lock(m_mutex);
    Version &version = m_versions[tunnel];
    ++version.number;
    version.config = std::move(config);
    version.paths = std::move(paths);
    version.createdAt = Wall::now();
    return {};
}

json Configurations::rule(const std::string &tunnel, const std::string &hostname, const std::string &path) const
{
    const Version version = current(tunnel);
    if (version.number == 0)
        return nullptr;
    for (std::size_t i = 0; i < version.paths.size(); ++i) {
        const json &rule = version.config["ingress"][i];
        if (isCatchAll(rule))
            return rule;
        const auto wanted = rule.value("hostname", std::string());
        if (!wanted.empty() && !matches(wanted, hostname))
            continue;
        if (!version.paths[i] || (path.size() <= LongestPath && std::regex_search(path, *version.paths[i])))
            return rule;
    }
    return nullptr;
}

} // namespace hybridge::lab
