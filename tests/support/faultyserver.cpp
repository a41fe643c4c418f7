// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/faultyserver.h"

#include <QSslServer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <algorithm>

namespace hybridge {

QByteArray FaultyServer::Seen::header(const QByteArray &name) const
{
    for (const auto &[key, value] : headers)
        if (key.compare(name, Qt::CaseInsensitive) == 0)
            return value;
    return {};
}

bool FaultyServer::Seen::hasHeader(const QByteArray &name) const
{
    return std::any_of(
        headers.begin(), headers.end(), [&](const auto &h) { return h.first.compare(name, Qt::CaseInsensitive) == 0; });
}

FaultyServer::FaultyServer(Mode mode, const QSslConfiguration *tls) : m_mode(mode), m_tls(tls != nullptr)
{
    if (tls) {
        auto server = std::make_unique<QSslServer>();
        server->setSslConfiguration(*tls);
        m_server = std::move(server);
    } else {
        m_server = std::make_unique<QTcpServer>();
    }
    connect(m_server.get(), &QTcpServer::pendingConnectionAvailable, this, [this] {
        while (QTcpSocket *socket = m_server->nextPendingConnection())
            serve(socket);
    });
    m_server->setMaxPendingConnections(1000);
    if (!m_server->listen(QHostAddress::LocalHost))
        qFatal("no loopback port");
}

FaultyServer::~FaultyServer()
{
    for (const QPointer<QTcpSocket> &socket : m_sockets)
        if (socket)
            socket->disconnect(this);
}

QUrl FaultyServer::url() const
{
    QUrl url;
    url.setScheme(m_tls ? QStringLiteral("https") : QStringLiteral("http"));
    url.setHost(QStringLiteral("127.0.0.1"));
    url.setPort(port());
    return url;
}

quint16 FaultyServer::port() const
{
    return m_server->serverPort();
}

int FaultyServer::count(const QByteArray &method) const
{
    return int(std::count_if(m_seen.begin(), m_seen.end(), [&](const Seen &s) { return s.method == method; }));
}

int FaultyServer::open() const
{
    return int(std::count_if(m_sockets.begin(), m_sockets.end(),
        [](const QPointer<QTcpSocket> &s) { return s && s->state() == QAbstractSocket::ConnectedState; }));
}

void FaultyServer::setAnswer(int status, QByteArray body, HeaderList headers)
{
    m_mode = Mode::Scripted;
    m_scripted = "HTTP/1.1 " + QByteArray::number(status) + " Scripted\r\n";
    bool framed = false;
    for (const auto &[name, value] : headers) {
        m_scripted += name + ": " + value + "\r\n";
        framed = framed || name.toLower() == "content-length" || name.toLower() == "transfer-encoding";
    }
    if (!framed)
        m_scripted += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
    m_scripted += "\r\n" + body;
}

void FaultyServer::push(const QByteArray &bytes, bool close)
{
    for (const QPointer<QTcpSocket> &socket : m_sockets) {
        if (!socket || socket->state() != QAbstractSocket::ConnectedState)
            continue;
        socket->write(bytes);
        socket->flush();
        if (close)
            socket->disconnectFromHost();
    }
}

void FaultyServer::serve(QTcpSocket *socket)
{
    ++m_connections;
    m_sockets.append(socket);
    connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
        m_pending.remove(socket);
        socket->deleteLater();
    });
    if (m_mode == Mode::Empty) {
        socket->disconnectFromHost();
        return;
    }
    connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
    if (socket->bytesAvailable() > 0)
        read(socket);
}

void FaultyServer::read(QTcpSocket *socket)
{
    QByteArray &bytes = m_pending[socket];
    bytes += socket->readAll();
    for (;;) {
        const qsizetype end = bytes.indexOf("\r\n\r\n");
        if (end < 0)
            return;
        const QList<QByteArray> lines = bytes.left(end).split('\n');
        Seen request;
        const QList<QByteArray> words = lines.value(0).trimmed().split(' ');
        request.method = words.value(0);
        request.target = words.value(1);
        for (qsizetype i = 1; i < lines.size(); ++i) {
            const QByteArray line = lines[i].trimmed();
            const qsizetype colon = line.indexOf(':');
            request.headers.append({line.left(colon), line.mid(colon + 1).trimmed()});
        }
        const qsizetype length = request.header("Content-Length").toInt();
        if (bytes.size() < end + 4 + length)
            return;
        request.body = bytes.mid(end + 4, length);
        bytes.remove(0, end + 4 + length);
        m_seen.append(request);
        answer(socket, request);
        if (socket->state() != QAbstractSocket::ConnectedState)
            return;
    }
}

void FaultyServer::drip(QTcpSocket *socket, QByteArray head)
{
    socket->write(head);
    socket->flush();
    auto *timer = new QTimer(socket);
    connect(timer, &QTimer::timeout, socket, [socket] {
        socket->write("x");
        socket->flush();
    });
    timer->start(5);
}

void FaultyServer::answer(QTcpSocket *socket, const Seen &request)
{
    if (m_respond) {
        socket->write(m_respond(request));
        return;
    }
    const bool expired = m_modeFor >= 0 && m_seen.size() > m_modeFor;
    switch (expired ? Mode::Ok : m_mode) {
    case Mode::Ok:
        socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}");
        break;
    case Mode::Scripted:
        socket->write(m_scripted);
        break;
    case Mode::Empty:
    case Mode::CloseUnanswered:
        socket->disconnectFromHost();
        break;
    case Mode::CloseInMidHeader:
        socket->write("HTTP/1.1 200 OK\r\nContent-Ty");
        socket->disconnectFromHost();
        break;
    case Mode::Truncated:
        socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"ok\":");
        socket->disconnectFromHost();
        break;
    case Mode::TruncatedChunked:
        socket->write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"ok\":");
        socket->disconnectFromHost();
        break;
    case Mode::Silent:
        break;
    case Mode::SlowLoris:
        drip(socket, "HTTP/1.1 200 OK\r\nX-Slow: ");
        break;
    case Mode::SlowBody:
        drip(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        break;
    case Mode::Huge:
    case Mode::HugeChunked: {
        const QByteArray body = "\"" + QByteArray((10 << 20) - 2, 'x') + "\"";
        if (m_mode == Mode::Huge)
            socket->write("HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body);
        else
            socket->write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + QByteArray::number(body.size(), 16)
                + "\r\n" + body + "\r\n0\r\n\r\n");
        break;
    }
    case Mode::Garbage:
        socket->write("\x16\x03\x01 SSH-2.0-what is this\r\n\r\n");
        socket->disconnectFromHost();
        break;
    case Mode::Compressed:
        socket->write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01");
        break;
    }
}

} // namespace hybridge
