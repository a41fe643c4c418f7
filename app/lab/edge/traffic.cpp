// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/traffic.h"

#include "app/lab/edge/balanced.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

#include <algorithm>

#include <time.h>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// Draws of the balancer's dice: a share is right to some 3 percent.
constexpr std::uint64_t Draws = 256;

double numberOf(const json &object, const char *key)
{
    return object.contains(key) && object[key].is_number() ? std::max(0.0, object[key].get<double>()) : 0.0;
}

std::string textOf(const json &object, const char *key)
{
    return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
}

/// "2026-01-26T10:00:00Z", with or without a fraction; the epoch when it is no time.
Wall::time_point timeOf(const std::string &text)
{
    tm parts = {};
    if (!::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts))
        return {};
    return Wall::from_time_t(::timegm(&parts));
}

const json *routesOf(const ScriptVersion &version)
{
    for (const json &binding : version.bundle.bindings) {
        if (textOf(binding, "name") == "ROUTES" && binding.contains("json") && binding["json"].is_object())
            return &binding["json"];
    }
    return nullptr;
}

/// The weights that hold at @p now.
Shares weightsOf(const json &routes, Wall::time_point now)
{
    Shares weights;
    if (!routes.contains("backends") || !routes["backends"].is_array())
        return weights;
    for (const json &backend : routes["backends"])
        weights[textOf(backend, "id")] = numberOf(backend, "weight");
    if (!routes.contains("lease") || !routes["lease"].is_object())
        return weights;
    const json &lease = routes["lease"];
    if (timeOf(textOf(lease, "expiresAt")) <= now || !lease.contains("backends") || !lease["backends"].is_object())
        return weights;
    Shares leased = weights;
    double total = 0;
    for (auto &[node, weight] : leased) {
        if (lease["backends"].contains(node))
            weight = numberOf(lease["backends"], node.c_str());
        total += weight;
    }
    return total > 0 ? leased : weights;
}

} // namespace

Shares balancedShares(const World &world, const Balancing::State &state, const Monitoring &monitoring, const std::string &hostname)
{
    Shares shares;
    const auto plan = std::find_if(state.plans.begin(), state.plans.end(),
        [&](const BalancerPlan &each) { return each.hostname == hostname && each.enabled; });
    if (plan == state.plans.end())
        return shares;
    RequestFacts facts;
    facts.second = unixSeconds(Wall::now());
    facts.method = "POST";
    facts.host = hostname;
    facts.path = "/v1/chat/completions";
    const auto healthy = [&](const Pool &pool, const Origin &origin) { return monitoring.healthy(pool.id, origin.address); };
    for (std::uint64_t draw = 0; draw < Draws; ++draw) {
        const Pick pick = steer(*plan, facts, healthy, mix(world.seed(), 0x73686172 + draw));
        const NodeSpec *node = pick.origin ? nodeBehind(world, pick.origin->address) : nullptr;
        if (node)
            shares[node->id] += 1.0 / Draws;
    }
    return shares;
}

Shares workerShares(const World &world, const std::vector<ScriptShare> &deployed, Wall::time_point now)
{
    Shares shares;
    for (const ScriptShare &part : deployed) {
        const json *routes = routesOf(*part.version);
        if (!routes)
            continue;
        Shares weights = weightsOf(*routes, now);
        double total = 0;
        for (auto &[node, weight] : weights) {
            if (world.connector(node).connections.empty() || !world.engine(node).listening)
                weight = 0;
            total += weight;
        }
        for (const auto &[node, weight] : weights) {
            if (total > 0)
                shares[node] += weight / total * part.percent / 100.0;
        }
    }
    return shares;
}

} // namespace hybridge::lab
