// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/steering.h"

#include "app/lab/world/random.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

std::string textOf(const json &object, const char *key)
{
    return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
}

double numberOf(const json &object, const char *key, double otherwise)
{
    return object.contains(key) && object[key].is_number() ? object[key].get<double>() : otherwise;
}

bool truthOf(const json &object, const char *key, bool otherwise)
{
    return object.contains(key) && object[key].is_boolean() ? object[key].get<bool>() : otherwise;
}

/// Sets what @p object names, each property whole.
void apply(const json &object, Steering &steering)
{
    if (!object.is_object())
        return;
    if (object.contains("steering_policy"))
        steering.policy = textOf(object, "steering_policy");
    if (object.contains("default_pools") && object["default_pools"].is_array())
        steering.pools = object["default_pools"].get<std::vector<std::string>>();
    if (const std::string pool = textOf(object, "fallback_pool"); !pool.empty())
        steering.fallback = pool;
    if (object.contains("random_steering") && object["random_steering"].is_object()) {
        const json &random = object["random_steering"];
        steering.defaultWeight = numberOf(random, "default_weight", 1);
        steering.weights.clear();
        if (random.contains("pool_weights") && random["pool_weights"].is_object()) {
            for (const auto &[pool, weight] : random["pool_weights"].items())
                steering.weights[pool] = weight.get<double>();
        }
    }
}

SteeringRule ruleOf(const json &item)
{
    SteeringRule rule;
    std::string wrong; // the API took it, so there is none
    rule.name = textOf(item, "name");
    rule.condition = Condition::parse(textOf(item, "condition"), wrong);
    rule.terminates = truthOf(item, "terminates", false);
    if (item.contains("overrides"))
        rule.overrides = item["overrides"];
    if (item.contains("fixed_response") && item["fixed_response"].is_object()) {
        const json &fixed = item["fixed_response"];
        rule.fixed = FixedResponse{static_cast<int>(numberOf(fixed, "status_code", 200)), textOf(fixed, "content_type"),
            textOf(fixed, "message_body"), textOf(fixed, "location")};
    }
    return rule;
}

/// Picks by weight; nullptr when none has any.
template <typename T, typename Weight>
const T *weighted(const std::vector<const T *> &candidates, Weight weight, std::uint64_t draw)
{
    double total = 0;
    for (const T *candidate : candidates)
        total += weight(*candidate);
    if (total <= 0)
        return nullptr;
    double left = fraction(draw) * total;
    const T *last = nullptr;
    for (const T *candidate : candidates) {
        if (weight(*candidate) <= 0)
            continue;
        last = candidate;
        left -= weight(*candidate);
        if (left < 0)
            return candidate;
    }
    return last;
}

const Origin *originOf(const Pool &pool, const OriginHealth &healthy, bool whateverHealth, std::uint64_t draw)
{
    std::vector<const Origin *> well;
    std::vector<const Origin *> enabled;
    for (const Origin &origin : pool.origins) {
        if (!origin.enabled)
            continue;
        enabled.push_back(&origin);
        if (healthy(pool, origin))
            well.push_back(&origin);
    }
    const std::vector<const Origin *> &candidates = well.empty() && whateverHealth ? enabled : well;
    // Every visitor of the lab has the same address, which is what "hash" goes by.
    const std::uint64_t chance = pool.policy == "hash" ? hashOf(pool.id) : draw;
    return weighted<Origin>(
        candidates, [](const Origin &origin) { return origin.weight; }, chance);
}

bool serves(const Pool &pool, const OriginHealth &healthy)
{
    const auto well = std::count_if(pool.origins.begin(), pool.origins.end(),
        [&](const Origin &origin) { return origin.enabled && healthy(pool, origin); });
    return pool.enabled && well >= std::max(1, pool.minimumOrigins);
}

} // namespace

Pool poolOf(const json &item)
{
    Pool pool;
    pool.id = textOf(item, "id");
    pool.name = textOf(item, "name");
    pool.enabled = truthOf(item, "enabled", true);
    pool.minimumOrigins = static_cast<int>(numberOf(item, "minimum_origins", 1));
    if (item.contains("origin_steering") && item["origin_steering"].is_object())
        pool.policy = textOf(item["origin_steering"], "policy");
    for (const json &entry : item["origins"]) {
        Origin origin;
        origin.name = textOf(entry, "name");
        origin.address = textOf(entry, "address");
        origin.enabled = truthOf(entry, "enabled", true);
        origin.weight = numberOf(entry, "weight", 1);
        if (entry.contains("header") && entry["header"].contains("Host") && entry["header"]["Host"].is_array()
            && !entry["header"]["Host"].empty())
            origin.host = entry["header"]["Host"][0].get<std::string>();
        pool.origins.push_back(std::move(origin));
    }
    return pool;
}

BalancerPlan planOf(const json &balancer, const std::map<std::string, json> &pools)
{
    BalancerPlan plan;
    plan.id = textOf(balancer, "id");
    plan.hostname = textOf(balancer, "name");
    plan.enabled = truthOf(balancer, "enabled", true);
    apply(balancer, plan.steering);
    std::vector<json> rules;
    if (balancer.contains("rules") && balancer["rules"].is_array())
        rules = balancer["rules"].get<std::vector<json>>();
    std::stable_sort(rules.begin(), rules.end(),
        [](const json &a, const json &b) { return numberOf(a, "priority", 0) < numberOf(b, "priority", 0); });
    for (const json &rule : rules) {
        if (!truthOf(rule, "disabled", false))
            plan.rules.push_back(ruleOf(rule));
    }
    for (const auto &[id, pool] : pools)
        plan.pools[id] = poolOf(pool);
    return plan;
}

Pick steer(const BalancerPlan &plan, const RequestFacts &facts, const OriginHealth &healthy, std::uint64_t draw)
{
    Pick pick;
    Steering steering = plan.steering;
    for (const SteeringRule &rule : plan.rules) {
        if (!rule.condition.holds(facts))
            continue;
        if (rule.fixed) {
            pick.fixed = rule.fixed;
            return pick;
        }
        apply(rule.overrides, steering);
        if (rule.terminates)
            break;
    }
    std::vector<const Pool *> candidates;
    for (const std::string &id : steering.pools) {
        const auto pool = plan.pools.find(id);
        if (pool != plan.pools.end() && serves(pool->second, healthy))
            candidates.push_back(&pool->second);
    }
    if (steering.policy == "random") {
        pick.pool = weighted<Pool>(
            candidates,
            [&](const Pool &pool) {
                const auto weight = steering.weights.find(pool.id);
                return weight == steering.weights.end() ? steering.defaultWeight : weight->second;
            },
            draw);
    } else if (!candidates.empty()) {
        pick.pool = candidates.front();
    }
    // The pool and its origin are two draws.
    const std::uint64_t second = mix(draw);
    if (pick.pool)
        pick.origin = originOf(*pick.pool, healthy, false, second);
    if (!pick.origin) {
        const auto fallback = plan.pools.find(steering.fallback);
        pick.pool = fallback != plan.pools.end() && fallback->second.enabled ? &fallback->second : nullptr;
        pick.origin = pick.pool ? originOf(*pick.pool, healthy, true, second) : nullptr;
    }
    return pick;
}

} // namespace hybridge::lab
