// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshchannel.h"
#include "backend/ssh/sshhandshake.h"
#include "backend/ssh/sshjob.h"

#include <deque>

namespace hybridge {

/// One authenticated session inside the reactor, with its channels and its queue. The only file that calls
/// ssh_channel_*.
///
/// Every session has an ssh_event of its own. Measured with libssh 0.10: with all sessions in one event, each
/// non-blocking ssh_* call polls them all, stale events reach sessions that did not ask, and an error of one makes the
/// caller's session fail. Callbacks only note what came; every ssh_* call happens in service(), outside of dopoll.
/// Reactor's thread only.
class SshLink {
public:
    using Clock = std::chrono::steady_clock;

    SshLink(quint64 id, DialedSession dialed, SshTarget target);
    ~SshLink();
    Q_DISABLE_COPY_MOVE(SshLink)

    [[nodiscard]] quint64 id() const { return m_id; }
    [[nodiscard]] int descriptor() const { return m_dialed.descriptor(); }
    /// The peer does not take what libssh wants to send: wake up when the descriptor is writable.
    [[nodiscard]] bool wantsWrite() const { return m_wantsWrite; }
    /// Somebody waits for an answer: do not leave this link to the slow tick.
    [[nodiscard]] bool isBusy() const;
    /// When service() must be called even if nothing comes.
    [[nodiscard]] Clock::time_point nextDue() const { return m_nextDue; }

    void submit(SshJobPtr job);
    /// Ends the job without a report: its owner no longer listens.
    void cancel(quint64 jobId);
    /// Reads, writes, opens, closes, finishes, and keeps alive. An error: the link is lost and every job has been
    /// answered; destroy it.
    [[nodiscard]] std::optional<Error> service(Clock::time_point now, SshReportSink &sink);

private:
    enum class Step { Idle, Moved };

    bool pump();
    void noteTraffic(Clock::time_point now);
    Step advance(SshChannel &channel, Clock::time_point now, SshReportSink &sink);
    Step advanceOpening(SshChannel &channel, Clock::time_point now, SshReportSink &sink);
    Step advanceRunning(SshChannel &channel, SshReportSink &sink);
    void writeInput(SshChannel &channel);
    void readHeldBack(SshChannel &channel);
    bool finishIfDone(SshChannel &channel, SshReportSink &sink);
    void finish(SshChannel &channel, Result<ExecResult> result, SshReportSink &sink);
    void abandon(SshChannel &channel);
    void openFailed(SshChannel &channel, Clock::time_point now, SshReportSink &sink);
    bool startQueued(Clock::time_point now);
    void expire(Clock::time_point now, SshReportSink &sink);
    std::optional<Error> keepAlive(Clock::time_point now);
    void reap();
    void updateDue(Clock::time_point now);
    Error lose(Error error, SshReportSink &sink);

    quint64 m_id;
    DialedSession m_dialed;
    SshTarget m_target;
    SshEventHandle m_event;
    ssh_counter_struct m_traffic{};
    std::vector<std::unique_ptr<SshChannel>> m_channels;
    std::deque<SshJobPtr> m_queue;
    Clock::time_point m_retryOpenAt = Clock::time_point::min(); ///< the server had no channel left: not before
    Clock::time_point m_heardAt;
    quint64 m_heardBytes = 0;
    int m_unanswered = 0;
    Clock::time_point m_nextDue;
    bool m_noted = false; ///< a callback has noted something that no pass has looked at
    bool m_wantsWrite = false;
};

} // namespace hybridge
