// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshtransport.h"

#include "backend/ssh/ssherrors.h"

#include <QNetworkProxy>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace hybridge {

TcpTransport::TcpTransport(SshTarget target, QObject *parent) : SshTransport(parent), m_target(std::move(target))
{
    m_socket.setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    connect(&m_socket, &QTcpSocket::connected, this, &TcpTransport::takeOver);
    connect(&m_socket, &QTcpSocket::errorOccurred, this, &TcpTransport::fail);
}

void TcpTransport::start()
{
    m_socket.connectToHost(m_target.host, m_target.port);
}

Error TcpTransport::timeoutError() const
{
    if (m_socket.state() == QAbstractSocket::HostLookupState)
        return ssherror::nameNotResolved(m_target, tr("The name server did not answer in time."));
    return ssherror::connectTimeout(m_target);
}

void TcpTransport::takeOver()
{
    // Here and now: as soon as the event loop turns, QTcpSocket would read the server's banner and libssh never see it.
    m_descriptor = UniqueFd(::fcntl(static_cast<int>(m_socket.socketDescriptor()), F_DUPFD_CLOEXEC, 0));
    disconnect(&m_socket, nullptr, this, nullptr);
    m_socket.abort();
    if (!m_descriptor) {
        Q_EMIT failed(ssherror::unreachable(m_target, tr("This program has too many open files.")));
        return;
    }
    const int on = 1;
    ::setsockopt(m_descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Q_EMIT connected();
}

void TcpTransport::fail(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::HostNotFoundError:
        Q_EMIT failed(ssherror::nameNotResolved(m_target, m_socket.errorString()));
        return;
    case QAbstractSocket::ConnectionRefusedError:
        Q_EMIT failed(ssherror::refused(m_target));
        return;
    case QAbstractSocket::SocketTimeoutError:
        Q_EMIT failed(ssherror::connectTimeout(m_target));
        return;
    default:
        Q_EMIT failed(ssherror::unreachable(m_target, m_socket.errorString()));
        return;
    }
}

std::unique_ptr<SshTransport> makeTransport(const SshTarget &target)
{
    return std::make_unique<TcpTransport>(target);
}

} // namespace hybridge
