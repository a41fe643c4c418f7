// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

namespace hybridge {

/// What steps ask of a node's state. All pure.

/// The machine can be started and stopped over a cloud's API.
[[nodiscard]] bool hasCloudMachine(const NodeConfig &node);
/// The cloud says, and is the newest to say, that the machine is stopped. Unknown counts as on.
[[nodiscard]] bool machineIsOff(const NodeState &node);
/// The cloud says that the machine runs.
[[nodiscard]] bool machineIsOn(const NodeState &node);
/// The cloud is bringing the machine up, or down: it takes no other order until that has settled.
[[nodiscard]] bool machineIsStarting(const NodeState &node);
[[nodiscard]] bool machineIsStopping(const NodeState &node);
/// The service as read at @p since or later; nullptr when it was not.
[[nodiscard]] const ServiceFacts *serviceOf(const NodeState &node, const QString &service, MonotonicMs since);

} // namespace hybridge
