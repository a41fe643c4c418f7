// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatwire.h"

#include "backend/base/units.h"

#include <QCoroSignal>

#include <QCoreApplication>
#include <QTimer>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

Error cancelled()
{
    return {Error::Kind::Cancelled, {}};
}

class HttpWire final : public ChatWire {
public:
    HttpWire(std::shared_ptr<ApiClient> client, ApiRequest request) : m_client(std::move(client)), m_request(std::move(request)) { }

    Task<Result<HttpResponse>> open(std::function<void()> onSent, std::chrono::milliseconds limit, std::stop_token stop) override
    {
        ApiRequest request = m_request;
        request.timeout(limit);
        const Result<std::shared_ptr<HttpStream>> stream = co_await m_client->open(request, stop, onSent);
        if (!stream)
            co_return stream.error();
        m_stream = *stream;
        const HttpResponse head = m_stream->response();
        co_return head;
    }
    Task<Result<QByteArray>> next(std::chrono::milliseconds patience, std::stop_token stop) override { return m_stream->next(patience, stop); }

private:
    std::shared_ptr<ApiClient> m_client;
    ApiRequest m_request;
    std::shared_ptr<HttpStream> m_stream;
};

/// HTTP/1.1 inside a channel. All state changes by signals of the stream; whoever waits is woken by the latch.
class TunnelWire final : public ChatWire {
public:
    TunnelWire(Shell &shell, QUrl base, Secret apiKey, ApiRequest request)
        : m_shell(&shell), m_base(std::move(base)), m_apiKey(std::move(apiKey)), m_request(std::move(request))
    {
    }
    ~TunnelWire() override
    {
        if (m_stream)
            m_stream->close();
    }

    Task<Result<HttpResponse>> open(std::function<void()> onSent, std::chrono::milliseconds limit, std::stop_token stop) override
    {
        const Result<QByteArray> bytes = requestBytes();
        if (!bytes)
            co_return bytes.error();
        Forwarder *const forwarder = forwarderOf(m_shell);
        if (!m_shell || !forwarder)
            co_return cancelled();
        const quint16 port = quint16(m_base.port(80));
        // The link first: what waits for it is "connecting", and a channel opens within one round trip.
        QMetaObject::Connection linked;
        if (m_shell->linkState() == LinkState::Connected)
            onSent();
        else
            linked = QObject::connect(m_shell, &Shell::linkStateChanged, &m_context, [onSent](LinkState state) {
                if (state == LinkState::Connected)
                    onSent();
            });
        m_stream = forwarder->forward(m_base.host(), port, *bytes, limit);
        QObject::connect(m_stream.get(), &ShellStream::outputReceived, &m_context, [this](const QByteArray &output) { take(output); });
        QObject::connect(m_stream.get(), &ShellStream::ended, &m_context, [this](const Result<ExecResult> &end) {
            m_ended = true;
            if (!end)
                m_error = end.error();
            wake();
        });
        const std::function<bool()> there = [this] { return m_reader.hasHead(); };
        const bool inTime = co_await waitFor(there, limit, stop);
        QObject::disconnect(linked); // who asked may be gone by the next time
        if (m_error && !m_reader.hasHead())
            co_return *m_error;
        if (stop.stop_requested())
            co_return cancelled();
        if (!inTime)
            co_return Error(Error::Kind::Timeout, tr("The engine at %1 did not answer in time.").arg(m_base.authority()));
        if (!m_reader.hasHead())
            co_return Error(Error::Kind::OutcomeUnknown, tr("The engine closed the connection without an answer."));
        HttpResponse head;
        head.status = m_reader.status();
        head.headers = m_reader.headers();
        head.url = m_base;
        Redactor redactor;
        redactor.learn(m_apiKey);
        head.redactor = std::make_shared<const Redactor>(redactor);
        co_return head;
    }

    Task<Result<QByteArray>> next(std::chrono::milliseconds patience, std::stop_token stop) override
    {
        const std::function<bool()> there = [this] { return !m_body.isEmpty() || m_reader.isWhole(); };
        const bool inTime = co_await waitFor(there, patience, stop);
        if (stop.stop_requested()) {
            m_stream->close();
            co_return cancelled();
        }
        if (!m_body.isEmpty()) {
            const QByteArray bytes = std::exchange(m_body, {});
            co_return bytes;
        }
        if (m_error)
            co_return *m_error;
        if (m_reader.isWhole() || (m_ended && m_reader.mayEndHere()))
            co_return QByteArray();
        if (m_ended)
            co_return Error(Error::Kind::Network, tr("The answer was cut off."));
        Q_ASSERT(!inTime);
        Q_UNUSED(inTime)
        m_stream->close();
        co_return Error(Error::Kind::Timeout, tr("The engine sent nothing for %1.").arg(formatLatency(double(patience.count()))));
    }

private:
    [[nodiscard]] Result<QByteArray> requestBytes() const
    {
        if (m_base.scheme() != u"http" || m_base.host().isEmpty())
            return Error(Error::Kind::Invalid, tr("%1 is not an http:// address on the node.").arg(safeText(m_base.toDisplayString(), 120)));
        const QString host = m_base.host();
        const QByteArray authority = (host.contains(u':') ? u'[' + host + u']' : host).toUtf8() + ':' + QByteArray::number(m_base.port(80));
        QByteArray path = m_base.path(QUrl::FullyEncoded).toUtf8();
        while (path.endsWith('/'))
            path.chop(1);
        if (path.endsWith("/v1"))
            path.chop(3);
        HeaderList headers;
        if (!m_apiKey.isEmpty())
            headers.append({QByteArrayLiteral("Authorization"), "Bearer " + m_apiKey.reveal()});
        return buildHttp1(m_request, authority, path, headers);
    }
    void take(const QByteArray &output)
    {
        if (m_error)
            return;
        const Result<QByteArray> body = m_reader.feed(output);
        if (body)
            m_body += *body;
        else
            m_error = body.error();
        wake();
    }
    void wake()
    {
        if (m_latch)
            m_latch->release();
    }
    /// False: @p limit passed first. True otherwise, also after an end or a stop.
    Task<bool> waitFor(std::function<bool()> there, std::chrono::milliseconds limit, std::stop_token stop)
    {
        bool late = false;
        while (!there() && !m_error && !m_ended && !stop.stop_requested() && !late) {
            Latch latch;
            m_latch = &latch;
            QTimer timer;
            timer.setSingleShot(true);
            QObject::connect(&timer, &QTimer::timeout, &latch, [&late, &latch] {
                late = true;
                latch.release();
            });
            timer.start(limit);
            const std::stop_callback onStop(stop, [&latch] { latch.release(); });
            if (!latch.isReleased())
                co_await qCoro(&latch, &Latch::released);
        }
        co_return !late;
    }

    QPointer<Shell> m_shell;
    QUrl m_base;
    Secret m_apiKey;
    ApiRequest m_request;
    Http1Reader m_reader;
    QByteArray m_body;
    std::optional<Error> m_error;
    bool m_ended = false;
    QPointer<Latch> m_latch;
    QObject m_context; ///< ends the connections
    std::unique_ptr<ShellStream> m_stream;
};

} // namespace

std::shared_ptr<ChatWire> makeHttpWire(std::shared_ptr<ApiClient> client, ApiRequest request)
{
    return std::make_shared<HttpWire>(std::move(client), std::move(request));
}

std::shared_ptr<ChatWire> makeTunnelWire(Shell &shell, QUrl base, Secret apiKey, ApiRequest request)
{
    return std::make_shared<TunnelWire>(shell, std::move(base), std::move(apiKey), std::move(request));
}

} // namespace hybridge
