// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/hostkeypolicy.h"
#include "backend/ssh/sshhandles.h"
#include "backend/ssh/sshkeys.h"
#include "backend/ssh/sshtarget.h"

#include <chrono>
#include <optional>

namespace hybridge {

/// An authenticated, non-blocking session. May change threads, but is used by one at a time.
class DialedSession {
public:
    DialedSession() = default;
    /// Gives @p socket to a new session. A null session() afterwards: out of memory.
    explicit DialedSession(UniqueFd socket);
    DialedSession(DialedSession &&other) noexcept { *this = std::move(other); }
    DialedSession &operator=(DialedSession &&other) noexcept
    {
        std::swap(m_session, other.m_session);
        std::swap(m_descriptor, other.m_descriptor);
        std::swap(m_inode, other.m_inode);
        return *this;
    }
    Q_DISABLE_COPY(DialedSession)
    ~DialedSession() { close(); }
    /// Says goodbye without waiting and frees everything.
    void close();
    [[nodiscard]] ssh_session session() const { return m_session.get(); }
    /// For polling alone: libssh may have closed it after an error.
    [[nodiscard]] int descriptor() const { return m_descriptor; }

private:
    SshSessionHandle m_session;
    int m_descriptor = -1;
    quint64 m_inode = 0; ///< tells our socket from another that has got the same number
};

struct HandshakeRequest {
    SshTarget target;
    UniqueFd socket;                        ///< connected, non-blocking
    std::shared_ptr<const UniqueFd> cancel; ///< an eventfd: readable = give up
    std::chrono::steady_clock::time_point deadline;
    QList<SshIdentity> identities;
    HostKeyMode mode = HostKeyMode::Strict;
    QList<std::shared_ptr<const KnownHosts>> knownHosts; ///< ours first
    QList<HostKey> expectedKeys;                         ///< what a cloud has told; empty: nothing
};

struct HandshakeOutcome {
    std::optional<DialedSession> session;  ///< set on success alone
    std::optional<HostKeyFinding> hostKey; ///< set as soon as the host has shown its key
    std::optional<Error> error;            ///< set on failure alone
};

/// Key exchange, host-key check, authentication, in this order: no credential is sent before the key is accepted.
/// Blocks its (pool) thread until done, until the deadline, or until cancelled; whatever the other side does or does
/// not.
[[nodiscard]] HandshakeOutcome shakeHands(HandshakeRequest request);

/// The name under which @p target's host key is recorded.
[[nodiscard]] QString hostKeyName(const SshTarget &target);

} // namespace hybridge
