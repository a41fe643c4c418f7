// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/origin.h"

#include <QHostAddress>

namespace hybridge {

Origin Origin::of(const QUrl &url)
{
    Origin origin;
    origin.scheme = url.scheme().toLower();
    origin.host = url.host(QUrl::FullyEncoded).toLower();
    const int own = origin.scheme == QLatin1String("https") ? 443 : origin.scheme == QLatin1String("http") ? 80 : -1;
    origin.port = url.port(own);
    return origin;
}

QString Origin::text() const
{
    QUrl url;
    url.setScheme(scheme);
    url.setHost(host);
    const bool usual
        = (scheme == QLatin1String("https") && port == 443) || (scheme == QLatin1String("http") && port == 80);
    if (!usual)
        url.setPort(port);
    return url.toString();
}

bool isLoopbackHost(const QString &host)
{
    if (host.compare(QLatin1String("localhost"), Qt::CaseInsensitive) == 0)
        return true;
    QString bare = host;
    if (bare.startsWith(QLatin1Char('[')) && bare.endsWith(QLatin1Char(']')))
        bare = bare.mid(1, bare.size() - 2);
    QHostAddress address;
    return address.setAddress(bare) && address.isLoopback();
}

bool maySendSecretsTo(const QUrl &url)
{
    const QString scheme = url.scheme().toLower();
    if (url.host().isEmpty())
        return false;
    return scheme == QLatin1String("https") || (scheme == QLatin1String("http") && isLoopbackHost(url.host()));
}

} // namespace hybridge
