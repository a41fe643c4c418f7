// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"

#include <QString>

namespace hybridge {

/// "hybridgectl status" for people: a head, one aligned line a node, and beneath each node that is not healthy its
/// sentence, evidence and next step. Pure. @p colour adds ANSI colours; state is told by shape and word as well.
[[nodiscard]] QString statusTable(const FleetState &state, bool colour);

} // namespace hybridge
