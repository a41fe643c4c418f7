// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/lifecycletypes.h"
#include "backend/lifecycle/lifecycleways.h"

#include <functional>

namespace hybridge {

/// How a step ended that did not fail.
struct StepOutcome {
    bool skipped = false; ///< nothing to do here; detail says why
    QString detail; ///< what was read back, in one sentence; may be empty
};

/// What a step works with. Cheap to copy.
struct StepContext {
    LifecycleWays *ways = nullptr; ///< outlives the operation
    NodeConfig node;
    OperationRequest request;
    MonotonicMs startedAt {0}; ///< of the operation: what was read before it proves nothing
    std::function<void(const QString &)> progress; ///< what is awaited now; shown, not logged
    /// A start found no capacity in a zone: for the node's history.
    std::function<void(const QString &zone, const QString &code)> foundNoCapacity;
    [[nodiscard]] const NodeState &state() const { return *ways->state().node(node.id); }
    [[nodiscard]] MonotonicMs now() const { return ways->state().clock().monotonic(); }
};

using StepFunction = Task<Result<StepOutcome>> (*)(StepContext context, std::stop_token stop);

/// One step of a sequence. Every step looks first whether its effect is there already, so that a sequence that was cut
/// off can simply be run again.
struct SequenceStep {
    QString id; ///< stable, for the log: "start-machine"
    QString name; ///< for people: "Start the machine"
    StepFunction run = nullptr;
    Layer layer = Layer::None; ///< to which its failure belongs
    QStringList calls; ///< what would leave, for the plan
};

/// The steps of @p request, in order. Pure but for the calls that @p ways tells. Empty for a node that is not there.
[[nodiscard]] QList<SequenceStep> sequenceOf(LifecycleWays &ways, const NodeConfig &node, const OperationRequest &request);

/// What would leave to take the node's share away (@p isTaken) or to give it back, as the routing was last read; empty
/// where nothing would.
[[nodiscard]] QStringList shareCalls(LifecycleWays &ways, const NodeConfig &node, bool isTaken);

/// Waits until @p ready says so of the state of @p context's node, looking again once a second. False at @p limit or when
/// @p stop is requested.
Task<bool> waitFor(StepContext context, std::function<bool(const NodeState &)> ready, std::chrono::milliseconds limit, std::stop_token stop);

// The steps themselves; the order in which "down" and "up" run them is sequenceOf()'s.
Task<Result<StepOutcome>> takeWeightAway(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> giveWeightBack(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> waitUntilIdle(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> stopEngine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> stopConnector(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> stopMachine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> confirmBillingStopped(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> startMachine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> waitForLink(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> startConnector(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> waitForTunnel(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> startEngine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> waitForEngine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> proveDirect(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> proveEdge(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> actOnMachine(StepContext context, std::stop_token stop);
Task<Result<StepOutcome>> actOnService(StepContext context, std::stop_token stop);

} // namespace hybridge
