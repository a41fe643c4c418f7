// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshtarget.h"

#include <QStringList>

namespace hybridge {

/// The operator's sentences about a link: what happened (summary), why we think so (detail), what to do (remedy). Pure;
/// any thread.
namespace ssherror {

/// "op@192.0.2.7" or "op@host:2222".
[[nodiscard]] QString place(const SshTarget &target);

[[nodiscard]] Error noAddress();
[[nodiscard]] Error nameNotResolved(const SshTarget &target, const QString &why);
[[nodiscard]] Error refused(const SshTarget &target);
[[nodiscard]] Error unreachable(const SshTarget &target, const QString &why);
/// No TCP connection within the dial time: packets are dropped, or the machine is off.
[[nodiscard]] Error connectTimeout(const SshTarget &target);
/// The TCP connection stands but the other side does not speak, or stopped speaking.
[[nodiscard]] Error silent(const SshTarget &target);
/// It speaks, but not SSH, or no common algorithm.
[[nodiscard]] Error handshakeFailed(const SshTarget &target, const QString &why);
/// @p files: the private keys that were offered. @p methods: what the server would take, may be empty.
[[nodiscard]] Error notLetIn(const SshTarget &target, const QStringList &files, const QString &methods);
/// The connection ended before the log-in was decided. @p notice: what the server had told before it, may be empty.
[[nodiscard]] Error cutAtLogin(const SshTarget &target, const QString &why, const QString &notice);
/// Whether libssh's words for the end of a connection tell of a server's SSH_MSG_DISCONNECT that is about who wants to log
/// in: reason 1, 2 (OpenSSH: "Too many authentication failures"), 14 or 15 of RFC 4253, section 11.1.
[[nodiscard]] bool refusesTheUser(const QString &why);
[[nodiscard]] Error linkLost(const SshTarget &target, const QString &why);
[[nodiscard]] Error keepAliveLost(const SshTarget &target);
[[nodiscard]] Error closedByUs();
[[nodiscard]] Error cancelled();
[[nodiscard]] Error commandTimeout(const SshTarget &target, std::chrono::milliseconds limit, bool started);
[[nodiscard]] Error channelRefused(const SshTarget &target, const QString &why);
/// direct-tcpip: connection refused on the node (code 111).
[[nodiscard]] Error forwardRefused(const QString &host, int port, const QString &why);
[[nodiscard]] Error forwardFailed(const QString &host, int port, const QString &why);
[[nodiscard]] Error forwardForbidden(const QString &host, int port, const QString &why);
[[nodiscard]] Error forwardTooLong(const QString &host, int port, qint64 maxBytes);

} // namespace ssherror
} // namespace hybridge
