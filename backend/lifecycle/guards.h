// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/operationfinding.h"
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycletypes.h"

#include <QList>

namespace hybridge {

/// What a guard of an operation found: "last-backend", "in-use", "use-unknown", "may-not-come-back", "local-ssd", "busy",
/// "no-machine", …
using GuardFinding = OperationFinding;

/// When a start of this node's machine failed for want of capacity. From the activity log and the cloud's operations.
struct StockOut {
    QDateTime at; ///< UTC
    QString zone;
    QString code;
};

/// What guards know beside the fleet's state.
struct GuardFacts {
    QList<StockOut> stockOuts; ///< of the node meant, newest first
    /// Who else works on the node: "up by op@desk since 10:02"; empty: nobody.
    QString busyWith;
    /// Nodes that something else takes away just now, here or in another program: they serve for a moment still, and
    /// count as gone.
    QStringList leaving;
};

/// Everything that speaks against @p request, worst first. Pure: nothing is asked here, and what is not known counts
/// against. Only the override of the request itself lifts "last-backend".
[[nodiscard]] QList<GuardFinding> guardFindings(
    const FleetState &fleet, const OperationRequest &request, const GuardFacts &facts);

/// The node is known to serve: its lamp is green or amber, so that requests reach a model there. Pure.
[[nodiscard]] bool isServing(const NodeState &node);

/// Requests that run or wait on a node now, and who says so.
struct EngineUse {
    std::optional<double> requests; ///< empty: no witness tells
    QString witness; ///< a sentence's part: "vLLM counts 2 running, 1 waiting"
};
/// Of what is known and not older than 30 s. Ollama tells no count: the connector's concurrent requests stand for it,
/// which miss what comes from the node's own network. Pure.
[[nodiscard]] EngineUse engineUse(const NodeState &node, MonotonicMs now);

} // namespace hybridge
