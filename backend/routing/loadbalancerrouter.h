// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/cloudflare/loadbalancers.h"
#include "backend/routing/router.h"

namespace hybridge {

/// What of the fleet a balancer's parts are recognised by.
struct BalancedNode {
    QString id;
    QString tunnel; ///< uuid; empty: not told
    QString host; ///< of its own hostname; empty: not told
};

/// Weights in a Load Balancer: of its pools under random steering, or of the origins in its one pool. Which of the two is
/// recognised from what is there.
class LoadBalancerRouter final : public Router {
    Q_OBJECT
public:
    /// @p api and @p clock must outlive this.
    LoadBalancerRouter(ApiTransport &api, const FleetConfig &config, const Clock &clock);
    [[nodiscard]] RoutingMode mode() const override { return RoutingMode::LoadBalancer; }
    Task<Result<RoutingState>> read(std::stop_token stop) override;
    [[nodiscard]] Result<RoutePayload> payload(const RoutingState &from, const RouteChange &change) const override;
    [[nodiscard]] cloudflare::LoadBalancers &api() { return m_balancers; }

protected:
    Task<Result<void>> write(RoutingState before, RouteChange change, std::stop_token stop) override;
    [[nodiscard]] ReadBack compare(const RoutingState &before, const RoutingState &after, const RouteChange &change) const override;

private:
    cloudflare::LoadBalancers m_balancers;
    QString m_wanted; ///< the balancer's id or hostname
    QString m_id; ///< its id, once it was found by name
    QString m_base;
    QList<BalancedNode> m_nodes;
    const Clock &m_clock;
};

/// A balancer and the pools of its default_pools (in that order) as a state. Never fails: what does not share by weight
/// has place None and a warning that says why. Pure.
[[nodiscard]] RoutingState balancerState(const cloudflare::LoadBalancer &balancer, const QList<cloudflare::Pool> &pools, const QList<BalancedNode> &nodes);

/// One PATCH: exactly one top-level property, complete.
struct BalancerPatch {
    QString pool; ///< id; empty: the balancer itself
    std::string property; ///< "random_steering", "rules", "origins"
    nlohmann::json before; ///< its value as read; null: not there
    nlohmann::json after;
};
/// Errors (Refused): no weights to change, a node without a pool, the rule slot is taken, a lease that is active. Pure.
[[nodiscard]] Result<BalancerPatch> balancerPatch(const RoutingState &from, const RouteChange &change, const QDateTime &now);

/// "hybridge-lease-": with the lease's id behind it, the name of its rule.
inline constexpr const char *leaseRulePrefix = "hybridge-lease-";

} // namespace hybridge
