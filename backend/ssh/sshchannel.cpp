// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshchannel.h"

#include <algorithm>
#include <array>

namespace hybridge {

namespace {
constexpr qsizetype maxHeldBytes = 1 << 20; // of one stream whose reader is behind

/// Numbers of the signals that RFC 4254 6.10 names, as Linux has them.
constexpr std::array<std::pair<const char *, int>, 13> signalNumbers{
    {{"HUP", 1}, {"INT", 2}, {"QUIT", 3}, {"ILL", 4}, {"ABRT", 6}, {"BUS", 7}, {"FPE", 8}, {"KILL", 9}, {"USR1", 10},
        {"SEGV", 11}, {"USR2", 12}, {"PIPE", 13}, {"TERM", 15}}};
} // namespace

SshChannel::SshChannel(ssh_session session, SshJobPtr order, bool &noted)
    : anyNoted(noted)
    , job(std::move(order))
    , deadline(job->deadline)
    , handle(ssh_channel_new(session))
{
    ssh_callbacks_init(&m_callbacks);
    m_callbacks.userdata = this;
    m_callbacks.channel_data_function = onData;
    m_callbacks.channel_eof_function = onEof;
    m_callbacks.channel_close_function = onClose;
    m_callbacks.channel_exit_status_function = onExitStatus;
    m_callbacks.channel_exit_signal_function = onExitSignal;
    if (handle)
        ssh_add_channel_callbacks(handle, &m_callbacks);
}

SshChannel::~SshChannel()
{
    if (!handle)
        return;
    ssh_remove_channel_callbacks(handle, &m_callbacks); // libssh may keep the channel until the peer closes it
    ssh_channel_free(handle);
}

bool SshChannel::isFull() const
{
    return job->isStreamed() && out.size() + err.size() >= maxHeldBytes;
}

SshChannel &SshChannel::note(void *user)
{
    SshChannel &channel = *static_cast<SshChannel *>(user);
    channel.anyNoted = true;
    return channel;
}

int SshChannel::onData(ssh_session, ssh_channel, void *data, uint32_t length, int isStderr, void *user)
{
    SshChannel &channel = note(user);
    const int taken = static_cast<int>(length);
    if (channel.state == State::Closing || channel.answered || channel.truncated)
        return taken;
    if (channel.isFull()) {
        channel.heldBack = true;
        return 0;
    }
    qint64 room = taken;
    if (!channel.job->isStreamed()) {
        room = std::max<qint64>(0, channel.job->maxBytes - channel.out.size() - channel.err.size());
        channel.truncated = room < taken;
    }
    (isStderr ? channel.err : channel.out)
        .append(static_cast<const char *>(data), static_cast<qsizetype>(std::min<qint64>(room, taken)));
    return taken;
}

void SshChannel::onEof(ssh_session, ssh_channel, void *user)
{
    note(user).eof = true;
}

void SshChannel::onClose(ssh_session, ssh_channel, void *user)
{
    note(user).closed = true;
}

void SshChannel::onExitStatus(ssh_session, ssh_channel, int status, void *user)
{
    SshChannel &channel = note(user);
    channel.exited = true;
    channel.exitCode = status;
}

void SshChannel::onExitSignal(ssh_session, ssh_channel, const char *name, int, const char *, const char *, void *user)
{
    SshChannel &channel = note(user);
    channel.exited = true;
    channel.signal = QByteArray(name).left(32);
    channel.exitCode = 128;
    for (const auto &[known, number] : signalNumbers)
        if (channel.signal == known)
            channel.exitCode = 128 + number;
}

} // namespace hybridge
