// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/fleet/routing.h"

#include "app/lab/edge/edge.h"
#include "app/lab/world/random.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace hybridge::lab {

std::string routerModule(); // resources/worker/router.mjs, made by the build

namespace {

using nlohmann::json;

constexpr const char *RouterModule = "router.mjs";

void made(const ApiReply &reply)
{
    if (!reply.ok())
        throw std::logic_error("The lab's own load balancing was refused: " + reply.message);
}

json initialRoutes(const World &world, const std::map<std::string, std::string> &urls)
{
    json backends = json::array();
    std::string large;
    std::string small;
    for (const auto &[node, share] : initialShares(world, MostBackends)) {
        const bool vllm = node->engine == EngineKind::Vllm;
        if ((vllm ? large : small).empty())
            (vllm ? large : small) = node->id;
        backends.push_back({{"id", node->id}, {"url", urls.at(node->id)}, {"weight", share},
            {"engine", vllm ? "vllm" : "ollama"}, {"models", {node->model}}, {"aliases", {{"chat", node->model}}}});
    }
    json routes{{"version", 1}, {"backends", backends}, {"lease", nullptr}, {"stickyHeader", "x-conversation-id"}};
    if (!large.empty() && !small.empty())
        routes["virtual"] = {{"small", small}, {"large", large}, {"auto", {{"largeAbove", 2000}}}};
    return routes;
}

} // namespace

std::vector<std::pair<const NodeSpec *, int>> initialShares(const World &world, std::size_t most)
{
    std::vector<std::pair<const NodeSpec *, int>> shares;
    for (const NodeSpec &node : world.nodes()) {
        if (shares.size() < most && node.weight > 0)
            shares.emplace_back(&node, node.weight);
    }
    const int total = std::accumulate(
        shares.begin(), shares.end(), 0, [](int sum, const auto &share) { return sum + share.second; });
    int left = 100;
    for (auto &[node, share] : shares) {
        share = share * 100 / std::max(1, total);
        left -= share;
    }
    for (std::size_t i = 0; i < shares.size() && left > 0; ++i, --left)
        ++shares[i].second;
    return shares;
}

void setUpBalancing(Balancing &balancing, const World &world, const Identity &identity, const std::string &hostname)
{
    Random random(mix(world.seed(), 0x706f6f6c));
    std::map<EngineKind, std::string> monitors;
    for (const auto &[engine, path] : {std::pair(EngineKind::Vllm, "/health"), {EngineKind::Ollama, "/api/version"}}) {
        monitors[engine] = random.hex(32);
        made(balancing.create(Balancing::Kind::Monitor,
            {{"type", "https"}, {"description", engine == EngineKind::Vllm ? "vLLM answers" : "Ollama answers"},
                {"method", "GET"}, {"path", path}, {"port", 443}, {"expected_codes", "200"}, {"interval", 15},
                {"timeout", 2}, {"retries", 1}},
            monitors[engine]));
    }
    json pools = json::array();
    json weights = json::object();
    for (const auto &[node, share] : initialShares(world, MostBackends)) {
        const std::string id = random.hex(32);
        made(balancing.create(Balancing::Kind::Pool,
            {{"name", node->id + "-pool"}, {"description", node->label}, {"monitor", monitors[node->engine]},
                {"check_regions", {"WEU"}},
                {"origins",
                    json::array({{{"name", node->id}, {"address", node->tunnelId + ".cfargotunnel.com"},
                        {"enabled", true}, {"weight", 1}, {"header", {{"Host", {hostnameOf(world, *node)}}}}}})}},
            id));
        pools.push_back(id);
        weights[id] = share / 100.0;
    }
    made(balancing.create(Balancing::Kind::Balancer,
        {{"name", hostname}, {"description", "The endpoint"}, {"proxied", true}, {"enabled", true},
            {"default_pools", pools}, {"fallback_pool", pools[0]}, {"steering_policy", "random"},
            {"random_steering", {{"default_weight", 0.5}, {"pool_weights", weights}}}, {"session_affinity", "none"},
            {"adaptive_routing", {{"failover_across_pools", true}}}},
        identity.loadBalancer));
}

void setUpRouter(
    Scripts &scripts, const World &world, const Identity &identity, const std::map<std::string, std::string> &urls)
{
    const json bindings = json::array({{{"name", "ROUTES"}, {"type", "json"}, {"json", initialRoutes(world, urls)}},
        {{"name", "ACCESS_CLIENT_ID"}, {"type", "secret_text"}, {"text", identity.workerClientId}},
        {{"name", "ACCESS_CLIENT_SECRET"}, {"type", "secret_text"}, {"text", identity.workerClientSecret}}});
    const json metadata{{"main_module", RouterModule}, {"compatibility_date", "2026-06-01"},
        {"compatibility_flags", {"global_fetch_strictly_public"}}, {"bindings", bindings},
        {"annotations", {{"workers/message", "The beginning"}}}};
    const ApiReply reply = scripts.upload(
        RouterScript, metadata, {{RouterModule, "application/javascript+module", routerModule()}}, true);
    if (!reply.ok())
        throw std::runtime_error("workerd does not take the router worker: " + reply.message);
}

} // namespace hybridge::lab
