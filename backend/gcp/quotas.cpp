// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/quotas.h"

#include "backend/base/units.h"
#include "backend/gcp/gcperror.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
constexpr std::size_t mostItems = 2000;
constexpr int mostPages = 5;

QString encoded(const QString &part)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(part));
}

const json &listOf(const json &object, const char *key)
{
    static const json none = json::array();
    const json *list = jsonField(object, key);
    if (!list)
        return none;
    if (!list->is_array() || list->size() > mostItems)
        throw std::runtime_error(std::string("'") + key + "' is no list, or too long");
    return *list;
}

QStringList textsOf(const json &object, const char *key)
{
    QStringList texts;
    for (const json &item : listOf(object, key))
        texts.append(safeText(QString::fromStdString(item.get<std::string>()), 100));
    return texts;
}

double quantity(const json &item, const char *key)
{
    const double value = jsonNumber(item, key).value_or(0);
    if (!std::isfinite(value))
        throw std::runtime_error(std::string("'") + key + "' is no number");
    return value;
}

FirewallRule ruleFrom(const json &item)
{
    FirewallRule rule;
    rule.name = safeText(jsonRequiredText(item, "name"), 100);
    rule.ingress = jsonText(item, "direction") != QLatin1String("EGRESS");
    rule.disabled = jsonBool(item, "disabled").value_or(false);
    rule.sources = textsOf(item, "sourceRanges");
    rule.targetTags = textsOf(item, "targetTags");
    for (const json &entry : listOf(item, "allowed")) {
        FirewallRule::Allowed allowed;
        allowed.protocol = safeText(jsonText(entry, "IPProtocol"), 20).toLower();
        allowed.ports = textsOf(entry, "ports");
        rule.allowed.append(allowed);
    }
    return rule;
}

bool holdsPort(const QString &range, int port)
{
    bool lowOk = false;
    bool highOk = false;
    const int low = range.section(QLatin1Char('-'), 0, 0).toInt(&lowOk);
    const int high = range.section(QLatin1Char('-'), -1).toInt(&highOk);
    return lowOk && highOk && low <= port && port <= high;
}
} // namespace

bool FirewallRule::opensToAll(const QString &protocol, int port) const
{
    if (!ingress || disabled || (!sources.contains(QStringLiteral("0.0.0.0/0")) && !sources.contains(QStringLiteral("::/0"))))
        return false;
    return std::any_of(allowed.begin(), allowed.end(), [&](const Allowed &entry) {
        if (entry.protocol == QLatin1String("all"))
            return true;
        const bool same = entry.protocol == protocol || (entry.protocol == QLatin1String("6") && protocol == QLatin1String("tcp"))
            || (entry.protocol == QLatin1String("17") && protocol == QLatin1String("udp"));
        return same && (entry.ports.isEmpty() || std::any_of(entry.ports.begin(), entry.ports.end(), [port](const QString &range) { return holdsPort(range, port); }));
    });
}

Result<QList<Quota>> parseQuotas(const HttpResponse &response)
{
    if (response.status < 200 || response.status >= 300)
        return computeError(response);
    return decodeBytes<QList<Quota>>(response.body, [](const json &j) {
        QList<Quota> quotas;
        for (const json &item : listOf(j, "quotas")) {
            Quota quota;
            quota.metric = safeText(jsonText(item, "metric"), 100);
            quota.limit = quantity(item, "limit");
            quota.usage = quantity(item, "usage");
            quotas.append(quota);
        }
        return quotas;
    });
}

Result<FirewallPage> parseFirewalls(const HttpResponse &response)
{
    if (response.status < 200 || response.status >= 300)
        return computeError(response);
    return decodeBytes<FirewallPage>(response.body, [](const json &j) {
        FirewallPage page;
        for (const json &item : listOf(j, "items"))
            page.rules.append(ruleFrom(item));
        page.nextPageToken = jsonText(j, "nextPageToken").left(2000);
        return page;
    });
}

std::optional<Quota> quotaOf(const QList<Quota> &quotas, const QString &metric)
{
    const auto found = std::find_if(quotas.begin(), quotas.end(), [&](const Quota &quota) { return quota.metric == metric; });
    return found == quotas.end() ? std::nullopt : std::optional(*found);
}

QString gpuMetric(const QString &acceleratorType, bool spot)
{
    QString chip = acceleratorType.toUpper();
    if (chip.startsWith(QLatin1String("NVIDIA-TESLA-")))
        chip = QStringLiteral("NVIDIA-") + chip.mid(13);
    chip.replace(QLatin1Char('-'), QLatin1Char('_'));
    return (spot ? QStringLiteral("PREEMPTIBLE_%1_GPUS") : QStringLiteral("%1_GPUS")).arg(chip);
}

QString regionOf(const QString &zone)
{
    return zone.section(QLatin1Char('-'), 0, -2);
}

ProjectLimits::ProjectLimits(ApiTransport &api, QString project, QObject *parent)
    : QObject(parent), m_api(api), m_project(std::move(project))
{
}

Task<Result<HttpResponse>> ProjectLimits::ask(ApiRequest request, std::stop_token stop)
{
    const QPointer<ProjectLimits> self(this);
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    co_return response;
}

Task<Result<QList<Quota>>> ProjectLimits::regionQuotas(QString region, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("projects/%1/regions/%2").arg(encoded(m_project), encoded(region)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseQuotas(*response);
}

Task<Result<QList<Quota>>> ProjectLimits::projectQuotas(std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("projects/%1").arg(encoded(m_project)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseQuotas(*response);
}

Task<Result<QList<FirewallRule>>> ProjectLimits::firewalls(std::stop_token stop)
{
    QList<FirewallRule> all;
    QString token;
    for (int page = 0; page < mostPages; ++page) {
        ApiRequest request = ApiRequest::get(QStringLiteral("projects/%1/global/firewalls").arg(encoded(m_project)));
        request.query(QStringLiteral("maxResults"), QStringLiteral("500"));
        if (!token.isEmpty())
            request.query(QStringLiteral("pageToken"), token);
        const Result<HttpResponse> response = co_await ask(request, stop);
        if (!response)
            co_return response.error();
        const Result<FirewallPage> parsed = parseFirewalls(*response);
        if (!parsed)
            co_return parsed.error();
        all += parsed->rules;
        token = parsed->nextPageToken;
        if (token.isEmpty())
            break;
    }
    co_return all;
}

} // namespace hybridge::gcp
