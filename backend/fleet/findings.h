// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

#include <chrono>
#include <optional>

namespace hybridge {

/// One layer's positive evidence of a fault. What diagnose() chooses from.
struct Finding {
    Layer layer = Layer::None;
    NodeCondition condition = NodeCondition::Degraded;
    QString summary;
    QString evidence;
    QString remedy;
    QString command;
};

/// How old a value may be and still count as evidence. Samples come every 1 to 15 s (design: budgets), so these allow
/// for a few lost ones. A cloud's word about machine or tunnel is kept longer: while its API fails, the state stands.
struct EvidenceLimits {
    std::chrono::milliseconds onNode {30000}; ///< services, engine, connector, accelerators
    std::chrono::milliseconds edge {120000};
    std::chrono::milliseconds cloud {900000};
    std::chrono::milliseconds loading {20 * 60000}; ///< a service that runs this long with its port closed is not loading
};

/// The layers' findings, each pure: nothing when there is no positive evidence, also when the layer is not configured.
[[nodiscard]] std::optional<Finding> machineFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> acceleratorFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> engineFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> modelFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> connectorFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> tunnelFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> accessFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> edgeFinding(const NodeState &node, MonotonicMs now);
[[nodiscard]] std::optional<Finding> sshFinding(const NodeState &node);

/// The engine answers and says that it is ready, seen not long ago.
[[nodiscard]] bool engineServes(const NodeState &node, MonotonicMs now);
/// The node's own hostname led to the node not long ago (also when the engine behind it refused).
[[nodiscard]] bool pathAlive(const NodeState &node, MonotonicMs now);
/// A service whose closed port may only mean that it is loading: it runs, not for longer than a load takes, and it is not
/// in a crash loop. Pure.
[[nodiscard]] bool mayBeLoading(const ServiceFacts &facts, const QDateTime &now);
/// A name for the engine in sentences: "vLLM", "Ollama", "The engine".
[[nodiscard]] QString engineTitle(const NodeState &node);

} // namespace hybridge
