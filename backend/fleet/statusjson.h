// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"

#include <nlohmann/json.hpp>

#include <QByteArray>

namespace hybridge {

/// The document of "hybridgectl status --json". Its keys are a contract (README, "status --json"): always present,
/// null = not known (never 0), [] = known to be none; "errors" has the keys of "ages". Pure.
[[nodiscard]] nlohmann::ordered_json statusDocument(const FleetState &state);
/// The same without "nodes", which come last in it.
[[nodiscard]] nlohmann::ordered_json statusFront(const FleetState &state);
/// One entry of "nodes".
[[nodiscard]] nlohmann::ordered_json statusOfNode(const NodeState &node, const Clock &clock);
/// "ok" | "failing" | "unknown": the endpoint as last looked at.
[[nodiscard]] QString endpointStateName(const EndpointState &endpoint);
/// Why the endpoint is failing, as a sentence; empty when it is not.
[[nodiscard]] QString endpointProblem(const EndpointState &endpoint);
/// Indented UTF-8; bytes that are not UTF-8 are replaced, never thrown on.
[[nodiscard]] QByteArray dumpJson(const nlohmann::ordered_json &document, int indent = 2);

} // namespace hybridge
