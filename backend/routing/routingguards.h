// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/routing/routingtypes.h"
#include "backend/routing/weightplan.h"

#include <QList>

namespace hybridge {

/// One thing that speaks against a change of weights, or that its operator must know before.
struct RouteFinding {
    enum class Weight {
        Inform, ///< shown in the plan
        Confirm, ///< shown, and the operator has to say yes
        Block, ///< stands until what remedy says is done or said
    };
    QString id; ///< "last-backend", "not-serving", "headroom", "lease", "affinity", "model-names", "busy", …
    Weight weight = Weight::Inform;
    QString what; ///< one sentence
    QString why; ///< evidence; may be empty
    QString remedy; ///< what to do or say instead; may be empty
    bool operator==(const RouteFinding &) const = default;
};

/// Everything that speaks against @p change of @p now, worst first. Pure: what is not known counts against.
/// @p lastBackendOverride: the node that may lose its share though nobody else serves.
[[nodiscard]] QList<RouteFinding> routeFindings(
    const FleetState &fleet, const RoutingState &now, const RouteChange &change, const QString &lastBackendOverride);

/// May it go on? Refused (all reasons in it) while anything blocks, or while something wants a yes and @p confirmed is
/// false. Pure.
[[nodiscard]] Result<void> judgeRoute(const QList<RouteFinding> &findings, bool confirmed);

/// Tokens a second of each node now, and the highest that this session has seen.
[[nodiscard]] QList<NodeLoad> nodeLoads(const FleetState &fleet, const QMap<QString, double> &highest);

} // namespace hybridge
