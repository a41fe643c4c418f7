// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"

#include <QString>

namespace hybridge {

struct ActivityOptions {
    QString node; ///< empty: all
    QString kind; ///< "up", "machine" …; empty: all
    QString result; ///< "done", "failed", "cancelled", "refused", "running"; empty: all
    QString text; ///< words; empty: all
    int count = 20; ///< operations to show, 1 to 1000
    QString exportFormat; ///< "jsonl" or "csv"; empty: show
    QString exportFile; ///< "-": stdout
    bool verify = false;
};

/// "activity": what operations did, newest first; --export writes the lines themselves, oldest first; --verify walks the
/// chain: ExitFailed when it is broken. Only reads: the fleet file need not be trusted.
Task<int> runActivity(Options options, ActivityOptions activity, const Clock &clock, std::stop_token stop);

} // namespace hybridge
