// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/loadbalancertypes.h"
#include "backend/http/apitransport.h"

#include <QObject>

namespace hybridge::cloudflare {

/// Load balancers of one zone, pools and monitors of one account. Lives in the GUI thread; never blocks it. Needs "Load
/// Balancers Read" and "Load Balancing: Monitors and Pools Read", and for changes the same with Write. Errors: those of
/// ApiTransport and parseEnvelope().
///
/// A PATCH replaces the top-level properties that it names, whole, and leaves the others. There is no ETag.
class LoadBalancers final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    LoadBalancers(ApiTransport &api, QString accountId, QString zoneId, QObject *parent = nullptr);

    Task<Result<QList<LoadBalancer>>> list(std::stop_token stop);
    Task<Result<LoadBalancer>> balancer(QString id, std::stop_token stop);
    Task<Result<LoadBalancer>> patchBalancer(QString id, nlohmann::json properties, std::stop_token stop);
    Task<Result<QList<Pool>>> pools(std::stop_token stop);
    Task<Result<Pool>> pool(QString id, std::stop_token stop);
    Task<Result<Pool>> patchPool(QString id, nlohmann::json properties, std::stop_token stop);
    Task<Result<QList<OriginHealth>>> poolHealth(QString id, std::stop_token stop);
    Task<Result<Monitor>> monitor(QString id, std::stop_token stop);
    Task<Result<Monitor>> patchMonitor(QString id, nlohmann::json properties, std::stop_token stop);
    /// Asks the probes to try @p monitor (a whole document) on its pools without it being saved. Returns the preview's id.
    Task<Result<QString>> previewMonitor(QString id, nlohmann::json monitor, std::stop_token stop);
    /// What a preview found, by pool id; empty until the probes have come back.
    Task<Result<QList<OriginHealth>>> previewResult(QString previewId, std::stop_token stop);

    [[nodiscard]] QString balancerPath(const QString &id) const; ///< for plans
    [[nodiscard]] QString poolPath(const QString &id) const;
    [[nodiscard]] QString monitorPath(const QString &id) const;

private:
    Task<Result<HttpResponse>> ask(ApiRequest request, std::stop_token stop);
    ApiTransport &m_api;
    QString m_accountId;
    QString m_zoneId;
};

/// What a preview found: { pool id: { address: { healthy, … } } } or as pool health. Pure.
[[nodiscard]] Result<QList<OriginHealth>> parsePreview(const HttpResponse &response);

} // namespace hybridge::cloudflare
