// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/zones.h"

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
constexpr std::size_t mostRecords = 1000;
constexpr std::size_t mostNameServers = 20;

QString nameOf(const json &object, const char *key)
{
    QString name = safeText(jsonText(object, key), 300).toLower();
    if (name.endsWith(QLatin1Char('.')))
        name.chop(1);
    return name;
}
} // namespace

Result<ZoneState> parseZone(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, QStringLiteral("Zone Read"));
    if (!envelope)
        return envelope.error();
    return decode<ZoneState>(envelope->result, [](const json &result) {
        ZoneState zone;
        zone.id = safeText(jsonRequiredText(result, "id"), 64);
        zone.name = nameOf(result, "name");
        zone.status = safeText(jsonText(result, "status"), 40);
        zone.paused = jsonBool(result, "paused").value_or(false);
        if (const json *servers = jsonField(result, "name_servers")) {
            if (!servers->is_array() || servers->size() > mostNameServers)
                throw std::runtime_error("name_servers is no list, or too long");
            for (const json &server : *servers)
                zone.nameServers.append(safeText(QString::fromStdString(server.get<std::string>()), 120));
        }
        return zone;
    });
}

Result<DnsRecordPage> parseDnsRecords(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, QStringLiteral("DNS Read"));
    if (!envelope)
        return envelope.error();
    return decode<DnsRecordPage>(envelope->result, [&](const json &result) {
        if (!result.is_array() || result.size() > mostRecords)
            throw std::runtime_error("result is no list, or too long");
        DnsRecordPage page;
        page.totalCount = envelope->totalCount;
        for (const json &item : result) {
            DnsRecord record;
            record.id = safeText(jsonText(item, "id"), 64);
            record.type = safeText(jsonRequiredText(item, "type"), 20).toUpper();
            record.name = nameOf(item, "name");
            record.content = nameOf(item, "content");
            record.proxied = jsonBool(item, "proxied");
            page.records.append(record);
        }
        return page;
    });
}

Result<qint64> parseZoneCount(const HttpResponse &response)
{
    const Result<Envelope> envelope = parseEnvelope(response, QStringLiteral("Zone Read"));
    if (!envelope)
        return envelope.error();
    if (envelope->totalCount)
        return *envelope->totalCount;
    return decode<qint64>(envelope->result, [](const json &result) {
        if (!result.is_array())
            throw std::runtime_error("result is no list");
        return qint64(result.size());
    });
}

Zones::Zones(ApiTransport &api, QString zoneId, QObject *parent)
    : QObject(parent), m_api(api), m_zoneId(std::move(zoneId))
{
}

Task<Result<HttpResponse>> Zones::ask(ApiRequest request, std::stop_token stop)
{
    const QPointer<Zones> self(this);
    if (m_zoneId.isEmpty())
        co_return Error(Error::Kind::Invalid, QCoreApplication::translate("Cloudflare", "The fleet file names no zone."));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    co_return response;
}

Task<Result<ZoneState>> Zones::zone(std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("zones/") + QString::fromLatin1(QUrl::toPercentEncoding(m_zoneId)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseZone(*response);
}

Task<Result<QList<DnsRecord>>> Zones::recordsOf(QString hostname, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(QStringLiteral("zones/%1/dns_records").arg(QString::fromLatin1(QUrl::toPercentEncoding(m_zoneId))));
    request.query(QStringLiteral("name"), hostname).query(QStringLiteral("per_page"), QStringLiteral("100"));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    const Result<DnsRecordPage> page = parseDnsRecords(*response);
    if (!page)
        co_return page.error();
    co_return page->records;
}

Task<Result<qint64>> Zones::visibleZones(std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(QStringLiteral("zones"));
    request.query(QStringLiteral("per_page"), QStringLiteral("5"));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseZoneCount(*response);
}

} // namespace hybridge::cloudflare
