// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tunneltypes.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <stdexcept>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
const QString readTunnels = QStringLiteral("Cloudflare Tunnel Read");
constexpr std::size_t mostItems = 10000;

QString shown(const json &object, const char *key)
{
    return safeText(jsonText(object, key), 200);
}

const json &listIn(const json &result)
{
    if (!result.is_array())
        throw std::runtime_error("result is no list");
    if (result.size() > mostItems)
        throw std::runtime_error("too many items");
    return result;
}

Tunnel tunnelFrom(const json &j)
{
    Tunnel tunnel;
    tunnel.id = safeText(jsonRequiredText(j, "id"), 64);
    tunnel.name = shown(j, "name");
    tunnel.statusWord = shown(j, "status");
    tunnel.status = tunnelStatusFromWord(tunnel.statusWord);
    tunnel.type = shown(j, "tun_type");
    // remote_config is the older name of the same fact.
    tunnel.remotelyManaged
        = jsonText(j, "config_src") == QLatin1String("cloudflare") || jsonBool(j, "remote_config").value_or(false);
    tunnel.createdAt = jsonTime(j, "created_at");
    tunnel.deletedAt = jsonTime(j, "deleted_at");
    tunnel.connsActiveAt = jsonTime(j, "conns_active_at");
    tunnel.connsInactiveAt = jsonTime(j, "conns_inactive_at");
    return tunnel;
}

Connection connectionFrom(const json &j)
{
    Connection connection;
    connection.id = shown(j, "id");
    if (connection.id.isEmpty())
        connection.id = shown(j, "uuid");
    connection.colo = shown(j, "colo_name").toLower();
    connection.openedAt = jsonTime(j, "opened_at");
    connection.originIp = shown(j, "origin_ip");
    connection.clientId = shown(j, "client_id");
    connection.pendingReconnect = jsonBool(j, "is_pending_reconnect").value_or(false);
    return connection;
}

Connector connectorFrom(const json &j)
{
    Connector connector;
    connector.id = safeText(jsonRequiredText(j, "id"), 64);
    connector.version = shown(j, "version");
    connector.arch = shown(j, "arch");
    if (const auto version = jsonInteger(j, "config_version"); version && *version >= -1 && *version < (1LL << 31))
        connector.configVersion = int(*version);
    connector.runAt = jsonTime(j, "run_at");
    if (const json *features = jsonField(j, "features"))
        for (const json &feature : listIn(*features))
            connector.features.append(safeText(QString::fromStdString(feature.get<std::string>()), 60));
    if (const json *conns = jsonField(j, "conns"))
        for (const json &conn : listIn(*conns))
            connector.conns.append(connectionFrom(conn));
    return connector;
}
} // namespace

TunnelStatus tunnelStatusFromWord(const QString &word)
{
    if (word == QLatin1String("healthy"))
        return TunnelStatus::Healthy;
    if (word == QLatin1String("degraded"))
        return TunnelStatus::Degraded;
    if (word == QLatin1String("down"))
        return TunnelStatus::Down;
    if (word == QLatin1String("inactive"))
        return TunnelStatus::Inactive;
    return TunnelStatus::Unknown;
}

Result<TunnelPage> parseTunnels(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, readTunnels);
    if (!envelope)
        return envelope.error();
    return decode<TunnelPage>(envelope->result, [&](const json &result) {
        TunnelPage page;
        page.totalCount = envelope->totalCount;
        if (result.is_null()) // the schema allows it for none
            return page;
        for (const json &item : listIn(result))
            page.tunnels.append(tunnelFrom(item));
        return page;
    });
}

Result<QList<Connector>> parseConnectors(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, readTunnels);
    if (!envelope)
        return envelope.error();
    return decode<QList<Connector>>(envelope->result, [](const json &result) {
        QList<Connector> connectors;
        if (result.is_null()) // a tunnel that never ran
            return connectors;
        for (const json &item : listIn(result))
            connectors.append(connectorFrom(item));
        return connectors;
    });
}

} // namespace hybridge::cloudflare
