// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/apiclient.h"

#include "backend/http/exchange.h"
#include "backend/http/requesturl.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QNetworkAccessManager>
#include <QPointer>
#include <QRandomGenerator>
#include <QTimer>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Http", text);
}

/// The limits of one call: its time, its caller's stop, its client's end, joined into one token.
class CallLimits final {
public:
    CallLimits(
        QString host, std::chrono::milliseconds limit, const std::stop_token &caller, const std::stop_token &closing)
        : m_host(std::move(host))
        , m_limit(limit)
        , m_onCaller(caller, Forward{&m_source})
        , m_onClosing(closing, Forward{&m_source})
    {
        m_watch.start();
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            m_late = true;
            m_source.request_stop();
        });
        m_timer.start(limit);
    }
    [[nodiscard]] std::stop_token token() const { return m_source.get_token(); }
    [[nodiscard]] bool isLate() const { return m_late; }
    [[nodiscard]] bool isStopped() const { return m_source.stop_requested(); }
    [[nodiscard]] std::chrono::milliseconds left() const
    {
        return m_limit - std::chrono::milliseconds(m_watch.elapsed());
    }
    [[nodiscard]] double elapsedMs() const { return double(m_watch.nsecsElapsed()) / 1e6; }
    [[nodiscard]] Error error() const
    {
        if (!m_late)
            return {Error::Kind::Cancelled, tr("Cancelled.")};
        return {Error::Kind::Timeout, tr("%1 did not answer in time.").arg(m_host), QStringLiteral("nothing was sent")};
    }

private:
    struct Forward {
        std::stop_source *target;
        void operator()() const { target->request_stop(); }
    };
    QString m_host;
    std::chrono::milliseconds m_limit;
    QElapsedTimer m_watch;
    QTimer m_timer;
    std::stop_source m_source;
    bool m_late = false;
    std::stop_callback<Forward> m_onCaller;
    std::stop_callback<Forward> m_onClosing;
};

Task<Result<void>> takeToken(std::shared_ptr<TokenBucket> budget, TokenBucket::Use use,
    std::chrono::milliseconds mayWait, QString host, std::stop_token stop)
{
    QElapsedTimer watch;
    watch.start();
    while (budget) {
        const auto wait = budget->take(use);
        if (!wait)
            break;
        if (std::chrono::milliseconds(watch.elapsed()) + *wait >= mayWait) {
            Error error(Error::Kind::RateLimited, tr("The budget of calls to %1 is used up for the moment.").arg(host));
            error.retryAfterMs = wait->count();
            co_return error;
        }
        if (!co_await pause(*wait, stop))
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    }
    co_return Result<void>();
}

bool hasBadHeader(const ApiRequest &request)
{
    for (const auto &[name, value] : request.headers())
        if (!isHeaderName(name) || !isHeaderValue(value))
            return true;
    return !isHeaderValue(request.contentType());
}

std::shared_ptr<const Redactor> redactorFor(Redactor known, const ApiRequest &request, const HeaderList &secrets)
{
    const auto learn = [&known](const QByteArray &value) {
        known.learn(Secret(value));
        if (value.startsWith("Bearer "))
            known.learn(Secret(value.mid(7)));
    };
    for (const auto &[name, value] : secrets)
        learn(value);
    for (const auto &[name, value] : request.headers())
        if (isSecretHeader(name))
            learn(value);
    return std::make_shared<const Redactor>(std::move(known));
}

/// An error of the wire as the caller sees it: redacted, and honest about what may have happened on the other side.
Error finalError(
    Error error, const ApiRequest &request, bool mayHaveLeft, const Redactor &redactor, const QString &host)
{
    error.detail = redactor(error.detail);
    const bool unanswered = error.kind == Error::Kind::Network || error.kind == Error::Kind::Timeout
        || error.kind == Error::Kind::Protocol;
    if (request.isIdempotent() || !mayHaveLeft || !unanswered)
        return error;
    Error unknown(Error::Kind::OutcomeUnknown, tr("It is not known whether %1 carried the request out.").arg(host),
        error.summary + (error.detail.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(error.detail)), error.code);
    unknown.remedy = tr("Look at the present state before trying again; the request is not repeated by itself.");
    return unknown;
}
} // namespace

struct ApiClient::Core {
    QUrl base;
    QPointer<QNetworkAccessManager> manager;
    ConnectionPool *pool = nullptr;
    std::shared_ptr<Authorizer> authorizer;
    std::shared_ptr<TokenBucket> budget;
    Redactor redactor;
    RetryPolicy retry = retryPause;
    std::stop_source closing;
};

ApiClient::ApiClient(QUrl base, QNetworkAccessManager &manager) : m_core(std::make_shared<Core>())
{
    m_core->base = std::move(base);
    m_core->manager = &manager;
}

ApiClient::ApiClient(QUrl base, ConnectionPool &pool) : m_core(std::make_shared<Core>())
{
    m_core->base = std::move(base);
    m_core->pool = &pool;
}

ApiClient::~ApiClient()
{
    m_core->closing.request_stop();
}

void ApiClient::setAuthorizer(std::shared_ptr<Authorizer> authorizer)
{
    m_core->authorizer = std::move(authorizer);
}

void ApiClient::setBudget(std::shared_ptr<TokenBucket> budget)
{
    m_core->budget = std::move(budget);
}

void ApiClient::setRedactor(Redactor redactor)
{
    m_core->redactor = std::move(redactor);
}

void ApiClient::setRetryPolicy(RetryPolicy policy)
{
    m_core->retry = std::move(policy);
}

const QUrl &ApiClient::base() const
{
    return m_core->base;
}

Task<Result<HttpResponse>> ApiClient::send(ApiRequest request, std::stop_token stop)
{
    return sendAll(m_core, std::move(request), std::move(stop));
}

Task<Result<std::shared_ptr<HttpStream>>> ApiClient::open(ApiRequest request, std::stop_token stop, std::function<void()> onSent)
{
    return openOnce(m_core, std::move(request), std::move(stop), std::move(onSent));
}

Task<Result<HttpResponse>> ApiClient::sendAll(std::shared_ptr<Core> core, ApiRequest request, std::stop_token stop)
{
    const Result<QUrl> url = requestUrl(core->base, request);
    if (!url)
        co_return url.error();
    if (hasBadHeader(request))
        co_return Error(Error::Kind::Invalid, tr("A header of the request holds characters that no header may carry."));
    const QString host = url->host();
    const auto use = request.verb() == ApiRequest::Verb::Get ? TokenBucket::Use::Read : TokenBucket::Use::Write;
    CallLimits limits(host, request.timeoutLimit(), stop, core->closing.get_token());
    bool renewed = false;
    int sent = 0;
    for (int attempt = 1;; ++attempt) {
        if (limits.isStopped())
            co_return limits.error();
        const Result<void> allowed = co_await takeToken(core->budget, use, limits.left(), host, limits.token());
        if (limits.isStopped())
            co_return limits.error();
        if (!allowed)
            co_return allowed.error();
        HeaderList secrets;
        const std::shared_ptr<Authorizer> authorizer = core->authorizer;
        if (authorizer) {
            const Result<HeaderList> made = co_await authorizer->headersFor(*url, limits.token());
            if (limits.isStopped())
                co_return limits.error();
            if (!made)
                co_return made.error();
            secrets = *made;
        }
        const std::shared_ptr<const Redactor> redactor = redactorFor(core->redactor, request, secrets);
        const ConnectionPool::Lease lease = core->pool ? core->pool->acquire(*url) : ConnectionPool::Lease();
        QNetworkAccessManager *manager = core->pool ? lease.manager() : core->manager.data();
        if (!manager)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        const auto exchange = std::make_shared<Exchange>(*manager, *url, request, secrets, request.byteLimit());
        ++sent;
        {
            const std::stop_callback onStop(limits.token(), [exchange, &limits] { exchange->stop(limits.isLate()); });
            while (!exchange->isOver())
                co_await Exchange::wait(exchange, Exchange::Until::End);
        }
        AttemptOutcome outcome;
        outcome.attempt = attempt;
        outcome.mostAttempts = request.mostAttempts();
        outcome.idempotent = request.isIdempotent();
        HttpResponse response;
        const Result<void> end = exchange->outcome();
        if (end) {
            response.status = exchange->status();
            response.headers = exchange->headers();
            response.body = exchange->takeBytes();
            response.elapsedMs = limits.elapsedMs();
            response.attempts = sent;
            response.url = *url;
            response.redactor = redactor;
            outcome.status = response.status;
            outcome.retryAfterMs = response.retryAfterMs();
            if (response.status == 429 && core->budget && outcome.retryAfterMs > 0)
                core->budget->pauseFor(std::chrono::milliseconds(outcome.retryAfterMs));
            // A request that was refused for its token was not carried out: sending it once more repeats nothing.
            if (response.status == 401 && !renewed && authorizer && authorizer->renewAfterRefusal()) {
                renewed = true;
                continue;
            }
        } else {
            outcome.failure = end.error().kind;
        }
        const auto wait = core->retry(outcome, QRandomGenerator::global()->generateDouble());
        if (wait && *wait < limits.left() && !limits.isStopped()) {
            if (!co_await pause(*wait, limits.token()))
                co_return limits.error();
            continue;
        }
        if (end)
            co_return response;
        co_return finalError(end.error(), request, exchange->mayHaveLeft(), *redactor, host);
    }
}

Task<Result<std::shared_ptr<HttpStream>>> ApiClient::openOnce(
    std::shared_ptr<Core> core, ApiRequest request, std::stop_token stop, std::function<void()> onSent)
{
    const Result<QUrl> url = requestUrl(core->base, request);
    if (!url)
        co_return url.error();
    if (hasBadHeader(request))
        co_return Error(Error::Kind::Invalid, tr("A header of the request holds characters that no header may carry."));
    const QString host = url->host();
    CallLimits limits(host, request.timeoutLimit(), stop, core->closing.get_token());
    if (limits.isStopped())
        co_return limits.error();
    HeaderList secrets;
    for (bool renewed = false;; renewed = true) {
        const std::shared_ptr<Authorizer> authorizer = core->authorizer;
        if (authorizer) {
            const Result<HeaderList> made = co_await authorizer->headersFor(*url, limits.token());
            if (limits.isStopped())
                co_return limits.error();
            if (!made)
                co_return made.error();
            secrets = *made;
        }
        const std::shared_ptr<const Redactor> redactor = redactorFor(core->redactor, request, secrets);
        const ConnectionPool::Lease lease = core->pool ? core->pool->acquire(*url) : ConnectionPool::Lease();
        QNetworkAccessManager *manager = core->pool ? lease.manager() : core->manager.data();
        if (!manager)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        const auto exchange = std::make_shared<Exchange>(*manager, *url, request, secrets, request.byteLimit());
        exchange->setOnSent(onSent);
        {
            const std::stop_callback onStop(limits.token(), [exchange, &limits] { exchange->stop(limits.isLate()); });
            while (!exchange->hasHead() && !exchange->isOver())
                co_await Exchange::wait(exchange, Exchange::Until::Progress);
        }
        if (!exchange->hasHead() || limits.isStopped()) {
            const Result<void> end = exchange->outcome();
            co_return finalError(end ? limits.error() : end.error(), request, exchange->mayHaveLeft(), *redactor, host);
        }
        if (exchange->status() == 401 && !renewed && authorizer && authorizer->renewAfterRefusal())
            continue;
        co_return std::make_shared<HttpStream>(exchange, lease, *url, redactor, limits.elapsedMs());
    }
}

} // namespace hybridge
