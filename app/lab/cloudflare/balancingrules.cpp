// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/balancingrules.h"

#include "app/lab/edge/condition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

namespace hybridge::lab {

namespace {

using nlohmann::json;

bool isText(const json &object, const char *key)
{
    return object.contains(key) && object[key].is_string() && !object[key].get_ref<const std::string &>().empty();
}

bool oneOf(const json &value, std::initializer_list<const char *> words)
{
    return value.is_string() && std::any_of(words.begin(), words.end(), [&](const char *word) {
        return value.get_ref<const std::string &>() == word;
    });
}

bool isSmallName(const json &name)
{
    const auto &text = name.get_ref<const std::string &>();
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

void fillIn(json &object, const json &defaults)
{
    if (!object.is_object())
        return;
    for (const auto &[name, value] : defaults.items()) {
        if (!object.contains(name))
            object[name] = value;
    }
}

/// Within [0, 1] and a whole number of @p step.
bool isWeight(const json &value, double step)
{
    if (!value.is_number())
        return false;
    const double weight = value.get<double>();
    const double steps = weight / step;
    return weight >= 0 && weight <= 1 && std::abs(steps - std::round(steps)) < 1e-6;
}

std::string whyNoWeights(const json &random, const Knows &pools)
{
    if (!random.is_object())
        return "random_steering is no object";
    if (!isWeight(random.value("default_weight", json(1)), 0.1))
        return "random_steering.default_weight must be in range [0, 1] in steps of 0.1";
    const json weights = random.value("pool_weights", json::object());
    if (!weights.is_object())
        return "random_steering.pool_weights is no object";
    for (const auto &[pool, weight] : weights.items()) {
        if (!pools(pool))
            return "random_steering.pool_weights: pool " + pool + " not found";
        if (!isWeight(weight, 0.01))
            return "random_steering.pool_weights must be in range [0, 1] in steps of 0.01";
    }
    return {};
}

/// What a load balancer and the overrides of its rules have in common; all of it optional.
std::string whyNoSteering(const json &object, const Knows &pools)
{
    if (object.contains("default_pools")) {
        if (!object["default_pools"].is_array() || object["default_pools"].empty())
            return "default_pools must not be empty";
        for (const json &pool : object["default_pools"]) {
            if (!pool.is_string() || !pools(pool.get<std::string>()))
                return "default_pools: pool not found";
        }
    }
    if (object.contains("fallback_pool")
        && (!object["fallback_pool"].is_string() || !pools(object["fallback_pool"].get<std::string>())))
        return "fallback_pool: pool not found";
    // Without the paid traffic steering there are these two (facts: cloudflare 3).
    if (object.contains("steering_policy") && !oneOf(object["steering_policy"], {"", "off", "random"}))
        return "steering_policy is not allowed with this subscription";
    if (object.contains("session_affinity") && !oneOf(object["session_affinity"], {"", "none"}))
        return "session_affinity other than none is not imitated by the lab";
    for (const char *key : {"region_pools", "country_pools", "pop_pools"}) {
        if (object.contains(key) && !(object[key].is_object() && object[key].empty()))
            return std::string(key) + " is not allowed with this subscription";
    }
    return object.contains("random_steering") ? whyNoWeights(object["random_steering"], pools) : std::string();
}

std::string whyNoRules(const json &rules, const Knows &pools)
{
    if (!rules.is_array())
        return "rules is no list";
    if (rules.size() > 1) // "non-Enterprise customers have one Load Balancing rule per load balancer hostname"
        return "the number of rules is not in range [0, 1]";
    for (const json &rule : rules) {
        if (!rule.is_object() || !isText(rule, "name"))
            return "a rule needs a name";
        std::string wrong;
        const json condition = rule.value("condition", json(""));
        if (!condition.is_string())
            return "a rule's condition is no text";
        Condition::parse(condition.get<std::string>(), wrong);
        if (!wrong.empty())
            return "rule " + rule["name"].get<std::string>() + ": parsing the condition: " + wrong;
        if (rule.contains("overrides") == rule.contains("fixed_response"))
            return "a rule has either overrides or a fixed_response";
        if (rule.contains("overrides") && !rule["overrides"].is_object())
            return "a rule's overrides are no object";
        if (rule.contains("overrides")) {
            if (const std::string why = whyNoSteering(rule["overrides"], pools); !why.empty())
                return "rule " + rule["name"].get<std::string>() + ": " + why;
        }
    }
    return {};
}

std::string whyNoOrigins(const json &origins)
{
    if (!origins.is_array() || origins.empty() || origins.size() > 20)
        return "the origin list length must be in range [1, 20]";
    std::set<std::string> addresses;
    for (const json &origin : origins) {
        if (!origin.is_object() || !isText(origin, "name") || !isText(origin, "address"))
            return "an origin needs a name and an address";
        if (!isWeight(origin.value("weight", json(1)), 0.01))
            return "an origin's weight must be in range [0, 1] in steps of 0.01";
        if (!addresses.insert(origin["address"].get<std::string>()).second)
            return "origin addresses must be unique within a pool"; // a tunnel's uuid too
        if (origin.contains("header")) {
            const json host = origin["header"].is_object() ? origin["header"].value("Host", json()) : json();
            if (!host.is_array() || host.size() != 1 || !host[0].is_string())
                return "an origin's header takes one Host";
        }
    }
    return {};
}

} // namespace

json defaultMonitor()
{
    return {{"type", "http"}, {"description", ""}, {"method", "GET"}, {"path", "/"}, {"port", 0},
        {"expected_codes", "200"}, {"expected_body", ""}, {"header", json::object()}, {"interval", 60}, {"timeout", 5},
        {"retries", 2}, {"consecutive_up", 0}, {"consecutive_down", 0}, {"follow_redirects", false},
        {"allow_insecure", false}, {"probe_zone", ""}};
}

json defaultPool()
{
    return {{"description", ""}, {"enabled", true}, {"minimum_origins", 1}, {"monitor", nullptr},
        {"notification_email", ""}, {"check_regions", nullptr}, {"origin_steering", {{"policy", "random"}}},
        {"load_shedding",
            {{"default_percent", 0}, {"default_policy", "random"}, {"session_percent", 0}, {"session_policy", "hash"}}},
        {"notification_filter", nullptr}, {"networks", json::array({"cloudflare"})}};
}

json defaultBalancer()
{
    return {{"description", ""}, {"enabled", true}, {"proxied", false}, {"steering_policy", ""},
        {"random_steering", {{"default_weight", 1}, {"pool_weights", json::object()}}}, {"session_affinity", "none"},
        {"session_affinity_attributes",
            {{"samesite", "Auto"}, {"secure", "Auto"}, {"drain_duration", 0}, {"zero_downtime_failover", "none"}}},
        {"adaptive_routing", {{"failover_across_pools", false}}},
        {"location_strategy", {{"mode", "pop"}, {"prefer_ecs", "proximity"}}}, {"region_pools", json::object()},
        {"country_pools", json::object()}, {"pop_pools", json::object()}, {"rules", json::array()},
        {"networks", json::array({"cloudflare"})}};
}

json completed(bool ofBalancer, const std::string &key, json value)
{
    if (ofBalancer && key == "random_steering")
        fillIn(value, {{"default_weight", 1}, {"pool_weights", json::object()}});
    if (ofBalancer && key == "rules" && value.is_array()) {
        for (json &rule : value) {
            fillIn(rule, {{"disabled", false}, {"terminates", false}, {"priority", 0}});
        }
    }
    if (!ofBalancer && key == "origins" && value.is_array()) {
        for (json &origin : value) {
            fillIn(origin, {{"enabled", true}, {"weight", 1}, {"port", 0}});
        }
    }
    return value;
}

std::string whyNoMonitor(const json &monitor)
{
    if (!oneOf(monitor["type"], {"http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"}))
        return "type is invalid";
    static constexpr std::array<std::tuple<const char *, int, int>, 6> Ranges{
        {{"interval", 15, 3600}, {"timeout", 1, 10}, {"retries", 0, 5}, {"port", 0, 65535}, {"consecutive_up", 0, 10},
            {"consecutive_down", 0, 10}}};
    for (const auto &[key, low, high] : Ranges) {
        if (!monitor[key].is_number_integer() || monitor[key].get<int>() < low || monitor[key].get<int>() > high)
            return std::string(key) + " is not in range [" + std::to_string(low) + ", " + std::to_string(high) + ']';
    }
    if (!monitor["path"].is_string() || !monitor["path"].get_ref<const std::string &>().starts_with('/'))
        return "path must start with a slash";
    if (!isText(monitor, "expected_codes") && oneOf(monitor["type"], {"http", "https"}))
        return "expected_codes must not be empty";
    if (!monitor["header"].is_object())
        return "header is no object";
    for (const auto &[name, values] : monitor["header"].items()) {
        if (!values.is_array()
            || !std::all_of(values.begin(), values.end(), [](const json &value) { return value.is_string(); }))
            return "header " + name + " is no list of texts";
        if (std::equal(name.begin(), name.end(), std::string_view("user-agent").begin(),
                std::string_view("user-agent").end(), [](char a, char b) { return (a | 0x20) == (b | 0x20); }))
            return "the User-Agent cannot be overridden";
    }
    return {};
}

std::string whyNoPool(const json &pool, const Knows &monitors)
{
    if (!isText(pool, "name") || !isSmallName(pool["name"]))
        return "name is invalid";
    if (const std::string why = whyNoOrigins(pool.value("origins", json())); !why.empty())
        return why;
    if (!pool["enabled"].is_boolean())
        return "enabled is no boolean";
    const json monitor = pool.value("monitor", json());
    if (!monitor.is_null() && monitor != "" && (!monitor.is_string() || !monitors(monitor.get<std::string>())))
        return "monitor not found";
    if (!pool["minimum_origins"].is_number_integer())
        return "minimum_origins is no number";
    if (!pool["origin_steering"].is_object()
        || !oneOf(pool["origin_steering"].value("policy", json("random")), {"random", "hash"}))
        return "origin_steering.policy is not allowed with this subscription";
    const json regions = pool.value("check_regions", json());
    if (regions.is_array() && std::find(regions.begin(), regions.end(), json("ALL_REGIONS")) != regions.end())
        return "Probing from every data centre is not allowed with this subscription. Please choose regions to probe "
               "from.";
    return {};
}

std::string whyNoBalancer(const json &balancer, const Knows &pools)
{
    for (const char *key : {"name", "fallback_pool"}) {
        if (!isText(balancer, key))
            return std::string(key) + " must not be empty";
    }
    if (!balancer.contains("default_pools"))
        return "default_pools must not be empty";
    for (const char *key : {"enabled", "proxied"}) {
        if (!balancer[key].is_boolean())
            return std::string(key) + " is no boolean";
    }
    if (const std::string why = whyNoSteering(balancer, pools); !why.empty())
        return why;
    return whyNoRules(balancer["rules"], pools);
}

} // namespace hybridge::lab
