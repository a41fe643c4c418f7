// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <QDateTime>
#include <QList>
#include <QObject>

namespace hybridge::cloudflare {

/// Requests that a load balancer gave to one origin, as its analytics tell.
struct BalancedCount {
    QString pool; ///< name; empty: none was chosen
    QString origin; ///< name; empty: not told
    qint64 requests = 0; ///< extrapolated where the service has sampled
    bool operator==(const BalancedCount &) const = default;
};

/// The answer to the query of Analytics::balanced(), equal rows put together. Empty: nothing is there (yet). Pure; bounded.
/// Errors: Unauthorized (the token lacks "Analytics Read", or the zone has no such analytics), NotFound (no such zone),
/// RateLimited, Remote (another word in errors[], which may stand beside HTTP 200), Protocol.
[[nodiscard]] Result<QList<BalancedCount>> parseBalancedCounts(const HttpResponse &response);

/// A zone's analytics, over GraphQL. They are minutes late, and adaptive ones are sampled. Needs "Analytics Read" of the
/// zone. GUI thread.
class Analytics final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    Analytics(ApiTransport &api, QString zoneId, QObject *parent = nullptr);
    /// What the balancer of this name (its hostname) has shared out from @p from until before @p to. Asked once; within 5 s.
    Task<Result<QList<BalancedCount>>> balanced(QString balancer, QDateTime from, QDateTime to, std::stop_token stop);

private:
    ApiTransport &m_api;
    QString m_zoneId;
};

} // namespace hybridge::cloudflare
