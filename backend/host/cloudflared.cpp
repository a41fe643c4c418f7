// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/cloudflared.h"

#include "backend/base/prometheus.h"
#include "backend/base/units.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qsizetype MostConnections = 64;
constexpr qsizetype MostRules = 500;

QString tr(const char *text)
{
    return QCoreApplication::translate("Cloudflared", text);
}

Error notCloudflared(const QString &page, const QByteArray &body)
{
    return Error(Error::Kind::Protocol, tr("The answer at %1 is not cloudflared's.").arg(page), safeText(QString::fromUtf8(body.left(400)), 200))
        .withRemedy(tr("Look at connector.metrics in the fleet file: it must be the address that cloudflared's --metrics names."));
}

QString word(const QJsonObject &object, QLatin1StringView key, int most = 120)
{
    return safeText(object.value(key).toString(), most);
}

std::optional<int> smallNumber(const QJsonValue &value)
{
    const qint64 number = value.toInteger(-1000);
    return number >= -1 && number <= 1'000'000'000 ? std::optional(static_cast<int>(number)) : std::nullopt;
}

} // namespace

Result<void> readConnectorReady(int httpStatus, const QByteArray &body, ConnectorFacts &facts)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(64 << 10)).object();
    const std::optional<int> connections = smallNumber(object.value(u"readyConnections"));
    if ((httpStatus != 200 && httpStatus != 503) || !connections || *connections < 0)
        return notCloudflared(QStringLiteral("/ready"), body);
    facts.readyConnections = connections;
    facts.ready = httpStatus == 200;
    facts.connectorId = word(object, QLatin1StringView("connectorId"));
    return {};
}

Result<void> readConnectorMetrics(const QByteArray &body, ConnectorFacts &facts)
{
    const QByteArray ha = QByteArrayLiteral("cloudflared_tunnel_ha_connections");
    const QByteArray total = QByteArrayLiteral("cloudflared_tunnel_total_requests");
    const QByteArray errors = QByteArrayLiteral("cloudflared_tunnel_request_errors");
    const QByteArray concurrent = QByteArrayLiteral("cloudflared_tunnel_concurrent_requests_per_tunnel");
    const QByteArray codes = QByteArrayLiteral("cloudflared_tunnel_response_by_code");
    const QByteArray places = QByteArrayLiteral("cloudflared_tunnel_server_locations");
    const QByteArray build = QByteArrayLiteral("build_info");
    const PrometheusText page = parsePrometheus(body, {ha, total, errors, concurrent, codes, places, build});
    facts.haConnections = page.sum(ha);
    facts.totalRequests = page.sum(total);
    facts.requestErrors = page.sum(errors);
    facts.concurrentRequests = page.sum(concurrent);
    if (!facts.haConnections && !facts.totalRequests)
        return notCloudflared(QStringLiteral("/metrics"), body);
    facts.responsesByCode.clear();
    facts.edgeLocations.clear();
    for (const PrometheusSample &sample : page.samples) {
        if (sample.name == codes) {
            const int code = sample.label("status_code").toInt();
            if (code >= 100 && code <= 999 && sample.value >= 0)
                facts.responsesByCode[code] += sample.value;
        } else if (sample.name == places && sample.value >= 1) { // 1 = now, 0 = before
            const QString place = safeText(QString::fromUtf8(sample.label("edge_location")), 40);
            if (!place.isEmpty() && !facts.edgeLocations.contains(place) && facts.edgeLocations.size() < MostConnections)
                facts.edgeLocations.append(place);
        } else if (sample.name == build) {
            facts.version = safeText(QString::fromUtf8(sample.label("version")), 40);
        }
    }
    facts.edgeLocations.sort();
    return {};
}

Result<void> readConnectorTunnel(const QByteArray &body, ConnectorFacts &facts)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(256 << 10)).object();
    const QString tunnel = word(object, QLatin1StringView("tunnelID"));
    if (tunnel.isEmpty())
        return notCloudflared(QStringLiteral("/diag/tunnel"), body);
    facts.tunnelId = tunnel;
    if (const QString connector = word(object, QLatin1StringView("connectorID")); !connector.isEmpty())
        facts.connectorId = connector;
    facts.connections.clear();
    QStringList protocols;
    for (const QJsonValue value : object.value(u"connections").toArray()) {
        const QJsonObject item = value.toObject();
        if (item.isEmpty() || facts.connections.size() == MostConnections)
            continue;
        ConnectorConnection connection;
        connection.index = smallNumber(item.value(u"index")).value_or(0);
        connection.connected = item.value(u"isConnected").toBool();
        connection.protocol = item.value(u"protocol").toInteger() == 1 ? QStringLiteral("quic") : QStringLiteral("http2");
        connection.edgeAddress = word(item, QLatin1StringView("edgeAddress"));
        if (connection.connected && !protocols.contains(connection.protocol))
            protocols.append(connection.protocol);
        facts.connections.append(connection);
    }
    std::sort(protocols.rbegin(), protocols.rend()); // quic first
    facts.protocol = protocols.join(QStringLiteral(", "));
    return {};
}

Result<void> readConnectorConfig(const QByteArray &body, ConnectorFacts &facts)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(1 << 20)).object();
    const std::optional<int> version = smallNumber(object.value(u"version"));
    if (!version || !object.contains(u"config"))
        return notCloudflared(QStringLiteral("/config"), body);
    facts.configVersion = version;
    facts.ingress.clear();
    for (const QJsonValue value : object.value(u"config").toObject().value(u"ingress").toArray()) {
        if (facts.ingress.size() == MostRules)
            break;
        const QJsonObject item = value.toObject();
        ConnectorIngress rule;
        rule.hostname = word(item, QLatin1StringView("hostname"), 255);
        rule.path = word(item, QLatin1StringView("path"), 255);
        rule.service = word(item, QLatin1StringView("service"), 255);
        rule.httpHostHeader = word(item.value(u"originRequest").toObject(), QLatin1StringView("httpHostHeader"), 255);
        facts.ingress.append(rule);
    }
    return {};
}

} // namespace hybridge
