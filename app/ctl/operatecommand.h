// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "app/ctl/spotcommand.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/lifecycle/lifecycletypes.h"
#include "backend/store/secretresolver.h"

#include <QStringList>

#include <optional>

namespace hybridge {

/// "machine …", "service …", "up …", "down …": what was asked, for each node named.
struct OperateOptions {
    OperationRequest request; ///< node is empty here
    QStringList nodes; ///< one or more; several run side by side
    std::optional<SpotWatchOptions> spot; ///< "machine watch-spot" instead of an operation
};

/// Runs the operations and prints their reports: with --json the one document, or { "operations": […] } for several nodes.
/// With --dry-run the plan alone: each call that would leave. Returns the exit code.
Task<int> runOperate(Options options, OperateOptions operate, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
