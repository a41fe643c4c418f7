// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/tunnelconfig.h"
#include "backend/routing/routingservice.h"

namespace hybridge {

/// One change under way. Internal to RoutingService.
struct RoutingService::Run {
    RouteProposal proposal;
    RouteManner manner;
    RouteOutcome outcome;
    QList<PercentMap> stages; ///< of a canary; the last one is the change itself
    int current = 0; ///< the step that runs
    QDateTime currentBegun;

    /// One step each: the writes, and the wait for the edge.
    void planSteps(bool hasEndpoint);
};

/// Puts the mark of @p node into its tunnel's configuration and reads it back. Errors: a conflict, the API's.
Task<Result<QString>> installMark(cloudflare::TunnelConfigurations &tunnels, NodeConfig node, int code, std::stop_token stop);

} // namespace hybridge
