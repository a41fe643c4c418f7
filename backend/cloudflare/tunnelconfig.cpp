// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tunnelconfig.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>

#include <stdexcept>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
const std::string markPath = "^/__hybridge/node$"; // a regular expression of cloudflared's

QString encoded(const QString &id)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(id));
}

bool isFor(const json &rule, const QString &hostname)
{
    return rule.is_object() && rule.value("hostname", json()) == json(hostname.toStdString());
}

bool isMark(const json &rule)
{
    return rule.is_object() && rule.value("path", json()) == json(markPath);
}

Result<TunnelConfiguration> parsed(const HttpResponse &response, const char *permission)
{
    const Result<Envelope> envelope = parseEnvelope(response, QString::fromLatin1(permission));
    if (!envelope)
        return envelope.error();
    return decode<TunnelConfiguration>(envelope->result, [](const json &result) {
        TunnelConfiguration configuration;
        if (const auto version = jsonInteger(result, "version"); version && *version >= -1 && *version < (1LL << 31))
            configuration.version = int(*version);
        const json *config = jsonField(result, "config");
        if (config && !config->is_object())
            throw std::runtime_error("config is no object");
        configuration.config = config ? *config : json::object();
        return configuration;
    });
}
} // namespace

Result<TunnelConfiguration> parseTunnelConfiguration(const HttpResponse &response)
{
    return parsed(response, "Cloudflare Tunnel Read");
}

int nodeMarkOf(const json &config, const QString &hostname)
{
    const json *ingress = jsonField(config, "ingress");
    if (!ingress || !ingress->is_array())
        return 0;
    for (const json &rule : *ingress) {
        if (!isFor(rule, hostname) || !isMark(rule))
            continue;
        const auto service = rule.find("service");
        if (service == rule.end() || !service->is_string())
            return 0;
        const QString text = QString::fromStdString(service->get<std::string>());
        return text.startsWith(QLatin1String("http_status:")) ? text.mid(12).toInt() : 0;
    }
    return 0;
}

Result<json> withNodeMark(const json &config, const QString &hostname, int code)
{
    const json *ingress = jsonField(config, "ingress");
    const Error missing(Error::Kind::Invalid,
        QCoreApplication::translate("Cloudflare", "The tunnel has no rule for %1.").arg(safeText(hostname, 120)));
    if (!ingress || !ingress->is_array())
        return missing;
    const json mark {{"hostname", hostname.toStdString()}, {"path", markPath}, {"service", "http_status:" + std::to_string(code)}};
    json rules = json::array();
    bool found = false;
    for (const json &rule : *ingress) {
        if (isFor(rule, hostname) && isMark(rule))
            continue;
        if (isFor(rule, hostname) && !std::exchange(found, true))
            rules.push_back(mark);
        rules.push_back(rule);
    }
    if (!found)
        return missing;
    json out = config;
    out["ingress"] = std::move(rules);
    return out;
}

TunnelConfigurations::TunnelConfigurations(ApiTransport &api, QString accountId, QObject *parent)
    : QObject(parent), m_api(api), m_accountId(std::move(accountId))
{
}

QString TunnelConfigurations::path(const QString &tunnel) const
{
    return QStringLiteral("accounts/%1/cfd_tunnel/%2/configurations").arg(encoded(m_accountId), encoded(tunnel));
}

Task<Result<TunnelConfiguration>> TunnelConfigurations::get(QString tunnel, std::stop_token stop)
{
    const QPointer<TunnelConfigurations> self(this);
    const ApiRequest request = ApiRequest::get(path(tunnel));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    if (!response)
        co_return response.error();
    co_return parseTunnelConfiguration(*response);
}

Task<Result<TunnelConfiguration>> TunnelConfigurations::put(QString tunnel, json config, std::stop_token stop)
{
    const QPointer<TunnelConfigurations> self(this);
    json body = json::object();
    body["config"] = std::move(config);
    const ApiRequest request = ApiRequest::put(path(tunnel), QByteArray::fromStdString(body.dump()));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    if (!response)
        co_return response.error();
    co_return parsed(*response, "Cloudflare Tunnel Write");
}

} // namespace hybridge::cloudflare
