// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/analytics.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>

#include <algorithm>
#include <stdexcept>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
constexpr const char *readAnalytics = "Analytics Read";
constexpr std::size_t mostRows = 1000; ///< as the query asks
constexpr std::size_t mostErrors = 20;
constexpr qint64 mostRequests = 1'000'000'000'000; ///< in one row; more is no count
constexpr const char *balancedQuery = "query($zone:string!,$balancer:string!,$from:Time!,$to:Time!){viewer{zones(filter:{zoneTag:$zone}){"
                                      "loadBalancingRequestsAdaptiveGroups(limit:1000,filter:{lbName:$balancer,datetime_geq:$from,datetime_lt:$to}){"
                                      "count dimensions{selectedPoolName selectedOriginName}}}}}";

QString tr(const char *text)
{
    return QCoreApplication::translate("Cloudflare", text);
}

/// What errors[] of a GraphQL answer stands for. Its codes are words.
Error graphError(const HttpResponse &response, const json &errors)
{
    QStringList evidence;
    QStringList codes;
    for (std::size_t i = 0; i < std::min(errors.size(), mostErrors); ++i) {
        const json *const message = jsonField(errors[i], "message");
        if (message && message->is_string())
            evidence.append(response.redacted(QByteArray::fromStdString(message->get_ref<const std::string &>()), 200));
        const json *const extensions = jsonField(errors[i], "extensions");
        const json *const code = extensions ? jsonField(*extensions, "code") : nullptr;
        if (code && code->is_string())
            codes.append(safeText(QString::fromStdString(code->get_ref<const std::string &>()), 40));
    }
    const QString detail = QStringLiteral("HTTP %1; ").arg(response.status) + (evidence.isEmpty() ? response.excerpt() : evidence.join(QStringLiteral("; ")));
    if (codes.contains(QLatin1String("authz")))
        return Error(Error::Kind::Unauthorized, tr("The Cloudflare token lacks the permission \"%1\" of this zone, or the zone has no such analytics.").arg(QLatin1String(readAnalytics)), detail, response.status)
            .withRemedy(tr("In the Cloudflare dashboard open the token, add the permission \"%1\" and include this zone.").arg(QLatin1String(readAnalytics)));
    if (codes.contains(QLatin1String("budget")))
        return Error(Error::Kind::RateLimited, tr("Cloudflare's analytics answer no more questions for some minutes."), detail, response.status);
    return Error(Error::Kind::Remote, tr("Cloudflare's analytics reported a failure."), detail, response.status);
}
} // namespace

Result<QList<BalancedCount>> parseBalancedCounts(const HttpResponse &response)
{
    const Result<json> body = parseJson(response.body);
    const json *const errors = body ? jsonField(*body, "errors") : nullptr;
    const bool isEnvelope = body && jsonField(*body, "success");
    // What the API says before the analytics are asked (a token it does not know, too many calls) comes in its envelope.
    if (isEnvelope || !body || !body->is_object() || response.status == 429) {
        const Result<Envelope> envelope = parseEnvelope(response, QString::fromLatin1(readAnalytics));
        return envelope ? shapeError("an envelope where an answer of GraphQL is expected") : envelope.error();
    }
    if (errors && errors->is_array() && !errors->empty())
        return graphError(response, *errors);
    if (response.status < 200 || response.status >= 300)
        return parseEnvelope(response, QString::fromLatin1(readAnalytics)).error();
    const Result<const json *> zones = decode<const json *>(*body, [](const json &all) { return &all.at("data").at("viewer").at("zones"); });
    if (!zones)
        return zones.error();
    if ((*zones)->is_array() && (*zones)->empty())
        return Error(Error::Kind::NotFound, tr("Cloudflare's analytics do not know the zone.")).withRemedy(tr("Check zoneId in the fleet file."));
    return decode<QList<BalancedCount>>(**zones, [](const json &list) {
        if (!list.is_array() || list.size() != 1)
            throw std::runtime_error("zones is not the one zone");
        const json &rows = list[0].at("loadBalancingRequestsAdaptiveGroups");
        if (!rows.is_array() || rows.size() > mostRows)
            throw std::runtime_error("the groups are no list, or too long");
        QList<BalancedCount> out;
        for (const json &row : rows) {
            const json &dimensions = row.at("dimensions");
            const std::optional<qint64> requests = jsonInteger(row, "count");
            if (!dimensions.is_object() || !requests || *requests < 0 || *requests > mostRequests)
                throw std::runtime_error("a group without a count, or dimensions");
            BalancedCount one;
            one.pool = safeText(jsonText(dimensions, "selectedPoolName"), 200);
            one.origin = safeText(jsonText(dimensions, "selectedOriginName"), 200);
            one.requests = *requests;
            const auto same = std::find_if(out.begin(), out.end(), [&one](const BalancedCount &other) { return other.pool == one.pool && other.origin == one.origin; });
            if (same == out.end())
                out.append(one);
            else
                same->requests += one.requests;
        }
        return out;
    });
}

Analytics::Analytics(ApiTransport &api, QString zoneId, QObject *parent)
    : QObject(parent), m_api(api), m_zoneId(std::move(zoneId))
{
}

Task<Result<QList<BalancedCount>>> Analytics::balanced(QString balancer, QDateTime from, QDateTime to, std::stop_token stop)
{
    const QPointer<Analytics> self(this);
    if (m_zoneId.isEmpty())
        co_return Error(Error::Kind::Invalid, tr("The fleet file names no zone."));
    json body = json::object();
    body["query"] = balancedQuery;
    body["variables"]["zone"] = m_zoneId.toStdString();
    body["variables"]["balancer"] = balancer.toStdString();
    body["variables"]["from"] = from.toUTC().toString(Qt::ISODate).toStdString();
    body["variables"]["to"] = to.toUTC().toString(Qt::ISODate).toStdString();
    ApiRequest request = ApiRequest::post(QStringLiteral("graphql"), QByteArray::fromStdString(body.dump()));
    request.timeout(std::chrono::seconds(5)).maxBytes(1 << 20);
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!response)
        co_return response.error();
    co_return parseBalancedCounts(*response);
}

} // namespace hybridge::cloudflare
