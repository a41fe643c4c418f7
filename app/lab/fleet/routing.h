// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/balancing.h"
#include "app/lab/cloudflare/scripts.h"
#include "app/lab/identity/identity.h"
#include "app/lab/world/world.h"

namespace hybridge::lab {

/// The Worker that routes, where a Worker does.
inline constexpr const char *RouterScript = "llm-router";

/// An account has 20 pools; a binding has 5000 bytes, which is some 25 backends.
inline constexpr std::size_t MostBackends = 20;

/// The nodes that share the endpoint's traffic in the beginning, with whole percents that sum to 100: 80 and 20 for gcp
/// and home. At most @p most of them, the first ones: both kinds of routing have little room.
std::vector<std::pair<const NodeSpec *, int>> initialShares(const World &world, std::size_t most);

/// What an operator would have made: monitors, a pool a node, and the load balancer @p hostname, weights under random
/// steering (facts: cloudflare 3.1).
void setUpBalancing(Balancing &balancing, const World &world, const Identity &identity, const std::string &hostname);

/// Uploads the router worker with the ROUTES of the beginning (design, section 6) and its own service token. @p urls:
/// the nodes' hostnames, by id. Throws std::runtime_error when workerd does not take it.
void setUpRouter(
    Scripts &scripts, const World &world, const Identity &identity, const std::map<std::string, std::string> &urls);

} // namespace hybridge::lab
