// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/http/apirequest.h"
#include "backend/http/connectionpool.h"
#include "backend/http/exchange.h"
#include "backend/http/httpresponse.h"

#include <chrono>
#include <memory>

namespace hybridge {

/// An answer that is read while it comes (tokens, long polls). Made by ApiClient::open(). Destroying it, or stopping,
/// closes the connection: that is how a generation is cancelled. GUI thread.
class HttpStream final {
public:
    HttpStream(std::shared_ptr<Exchange> exchange, ConnectionPool::Lease lease, QUrl url,
        std::shared_ptr<const Redactor> redactor, double headersMs);
    ~HttpStream();
    HttpStream(const HttpStream &) = delete;
    HttpStream &operator=(const HttpStream &) = delete;

    [[nodiscard]] int status() const;
    [[nodiscard]] const HeaderList &headers() const;
    /// From the intended send to the headers.
    [[nodiscard]] double headersMs() const { return m_headersMs; }
    /// From the intended send until the request had left; -1 when Qt did not tell.
    [[nodiscard]] double sentMs() const;
    /// The head as a response with @p body: for classifying refusals and for excerpts.
    [[nodiscard]] HttpResponse response(QByteArray body = {}) const;

    /// The next bytes, as soon as there are any; empty = the answer ended whole. Waits @p patience at most.
    /// Errors: Timeout, Cancelled (stop, or the stream was destroyed), Network (cut off), Protocol (over maxBytes).
    /// One call at a time.
    Task<Result<QByteArray>> next(std::chrono::milliseconds patience, std::stop_token stop);

private:
    std::shared_ptr<Exchange> m_exchange;
    ConnectionPool::Lease m_lease;
    QUrl m_url;
    std::shared_ptr<const Redactor> m_redactor;
    double m_headersMs;
};

} // namespace hybridge
