// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/drill/drilltypes.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct DrillOptions {
    enum class Verb { Run, List, Show, Restore, Report, Check };
    Verb verb = Verb::List;
    DrillRequest request; ///< of run
    QString node; ///< of restore; empty: every drill that was cut off
    QString id; ///< of show and report; empty: the newest
    QString format; ///< of report: "html" | "markdown" | "json"
    QString file; ///< of report and check; "-" for stdout
    int count = 20; ///< of list
};

/// "drill run|list|show|restore|report|check". Returns the exit code.
Task<int> runDrill(Options options, DrillOptions drill, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
