// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/requesturl.h"

#include <QCoreApplication>

namespace hybridge {

Result<QUrl> requestUrl(const QUrl &base, const ApiRequest &request)
{
    const auto invalid = [](const QString &detail) {
        return Error(Error::Kind::Invalid,
            QCoreApplication::translate("Http", "The address of the request is not valid."), detail);
    };
    const QString scheme = base.scheme().toLower();
    if ((scheme != QLatin1String("https") && scheme != QLatin1String("http")) || base.host().isEmpty())
        return invalid(QStringLiteral("base address without http(s) scheme or host"));
    QString path = base.path(QUrl::FullyEncoded);
    while (path.endsWith(QLatin1Char('/')))
        path.chop(1);
    if (!request.path().isEmpty() && !request.path().startsWith(QLatin1Char('/')))
        path += QLatin1Char('/');
    path += request.path();
    if (path.isEmpty())
        path = QStringLiteral("/");
    const QStringList segments = QUrl::fromPercentEncoding(path.toUtf8()).split(QLatin1Char('/'));
    for (const QString &segment : segments)
        if (segment == QLatin1String(".") || segment == QLatin1String(".."))
            return invalid(QStringLiteral("\".\" or \"..\" in the path"));
    QUrl url;
    url.setScheme(scheme);
    url.setHost(base.host());
    url.setPort(base.port());
    url.setPath(path, QUrl::TolerantMode);
    const QByteArray query = request.encodedQuery();
    if (!query.isEmpty())
        url.setQuery(QString::fromLatin1(query), QUrl::StrictMode);
    if (!url.isValid())
        return invalid(url.errorString());
    return url;
}

} // namespace hybridge
