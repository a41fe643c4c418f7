// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/usageledger.h"
#include "backend/routing/routingservice.h"

#include <QMap>
#include <QPointer>

namespace hybridge {

/// The most tokens a second that each node has given over a quarter of an hour, by what the ledger keeps: a mean, so that
/// it can only be too low. Quarters of which fewer than five minutes were counted say nothing. Pure.
[[nodiscard]] QMap<QString, double> bestRates(const UsageByNode &usage);

/// Tells @p routing what @p fleet's ledger has seen in the last 30 days. A ledger that cannot be read tells nothing.
/// @p database must outlive the reading.
Task<void> tellMeasuredRates(QPointer<RoutingService> routing, Database &database, QString fleet, QDateTime now);

} // namespace hybridge
