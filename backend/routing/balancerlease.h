// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/loadbalancerrouter.h"

namespace hybridge {

/// Leases of a Load Balancer: a rule "hybridge-lease-ID" that holds while http.request.timestamp.sec is below its end and
/// overrides pools and steering. When the time has come the edge forgets it by itself; the dead rule is taken away with
/// the next change. A plan may have one rule alone, so a rule of somebody else is never touched and never joined.

/// The lease among the balancer's rules; empty: none. @p poolOfNode as in RouterSource. Pure.
[[nodiscard]] std::optional<RouteLease> balancerLease(const cloudflare::LoadBalancer &balancer, const QMap<QString, QString> &poolOfNode);
/// The change of "rules" that sets or ends a lease. Errors (Refused): the weights are no pool weights, another lease is
/// active, the rule slot is taken. Pure.
[[nodiscard]] Result<BalancerPatch> balancerLeasePatch(const RoutingState &from, const RouteChange &change, const QDateTime &now);

} // namespace hybridge
