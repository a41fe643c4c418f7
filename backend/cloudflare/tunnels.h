// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/tunneltypes.h"
#include "backend/http/apitransport.h"

#include <QObject>

namespace hybridge::cloudflare {

/// Cloudflare Tunnels of one account, read only. Lives in the GUI thread; never blocks it. Needs the permission
/// "Cloudflare Tunnel Read". Errors: those of ApiTransport and parseEnvelope().
class Tunnels final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    Tunnels(ApiTransport &api, QString accountId, QObject *parent = nullptr);

    /// All tunnels that exist, pages joined: one call for up to 1000, at most 10 calls.
    Task<Result<QList<Tunnel>>> list(std::stop_token stop);
    /// The connectors of one tunnel with their connections. Empty: none runs.
    Task<Result<QList<Connector>>> connections(QString tunnelId, std::stop_token stop);

private:
    ApiTransport &m_api;
    QString m_accountId;
};

} // namespace hybridge::cloudflare
