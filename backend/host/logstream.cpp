// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/logstream.h"

#include "backend/host/docker.h"

#include <algorithm>

namespace hybridge {

namespace {

constexpr qsizetype MostLineBytes = 256 << 10;
constexpr qsizetype MostHeadBytes = 4096;

/// "2026-01-26T10:00:00.123456789Z" in front of a line; docker writes all nine digits, so that texts sort as times do.
QByteArray timeOf(const QByteArray &line)
{
    const qsizetype blank = line.indexOf(' ');
    const QByteArray stamp = line.left(blank < 0 ? line.size() : blank);
    const bool good = stamp.size() >= 20 && stamp.size() <= 40 && stamp.at(4) == '-' && stamp.at(10) == 'T'
        && std::all_of(stamp.begin(), stamp.end(), [](char c) { return (c >= '0' && c <= '9') || QByteArrayView("-T:.Z+").contains(c); });
    return good ? stamp : QByteArray();
}

/// Trouble that another try in a moment does not mend.
bool isFinal(Error::Kind kind)
{
    return kind == Error::Kind::Unauthorized || kind == Error::Kind::Unavailable || kind == Error::Kind::HostKey
        || kind == Error::Kind::Invalid || kind == Error::Kind::NotFound;
}

} // namespace

QList<QByteArray> LogLineCutter::feed(const QByteArray &bytes)
{
    QList<QByteArray> lines;
    qsizetype at = 0;
    while (at < bytes.size()) {
        const qsizetype end = bytes.indexOf('\n', at);
        const qsizetype length = (end < 0 ? bytes.size() : end) - at;
        if (!m_skipping && m_rest.size() + length > MostLineBytes) {
            m_skipping = true;
            m_rest.clear();
            ++m_dropped;
        }
        if (!m_skipping)
            m_rest.append(bytes.constData() + at, length);
        if (end < 0)
            break;
        if (!m_skipping && !m_rest.isEmpty())
            lines.append(m_rest);
        m_rest.clear();
        m_skipping = false;
        at = end + 1;
    }
    return lines;
}

void LogLineCutter::reset()
{
    m_rest.clear();
    m_skipping = false;
}

bool DockerLogPosition::take(const QByteArray &line)
{
    const QByteArray time = timeOf(line);
    if (!m_skipUntil.isEmpty() && !time.isEmpty()) {
        if (time < m_skipUntil)
            return false;
        if (time == m_skipUntil && m_toSkip > 0) {
            --m_toSkip;
            return false;
        }
        m_skipUntil.clear();
    }
    if (time.isEmpty())
        return m_skipUntil.isEmpty();
    if (time == m_time) {
        ++m_seenAtTime;
    } else {
        m_time = time;
        m_seenAtTime = 1;
    }
    return true;
}

void DockerLogPosition::reopen()
{
    m_skipUntil = m_time;
    m_toSkip = m_seenAtTime;
}

LogStream::LogStream(Shell &shell, const QString &service, QObject *parent)
    : QObject(parent), m_shell(&shell), m_service(service), m_name(parseServiceName(service))
{
    m_retry.setSingleShot(true);
    m_deaf.setSingleShot(true);
    m_deaf.setInterval(std::chrono::milliseconds(1500));
    connect(&m_deaf, &QTimer::timeout, this, [this] {
        // Without rights it follows nothing, and for ever: silence that looks like a quiet service.
        if (m_gotLines)
            return;
        if (const std::optional<Error> why = unreadable())
            endDeaf(why);
        else
            askWhetherDeaf(this, m_opening);
    });
    connect(&m_retry, &QTimer::timeout, this, &LogStream::open);
    connect(&shell, &Shell::linkStateChanged, this, [this](LinkState link) {
        if (link == LinkState::Connected && m_state == State::Reconnecting && m_retry.isActive()) {
            m_retry.stop();
            open();
        }
    });
}

LogStream::~LogStream() = default;

void LogStream::setRetry(std::chrono::milliseconds first, std::chrono::milliseconds most)
{
    m_firstPause = first;
    m_mostPause = most;
    m_pause = first;
}

void LogStream::start(int count)
{
    if (m_state == State::Live || m_state == State::Reconnecting)
        return;
    m_count = std::clamp(count, 1, 10000);
    m_pause = m_firstPause;
    if (!m_name) {
        setState(State::Ended, notAService(m_service));
        return;
    }
    open();
}

void LogStream::stop()
{
    m_retry.stop();
    close();
    setState(State::Idle);
}

void LogStream::close()
{
    m_deaf.stop();
    if (!m_stream)
        return;
    m_stream->disconnect(this);
    m_stream->close();
    // It may be the sender that we are called from.
    m_stream.release()->deleteLater();
}

QStringList LogStream::argv() const
{
    if (m_name->runner == ServiceRunner::Systemd)
        return journalFollowArgv(m_name->name, m_count, m_cursor);
    // Both channels start behind one time: the earlier one, or the other channel would lose lines.
    QByteArray since = std::min(m_outAt.time(), m_errAt.time());
    if (since.isEmpty())
        since = std::max(m_outAt.time(), m_errAt.time());
    return dockerFollowArgv(m_name->name, m_count, since);
}

void LogStream::open()
{
    close();
    if (!m_shell) {
        setState(State::Ended, Error(Error::Kind::Cancelled, {}));
        return;
    }
    m_out.reset();
    m_err.reset();
    m_outAt.reopen();
    m_errAt.reopen();
    m_head.clear();
    m_gotLines = false;
    ++m_opening;
    if (m_name->runner == ServiceRunner::Systemd && m_cursor.isEmpty())
        m_deaf.start();
    SshCommand command(argv());
    command.timeout(std::chrono::milliseconds(0)); // a quiet service writes nothing for a long time
    m_stream = m_shell->stream(command);
    connect(m_stream.get(), &ShellStream::outputReceived, this, [this](const QByteArray &bytes) { received(bytes, false); });
    connect(m_stream.get(), &ShellStream::errorReceived, this, [this](const QByteArray &bytes) { received(bytes, true); });
    connect(m_stream.get(), &ShellStream::ended, this, &LogStream::ended);
    // A stream on a link that is down ends at once, with an error.
    if (m_shell->linkState() == LinkState::Connected)
        setState(State::Live);
}

void LogStream::received(const QByteArray &bytes, bool errorChannel)
{
    const bool docker = m_name->runner == ServiceRunner::Docker;
    if (m_head.size() < MostHeadBytes)
        m_head.append(bytes.left(MostHeadBytes - m_head.size()));
    QList<JournalLine> lines;
    for (const QByteArray &line : (errorChannel ? m_err : m_out).feed(bytes)) {
        if (docker) {
            // Without a time it is docker that speaks, not the container.
            if (!timeOf(line).isEmpty() && (errorChannel ? m_errAt : m_outAt).take(line))
                lines.append(parseDockerLogLine(line));
        } else if (!errorChannel) {
            if (std::optional<JournalLine> entry = parseJournalLine(line)) {
                if (!entry->cursor.isEmpty())
                    m_cursor = entry->cursor;
                lines.append(*std::move(entry));
            }
        }
    }
    if (lines.isEmpty())
        return;
    m_gotLines = true;
    m_pause = m_firstPause;
    const QPointer<LogStream> self(this);
    setState(State::Live);
    if (self)
        Q_EMIT linesReceived(lines);
}

Task<void> LogStream::askWhetherDeaf(QPointer<LogStream> self, int opening)
{
    if (!self->m_shell)
        co_return;
    const SshCommand ask(journalRightsArgv(self->m_name->name));
    const Result<ExecResult> told = co_await self->m_shell->exec(ask, std::stop_token());
    if (!self || !told || self->m_gotLines || self->m_opening != opening || !self->m_stream)
        co_return;
    const std::optional<Error> why = explainJournal(*told);
    if (why && why->kind == Error::Kind::Unauthorized)
        self->endDeaf(why);
}

void LogStream::endDeaf(const std::optional<Error> &why)
{
    close();
    setState(State::Ended, why);
}

std::optional<Error> LogStream::unreadable() const
{
    ExecResult told;
    told.err = m_head;
    return explainJournal(told);
}

void LogStream::ended(const Result<ExecResult> &end)
{
    close();
    if (!end) {
        if (isFinal(end.error().kind))
            setState(State::Ended, end.error());
        else
            retry(end.error());
        return;
    }
    ExecResult told = *end;
    if (!m_gotLines)
        told.err += m_head;
    const bool byItsLimit = told.exitCode == 124 || told.exitCode == 137;
    std::optional<Error> why;
    if (!byItsLimit && told.exitCode != 0)
        why = m_name->runner == ServiceRunner::Docker ? explainDocker(told) : explainJournal(told);
    if (m_name->runner == ServiceRunner::Docker && told.exitCode != 0 && !byItsLimit && !why)
        why = Error(Error::Kind::NotFound, tr("The node has no container named %1.").arg(m_name->name), {}, told.exitCode);
    if (why && m_name->runner == ServiceRunner::Systemd && why->kind == Error::Kind::NotFound && !m_cursor.isEmpty()) {
        // The journal was rotated past our line: go on with the newest ones.
        m_cursor.clear();
        retry(why);
        return;
    }
    if (why && isFinal(why->kind)) {
        setState(State::Ended, why);
        return;
    }
    if (byItsLimit) {
        open(); // our own limit for a process that nobody may be listening to any more
        return;
    }
    if (!why && m_name->runner == ServiceRunner::Docker)
        why = Error(Error::Kind::Unavailable, tr("The container %1 does not run.").arg(m_name->name));
    retry(why);
}

void LogStream::retry(std::optional<Error> why)
{
    m_retry.start(m_pause);
    m_pause = std::min(m_pause * 2, m_mostPause);
    setState(State::Reconnecting, std::move(why));
}

void LogStream::setState(State state, std::optional<Error> error)
{
    if (m_state == state && m_error == error)
        return;
    m_state = state;
    m_error = std::move(error);
    Q_EMIT stateChanged(state);
}

} // namespace hybridge
