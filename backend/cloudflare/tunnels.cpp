// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tunnels.h"

#include <QCoreApplication>
#include <QPointer>
#include <QSet>

namespace hybridge::cloudflare {

namespace {
constexpr int perPage = 1000; // the endpoint's maximum
constexpr int mostPages = 10;

QString encoded(const QString &id)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(id));
}

Error cancelled()
{
    return {Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled.")};
}

Error missing(const char *what)
{
    return {Error::Kind::Invalid, QCoreApplication::translate("Cloudflare", what)};
}
} // namespace

Tunnels::Tunnels(ApiTransport &api, QString accountId, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_accountId(std::move(accountId))
{
}

Task<Result<QList<Tunnel>>> Tunnels::list(std::stop_token stop)
{
    const QPointer<Tunnels> self(this);
    if (m_accountId.isEmpty())
        co_return missing(QT_TRANSLATE_NOOP("Cloudflare", "The fleet file names no Cloudflare account."));
    QList<Tunnel> all;
    QSet<QString> seen;
    for (int page = 1; page <= mostPages; ++page) {
        ApiRequest request = ApiRequest::get(QStringLiteral("accounts/%1/cfd_tunnel").arg(encoded(m_accountId)));
        request.query(QStringLiteral("is_deleted"), QStringLiteral("false"))
            .query(QStringLiteral("page"), QString::number(page))
            .query(QStringLiteral("per_page"), QString::number(perPage));
        const Result<HttpResponse> response = co_await m_api.send(request, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        if (!response)
            co_return response.error();
        const Result<TunnelPage> parsed = parseTunnels(*response);
        if (!parsed)
            co_return parsed.error();
        bool grew = false;
        for (const Tunnel &tunnel : parsed->tunnels) {
            if (seen.contains(tunnel.id))
                continue; // pages shift while tunnels come and go
            seen.insert(tunnel.id);
            all.append(tunnel);
            grew = true;
        }
        const bool short_ = parsed->totalCount ? all.size() >= *parsed->totalCount : parsed->tunnels.size() < perPage;
        if (short_ || !grew)
            break;
    }
    co_return all;
}

Task<Result<QList<Connector>>> Tunnels::connections(QString tunnelId, std::stop_token stop)
{
    const QPointer<Tunnels> self(this);
    if (m_accountId.isEmpty())
        co_return missing(QT_TRANSLATE_NOOP("Cloudflare", "The fleet file names no Cloudflare account."));
    if (tunnelId.isEmpty())
        co_return missing(QT_TRANSLATE_NOOP("Cloudflare", "The fleet file names no tunnel for this node."));
    const ApiRequest request = ApiRequest::get(
        QStringLiteral("accounts/%1/cfd_tunnel/%2/connections").arg(encoded(m_accountId), encoded(tunnelId)));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseConnectors(*response);
}

} // namespace hybridge::cloudflare
