// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/httpresponse.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Http", text);
}

constexpr qint64 oneDayMs = 24LL * 3600 * 1000;
} // namespace

QByteArray HttpResponse::header(const QByteArray &name) const
{
    for (const auto &[key, value] : headers)
        if (key.compare(name, Qt::CaseInsensitive) == 0)
            return value;
    return {};
}

QByteArray HttpResponse::mediaType() const
{
    const QByteArray type = header("Content-Type");
    return type.left(std::max<qsizetype>(0, type.indexOf(';') < 0 ? type.size() : type.indexOf(';')))
        .trimmed()
        .toLower();
}

QString HttpResponse::redacted(const QByteArray &text, int most) const
{
    // Redact before cutting: a secret cut in half would no longer be recognised.
    const QString whole = QString::fromUtf8(text.left(64 * 1024));
    const QString clean = redactor ? (*redactor)(whole) : Redactor()(whole);
    return safeText(clean, most);
}

QString HttpResponse::excerpt(int most) const
{
    QString out = QStringLiteral("HTTP %1").arg(status);
    const QByteArray type = mediaType();
    if (!type.isEmpty())
        out += QStringLiteral(", ") + safeText(QString::fromLatin1(type), 60);
    const QString text = redacted(body, most);
    if (!text.isEmpty())
        out += QStringLiteral(": ") + text;
    return out;
}

qint64 HttpResponse::retryAfterMs() const
{
    return parseRetryAfter(header("Retry-After"), QDateTime::currentDateTimeUtc());
}

qint64 parseRetryAfter(const QByteArray &value, const QDateTime &now)
{
    const QByteArray text = value.trimmed();
    if (text.isEmpty() || text.size() > 64)
        return -1;
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        bool ok = false;
        const qint64 seconds = text.toLongLong(&ok);
        return ok ? std::min(seconds, oneDayMs / 1000) * 1000 : oneDayMs;
    }
    // IMF-fixdate, the only form that senders may still make: "Sun, 06 Nov 1994 08:49:37 GMT".
    QDateTime when
        = QLocale::c().toDateTime(QString::fromLatin1(text), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"));
    if (!when.isValid())
        return -1;
    when.setTimeZone(QTimeZone::utc());
    return std::clamp<qint64>(now.msecsTo(when), 0, oneDayMs);
}

Error httpStatusError(const HttpResponse &response, const QString &service)
{
    const int status = response.status;
    const auto make = [&](Error::Kind kind, const QString &sentence) {
        Error error(kind, sentence, response.excerpt(), status);
        error.retryAfterMs = response.retryAfterMs();
        return error;
    };
    switch (status) {
    case 401:
        return make(Error::Kind::Unauthorized, tr("%1 refused the credentials (HTTP 401).").arg(service));
    case 403:
        return make(Error::Kind::Unauthorized, tr("%1 denied the request (HTTP 403).").arg(service));
    case 404:
        return make(Error::Kind::NotFound, tr("%1 does not know what was asked for (HTTP 404).").arg(service));
    case 408:
    case 504:
        return make(Error::Kind::Timeout, tr("%1 gave up waiting (HTTP %2).").arg(service).arg(status));
    case 429: {
        Error error = make(Error::Kind::RateLimited, tr("%1 asks for fewer requests (HTTP 429).").arg(service));
        if (error.retryAfterMs >= 0)
            error.remedy = tr("It takes requests again in %1.")
                               .arg(formatDuration(std::chrono::milliseconds(error.retryAfterMs)));
        return error;
    }
    default:
        break;
    }
    if (status >= 500)
        return make(Error::Kind::Remote, tr("%1 failed (HTTP %2).").arg(service).arg(status));
    if (status >= 300 && status < 400)
        return make(Error::Kind::Protocol,
            tr("%1 answered with a redirect (HTTP %2), which is not followed.").arg(service).arg(status));
    return make(Error::Kind::Protocol, tr("%1 refused the request (HTTP %2).").arg(service).arg(status));
}

bool looksLikeHtml(const HttpResponse &response)
{
    const QByteArray type = response.mediaType();
    if (type == "text/html" || type == "application/xhtml+xml")
        return true;
    const QByteArray start = response.body.left(256).trimmed().toLower();
    return start.startsWith("<!doctype html") || start.startsWith("<html") || start.startsWith("<head");
}

} // namespace hybridge
