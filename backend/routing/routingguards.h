// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/operationfinding.h"
#include "backend/fleet/fleetstate.h"
#include "backend/routing/routingtypes.h"
#include "backend/routing/weightplan.h"

#include <QList>

namespace hybridge {

/// What a guard of a change of weights found: "last-backend", "not-serving", "headroom", "lease", "affinity",
/// "model-names", "busy", …
using RouteFinding = OperationFinding;

/// Everything that speaks against @p change of @p now, worst first. Pure: what is not known counts against.
/// @p lastBackendOverride: the node that may lose its share though nobody else serves.
[[nodiscard]] QList<RouteFinding> routeFindings(
    const FleetState &fleet, const RoutingState &now, const RouteChange &change, const QString &lastBackendOverride);

/// A model's name under which every node with a share in @p shares can be asked; empty: there is none. A Worker knows the
/// names of its routes, a balancer rewrites none. Pure.
[[nodiscard]] QString commonModel(const FleetState &fleet, const RoutingState &now, const ShareMap &shares);

/// Tokens a second of each node now, and the highest that this session has seen.
[[nodiscard]] QList<NodeLoad> nodeLoads(const FleetState &fleet, const QMap<QString, double> &highest);

} // namespace hybridge
