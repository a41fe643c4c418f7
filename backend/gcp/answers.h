// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/gcperror.h"
#include "backend/http/apitransport.h"
#include "backend/http/jsonlimits.h"

#include <QPointer>

#include <functional>

namespace hybridge::gcp {

/// What Google's APIs have in common: an answer is read or refused, a list comes in pages.

/// What stands where an owner has gone or a stop was asked for. Pure.
[[nodiscard]] Error cancelled(const QString &detail = {});
/// One part of a path, percent-encoded. Pure.
[[nodiscard]] QString encoded(const QString &part);

/// Reads the body of a good answer with @p read (json -> T, may throw); computeError() for one that is none. Pure.
template <class T, class Read>
[[nodiscard]] Result<T> parseAnswer(const HttpResponse &response, Read read)
{
    if (response.status < 200 || response.status >= 300)
        return computeError(response);
    Result<T> out = decodeBytes<T>(response.body, read);
    if (!out) {
        // A proxy's page is told as what it is, not as bad JSON.
        Error error = looksLikeHtml(response) ? computeError(response) : out.error();
        error.code = response.status;
        return error;
    }
    return out;
}

/// Looks at one page; true: that was enough.
template <class Page>
using TakePage = std::function<bool(const Page &page)>;

/// Sends @p request and goes on with the page token of each answer until the last page, until @p take has enough, or
/// @p mostPages. @p api lives as long as @p owner, whose end cancels. @p take is called only while owner lives. Errors:
/// ApiTransport's, those of @p parse, Cancelled.
template <class Page>
Task<Result<void>> readPages(QPointer<const QObject> owner, ApiTransport *api, ApiRequest request, int mostPages,
    Result<Page> (*parse)(const HttpResponse &), TakePage<Page> take, std::stop_token stop)
{
    QString token;
    for (int page = 0; page < mostPages; ++page) {
        ApiRequest next = request;
        if (!token.isEmpty())
            next.query(QStringLiteral("pageToken"), token);
        const Result<HttpResponse> response = co_await api->send(next, stop);
        if (!owner || stop.stop_requested())
            co_return cancelled();
        if (!response)
            co_return response.error();
        const Result<Page> parsed = parse(*response);
        if (!parsed)
            co_return parsed.error();
        if (take(*parsed) || parsed->nextPageToken.isEmpty() || parsed->nextPageToken == token)
            break;
        token = parsed->nextPageToken;
    }
    co_return Result<void>();
}

} // namespace hybridge::gcp
