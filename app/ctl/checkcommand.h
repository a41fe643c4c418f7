// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct CheckOptions {
    QString node; ///< empty: the whole fleet
    QString exportFormat; ///< "html", "md", "json"; empty: none
    QString exportFile;
    QString fix; ///< id of the row to put right on `node`; empty: none
};

/// "check [NODE] [--export FORMAT FILE] [--fix ID]". Returns the exit code: 4 when a row fails.
Task<int> runCheck(Options options, CheckOptions check, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
