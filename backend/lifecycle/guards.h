// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycletypes.h"

#include <QList>

namespace hybridge {

/// One thing that speaks against an operation, or that its operator must know before.
struct GuardFinding {
    enum class Weight {
        Inform, ///< shown in the plan
        Confirm, ///< shown, and the operator has to say yes
        Block, ///< stands until what remedy says is done or said
    };
    QString id; ///< "last-backend", "in-use", "use-unknown", "may-not-come-back", "local-ssd", "busy", "no-machine", …
    Weight weight = Weight::Inform;
    QString what; ///< one sentence
    QString why; ///< evidence; may be empty
    QString remedy; ///< what to do or say instead; may be empty
    bool operator==(const GuardFinding &) const = default;
};

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
};

/// Everything that speaks against @p request, worst first. Pure: nothing is asked here, and what is not known counts
/// against. Only the override of the request itself lifts "last-backend".
[[nodiscard]] QList<GuardFinding> guardFindings(
    const FleetState &fleet, const OperationRequest &request, const GuardFacts &facts);

/// May it go on? Refused (kind Refused, all reasons in it) while anything blocks, or while something wants a yes and
/// @p confirmed is false. Pure.
[[nodiscard]] Result<void> judge(const QList<GuardFinding> &findings, bool confirmed);

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
