// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

namespace hybridge::lab {

/// The nodes of a lab: `gcp` and `home`, then more like them (`gcp-2`, `home-2`, …), each with @p gpus cards, and `tpu`
/// where it is asked for. A pure function of its arguments.
std::vector<NodeSpec> castOfNodes(std::uint64_t seed, int count, bool tpu = false, int gpus = 1);

} // namespace hybridge::lab
