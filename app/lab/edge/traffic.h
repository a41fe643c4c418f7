// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/scripts.h"
#include "app/lab/edge/monitoring.h"
#include "app/lab/world/world.h"

#include <map>
#include <string>
#include <vector>

namespace hybridge::lab {

/// What part of the endpoint's visitors each node gets, 0 to 1, by node id. A node that is not named gets none.
using Shares = std::map<std::string, double>;

/// As @p hostname's load balancer steers a chat completion now: rules, weights, health.
Shares balancedShares(const World &world, const Balancing::State &state, const Monitoring &monitoring, const std::string &hostname);

/// As the ROUTES of the deployed versions of a Worker say at @p now: weights, or those of a lease that has not run out. The
/// share of a node that does not answer goes to the others.
Shares workerShares(const World &world, const std::vector<ScriptShare> &deployed, Wall::time_point now);

} // namespace hybridge::lab
