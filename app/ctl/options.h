// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshtarget.h"

#include <QString>

#include <chrono>

namespace hybridge {

/// Exit codes of hybridgectl (README, "Exit codes").
enum ExitCode { ExitDone = 0, ExitFailed = 1, ExitUsage = 2, ExitRefused = 3, ExitUnhealthy = 4 };

/// What stands before or after every command.
struct Options {
    QString fleetPath; ///< --fleet; empty: the default path
    bool json = false;
    bool yes = false;
    bool dryRun = false;
    bool trust = false;
    HostKeyMode hostKey = HostKeyMode::Strict;
    bool hostKeyGiven = false;
    std::chrono::milliseconds timeout {15000};
};

} // namespace hybridge
