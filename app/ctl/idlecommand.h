// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct IdleOptions {
    enum class Verb { Arm, Status, Pause, Resume, Remove };
    Verb verb = Verb::Status;
    QString node;
    std::chrono::seconds time {0}; ///< arm: without work until it acts; pause: how long
    QString action; ///< arm: "poweroff", "stop", "unload"; empty: what suits the node
};

/// "idle arm|status|pause|resume|remove NODE". Prints the state read back. Returns the exit code.
Task<int> runIdle(Options options, IdleOptions idle, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
