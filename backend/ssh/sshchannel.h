// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshhandles.h"
#include "backend/ssh/sshjob.h"

namespace hybridge {

/// One channel of a session and what has come on it. Its callbacks run inside dopoll and only note; SshLink, which
/// drives it, looks at the notes afterwards. Reactor's thread only.
struct SshChannel {
    enum class State { Opening, Requesting, Running, Closing };

    /// @p noted is set by every callback. The session and @p noted outlive the channel.
    SshChannel(ssh_session session, SshJobPtr order, bool &noted);
    ~SshChannel();
    Q_DISABLE_COPY_MOVE(SshChannel)

    /// Counts towards the server's MaxSessions.
    [[nodiscard]] bool isSession() const { return job->isSession(); }
    /// The reader of a stream is behind: no more is taken, so that libssh's window closes and the far side waits.
    [[nodiscard]] bool isFull() const;

    bool &anyNoted;
    SshJobPtr job;
    std::chrono::steady_clock::time_point deadline;
    ssh_channel handle = nullptr; ///< null: out of memory
    State state = State::Opening;
    QByteArray out;
    QByteArray err;
    qint64 inputSent = 0;
    bool inputDone = false;
    bool answered = false; ///< its owner has its answer, or no longer wants one
    bool gone = false;     ///< to be freed
    bool eof = false;
    bool closed = false;
    bool exited = false;
    bool truncated = false; ///< more came than the job allows
    bool heldBack = false;  ///< libssh holds bytes that the data callback did not take
    bool unsent = false;    ///< the GUI thread did not take the last offer
    int exitCode = 255;     ///< as ssh(1) reports a command that ended without telling how
    QByteArray signal;

private:
    static SshChannel &note(void *user);
    static int onData(ssh_session, ssh_channel, void *data, uint32_t length, int isStderr, void *user);
    static void onEof(ssh_session, ssh_channel, void *user);
    static void onClose(ssh_session, ssh_channel, void *user);
    static void onExitStatus(ssh_session, ssh_channel, int status, void *user);
    static void onExitSignal(ssh_session, ssh_channel, const char *name, int, const char *, const char *, void *user);
    ssh_channel_callbacks_struct m_callbacks{};
};

} // namespace hybridge
