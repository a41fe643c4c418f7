// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apirequest.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QObject>
#include <QPointer>
#include <QUrl>

#include <functional>
#include <memory>

class QSslConfiguration;
class QTcpServer;
class QTcpSocket;

namespace hybridge {

/// A loopback HTTP/1.1 server that misbehaves as told; it counts what really came over the wire.
class FaultyServer final : public QObject {
    Q_OBJECT
public:
    enum class Mode {
        Ok,               ///< 200 and {"ok":true}
        Scripted,         ///< what setAnswer() says
        CloseUnanswered,  ///< reads the request, closes
        CloseInMidHeader, ///< half a header line, closes
        Truncated,        ///< promises more bytes than it sends, closes
        TruncatedChunked, ///< closes inside a chunk
        Silent,           ///< never answers
        SlowLoris,        ///< one byte of the head every 5 ms, without end
        SlowBody,         ///< a good head, then one byte of a long body every 5 ms
        Huge,             ///< 10 MiB of JSON with a Content-Length
        HugeChunked,      ///< 10 MiB without one
        Garbage,          ///< no HTTP at all
        Compressed,       ///< Content-Encoding: gzip though nobody asked
        Empty,            ///< accepts and closes without reading
    };
    struct Seen {
        QByteArray method;
        QByteArray target; ///< path and query as sent
        HeaderList headers;
        QByteArray body;
        [[nodiscard]] QByteArray header(const QByteArray &name) const;
        [[nodiscard]] bool hasHeader(const QByteArray &name) const;
    };

    /// Listens on 127.0.0.1 and a port of the kernel's. With @p tls it speaks TLS.
    explicit FaultyServer(Mode mode = Mode::Ok, const QSslConfiguration *tls = nullptr);
    ~FaultyServer() override;

    void setMode(Mode mode) { m_mode = mode; }
    /// The whole answer for Mode::Scripted: a head and a body; Content-Length is added unless @p headers frame it.
    void setAnswer(int status, QByteArray body, HeaderList headers = {});
    /// Answers after this many requests have been treated by the mode: later ones get Mode::Ok.
    void setModeFor(int requests) { m_modeFor = requests; }
    /// Decides for itself; the bytes are written as they are. Overrides the mode.
    void setResponder(std::function<QByteArray(const Seen &)> respond) { m_respond = std::move(respond); }
    /// Writes @p bytes on every open connection (streams by hand); closes them after that with @p close.
    void push(const QByteArray &bytes, bool close = false);

    [[nodiscard]] QUrl url() const;
    [[nodiscard]] quint16 port() const;
    [[nodiscard]] const QList<Seen> &seen() const { return m_seen; }
    [[nodiscard]] int count(const QByteArray &method) const;
    [[nodiscard]] int connections() const { return m_connections; }
    /// Connections that are open now.
    [[nodiscard]] int open() const;

private:
    void serve(QTcpSocket *socket);
    void read(QTcpSocket *socket);
    void answer(QTcpSocket *socket, const Seen &request);
    void drip(QTcpSocket *socket, QByteArray head);

    std::unique_ptr<QTcpServer> m_server;
    QHash<QTcpSocket *, QByteArray> m_pending;
    QList<QPointer<QTcpSocket>> m_sockets;
    QList<Seen> m_seen;
    std::function<QByteArray(const Seen &)> m_respond;
    QByteArray m_scripted;
    Mode m_mode;
    int m_modeFor = -1;
    int m_connections = 0;
    bool m_tls = false;
};

} // namespace hybridge
