// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/fleet/fleetfile.h"

namespace hybridge {

/// Loads the fleet file of @p options and settles whether it is trusted: known, harmless, --trust, or asked for on the
/// terminal. Says what is wrong on stderr. The error's code() is the exit code (ExitUsage or ExitRefused).
Task<Result<FleetFile>> openFleet(Options options, std::stop_token stop);

} // namespace hybridge
