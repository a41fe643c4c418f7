// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/sshchannel.h"

#include <libssh/server.h>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string_view>

namespace hybridge::lab {

namespace {

constexpr std::size_t kReadAtOnce = 32 * 1024;
constexpr std::size_t kInputLimit = 256 * 1024;   ///< beyond it the client's window is left to close
constexpr std::size_t kCommandLimit = 128 * 1024; ///< the kernel's limit of one argument

struct SignalName {
    std::string_view name;
    int number;
};
/// Those of RFC 4254, 6.9.
constexpr std::array<SignalName, 13> kSignals{{{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE}, {"HUP", SIGHUP},
    {"ILL", SIGILL}, {"INT", SIGINT}, {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
    {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}}};

} // namespace

SshChannel::SshChannel(ssh_channel channel, const NodeShell &shell, Watch &watch)
    : m_channel(channel)
    , m_shell(shell)
    , m_watch(watch)
{
    m_err.isStderr = true;
    m_callbacks.userdata = this;
    m_callbacks.channel_data_function = &SshChannel::onData;
    m_callbacks.channel_eof_function = &SshChannel::onEof;
    m_callbacks.channel_close_function = &SshChannel::onClose;
    m_callbacks.channel_signal_function = &SshChannel::onSignal;
    m_callbacks.channel_write_wontblock_function = &SshChannel::onWritable;
    m_callbacks.channel_exec_request_function = &SshChannel::onExec;
    m_callbacks.channel_shell_request_function = &SshChannel::onShell;
    ssh_callbacks_init(&m_callbacks);
    ssh_set_channel_callbacks(m_channel, &m_callbacks);
}

SshChannel::~SshChannel()
{
    closeChannel();
    if (m_process.exited)
        forget(m_process.exited);
}

void SshChannel::forwardTo(Fd peer)
{
    m_forwarding = true;
    m_started = true;
    m_input = Fd(::dup(peer.get()));
    m_out.fd = std::move(peer);
}

int SshChannel::onData(ssh_session, ssh_channel, void *data, std::uint32_t size, int isStderr, void *self)
{
    auto *channel = static_cast<SshChannel *>(self);
    channel->m_watch.noted();
    if (isStderr != 0)
        return static_cast<int>(size);
    if (channel->m_inputPending.size() >= kInputLimit) {
        channel->m_inputWaits = true;
        return 0;
    }
    channel->m_inputPending.append(static_cast<const char *>(data), size);
    return static_cast<int>(size);
}

void SshChannel::onEof(ssh_session, ssh_channel, void *self)
{
    static_cast<SshChannel *>(self)->m_eofNoted = true;
    static_cast<SshChannel *>(self)->m_watch.noted();
}

void SshChannel::onClose(ssh_session, ssh_channel, void *self)
{
    static_cast<SshChannel *>(self)->m_closeNoted = true;
    static_cast<SshChannel *>(self)->m_watch.noted();
}

int SshChannel::onWritable(ssh_session, ssh_channel, std::uint32_t, void *self)
{
    static_cast<SshChannel *>(self)->m_watch.noted();
    return 0;
}

void SshChannel::onSignal(ssh_session, ssh_channel, const char *signal, void *self)
{
    const auto known = std::find_if(
        kSignals.begin(), kSignals.end(), [signal](const SignalName &name) { return name.name == signal; });
    if (known != kSignals.end())
        static_cast<SshChannel *>(self)->m_signalNoted = known->number;
    static_cast<SshChannel *>(self)->m_watch.noted();
}

int SshChannel::onExec(ssh_session, ssh_channel, const char *command, void *self)
{
    auto *channel = static_cast<SshChannel *>(self);
    if (channel->m_startNoted || std::string_view(command).size() > kCommandLimit)
        return 1;
    channel->m_startNoted = true;
    channel->m_command = command;
    channel->m_watch.noted();
    return 0;
}

int SshChannel::onShell(ssh_session session, ssh_channel channel, void *self)
{
    return onExec(session, channel, "", self);
}

void SshChannel::begin()
{
    m_started = true;
    if (note)
        note(m_command.empty() ? "shell" : "exec " + m_command, 0);
    try {
        m_process = startShell(m_shell, m_command);
    } catch (const std::runtime_error &error) {
        const std::string text = std::string(error.what()) + '\n';
        ssh_channel_write_stderr(m_channel, text.data(), static_cast<std::uint32_t>(text.size()));
        ssh_channel_request_send_exit_status(m_channel, 255);
        closeChannel();
        return;
    }
    m_input = std::move(m_process.in);
    m_out.fd = std::move(m_process.out);
    m_err.fd = std::move(m_process.err);
    m_watch.watch(m_process.exited.get(), EPOLLIN, [this] { reap(); });
}

void SshChannel::reap()
{
    int status = 0;
    if (m_process.pid < 0 || ::waitpid(m_process.pid, &status, WNOHANG) != m_process.pid)
        return;
    forget(m_process.exited);
    m_process.pid = -1;
    m_exitStatus = status;
    m_exitKnown = true;
}

void SshChannel::takeInput()
{
    std::array<char, kReadAtOnce> buffer;
    while (m_inputWaits && m_inputPending.size() < kInputLimit) {
        const int n
            = ssh_channel_read_nonblocking(m_channel, buffer.data(), static_cast<std::uint32_t>(buffer.size()), 0);
        if (n <= 0) {
            m_inputWaits = false;
            return;
        }
        m_inputPending.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

void SshChannel::writeInput()
{
    if (!m_input) {
        m_inputPending.clear();
        return;
    }
    while (!m_inputPending.empty()) {
        const ssize_t n = ::write(m_input.get(), m_inputPending.data(), m_inputPending.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            if (!m_inputWatched)
                m_watch.watch(m_input.get(), EPOLLOUT, [] {}); // the loop pumps every channel after each wait
            m_inputWatched = true;
            return;
        }
        if (n < 0) {
            forget(m_input); // the process has closed its stdin: the rest is dropped, as sshd does
            m_inputPending.clear();
            return;
        }
        m_inputPending.erase(0, static_cast<std::size_t>(n));
    }
    if (m_inputWatched)
        m_watch.watch(m_input.get(), 0, {});
    m_inputWatched = false;
    if (m_eofNoted && !m_inputWaits) {
        if (m_forwarding)
            ::shutdown(m_input.get(), SHUT_WR);
        forget(m_input);
    }
}

void SshChannel::readOutput(Outgoing &out)
{
    std::array<char, kReadAtOnce> buffer;
    const ssize_t n = ::read(out.fd.get(), buffer.data(), buffer.size());
    if (n > 0)
        out.pending.append(buffer.data(), static_cast<std::size_t>(n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        forget(out.fd);
}

bool SshChannel::sendOutput(Outgoing &out)
{
    while (!out.pending.empty()) {
        const auto size = static_cast<std::uint32_t>(out.pending.size());
        const int n = out.isStderr ? ssh_channel_write_stderr(m_channel, out.pending.data(), size)
                                   : ssh_channel_write(m_channel, out.pending.data(), size);
        if (n <= 0)
            return false; // no window, or a key exchange is under way: kept
        out.pending.erase(0, static_cast<std::size_t>(n));
    }
    if (out.fd && !out.watched) {
        m_watch.watch(out.fd.get(), EPOLLIN, [this, &out] {
            readOutput(out);
            if (out.fd && !out.pending.empty()) { // no more until this has left
                m_watch.watch(out.fd.get(), 0, {});
                out.watched = false;
            }
        });
        out.watched = true;
    }
    return true;
}

void SshChannel::pump()
{
    if (m_channel == nullptr)
        return;
    if (m_closeNoted || ssh_channel_is_closed(m_channel) != 0) {
        closeChannel();
        return;
    }
    if (m_startNoted && !m_started)
        begin();
    if (m_channel == nullptr || !m_started)
        return;
    if (m_signalNoted != 0) {
        if (m_process.pid > 0)
            ::kill(-m_process.pid, m_signalNoted);
        m_signalNoted = 0;
    }
    takeInput();
    writeInput();
    const bool outSent = sendOutput(m_out);
    const bool errSent = sendOutput(m_err);
    if (m_exitKnown && !m_exitSent) {
        m_exitSent = true;
        if (WIFSIGNALED(m_exitStatus)) {
            const int number = WTERMSIG(m_exitStatus);
            const auto known = std::find_if(
                kSignals.begin(), kSignals.end(), [number](const SignalName &name) { return name.number == number; });
            const std::string name = known != kSignals.end() ? std::string(known->name) : "SIG@openssh.com";
            ssh_channel_request_send_exit_signal(m_channel, name.c_str(), WCOREDUMP(m_exitStatus) ? 1 : 0, "", "");
        } else {
            ssh_channel_request_send_exit_status(m_channel, WEXITSTATUS(m_exitStatus));
        }
    }
    const bool drained = outSent && errSent && !m_out.fd && !m_err.fd;
    if (drained && (m_exitSent || m_forwarding)) {
        ssh_channel_send_eof(m_channel);
        closeChannel();
    }
}

void SshChannel::closeChannel()
{
    if (m_channel == nullptr)
        return;
    ssh_remove_channel_callbacks(m_channel, &m_callbacks);
    if (ssh_channel_is_closed(m_channel) == 0)
        ssh_channel_close(m_channel);
    ssh_channel_free(m_channel);
    m_channel = nullptr;
    for (Fd *fd : {&m_input, &m_out.fd, &m_err.fd})
        forget(*fd);
}

ShellProcess SshChannel::takeProcess()
{
    if (m_process.exited)
        m_watch.watch(m_process.exited.get(), 0, {});
    ShellProcess process = std::move(m_process);
    m_process = {};
    return process;
}

void SshChannel::forget(Fd &fd)
{
    if (!fd)
        return;
    m_watch.watch(fd.get(), 0, {});
    fd.reset();
}

} // namespace hybridge::lab
