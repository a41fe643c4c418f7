// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/store/lastknown.h"

namespace hybridge {

/// What the fleet looked like when it was last seen, for painting the first window before any answer has come. Values
/// and their times alone: no error, no lamp (a lamp is only ever made from what is seen now), no secret. Pure.
[[nodiscard]] LastKnown snapshotOf(const FleetState &state);

/// Puts remembered values into @p state, dated; readings that are known already are left alone. Entries that cannot be
/// read are skipped.
void restoreSnapshot(FleetState &state, const LastKnown &known);

} // namespace hybridge
