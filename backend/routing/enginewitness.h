// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/http/apitransport.h"
#include "backend/routing/splitcheck.h"
#include "backend/ssh/shell.h"

#include <QPointer>

#include <chrono>
#include <memory>
#include <stop_token>

namespace hybridge {

/// Where one node's engine writes its requests down.
struct EngineLog {
    QString node;
    QPointer<Shell> shell; ///< null: it has none
    QString service; ///< "systemd:UNIT" or "docker:NAME"
};

/// Sends one tagged request through @p endpoint down to an engine, and looks for it in all @p logs at once, until one has
/// it or @p patience is over (a log may lag). Engines that keep no log of requests leave nothing to find: then no node is
/// proven, which is no failure. Errors: the request's own. GUI thread.
Task<Result<EngineWitness>> findEngine(std::shared_ptr<ApiTransport> endpoint, RoutingMode mode, QList<EngineLog> logs,
    std::chrono::milliseconds patience, std::stop_token stop);

} // namespace hybridge
