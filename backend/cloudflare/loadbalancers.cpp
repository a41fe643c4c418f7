// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/loadbalancers.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
QString encoded(const QString &id)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(id));
}

QByteArray bytesOf(const json &document)
{
    return QByteArray::fromStdString(document.dump());
}

/// The answer of a change, refused in the words of the permission that a change needs.
template <class T>
Result<T> changed(const HttpResponse &response, const char *permission, Result<T> (*parse)(const HttpResponse &))
{
    const Result<Envelope> envelope = parseEnvelope(response, QString::fromLatin1(permission));
    if (!envelope)
        return envelope.error();
    return parse(response);
}
constexpr const char *writeBalancers = "Load Balancers Write";
constexpr const char *writePools = "Load Balancing: Monitors and Pools Write";
} // namespace

Result<QList<OriginHealth>> parsePreview(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, QStringLiteral("Load Balancing: Monitors and Pools Read"));
    if (!envelope)
        return envelope.error();
    return decode<QList<OriginHealth>>(envelope->result, [](const json &result) {
        QList<OriginHealth> out;
        if (!result.is_object())
            return out;
        const auto one = [&out](const std::string &address, const json &facts, const std::string &region) {
            if (!facts.is_object() || out.size() > 1000)
                return;
            OriginHealth health;
            health.address = safeText(QString::fromStdString(address), 255);
            health.healthy = jsonBool(facts, "healthy");
            health.reason = safeText(jsonText(facts, "failure_reason"), 200);
            health.code = int(jsonInteger(facts, "response_code").value_or(0) % 1000);
            health.rtt = safeText(jsonText(facts, "rtt"), 40);
            health.region = safeText(QString::fromStdString(region), 80);
            out.append(health);
        };
        // By pool; its origins at once as the schema has it, or by location, or by address.
        for (const auto &[pool, parts] : result.items()) {
            if (!parts.is_object())
                continue;
            const auto all = [&one](const json &holder, const std::string &region) {
                const json *origins = jsonField(holder, "origins");
                if (!origins || !origins->is_array())
                    return false;
                for (const json &entry : *origins)
                    if (entry.is_object())
                        for (const auto &[address, facts] : entry.items())
                            one(address, facts, region);
                return true;
            };
            if (all(parts, {}))
                continue;
            for (const auto &[name, part] : parts.items())
                if (!all(part, name))
                    one(name, part, {});
        }
        return out;
    });
}

LoadBalancers::LoadBalancers(ApiTransport &api, QString accountId, QString zoneId, QObject *parent)
    : QObject(parent), m_api(api), m_accountId(std::move(accountId)), m_zoneId(std::move(zoneId))
{
}

QString LoadBalancers::balancerPath(const QString &id) const
{
    return QStringLiteral("zones/%1/load_balancers/%2").arg(encoded(m_zoneId), encoded(id));
}

QString LoadBalancers::poolPath(const QString &id) const
{
    return QStringLiteral("accounts/%1/load_balancers/pools/%2").arg(encoded(m_accountId), encoded(id));
}

QString LoadBalancers::monitorPath(const QString &id) const
{
    return QStringLiteral("accounts/%1/load_balancers/monitors/%2").arg(encoded(m_accountId), encoded(id));
}

Task<Result<HttpResponse>> LoadBalancers::ask(ApiRequest request, std::stop_token stop)
{
    const QPointer<LoadBalancers> self(this);
    if (m_accountId.isEmpty() || m_zoneId.isEmpty())
        co_return Error(Error::Kind::Invalid, QCoreApplication::translate("Cloudflare", "The fleet file names no Cloudflare account, or no zone."))
            .withRemedy(QCoreApplication::translate("Cloudflare", "Add accountId and zoneId to \"cloudflare\"."));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    co_return response;
}

Task<Result<QList<LoadBalancer>>> LoadBalancers::list(std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("zones/%1/load_balancers").arg(encoded(m_zoneId)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseLoadBalancers(*response);
}

Task<Result<LoadBalancer>> LoadBalancers::balancer(QString id, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(balancerPath(id));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseLoadBalancer(*response);
}

Task<Result<LoadBalancer>> LoadBalancers::patchBalancer(QString id, json properties, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::patch(balancerPath(id), bytesOf(properties));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return changed<LoadBalancer>(*response, writeBalancers, &parseLoadBalancer);
}

Task<Result<QList<Pool>>> LoadBalancers::pools(std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("accounts/%1/load_balancers/pools").arg(encoded(m_accountId)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parsePools(*response);
}

Task<Result<Pool>> LoadBalancers::pool(QString id, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(poolPath(id));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parsePool(*response);
}

Task<Result<Pool>> LoadBalancers::patchPool(QString id, json properties, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::patch(poolPath(id), bytesOf(properties));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return changed<Pool>(*response, writePools, &parsePool);
}

Task<Result<QList<OriginHealth>>> LoadBalancers::poolHealth(QString id, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(poolPath(id) + QStringLiteral("/health"));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parsePoolHealth(*response);
}

Task<Result<Monitor>> LoadBalancers::monitor(QString id, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(monitorPath(id));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseMonitor(*response);
}

Task<Result<Monitor>> LoadBalancers::patchMonitor(QString id, json properties, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::patch(monitorPath(id), bytesOf(properties));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return changed<Monitor>(*response, writePools, &parseMonitor);
}

Task<Result<QString>> LoadBalancers::previewMonitor(QString id, json monitor, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::post(monitorPath(id) + QStringLiteral("/preview"), bytesOf(monitor));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    const Result<Envelope> envelope = parseEnvelope(*response, QString::fromLatin1(writePools));
    if (!envelope)
        co_return envelope.error();
    co_return decode<QString>(envelope->result, [](const json &result) { return safeText(jsonRequiredText(result, "preview_id"), 64); });
}

Task<Result<QList<OriginHealth>>> LoadBalancers::previewResult(QString previewId, std::stop_token stop)
{
    const ApiRequest request
        = ApiRequest::get(QStringLiteral("accounts/%1/load_balancers/preview/%2").arg(encoded(m_accountId), encoded(previewId)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parsePreview(*response);
}

} // namespace hybridge::cloudflare
