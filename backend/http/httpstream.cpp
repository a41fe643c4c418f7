// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/httpstream.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QTimer>

namespace hybridge {

namespace {
/// Free of the stream, so that it may be destroyed while this waits.
Task<Result<QByteArray>> nextBytes(
    std::shared_ptr<Exchange> exchange, QString host, std::chrono::milliseconds patience, std::stop_token stop)
{
    if (stop.stop_requested()) {
        exchange->stop(false);
        co_return exchange->outcome().error();
    }
    bool late = false;
    {
        QTimer timer;
        timer.setSingleShot(true);
        timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&timer, &QTimer::timeout, &timer, [&late, exchange] {
            late = true;
            exchange->nudge();
        });
        const std::stop_callback onStop(stop, [exchange] { exchange->stop(false); });
        timer.start(patience);
        while (!exchange->hasBytes() && !exchange->isOver() && !late)
            co_await Exchange::wait(exchange, Exchange::Until::Progress);
    }
    if (exchange->hasBytes())
        co_return exchange->takeBytes();
    if (exchange->isOver()) {
        const Result<void> end = exchange->outcome();
        if (!end)
            co_return end.error();
        co_return QByteArray();
    }
    exchange->stop(true);
    co_return Error(Error::Kind::Timeout,
        QCoreApplication::translate("Http", "%1 sent nothing for %2.")
            .arg(host, formatLatency(double(patience.count()))));
}
} // namespace

HttpStream::HttpStream(std::shared_ptr<Exchange> exchange, ConnectionPool::Lease lease, QUrl url,
    std::shared_ptr<const Redactor> redactor, double headersMs)
    : m_exchange(std::move(exchange))
    , m_lease(std::move(lease))
    , m_url(std::move(url))
    , m_redactor(std::move(redactor))
    , m_headersMs(headersMs)
{
}

HttpStream::~HttpStream()
{
    m_exchange->stop(false);
}

int HttpStream::status() const
{
    return m_exchange->status();
}

double HttpStream::sentMs() const
{
    return m_exchange->sentMs();
}

const HeaderList &HttpStream::headers() const
{
    return m_exchange->headers();
}

HttpResponse HttpStream::response(QByteArray body) const
{
    HttpResponse out;
    out.status = m_exchange->status();
    out.headers = m_exchange->headers();
    out.body = std::move(body);
    out.elapsedMs = m_headersMs;
    out.url = m_url;
    out.redactor = m_redactor;
    return out;
}

Task<Result<QByteArray>> HttpStream::next(std::chrono::milliseconds patience, std::stop_token stop)
{
    return nextBytes(m_exchange, m_url.host(), patience, std::move(stop));
}

} // namespace hybridge
