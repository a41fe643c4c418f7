// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/cloudflare/workers.h"
#include "backend/routing/router.h"

namespace hybridge {

/// Weights in the Worker's json binding ROUTES. A change of the binding is a new version of the script, which the service
/// deploys everywhere within seconds and whole. A KV key would be simpler to write, and would be stale for a minute and
/// more at other places, cost a read a request of a daily quota, and allow 1 000 writes a day.
class WorkerRouter final : public Router {
    Q_OBJECT
public:
    /// @p api and @p clock must outlive this.
    WorkerRouter(ApiTransport &api, const FleetConfig &config, const Clock &clock);
    [[nodiscard]] RoutingMode mode() const override { return RoutingMode::Worker; }
    Task<Result<RoutingState>> read(std::stop_token stop) override;
    [[nodiscard]] Result<RoutePayload> payload(const RoutingState &from, const RouteChange &change) const override;

protected:
    Task<Result<void>> write(RoutingState before, RouteChange change, std::stop_token stop) override;
    [[nodiscard]] ReadBack compare(const RoutingState &before, const RoutingState &after, const RouteChange &change) const override;

private:
    cloudflare::Workers m_workers;
    QString m_script;
    QString m_base;
    QStringList m_nodes;
    const Clock &m_clock;
    std::optional<cloudflare::WorkerSubdomain> m_subdomain; ///< side doors that lead around Access
    MonotonicMs m_subdomainAt {0}; ///< when they were looked at: seldom, they cost a call
};

/// The most bytes of ROUTES: the service's limit for one binding.
inline constexpr qsizetype mostRoutesBytes = 5000;

/// ROUTES as a state; @p nodes in the fleet file's order. Errors (Protocol): no backends, a backend without an id, two of
/// one id, a weight that is no number or below 0. Pure.
[[nodiscard]] Result<RoutingState> routesState(const nlohmann::json &routes, const QStringList &nodes);
/// ROUTES after @p change: the next version, everything else kept. Errors (Refused): longer than mostRoutesBytes, another
/// lease is active at @p now, shares for a backend that is not there. Pure.
[[nodiscard]] Result<nlohmann::json> routesAfter(const nlohmann::json &routes, const RouteChange &change, const QDateTime &now);

} // namespace hybridge
