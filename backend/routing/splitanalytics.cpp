// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/splitanalytics.h"

#include "backend/base/utc.h"
#include "backend/routing/routersource.h"

#include <QCoreApplication>

namespace hybridge {

QMap<QString, qint64> analyticsByNode(const QList<cloudflare::BalancedCount> &rows, const RoutingState &state)
{
    const QMap<QString, QString> names = state.source ? state.source->nodeOfName : QMap<QString, QString>();
    QMap<QString, qint64> out;
    for (const cloudflare::BalancedCount &row : rows) {
        const QString own = state.place == WeightPlace::OriginWeights && !row.origin.isEmpty() ? row.origin : row.pool;
        out[names.value(own, own.isEmpty() ? QStringLiteral("unknown") : own)] += row.requests;
    }
    return out;
}

Task<Result<SplitAnalytics>> askAnalytics(ApiTransport *api, QString zoneId, RoutingState state, QDateTime from, QDateTime to, SplitReport counted, std::stop_token stop)
{
    if (!api || !state.source)
        co_return Error(Error::Kind::Unavailable, QCoreApplication::translate("SplitCheck", "Cloudflare's API cannot be asked."));
    const QDateTime begin = QDateTime::fromSecsSinceEpoch(from.toSecsSinceEpoch(), Utc);
    const QDateTime end = QDateTime::fromSecsSinceEpoch(to.toSecsSinceEpoch() + 1, Utc);
    cloudflare::Analytics analytics(*api, zoneId);
    const Result<QList<cloudflare::BalancedCount>> rows = co_await analytics.balanced(state.source->balancer.name, begin, end, stop);
    if (!rows)
        co_return rows.error();
    co_return splitAnalytics(analyticsByNode(*rows, state), begin, end, counted);
}

} // namespace hybridge
