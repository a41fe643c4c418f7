// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/loadbalancertypes.h"
#include "backend/cloudflare/workers.h"

#include <nlohmann/json.hpp>

namespace hybridge {

/// The service's documents behind a RoutingState. Internal to the routers.
struct RouterSource {
    // Worker
    cloudflare::WorkerSettings settings;
    nlohmann::json routes; ///< the value of ROUTES
    cloudflare::Deployment deployment; ///< the newest
    // Load balancer
    cloudflare::LoadBalancer balancer;
    QList<cloudflare::Pool> pools; ///< those of default_pools, in that order
    QMap<QString, QString> poolOfNode; ///< pool id by node, where weights are the pools'
    QMap<QString, QString> nodeOfName; ///< node by the name of its pool, or of its origin where weights are the origins'
};

} // namespace hybridge
