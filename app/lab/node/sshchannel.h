// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/shell.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <functional>
#include <string>

namespace hybridge::lab {

/// Where descriptors are waited for; implemented by the server's loop.
class Watch {
public:
    virtual ~Watch() = default;
    /// Waits for @p events (EPOLLIN | EPOLLOUT, 0: stop waiting) on fd; then `ready` is called, not inside
    /// ssh_event_dopoll(). Level-triggered. Forget a descriptor (0) before closing it.
    virtual void watch(int fd, std::uint32_t events, std::function<void()> ready) = 0;
    /// A libssh callback has noted something: pump all channels again before waiting. (A ssh_* call for one session
    /// may handle packets of all.)
    virtual void noted() = 0;
};

/// One channel of a session: a command, or a connection forwarded to loopback. Its libssh callbacks only note what
/// came; pump() does the work, after ssh_event_dopoll() has returned.
class SshChannel {
public:
    SshChannel(ssh_channel channel, const NodeShell &shell, Watch &watch);
    ~SshChannel(); ///< closes our ends; the process, if any, lives on, as under sshd
    SshChannel(const SshChannel &) = delete;
    SshChannel &operator=(const SshChannel &) = delete;

    void forwardTo(Fd peer); ///< makes it a direct-tcpip channel
    void pump();
    /// Both the channel and its process are over.
    bool finished() const { return m_channel == nullptr && m_process.pid < 0; }
    bool isSession() const { return !m_forwarding; }
    bool isWaitingToSend() const { return m_channel != nullptr && !(m_out.pending.empty() && m_err.pending.empty()); }
    /// Hands the running process over (pid -1: none), when the session ends.
    ShellProcess takeProcess();
    std::function<void(const std::string &what, int status)> note;

private:
    /// Bytes read from a descriptor that wait for the channel's window.
    struct Outgoing {
        Fd fd;
        std::string pending;
        bool watched = false;
        bool isStderr = false;
    };

    static int onData(ssh_session, ssh_channel, void *data, std::uint32_t size, int isStderr, void *self);
    static void onEof(ssh_session, ssh_channel, void *self);
    static void onClose(ssh_session, ssh_channel, void *self);
    static void onSignal(ssh_session, ssh_channel, const char *signal, void *self);
    static int onWritable(ssh_session, ssh_channel, std::uint32_t bytes, void *self);
    static int onExec(ssh_session, ssh_channel, const char *command, void *self);
    static int onShell(ssh_session, ssh_channel, void *self);

    void begin();
    void reap();
    void takeInput();
    void writeInput();
    void readOutput(Outgoing &out);
    bool sendOutput(Outgoing &out); ///< false: something is left for later
    void closeChannel();
    void forget(Fd &fd);

    ssh_channel m_channel;
    ssh_channel_callbacks_struct m_callbacks{};
    const NodeShell &m_shell;
    Watch &m_watch;
    ShellProcess m_process;
    Fd m_input; ///< the process's stdin, or the forwarded connection
    std::string m_inputPending;
    bool m_inputWatched = false;
    Outgoing m_out;
    Outgoing m_err;
    bool m_forwarding = false;
    std::string m_command;
    bool m_startNoted = false;
    bool m_started = false;
    bool m_eofNoted = false;
    bool m_closeNoted = false;
    bool m_inputWaits = false; ///< data stayed in libssh's buffer
    int m_signalNoted = 0;
    int m_exitStatus = 0; ///< as of waitpid()
    bool m_exitKnown = false;
    bool m_exitSent = false;
};

} // namespace hybridge::lab
