// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillservice.h"
#include "backend/fleet/fleetsession.h"

namespace hybridge {

/// The real ways: an opened fleet's links, and connections of the drill's own. GUI thread.
class SessionDrillWays final : public DrillWays {
public:
    /// All must outlive this; @p routing may be null.
    SessionDrillWays(FleetSession &session, RoutingService *routing, SecretResolver &resolver);

    FleetState &state() override { return m_session.state(); }
    Shell *shell(const QString &node) override;
    RoutingService *routing() override { return m_routing; }
    std::shared_ptr<ApiClient> endpoint() override;
    ApiTransport *cloudflare() override { return m_session.cloudflare(); }
    QMap<QString, std::shared_ptr<ApiTransport>> hostnames() override;
    Task<Result<ProofFacts>> prove(QString node, std::stop_token stop) override { return m_session.watch().prove(node, stop); }
    void look(const QString &node) override { m_session.watch().runNow(node); }

private:
    [[nodiscard]] std::shared_ptr<ApiClient> client(const QUrl &url, const std::optional<AccessRefs> &access);

    FleetSession &m_session;
    RoutingService *m_routing;
    std::shared_ptr<SecretCache> m_secrets;
    ConnectionPool m_pool; ///< 5 requests a manager: what hangs delays no other, and no monitor
};

} // namespace hybridge
