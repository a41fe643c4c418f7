// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct StatusOptions {
    QString node; ///< empty: the whole fleet
    bool watch = false;
    bool probe = false;
};

/// "status [NODE] [--watch] [--probe]". Returns the exit code: ExitUnhealthy when a node is degraded or down or the
/// endpoint is failing; stopped, starting and unknown alone are ExitDone.
Task<int> runStatus(Options options, StatusOptions status, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
