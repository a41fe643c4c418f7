// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/backoff.h"
#include "backend/ssh/forwarder.h"
#include "backend/ssh/shell.h"
#include "backend/ssh/sshhub.h"
#include "backend/ssh/sshtarget.h"

#include <QPointer>

namespace hybridge {

/// The Shell of one node. Connects at the first call, then keeps the link: after a loss it dials again with growing,
/// jittered pauses; after host-key or log-in trouble it is Blocked and looks again only slowly. While the link is not
/// up and no dial is running, calls are answered at once with linkError(). GUI thread.
class SshSession final : public Shell, public Forwarder {
    Q_OBJECT
public:
    SshSession(SshHub &hub, SshTarget target, QObject *parent = nullptr);
    ~SshSession() override;

    Task<Result<ExecResult>> exec(SshCommand command, std::stop_token stop) override;
    std::unique_ptr<ShellStream> stream(SshCommand command) override;
    std::unique_ptr<ShellStream> forward(QString host, quint16 port, QByteArray request, std::chrono::milliseconds limit) override;
    Task<Result<QByteArray>> roundTrip(QString host, quint16 port, QByteArray request,
        bool (*enough)(const QByteArray &), qint64 maxBytes, std::chrono::milliseconds limit,
        std::stop_token stop) override;
    [[nodiscard]] LinkState linkState() const override { return m_state; }
    [[nodiscard]] std::optional<Error> linkError() const override { return m_error; }

    [[nodiscard]] const SshTarget &target() const { return m_target; }
    /// A new address, user or key. Drops the link if anything differs, and dials again if the link was wanted.
    void setTarget(SshTarget target);
    /// Host keys that the cloud reports for this machine: accepted unasked when nothing else is recorded, and no other
    /// is then accepted. Empty: the cloud has told none. Used from the next dial on.
    void setExpectedHostKeys(QList<HostKey> keys) { m_expectedKeys = std::move(keys); }
    /// Dials if nothing is asked for yet. Calls do this by themselves.
    void connectLink();
    /// Waiting and Blocked: dials now. A question that a human has not answered yet stays.
    void requestRetryNow();
    /// Time until the next try while Waiting or Blocked; empty when none is planned.
    [[nodiscard]] std::optional<std::chrono::milliseconds> nextTryIn() const;
    /// Ends the link for good; calls in flight are answered with Cancelled.
    void close();

private:
    friend class SshHub;
    friend class SessionStream;
    void linkLost(const Error &error);
    void dial();
    void dialFinished();
    void connected(DialedSession dialed);
    void failed(const Error &error);
    void ask(const HostKeyFinding &finding);
    [[nodiscard]] bool remember(const HostKeyFinding &finding);
    void setState(LinkState state, std::optional<Error> error);
    void start(std::shared_ptr<SshJob> job);
    void abort(quint64 jobId, const Error &error);
    void dropLink();
    void armWaitingLimit();
    void expireWaiting();

    SshHub &m_hub;
    SshTarget m_target;
    QList<HostKey> m_expectedKeys;
    LinkState m_state = LinkState::Idle;
    std::optional<Error> m_error;
    quint64 m_linkId = 0; ///< 0: no link
    std::unique_ptr<SshDial> m_dial;
    QTimer m_retry;
    QTimer m_waitingLimit;
    Backoff m_backoff;
    std::chrono::steady_clock::time_point m_connectedAt;
    std::vector<SshJobPtr> m_waiting; ///< until the dial ends
    std::optional<std::stop_source> m_asking;
};

} // namespace hybridge
