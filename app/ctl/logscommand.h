// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct LogsOptions {
    QString node;
    QString service; ///< "systemd:UNIT", "docker:NAME", "connector" or "engine"
    int count = 50;
    bool follow = false;
};

/// "logs NODE SERVICE [-f] [-n N]". With --json one document; with -f one a line. Following goes on over lost links until
/// Ctrl-C. Returns the exit code.
Task<int> runLogs(Options options, LogsOptions logs, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
