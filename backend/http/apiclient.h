// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/redact.h"
#include "backend/http/apitransport.h"
#include "backend/http/authorizer.h"
#include "backend/http/connectionpool.h"
#include "backend/http/httpstream.h"
#include "backend/http/retrypolicy.h"
#include "backend/http/tokenbucket.h"

#include <QUrl>

#include <functional>
#include <memory>

class QNetworkAccessManager;

namespace hybridge {

/// HTTP to one outside system: the only place that knows QNetworkAccessManager, credentials, retries, redaction and
/// budgets. Redirects are never followed; TLS errors are errors. GUI thread; never blocks.
///
/// The manager (or pool) must outlive the client's calls; if it goes first they end as Cancelled. Deleting the client
/// cancels them too. Monitors, chat and drills each use a manager of their own.
class ApiClient final : public ApiTransport {
public:
    using RetryPolicy = std::function<std::optional<std::chrono::milliseconds>(const AttemptOutcome &, double random)>;

    ApiClient(QUrl base, QNetworkAccessManager &manager);
    ApiClient(QUrl base, ConnectionPool &pool);
    ~ApiClient() override;
    Q_DISABLE_COPY_MOVE(ApiClient)

    /// Set-up, before the first call. Null: no credentials.
    void setAuthorizer(std::shared_ptr<Authorizer> authorizer);
    /// Shared by all clients that speak to the same service with the same token. Null: no budget.
    void setBudget(std::shared_ptr<TokenBucket> budget);
    /// What is taken out of every text of an Error or excerpt, beside the secrets of the request itself.
    void setRedactor(Redactor redactor);
    /// Default: retryPause().
    void setRetryPolicy(RetryPolicy policy);

    [[nodiscard]] const QUrl &base() const;

    Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) override;
    /// Sends once and hands over the answer as soon as its headers are there, whatever their status. The request's
    /// time-out runs to the headers only; its maxBytes holds for the whole body. Errors as send().
    /// @p onSent is called when the request has left (requests with a body alone); may be null.
    Task<Result<std::shared_ptr<HttpStream>>> open(ApiRequest request, std::stop_token stop, std::function<void()> onSent = {});

private:
    struct Core;
    static Task<Result<HttpResponse>> sendAll(std::shared_ptr<Core> core, ApiRequest request, std::stop_token stop);
    static Task<Result<std::shared_ptr<HttpStream>>> openOnce(
        std::shared_ptr<Core> core, ApiRequest request, std::stop_token stop, std::function<void()> onSent);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
