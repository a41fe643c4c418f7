// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/measuredrates.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace hybridge {

namespace {
constexpr int FewestMinutes = 5;
constexpr int Days = 30;
} // namespace

QMap<QString, double> bestRates(const UsageByNode &usage)
{
    QMap<QString, double> best;
    for (auto it = usage.begin(); it != usage.end(); ++it) {
        for (const UsageSlot &slot : it.value()) {
            const int minutes = std::popcount(slot.counted); // a bit each
            if (minutes < FewestMinutes || slot.tokens <= 0)
                continue;
            double &known = best[it.key().first];
            known = std::max(known, slot.tokens / (minutes * 60.0));
        }
    }
    return best;
}

Task<void> tellMeasuredRates(QPointer<RoutingService> routing, Database &database, QString fleet, QDateTime now)
{
    const auto ledger = std::make_shared<UsageLedger>(database, fleet);
    const QDateTime from = now.addDays(-Days);
    const Result<UsageByNode> usage = co_await ledger->read(from, now);
    if (routing && usage)
        routing->noteMeasured(bestRates(*usage));
}

} // namespace hybridge
