// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/access.h"

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
const QString readApps = QStringLiteral("Access: Apps and Policies Read");
const QString readTokens = QStringLiteral("Access: Service Tokens Read");
constexpr int perPage = 100;
constexpr int mostPages = 10;
constexpr int mostPolicyCalls = 20;
constexpr std::size_t mostItems = 1000;

QString encoded(const QString &id)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(id));
}

const json &listOf(const json &object, const char *key)
{
    static const json none = json::array();
    const json *list = jsonField(object, key);
    if (!list)
        return none;
    if (!list->is_array() || list->size() > mostItems)
        throw std::runtime_error(std::string(key) + " is no list, or too long");
    return *list;
}

AccessRule ruleFrom(const json &item)
{
    if (!item.is_object() || item.empty())
        throw std::runtime_error("a rule is no object");
    AccessRule rule;
    const std::string word = item.begin().key();
    const json &inner = item.begin().value();
    const auto take = [&](AccessRule::Kind kind, const char *key) {
        rule.kind = kind;
        rule.value = safeText(jsonText(inner, key), 200);
    };
    if (word == "service_token")
        take(AccessRule::Kind::ServiceToken, "token_id");
    else if (word == "any_valid_service_token")
        rule.kind = AccessRule::Kind::AnyServiceToken;
    else if (word == "email")
        take(AccessRule::Kind::Email, "email");
    else if (word == "email_domain")
        take(AccessRule::Kind::EmailDomain, "domain");
    else if (word == "everyone")
        rule.kind = AccessRule::Kind::Everyone;
    else if (word == "login_method")
        take(AccessRule::Kind::LoginMethod, "id");
    else
        rule.value = safeText(QString::fromStdString(word), 60);
    return rule;
}

AccessPolicy policyFrom(const json &item)
{
    AccessPolicy policy;
    policy.id = safeText(jsonText(item, "id"), 64);
    policy.name = safeText(jsonText(item, "name"), 200);
    policy.decision = safeText(jsonRequiredText(item, "decision"), 40);
    for (const json &rule : listOf(item, "include"))
        policy.include.append(ruleFrom(rule));
    for (const json &rule : listOf(item, "require"))
        policy.require.append(ruleFrom(rule));
    return policy;
}

/// "https://host/path" and "host/path" alike, lower case, without a trailing slash.
QString destinationFrom(QString text)
{
    text = safeText(text, 300).toLower();
    if (const qsizetype scheme = text.indexOf(QLatin1String("://")); scheme >= 0)
        text = text.mid(scheme + 3);
    while (text.endsWith(QLatin1Char('/')))
        text.chop(1);
    return text;
}

AccessApp appFrom(const json &item)
{
    AccessApp app;
    app.id = safeText(jsonRequiredText(item, "id"), 64);
    app.name = safeText(jsonText(item, "name"), 200);
    app.type = safeText(jsonText(item, "type"), 40);
    const auto add = [&](const QString &text) {
        const QString destination = destinationFrom(text);
        if (!destination.isEmpty() && !app.destinations.contains(destination))
            app.destinations.append(destination);
    };
    add(jsonText(item, "domain"));
    for (const json &domain : listOf(item, "self_hosted_domains"))
        add(QString::fromStdString(domain.get<std::string>()));
    for (const json &destination : listOf(item, "destinations"))
        if (jsonText(destination, "type") == QLatin1String("public"))
            add(jsonText(destination, "uri"));
    app.policiesTold = true;
    for (const json &policy : listOf(item, "policies")) {
        if (policy.is_object() && jsonField(policy, "decision"))
            app.policies.append(policyFrom(policy));
        else
            app.policiesTold = false;
    }
    if (!app.policiesTold)
        app.policies.clear();
    return app;
}

template <class T, class Read>
Result<T> readPage(const HttpResponse &response, const QString &permission, Read how)
{
    const Result<Envelope> envelope = parseEnvelope(response, permission);
    if (!envelope)
        return envelope.error();
    return decode<T>(envelope->result, [&](const json &result) {
        if (!result.is_null() && (!result.is_array() || result.size() > mostItems))
            throw std::runtime_error("result is no list, or too long");
        return how(result.is_null() ? json::array() : result, *envelope);
    });
}
} // namespace

Result<AccessAppPage> parseAccessApps(const HttpResponse &response)
{
    return readPage<AccessAppPage>(response, readApps, [](const json &result, const Envelope &envelope) {
        AccessAppPage page;
        page.totalCount = envelope.totalCount;
        for (const json &item : result)
            page.apps.append(appFrom(item));
        return page;
    });
}

Result<QList<AccessPolicy>> parseAccessPolicies(const HttpResponse &response)
{
    return readPage<QList<AccessPolicy>>(response, readApps, [](const json &result, const Envelope &) {
        QList<AccessPolicy> policies;
        for (const json &item : result)
            policies.append(policyFrom(item));
        return policies;
    });
}

Result<ServiceTokenPage> parseServiceTokens(const HttpResponse &response)
{
    return readPage<ServiceTokenPage>(response, readTokens, [](const json &result, const Envelope &envelope) {
        ServiceTokenPage page;
        page.totalCount = envelope.totalCount;
        for (const json &item : result) {
            ServiceToken token;
            token.id = safeText(jsonRequiredText(item, "id"), 64);
            token.name = safeText(jsonText(item, "name"), 200);
            token.clientId = jsonText(item, "client_id").left(200);
            token.expiresAt = jsonTime(item, "expires_at");
            token.lastSeenAt = jsonTime(item, "last_seen_at");
            token.enabled = jsonBool(item, "enabled");
            page.tokens.append(token);
        }
        return page;
    });
}

bool guardsWholeHost(const QString &destination, const QString &hostname)
{
    QString host = destination;
    if (const qsizetype slash = host.indexOf(QLatin1Char('/')); slash >= 0) {
        if (host.mid(slash) != QLatin1String("/*") && host.size() > slash + 1)
            return false; // a part of it
        host.truncate(slash);
    }
    if (host.isEmpty() || hostname.isEmpty())
        return false;
    if (!host.startsWith(QLatin1String("*.")))
        return host.compare(hostname, Qt::CaseInsensitive) == 0;
    const qsizetype dot = hostname.indexOf(QLatin1Char('.'));
    return dot > 0 && hostname.mid(dot).compare(host.mid(1), Qt::CaseInsensitive) == 0;
}

Access::Access(ApiTransport &api, QString accountId, QObject *parent)
    : QObject(parent), m_api(api), m_accountId(std::move(accountId))
{
}

QString Access::path(const QString &rest) const
{
    return QStringLiteral("accounts/%1/access/%2").arg(encoded(m_accountId), rest);
}

Task<Result<HttpResponse>> Access::page(QString rest, int number, std::stop_token stop)
{
    const QPointer<Access> self(this);
    if (m_accountId.isEmpty())
        co_return Error(Error::Kind::Invalid, QCoreApplication::translate("Cloudflare", "The fleet file names no Cloudflare account."));
    ApiRequest request = ApiRequest::get(path(rest));
    if (number > 0)
        request.query(QStringLiteral("page"), QString::number(number)).query(QStringLiteral("per_page"), QString::number(perPage));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    co_return response;
}

Task<Result<QList<AccessApp>>> Access::apps(std::stop_token stop)
{
    const QPointer<Access> self(this);
    QList<AccessApp> all;
    for (int number = 1; number <= mostPages; ++number) {
        const Result<HttpResponse> response = co_await page(QStringLiteral("apps"), number, stop);
        if (!response)
            co_return response.error();
        const Result<AccessAppPage> parsed = parseAccessApps(*response);
        if (!parsed)
            co_return parsed.error();
        all += parsed->apps;
        if (parsed->apps.isEmpty() || (parsed->totalCount ? all.size() >= *parsed->totalCount : parsed->apps.size() < perPage))
            break;
    }
    int calls = 0;
    for (AccessApp &app : all) {
        if (app.policiesTold || ++calls > mostPolicyCalls)
            continue;
        const QString rest = QStringLiteral("apps/%1/policies").arg(encoded(app.id));
        const Result<HttpResponse> response = co_await page(rest, 0, stop);
        if (!response)
            co_return response.error();
        const Result<QList<AccessPolicy>> policies = parseAccessPolicies(*response);
        if (!policies)
            co_return policies.error();
        app.policies = *policies;
        app.policiesTold = true;
    }
    co_return all;
}

Task<Result<QList<ServiceToken>>> Access::serviceTokens(std::stop_token stop)
{
    QList<ServiceToken> all;
    for (int number = 1; number <= mostPages; ++number) {
        const Result<HttpResponse> response = co_await page(QStringLiteral("service_tokens"), number, stop);
        if (!response)
            co_return response.error();
        const Result<ServiceTokenPage> parsed = parseServiceTokens(*response);
        if (!parsed)
            co_return parsed.error();
        all += parsed->tokens;
        if (parsed->tokens.isEmpty() || (parsed->totalCount ? all.size() >= *parsed->totalCount : parsed->tokens.size() < perPage))
            break;
    }
    co_return all;
}

} // namespace hybridge::cloudflare
