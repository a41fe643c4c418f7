// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct PrepareOptions {
    QString node;
    bool remove = false;
    bool script = false; ///< print the script that root would run, and do nothing
};

/// "prepare NODE [--remove] [--script]". Shows what will be written, asks, writes it as root, reads it back. Returns the
/// exit code: ExitRefused when nobody said yes, ExitFailed with the script on stdout when root is not to be had.
Task<int> runPrepare(Options options, PrepareOptions prepare, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
