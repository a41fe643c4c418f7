// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshlink.h"

#include "backend/ssh/ssherrors.h"

#include <libssh/server.h>

#include <algorithm>
#include <array>

namespace hybridge {

namespace {
constexpr int maxSessionChannels = 8; // sshd's MaxSessions is 10
constexpr int maxStreams = 6;         // two of the eight stay for commands
constexpr int maxForwards = 16;       // MaxSessions does not count these
constexpr uint32_t writeChunk = 32 << 10;
constexpr quint64 readChunk = 4096; // what libssh reads at most in one go
constexpr int maxReads = 64;        // then the other sessions get their turn
constexpr int maxRounds = 8;
constexpr int keepAlivesAllowed = 3;
constexpr std::chrono::milliseconds offerAgainAfter{40};
constexpr std::chrono::milliseconds reopenAfter{250};
} // namespace

SshLink::SshLink(quint64 id, DialedSession dialed, SshTarget target)
    : m_id(id)
    , m_dialed(std::move(dialed))
    , m_target(std::move(target))
    , m_event(ssh_event_new())
    , m_heardAt(Clock::now())
    , m_nextDue(m_heardAt)
{
    ssh_set_blocking(m_dialed.session(), 0);
    ssh_set_counters(m_dialed.session(), &m_traffic, nullptr);
    ssh_event_add_session(m_event.get(), m_dialed.session());
}

SshLink::~SshLink()
{
    m_channels.clear();
    ssh_event_remove_session(m_event.get(), m_dialed.session());
    m_event.reset();
    ssh_set_counters(m_dialed.session(), nullptr, nullptr);
    m_dialed.close();
}

bool SshLink::isBusy() const
{
    if (!m_queue.empty())
        return true;
    return std::any_of(m_channels.begin(), m_channels.end(), [](const auto &channel) {
        return channel->state != SshChannel::State::Closing
            && (channel->job->kind != SshJob::Kind::Stream || channel->state != SshChannel::State::Running);
    });
}

void SshLink::submit(SshJobPtr job)
{
    m_queue.push_back(std::move(job));
}

void SshLink::cancel(quint64 jobId)
{
    std::erase_if(m_queue, [jobId](const SshJobPtr &job) { return job->id == jobId; });
    for (const auto &channel : m_channels) {
        if (channel->job->id == jobId && !channel->answered) {
            channel->answered = true;
            abandon(*channel);
        }
    }
}

std::optional<Error> SshLink::service(Clock::time_point now, SshReportSink &sink)
{
    ssh_session session = m_dialed.session();
    const auto isAlive
        = [&] { return ssh_is_connected(session) && !(ssh_get_status(session) & (SSH_CLOSED | SSH_CLOSED_ERROR)); };
    bool alive = pump() && isAlive();
    noteTraffic(now);
    for (int round = 0; round < maxRounds; ++round) {
        m_noted = false;
        bool moved = alive && startQueued(now);
        // By index: all of them each time, since a call for one channel also handles the packets of the others.
        for (std::size_t i = 0; i < m_channels.size(); ++i) {
            const Step step = alive ? advance(*m_channels[i], now, sink)
                                    : (finishIfDone(*m_channels[i], sink) ? Step::Moved : Step::Idle);
            moved = moved || step == Step::Moved;
        }
        reap();
        if (!alive || !isAlive())
            break;
        const bool writing = ssh_get_poll_flags(session) & SSH_WRITE_PENDING;
        if (!moved && !m_noted && !writing)
            break;
        alive = pump() && isAlive();
        noteTraffic(now);
    }
    if (!alive || !isAlive()) {
        const QString why = QString::fromUtf8(ssh_get_error(session));
        return lose(ssherror::linkLost(m_target, why), sink);
    }
    expire(now, sink);
    if (const std::optional<Error> dead = keepAlive(now))
        return lose(*dead, sink);
    m_wantsWrite = ssh_get_poll_flags(session) & SSH_WRITE_PENDING;
    updateDue(now);
    return std::nullopt;
}

/// Lets libssh read and write what it can without waiting. False: the session is dead.
bool SshLink::pump()
{
    for (int reads = 0; reads < maxReads; ++reads) {
        const quint64 before = m_traffic.in_bytes;
        if (ssh_event_dopoll(m_event.get(), 0) == SSH_ERROR)
            return false;
        if (m_traffic.in_bytes - before < readChunk)
            break; // the socket is empty: one system call saved for each sample
    }
    return true;
}

void SshLink::noteTraffic(Clock::time_point now)
{
    if (m_traffic.in_bytes == m_heardBytes)
        return;
    m_heardBytes = m_traffic.in_bytes;
    m_heardAt = now;
    m_unanswered = 0;
}

SshLink::Step SshLink::advance(SshChannel &channel, Clock::time_point now, SshReportSink &sink)
{
    switch (channel.state) {
    case SshChannel::State::Opening:
    case SshChannel::State::Requesting:
        return advanceOpening(channel, now, sink);
    case SshChannel::State::Running:
        return advanceRunning(channel, sink);
    case SshChannel::State::Closing:
        channel.gone = channel.closed;
        return Step::Idle;
    }
    return Step::Idle;
}

SshLink::Step SshLink::advanceOpening(SshChannel &channel, Clock::time_point now, SshReportSink &sink)
{
    if (channel.state == SshChannel::State::Opening) {
        const SshJob &job = *channel.job;
        const int rc = !channel.handle ? SSH_ERROR
            : channel.isSession()
            ? ssh_channel_open_session(channel.handle)
            : ssh_channel_open_forward(channel.handle, job.host.constData(), job.port, "127.0.0.1", 0);
        if (rc == SSH_AGAIN)
            return Step::Idle;
        if (rc != SSH_OK) {
            if (ssh_is_connected(m_dialed.session()))
                openFailed(channel, now, sink);
            return Step::Moved;
        }
        channel.state = channel.isSession() ? SshChannel::State::Requesting : SshChannel::State::Running;
    }
    if (channel.state == SshChannel::State::Requesting) {
        // Also when it has been closed already: a quick command's whole life may have come in one go.
        const int rc = ssh_channel_request_exec(channel.handle, channel.job->line.constData());
        if (rc == SSH_AGAIN && !channel.closed)
            return Step::Idle;
        if (rc != SSH_OK) {
            if (ssh_is_connected(m_dialed.session()))
                finish(channel,
                    ssherror::channelRefused(m_target, QString::fromUtf8(ssh_get_error(m_dialed.session()))), sink);
            return Step::Moved;
        }
        channel.state = SshChannel::State::Running;
    }
    if (channel.answered)
        abandon(channel); // given up while it was being opened
    return Step::Moved;
}

SshLink::Step SshLink::advanceRunning(SshChannel &channel, SshReportSink &sink)
{
    writeInput(channel);
    if (channel.heldBack)
        readHeldBack(channel);
    channel.unsent = false;
    if (channel.job->isStreamed() && !(channel.out.isEmpty() && channel.err.isEmpty())) {
        channel.deadline = Clock::time_point::max(); // a stream's limit is for its first byte
        channel.unsent = !sink.data(channel.job->id, channel.out, channel.err);
        if (!channel.unsent) {
            channel.out.clear();
            channel.err.clear();
        }
    }
    return finishIfDone(channel, sink) ? Step::Moved : Step::Idle;
}

void SshLink::writeInput(SshChannel &channel)
{
    const QByteArray &input = channel.job->input;
    while (channel.inputSent < input.size()) {
        if (ssh_get_poll_flags(m_dialed.session()) & SSH_WRITE_PENDING)
            return; // libssh would buffer without bound
        const auto chunk = static_cast<uint32_t>(std::min<qint64>(writeChunk, input.size() - channel.inputSent));
        const int written = ssh_channel_write(channel.handle, input.constData() + channel.inputSent, chunk);
        if (written == SSH_ERROR) {
            channel.inputSent = input.size(); // the command no longer reads; its exit tells the rest
            channel.inputDone = true;
            return;
        }
        if (written <= 0)
            return; // during a rekey, or the window is full: the rest goes later
        channel.inputSent += written;
    }
    // Not on a forwarded connection: HTTP servers take half a close for a client that has gone.
    if (!channel.inputDone && channel.isSession())
        ssh_channel_send_eof(channel.handle);
    channel.inputDone = true;
}

void SshLink::readHeldBack(SshChannel &channel)
{
    // libssh does not offer again what the callback did not take.
    std::array<char, 16384> buffer;
    for (const int isStderr : {0, 1}) {
        QByteArray &into = isStderr ? channel.err : channel.out;
        while (!channel.isFull()) {
            const int got = ssh_channel_read_nonblocking(channel.handle, buffer.data(), buffer.size(), isStderr);
            if (got <= 0)
                break;
            into.append(buffer.data(), got);
        }
    }
    if (!channel.isFull())
        channel.heldBack = false;
}

/// True: the channel has been answered just now.
bool SshLink::finishIfDone(SshChannel &channel, SshReportSink &sink)
{
    if (channel.answered || channel.state != SshChannel::State::Running || channel.heldBack || channel.unsent)
        return false;
    const SshJob &job = *channel.job;
    const bool over = channel.closed || (channel.eof && (channel.exited || !channel.isSession()));
    ExecResult result;
    if (job.kind == SshJob::Kind::Forward) {
        const bool complete = !channel.truncated && job.enough && job.enough(channel.out);
        if (!over && !complete && !channel.truncated)
            return false;
        if (channel.truncated) {
            finish(channel, ssherror::forwardTooLong(QString::fromUtf8(job.host), job.port, job.maxBytes), sink);
            return true;
        }
    } else if (!over && !channel.truncated) {
        return false;
    } else if (channel.truncated && !channel.exited) {
        channel.signal = "PIPE"; // what cutting a writer's output does to it
        channel.exitCode = 128 + 13;
    }
    result.exitCode = channel.isSession() ? channel.exitCode : 0;
    result.signal = channel.signal;
    result.out = std::move(channel.out);
    result.err = std::move(channel.err);
    result.truncated = channel.truncated;
    finish(channel, result, sink);
    return true;
}

void SshLink::finish(SshChannel &channel, Result<ExecResult> result, SshReportSink &sink)
{
    if (!channel.answered)
        sink.end(channel.job->id, std::move(result));
    channel.answered = true;
    abandon(channel);
}

/// Ends the remote side of a channel that nobody listens to any more.
void SshLink::abandon(SshChannel &channel)
{
    if (channel.closed || !ssh_is_connected(m_dialed.session())) {
        channel.gone = true;
        return;
    }
    if (channel.state != SshChannel::State::Running)
        return; // it cannot be closed before it is open; advanceOpening() comes back here
    if (channel.isSession() && !channel.exited) {
        // A real sshd ends nothing by itself when its client closes a channel, and counts it until the process ends.
        ssh_channel_request_send_signal(channel.handle, "TERM");
    }
    ssh_channel_close(channel.handle);
    channel.state = SshChannel::State::Closing;
    channel.gone = channel.closed;
}

void SshLink::openFailed(SshChannel &channel, Clock::time_point now, SshReportSink &sink)
{
    channel.gone = true;
    if (channel.answered)
        return;
    const SshJob &job = *channel.job;
    const QString why = channel.handle ? QString::fromUtf8(ssh_get_error(m_dialed.session())) : QString();
    if (channel.isSession()) {
        const bool others = std::any_of(m_channels.begin(), m_channels.end(),
            [&](const auto &other) { return other.get() != &channel && other->isSession() && !other->gone; });
        if (others) { // the server allows fewer than we thought: one of the others will end
            m_queue.push_front(channel.job);
            m_retryOpenAt = now + reopenAfter;
            channel.answered = true;
            return;
        }
        finish(channel, ssherror::channelRefused(m_target, why), sink);
        return;
    }
    // "Channel opening failure: channel 43 error (2) Connection refused"; 1 is forbidden, 2 is failed (RFC 4254 5.1).
    const QString host = QString::fromUtf8(job.host);
    const qsizetype code = why.indexOf(QLatin1String("error ("));
    const QString reason = code < 0 ? QString() : why.mid(code + 7);
    const bool forbidden = reason.startsWith(QLatin1Char('1'));
    // A server made with libssh cannot give a reason: forbidden, and no text.
    const bool unexplained = forbidden && reason.mid(2).trimmed().isEmpty();
    if (unexplained || reason.contains(QLatin1String("refused"), Qt::CaseInsensitive))
        finish(channel, ssherror::forwardRefused(host, job.port, why), sink);
    else if (forbidden)
        finish(channel, ssherror::forwardForbidden(host, job.port, why), sink);
    else
        finish(channel, ssherror::forwardFailed(host, job.port, why), sink);
}

bool SshLink::startQueued(Clock::time_point now)
{
    int sessions = 0;
    int streams = 0;
    int forwards = 0;
    for (const auto &channel : m_channels) {
        sessions += channel->isSession() ? 1 : 0;
        streams += channel->job->kind == SshJob::Kind::Stream ? 1 : 0;
        forwards += channel->isSession() ? 0 : 1;
    }
    bool started = false;
    for (auto job = m_queue.begin(); job != m_queue.end();) {
        const SshJob::Kind kind = (*job)->kind;
        const bool room = !(*job)->isSession() ? forwards < maxForwards
                                                        : sessions < maxSessionChannels && now >= m_retryOpenAt
                && (kind == SshJob::Kind::Exec || streams < maxStreams);
        if (!room) {
            ++job;
            continue;
        }
        sessions += (*job)->isSession() ? 1 : 0;
        streams += kind == SshJob::Kind::Stream ? 1 : 0;
        forwards += (*job)->isSession() ? 0 : 1;
        m_channels.push_back(std::make_unique<SshChannel>(m_dialed.session(), *job, m_noted));
        job = m_queue.erase(job);
        started = true;
    }
    return started;
}

void SshLink::expire(Clock::time_point now, SshReportSink &sink)
{
    std::erase_if(m_queue, [&](const SshJobPtr &job) {
        if (job->deadline > now)
            return false;
        sink.end(job->id, ssherror::commandTimeout(m_target, job->limit, false));
        return true;
    });
    for (const auto &channel : m_channels)
        if (!channel->answered && channel->deadline <= now)
            finish(*channel,
                ssherror::commandTimeout(m_target, channel->job->limit, channel->state == SshChannel::State::Running),
                sink);
    reap();
}

std::optional<Error> SshLink::keepAlive(Clock::time_point now)
{
    if (m_target.keepAlive.count() <= 0 || now - m_heardAt < m_target.keepAlive * (m_unanswered + 1))
        return std::nullopt;
    if (m_unanswered >= keepAlivesAllowed)
        return ssherror::keepAliveLost(m_target);
    // The first call only clears the answer to an earlier one, if there was one; a pending one is not sent twice.
    ssh_send_keepalive(m_dialed.session());
    ssh_send_keepalive(m_dialed.session());
    ++m_unanswered;
    return std::nullopt;
}

void SshLink::reap()
{
    std::erase_if(m_channels, [](const auto &channel) { return channel->gone; });
}

void SshLink::updateDue(Clock::time_point now)
{
    m_nextDue = Clock::time_point::max();
    if (m_target.keepAlive.count() > 0)
        m_nextDue = m_heardAt + m_target.keepAlive * (m_unanswered + 1);
    for (const SshJobPtr &job : m_queue)
        m_nextDue = std::min(m_nextDue, job->deadline);
    if (!m_queue.empty() && m_retryOpenAt > now)
        m_nextDue = std::min(m_nextDue, m_retryOpenAt);
    for (const auto &channel : m_channels) {
        if (!channel->answered)
            m_nextDue = std::min(m_nextDue, channel->deadline);
        // The packet that opens the peer's window may have been handled inside another call of libssh: then the socket
        // is empty and no event comes, so input that waits for room is offered again by time.
        const bool inputWaits = channel->state == SshChannel::State::Running && !channel->inputDone && !channel->answered;
        if (channel->unsent || channel->heldBack || inputWaits)
            m_nextDue = std::min(m_nextDue, now + offerAgainAfter);
    }
}

Error SshLink::lose(Error error, SshReportSink &sink)
{
    for (const auto &channel : m_channels) {
        if (!channel->answered) {
            if (channel->job->isStreamed() && !(channel->out.isEmpty() && channel->err.isEmpty()))
                sink.data(channel->job->id, channel->out, channel->err);
            sink.end(channel->job->id, error);
        }
    }
    for (const SshJobPtr &job : m_queue)
        sink.end(job->id, error);
    m_channels.clear();
    m_queue.clear();
    return error;
}

} // namespace hybridge
