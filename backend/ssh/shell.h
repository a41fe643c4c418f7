// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/ssh/sshcommand.h"

#include <QObject>

#include <memory>
#include <optional>

namespace hybridge {

/// Where a link to a node stands. What a view shows beside "SSH".
enum class LinkState {
    Idle,    ///< not asked for yet
    Dialing, ///< resolving, connecting, key exchange, authenticating
    Connected,
    Waiting, ///< failed; the next try comes after a pause (see Shell::linkError, nextTryIn)
    Blocked, ///< needs the operator: host key unknown or changed, no usable key. Not retried by itself except slowly
    Closed,
};

/// A remote process whose output is read as it comes. GUI thread. Closing or destroying it ends the channel.
class ShellStream : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// Ends the channel. ended() is not emitted after it.
    virtual void close() = 0;
Q_SIGNALS:
    void outputReceived(const QByteArray &bytes);
    void errorReceived(const QByteArray &bytes);
    /// The process has ended by itself (value: its exit), or the link was lost (error). Exactly once, unless closed.
    void ended(const hybridge::Result<hybridge::ExecResult> &end);
};

/// One node's SSH link as everything above sees it; what monitors and services are tested against (FakeShell in
/// tests/support). GUI thread; never blocks it. Every call is answered exactly once, also when the link closes.
class Shell : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Runs one command. Errors: Network (link down or lost), Timeout, Cancelled, HostKey, Unauthorized. A command that
    /// ran and failed is a value with its exit code, not an error.
    virtual Task<Result<ExecResult>> exec(SshCommand command, std::stop_token stop) = 0;

    /// Starts a long-lived remote process. Never null; a link that is down ends it with an error, queued.
    virtual std::unique_ptr<ShellStream> stream(SshCommand command) = 0;

    /// Opens a direct-tcpip channel to @p host:@p port as seen from the node, writes @p request, reads until the peer
    /// closes or @p enough(bytes so far) says that the answer is complete; returns all bytes. At most @p maxBytes.
    /// Errors: Network ("connection refused" on the node: code == 111), Timeout, Cancelled, Protocol (too long).
    /// @p enough may be null; it is called on another thread and must depend on its argument alone.
    virtual Task<Result<QByteArray>> roundTrip(QString host, quint16 port, QByteArray request,
        bool (*enough)(const QByteArray &), qint64 maxBytes, std::chrono::milliseconds limit, std::stop_token stop)
        = 0;

    [[nodiscard]] virtual LinkState linkState() const = 0;
    /// Why the link is not connected; empty while it is or while nothing is known.
    [[nodiscard]] virtual std::optional<Error> linkError() const = 0;

Q_SIGNALS:
    void linkStateChanged(hybridge::LinkState state);
};

} // namespace hybridge
