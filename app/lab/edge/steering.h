// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/edge/condition.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hybridge::lab {

/// An endpoint of a pool.
struct Origin {
    std::string name;
    std::string address;
    std::string host; ///< the Host header that goes to it; empty: the visitor's
    bool enabled = true;
    double weight = 1;
};

struct Pool {
    std::string id;
    std::string name;
    bool enabled = true;
    int minimumOrigins = 1;
    std::string policy = "random"; ///< among its origins: "random" or "hash"
    std::vector<Origin> origins;
};

/// How a request finds its pool; a rule may override any part of it.
struct Steering {
    std::string policy; ///< "random" goes by weights, all else is failover in the order of the pools
    std::vector<std::string> pools;
    std::string fallback;
    double defaultWeight = 1;
    std::map<std::string, double> weights;
};

struct FixedResponse {
    int status = 200;
    std::string type;
    std::string body;
    std::string location;
};

struct SteeringRule {
    std::string name;
    Condition condition;
    nlohmann::json overrides;
    std::optional<FixedResponse> fixed;
    bool terminates = false;
};

/// A load balancer as the edge uses it.
struct BalancerPlan {
    std::string id;
    std::string hostname;
    bool enabled = true;
    Steering steering;
    std::vector<SteeringRule> rules; ///< the enabled ones, in the order in which they are judged
    std::map<std::string, Pool> pools;
};

/// Both take objects as the API keeps them.
BalancerPlan planOf(const nlohmann::json &balancer, const std::map<std::string, nlohmann::json> &pools);
Pool poolOf(const nlohmann::json &pool);

/// Where one request goes.
struct Pick {
    const Pool *pool = nullptr;
    const Origin *origin = nullptr; ///< null: nowhere, unless fixed
    std::optional<FixedResponse> fixed;
};

using OriginHealth = std::function<bool(const Pool &, const Origin &)>;

/// Chooses as Cloudflare does without session affinity: rules first; then, by the policy, one of the enabled default
/// pools with enough healthy origins; else the fallback pool, well or not (facts: cloudflare 3.1). @p draw is the only
/// randomness.
Pick steer(const BalancerPlan &plan, const RequestFacts &facts, const OriginHealth &healthy, std::uint64_t draw);

} // namespace hybridge::lab
