// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/loadbalancers.h"
#include "backend/routing/loadbalancerrouter.h"
#include "backend/routing/monitorplan.h"

namespace hybridge {

/// A pool and the check that decides whether it is healthy.
struct PoolMonitor {
    QString pool; ///< id
    QString poolName;
    std::optional<cloudflare::Monitor> monitor; ///< empty: nobody looks; the pool is always taken for healthy
};

/// The health checks of a balancer's pools. GUI thread; never blocks it. Errors: the API's.
class MonitorService final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this.
    MonitorService(ApiTransport &api, const FleetConfig &config, QObject *parent = nullptr);
    /// One entry a pool of @p state.
    Task<Result<QList<PoolMonitor>>> read(RoutingState state, std::stop_token stop);
    /// Writes @p edit as one PATCH and reads back: the change is there, everything else is as it was. Errors: a conflict
    /// (isRouteConflict) when @p seen is no longer what is there, Invalid, Remote when something else changed.
    Task<Result<cloudflare::Monitor>> apply(cloudflare::Monitor seen, MonitorEdit edit, std::stop_token stop);
    /// Lets the probes try the edited monitor without saving it, and waits for their word, 30 s at most.
    Task<Result<QList<cloudflare::OriginHealth>>> preview(cloudflare::Monitor seen, MonitorEdit edit, std::stop_token stop);

private:
    cloudflare::LoadBalancers m_balancers;
};

} // namespace hybridge
