// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/monitorcommand.h"
#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

#include <QStringList>

#include <chrono>

namespace hybridge {

struct RouteOptions {
    enum class Verb { Show, Set, Drain, Verify, History, Rollback, EndLease, Monitor };
    Verb verb = Verb::Show;
    QStringList shares; ///< of set: "gcp=80"
    QString node; ///< of drain
    QString lastBackendOverride;
    std::chrono::seconds holdFor {0}; ///< a lease; 0: standing
    bool canary = false;
    std::chrono::seconds dwell {30};
    int samples = 400;
    double rate = 15;
    bool installMarks = false;
    bool witness = true; ///< look for one answer in the engines' logs
    int count = 20; ///< of history
    MonitorOptions monitor;
};

/// "route show|set|drain|verify|history|rollback|end-lease|monitor". Returns the exit code.
Task<int> runRoute(Options options, RouteOptions route, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
