// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/redact.h"
#include "backend/base/result.h"
#include "backend/http/apirequest.h"

#include <QByteArray>
#include <QDateTime>
#include <QString>
#include <QUrl>

#include <memory>

namespace hybridge {

/// A whole answer: also 4xx and 5xx are values here; services map them to Errors in their own words.
struct HttpResponse {
    int status = 0;
    HeaderList headers; ///< as received; look up with header()
    QByteArray body;
    double elapsedMs = 0; ///< from the intended send to the last byte, pauses and attempts before it included
    int attempts = 1;     ///< how many times the request left
    QUrl url;             ///< as sent, without secrets
    std::shared_ptr<const Redactor> redactor; ///< knows the secrets that the request carried; may be null

    [[nodiscard]] QByteArray header(const QByteArray &name) const; ///< case-insensitive; empty when absent
    /// Content-Type without parameters, lower case; empty when absent.
    [[nodiscard]] QByteArray mediaType() const;
    /// @p text with the request's secrets and everything secret-shaped removed, made safe to show.
    [[nodiscard]] QString redacted(const QByteArray &text, int most = 300) const;
    /// Evidence for Error::detail: status, media type and the start of the body; redacted and safe to show.
    [[nodiscard]] QString excerpt(int most = 300) const;
    /// What Retry-After asks for, counted from now; -1 when absent or unreadable.
    [[nodiscard]] qint64 retryAfterMs() const;
};

/// Reads a Retry-After value: seconds, or an HTTP date. At most one day is believed. -1 when unreadable. Pure.
[[nodiscard]] qint64 parseRetryAfter(const QByteArray &value, const QDateTime &now);

/// The Error for an answer with a status outside 2xx, in general words: 401 and 403 Unauthorized, 404 NotFound,
/// 408 and 504 Timeout, 429 RateLimited with its pause, 3xx and other 4xx Protocol, 5xx Remote.
/// @p service is how the operator calls it ("Cloudflare").
[[nodiscard]] Error httpStatusError(const HttpResponse &response, const QString &service);

/// True for an HTML body, by its type or by its first bytes.
[[nodiscard]] bool looksLikeHtml(const HttpResponse &response);

} // namespace hybridge
