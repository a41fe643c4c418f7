// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"

namespace hybridge {

/// What the top bar says beside the lamp: "all healthy", or the counts of what is not, worst first. Empty with no nodes.
[[nodiscard]] QString fleetWords(const FleetState &fleet);
/// A node's label, safe to show; its id when it has none.
[[nodiscard]] QString labelOf(const NodeState &node);

} // namespace hybridge
