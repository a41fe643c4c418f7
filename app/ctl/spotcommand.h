// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/lifecycle/spotrestarter.h"

#include <QStringList>

namespace hybridge {

/// What "machine watch-spot" was asked.
struct SpotWatchOptions {
    QStringList nodes; ///< empty: all that the fleet file asks it for
    bool once = false; ///< one look and the starts that are due, for cron
    bool json = false; ///< one line of JSON for each change
};

/// Watches until @p stop, or looks once; tells each change of each node. Returns the exit code: 4 when once and a node is
/// off for a preemption still.
Task<int> watchSpot(SpotRestarter &restarter, LifecycleService &service, const FleetState &state, SpotWatchOptions wish, std::stop_token stop);

} // namespace hybridge
