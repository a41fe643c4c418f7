// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apitransport.h"

#include <nlohmann/json.hpp>

#include <QObject>

namespace hybridge::cloudflare {

/// The remote configuration of a tunnel: which hostname goes to which service on the node.
struct TunnelConfiguration {
    int version = -1; ///< grows with each write; -1: not told
    nlohmann::json config; ///< whole, as read: a write replaces it whole
};

/// Pure.
[[nodiscard]] Result<TunnelConfiguration> parseTunnelConfiguration(const HttpResponse &response);

/// The path by which a tunnel says which one it is.
inline constexpr const char *nodeMarkPath = "/__hybridge/node";

/// The status code that the configuration's mark rule answers for @p hostname; 0: it has none. Pure.
[[nodiscard]] int nodeMarkOf(const nlohmann::json &config, const QString &hostname);
/// @p config with a rule before every other of @p hostname: the path ^/__hybridge/node$ is answered with @p code by
/// cloudflared itself, at no engine's cost. A mark that is there already gets the new code. Errors (Invalid): no ingress
/// rule for that hostname. Pure.
[[nodiscard]] Result<nlohmann::json> withNodeMark(const nlohmann::json &config, const QString &hostname, int code);

/// Configurations of remotely managed tunnels. GUI thread. Needs "Cloudflare Tunnel Read", and Write for put().
class TunnelConfigurations final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service.
    TunnelConfigurations(ApiTransport &api, QString accountId, QObject *parent = nullptr);
    Task<Result<TunnelConfiguration>> get(QString tunnel, std::stop_token stop);
    /// Replaces the whole configuration. Sent once. There is no ETag: compare the version just before.
    Task<Result<TunnelConfiguration>> put(QString tunnel, nlohmann::json config, std::stop_token stop);
    [[nodiscard]] QString path(const QString &tunnel) const;

private:
    ApiTransport &m_api;
    QString m_accountId;
};

} // namespace hybridge::cloudflare
