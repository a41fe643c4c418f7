// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/connector/configurations.h"

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
    for (const json &rule : config["ingress"]) {
        if (!rule.is_object() || !rule.contains("service") || !rule["service"].is_string())
            return "An ingress rule names no service.";
        if (rule.contains("hostname")
            && (!rule["hostname"].is_string()
                || rule["hostname"].get_ref<const std::string &>().find(':') != std::string::npos))
            return "A hostname must not carry a port.";
        if (rule.contains("originRequest") && !rule["originRequest"].is_object())
            return "originRequest is no object.";
    }
    if (!isCatchAll(config["ingress"].back()))
        return "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)";
    const std::lock_guard lock(m_mutex);
    Version &version = m_versions[tunnel];
    ++version.number;
    version.config = std::move(config);
    version.createdAt = Wall::now();
    return {};
}

json Configurations::rule(const std::string &tunnel, const std::string &hostname) const
{
    const Version version = current(tunnel);
    if (version.number == 0)
        return nullptr;
    for (const json &rule : version.config["ingress"]) {
        if (isCatchAll(rule) || matches(rule.value("hostname", std::string()), hostname))
            return rule;
    }
    return nullptr;
}

} // namespace hybridge::lab
