// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct CostOptions {
    QString since; ///< "2026-01-20", "7d", "36h"; empty: this month
    bool csv = false;
    bool watch = false; ///< go on, record each minute
};

/// "cost": what the fleet costs now, today, this month and to its end. Looks once at everything and fills what nobody
/// watched where the cloud tells of it; --watch goes on and records each minute, as the panel does.
Task<int> runCost(Options options, CostOptions cost, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

/// "2026-01-20" (local), "7d", "36h" before @p now; invalid for anything else. Pure but for the time zone.
[[nodiscard]] QDateTime parseSince(const QString &text, const QDateTime &now);

} // namespace hybridge
