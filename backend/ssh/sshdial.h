// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshhandshake.h"
#include "backend/ssh/sshtransport.h"

#include <QSocketNotifier>
#include <QThreadPool>
#include <QTimer>

namespace hybridge {

/// What every dial of this program shares. References outlive the dial.
struct SshDialContext {
    QThreadPool &pool;
    SshKeys &keys;
    HostKeyMode mode = HostKeyMode::Strict;
    KnownHostsFile &ourKnownHosts;
    KnownHostsFile &userKnownHosts;
};

/// One attempt at a link: keys, name lookup and TCP on the GUI thread, then the handshake on a pool thread. Emits
/// finished() once, never inside start(), and within the dial time of its target (asking for a passphrase does not
/// count). Deleting it gives up.
class SshDial final : public QObject {
    Q_OBJECT
public:
    SshDial(SshDialContext context, SshTarget target, QList<HostKey> expectedKeys, QObject *parent = nullptr);
    ~SshDial() override;
    void start();
    /// After finished().
    [[nodiscard]] HandshakeOutcome takeOutcome() { return std::move(m_outcome); }
Q_SIGNALS:
    void finished();

private:
    void connectTransport();
    void awaitBanner();
    void handshake();
    void finish(HandshakeOutcome outcome);
    void fail(const Error &error);

    SshDialContext m_context;
    SshTarget m_target;
    QList<HostKey> m_expectedKeys;
    QList<SshIdentity> m_identities;
    std::unique_ptr<SshTransport> m_transport;
    UniqueFd m_socket;
    std::unique_ptr<QSocketNotifier> m_banner;
    QTimer m_limit;
    std::chrono::steady_clock::time_point m_deadline;
    std::shared_ptr<const UniqueFd> m_cancel;
    HandshakeOutcome m_outcome;
    bool m_isConnected = false;
    bool m_finished = false;
};

} // namespace hybridge
