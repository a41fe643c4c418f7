// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

#include <optional>

namespace hybridge {

/// The currency of a node's price; USD when the fleet file tells none. Pure.
[[nodiscard]] QString currencyOf(const NodeConfig &node);

/// Whether the machine of a node runs, and so costs. Empty: nobody has told. Pure.
[[nodiscard]] std::optional<bool> isBilled(const NodeState &node);

/// What a node costs in an hour as it is now, in currencyOf() it. Empty: not known (no price, or nothing that
/// tells whether it runs); never 0 for unknown. Pure.
///
/// - perHour of the fleet file, else the cloud's list price, is the price while the machine is billed: a cloud VM from PROVISIONING to STOPPING, any other node while
///   something answers. A stopped machine costs 0 here; its disks are not in it.
/// - watts (fixed, or "measured": what its accelerators draw now) plus baseWatts, times perKWh, is the electricity of a
///   machine that runs. Measured needs every accelerator's power.
/// - Both given: their sum.
[[nodiscard]] std::optional<double> burnRate(const NodeState &node);

/// What the accelerators of a node and the rest of it draw now, in watts; empty: not known.
[[nodiscard]] std::optional<double> powerDraw(const NodeState &node);

} // namespace hybridge
