// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/edge/balancedcounts.h"
#include "app/lab/edge/edge.h"
#include "app/lab/edge/monitoring.h"

namespace hybridge::lab {

/// Serves a hostname by the load balancer of that name, if there is one; 530 where there is none or no pool is left.
/// An origin that fails is not tried again elsewhere: Cloudflare fails over between two health checks for 521, 522,
/// 523, 525 and 526 alone, and a tunnel answers 530 or 502. What goes to an origin is counted.
/// "<uuid>.cfargotunnel.com" is the only address that the lab's edge can reach; null for another.
const NodeSpec *nodeBehind(const World &world, const std::string &address);

Front balancedFront(const World &world, const Balancing &balancing, const Monitoring &monitoring,
    const TunnelPath &path, BalancedCounts &counts, std::string hostname);

/// A health check as Cloudflare's probe sends it, through the tunnel and past Access.
Monitoring::Probe tunnelProbe(const World &world, const TunnelPath &path);

} // namespace hybridge::lab
