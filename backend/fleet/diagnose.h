// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

namespace hybridge {

/// Names the ROOT of what is wrong with a node: the lowest layer with positive evidence of a fault that explains what is
/// broken above it; the rest are its consequences. Pure.
///
/// What is not configured is never red; what cannot be read is never a fault by itself. SSH is a witness, not a link:
/// its failure alone is layer ssh, degraded, never down. @p now is monotonic, as in Reading.
[[nodiscard]] Diagnosis diagnose(const NodeState &node, MonotonicMs now);

} // namespace hybridge
