// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/http/apirequest.h"

#include <QByteArray>
#include <QList>
#include <QUrl>

#include <optional>
#include <utility>

namespace hybridge {

/// A whole answer: also 4xx and 5xx are values here; services map them to Errors in their own words.
struct HttpResponse {
    int status = 0;
    QList<std::pair<QByteArray, QByteArray>> headers; ///< as received; look up with header()
    QByteArray body;
    double elapsedMs = 0; ///< from the intended send to the last byte
    QUrl url; ///< as sent, without secrets
    [[nodiscard]] QByteArray header(const QByteArray &name) const ///< case-insensitive; empty when absent
    {
        for (const auto &[key, value] : headers)
            if (key.compare(name, Qt::CaseInsensitive) == 0)
                return value;
        return {};
    }
};

/// Sends requests to one outside system. What services depend on and what tests fake (tests/support/faketransport.h).
/// GUI thread; never blocks.
class ApiTransport {
public:
    virtual ~ApiTransport() = default;
    /// One request, with retries where that is safe. Errors: Network, Timeout, Cancelled, Tls, Protocol (too long),
    /// OutcomeUnknown (a non-idempotent request left and no answer came), RateLimited (local budget or Retry-After).
    virtual Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) = 0;
};

} // namespace hybridge
