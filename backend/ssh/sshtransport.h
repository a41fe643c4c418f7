// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshhandles.h"
#include "backend/ssh/sshtarget.h"

#include <QObject>
#include <QTcpSocket>

#include <memory>

namespace hybridge {

/// Brings up the byte stream that an SSH session runs over and hands over its bare descriptor. One use each. GUI
/// thread; never blocks it; destroying it gives up. A ProxyCommand and a jump host will be further implementations (a
/// descriptor of a socket pair); makeTransport() is where they are chosen.
class SshTransport : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void start() = 0;
    /// What to say when the dial time ends before connected().
    [[nodiscard]] virtual Error timeoutError() const = 0;
    /// The connected, non-blocking descriptor; once, after connected().
    [[nodiscard]] UniqueFd takeDescriptor() { return std::move(m_descriptor); }
Q_SIGNALS:
    void connected();
    void failed(const hybridge::Error &error);

protected:
    UniqueFd m_descriptor;
};

/// Name lookup and TCP connection straight to the target, never through a proxy of the desktop.
class TcpTransport final : public SshTransport {
    Q_OBJECT
public:
    explicit TcpTransport(SshTarget target, QObject *parent = nullptr);
    void start() override;
    [[nodiscard]] Error timeoutError() const override;

private:
    void takeOver();
    void fail(QAbstractSocket::SocketError error);
    SshTarget m_target;
    QTcpSocket m_socket;
};

[[nodiscard]] std::unique_ptr<SshTransport> makeTransport(const SshTarget &target);

} // namespace hybridge
