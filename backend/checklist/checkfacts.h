// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/cloudflare/access.h"
#include "backend/cloudflare/tokens.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/cloudflare/tunneltypes.h"
#include "backend/cloudflare/workers.h"
#include "backend/cloudflare/zones.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/fleet/nodestate.h"
#include "backend/gcp/budgets.h"
#include "backend/gcp/computetypes.h"
#include "backend/gcp/quotas.h"
#include "backend/host/nodeaudit.h"
#include "backend/http/accessrefusal.h"

#include <QMap>

#include <optional>

namespace hybridge {

/// What was read, or why it could not be; empty: there is nothing to ask (not configured), or it was not asked yet.
template<class T>
using Fact = std::optional<Result<T>>;

/// One request that carried no token, and what came back.
struct GateLook {
    QString path;
    bool answered = false; ///< false: no answer at all; error says why
    QString error;
    int status = 0;
    EdgeRefusal refusal = EdgeRefusal::None;
    /// Access itself sent it away. Pure.
    [[nodiscard]] bool isRefusedByAccess() const;
};

/// How a streamed answer arrived.
struct StreamLook {
    int status = 0;
    bool isEventStream = false;
    int events = 0; ///< with a payload
    int reads = 0; ///< network reads that brought payload
    double firstMs = 0; ///< to the first payload
    double spreadMs = 0; ///< from the first to the last payload
    QString refusal; ///< a sentence, when it was no answer of the engine's
};

/// One public hostname: a node's, or the endpoint's.
struct HostnameFacts {
    QString host; ///< without a port; empty: not configured
    Fact<EdgeFacts> withToken;
    QList<GateLook> withoutToken; ///< empty: not asked yet
    Fact<StreamLook> stream;
    QString streamSkipped; ///< why no stream was asked for
    Fact<QList<cloudflare::DnsRecord>> dns;
};

/// The rights of the file that holds the operator's SSH key.
struct LocalKeyFacts {
    QString path;
    int mode = 0;
};

struct NodeCheckFacts {
    NodeConfig config;
    Fact<NodeAudit> audit;
    Fact<GpuAudit> gpus;
    Fact<bool> edgePort; ///< TCP 7844 opens
    Fact<ServiceFacts> connectorService;
    Fact<ServiceFacts> engineService;
    Fact<EngineFacts> engine;
    Fact<ConnectorFacts> connector; ///< its own pages
    Fact<QList<cloudflare::Connector>> connectors; ///< of its tunnel
    Fact<cloudflare::TunnelConfiguration> configuration;
    Fact<gcp::Instance> instance;
    HostnameFacts hostname;
    std::optional<LocalKeyFacts> key;
    QDateTime auditBegun; ///< UTC, of the look that `audit` is
    QDateTime auditEnded;
};

/// The router Worker as it is deployed.
struct WorkerFacts {
    QByteArray shippedHash; ///< SHA-256, hexadecimal
    QByteArray deployedHash;
    qsizetype modules = 0;
    nlohmann::json routesBinding; ///< the value of ROUTES; null: there is none
    nlohmann::json routesShown; ///< what GET /__hybridge/routes tells; null: not told
    QString routesError; ///< why not
    std::optional<cloudflare::WorkerSubdomain> subdomain;
};

/// What else the token reaches that this program never asks for.
struct TokenReach {
    QStringList reaches; ///< "the members of the account"
    QStringList refused;
    std::optional<qint64> zones; ///< that it sees
};

struct FleetCheckFacts {
    FleetConfig config;
    QDateTime now; ///< UTC
    QList<NodeCheckFacts> nodes; ///< fleet file's order
    HostnameFacts endpoint;
    Fact<cloudflare::ZoneState> zone;
    Fact<QList<cloudflare::Tunnel>> tunnels;
    Fact<QList<cloudflare::AccessApp>> apps;
    Fact<QList<cloudflare::ServiceToken>> serviceTokens;
    QString clientId; ///< of the endpoint's service token; compared, never shown
    Fact<cloudflare::TokenState> apiToken;
    Fact<TokenReach> reach;
    Fact<WorkerFacts> worker;
    Fact<QList<gcp::Budget>> budgets;
    QMap<QString, Result<QList<gcp::Quota>>> regionQuotas; ///< by region
    Fact<QList<gcp::Quota>> projectQuotas;
    Fact<QList<gcp::FirewallRule>> firewalls;

    [[nodiscard]] const NodeCheckFacts *node(const QString &id) const;
    [[nodiscard]] NodeCheckFacts *node(const QString &id);
};

} // namespace hybridge
