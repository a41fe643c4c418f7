// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/sessiondrillways.h"

namespace hybridge {

SessionDrillWays::SessionDrillWays(FleetSession &session, RoutingService *routing, SecretResolver &resolver)
    : m_session(session), m_routing(routing), m_secrets(std::make_shared<SecretCache>(resolver, session.state().clock()))
{
}

std::shared_ptr<ApiClient> SessionDrillWays::client(const QUrl &url, const std::optional<AccessRefs> &access)
{
    auto made = std::make_shared<ApiClient>(url, m_pool);
    if (access)
        made->setAuthorizer(std::make_shared<AccessRefAuthorizer>(m_secrets, *access, url));
    // A request that is repeated tells a prettier story than the users live: one try, as it is.
    made->setRetryPolicy([](const AttemptOutcome &, double) -> std::optional<std::chrono::milliseconds> { return std::nullopt; });
    return made;
}

Shell *SessionDrillWays::shell(const QString &node)
{
    const NodeWatch *watch = m_session.watch().node(node);
    return watch ? watch->shell() : nullptr;
}

std::shared_ptr<ApiClient> SessionDrillWays::endpoint()
{
    const auto &endpoint = m_session.state().config().endpoint;
    return endpoint ? client(endpoint->url, endpoint->access) : nullptr;
}

QMap<QString, std::shared_ptr<ApiTransport>> SessionDrillWays::hostnames()
{
    QMap<QString, std::shared_ptr<ApiTransport>> out;
    for (const NodeConfig &node : m_session.state().config().nodes)
        if (!node.url.isEmpty())
            out.insert(node.id, client(node.url, node.access));
    return out;
}

} // namespace hybridge
