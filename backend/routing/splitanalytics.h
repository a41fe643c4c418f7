// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/analytics.h"
#include "backend/routing/routingtypes.h"
#include "backend/routing/splitcheck.h"

namespace hybridge {

/// A balancer's own analytics as the late second witness of a count.

/// The analytics' rows by node: pools and origins by the names under which @p state was read. What it does not know keeps
/// its own name. Pure.
[[nodiscard]] QMap<QString, qint64> analyticsByNode(const QList<cloudflare::BalancedCount> &rows, const RoutingState &state);

/// Asks once for what the balancer behind @p state has shared out from @p from to @p to (widened to whole seconds) and puts
/// it beside @p counted. @p api must outlive this. GUI thread. Errors: those of cloudflare::Analytics, Unavailable.
Task<Result<SplitAnalytics>> askAnalytics(ApiTransport *api, QString zoneId, RoutingState state, QDateTime from, QDateTime to, SplitReport counted, std::stop_token stop);

} // namespace hybridge
