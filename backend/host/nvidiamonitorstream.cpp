// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiamonitorstream.h"

#include "backend/host/commandfailure.h"
#include "backend/host/nvidiaprocesses.h"

#include <algorithm>
#include <utility>

namespace hybridge {

namespace {

constexpr char PidWord[] = "hybridge-pid ";
constexpr qsizetype MostHeadBytes = 16 << 10;
constexpr qsizetype MostErrBytes = 16 << 10;

// Both scripts are constant; what varies travels as an argument. The shell becomes nvidia-smi, so the id is its own.
constexpr char StartScript[] = "echo \"hybridge-pid $$\"; LC_ALL=C; export LC_ALL; exec nvidia-smi \"$@\"";

// What the kernel has booked on the process: state, times, faults, switches. Nothing in it changes but by what the process
// does, so it is compared and never read.
constexpr char LookScript[] = "read -r c < \"/proc/$1/comm\" && [ \"$c\" = nvidia-smi ] && cat \"/proc/$1/stat\" \"/proc/$1/schedstat\" 2>/dev/null";

// An id may have been given to another program meanwhile, hence the look at its name. A stopped process takes KILL
// alone; one that waits inside the driver takes none.
constexpr char ExamineScript[]
    = "is() { c=; { read -r c < \"/proc/$1/comm\"; } 2>/dev/null; [ \"$c\" = nvidia-smi ]; }\n"
      "is \"$1\" || { echo gone; exit 0; }\n"
      "kill \"$1\" 2>/dev/null; sleep 0.2; is \"$1\" || { echo ended; exit 0; }\n"
      "kill -9 \"$1\" 2>/dev/null; for i in 1 2 3 4 5; do sleep 0.2; is \"$1\" || { echo ended; exit 0; }; done\n"
      "echo stuck";

SshCommand startCommand(const NvidiaLadder &ladder)
{
    SshCommand command(QStringList {QStringLiteral("exec"), QStringLiteral("/bin/sh"), QStringLiteral("-c"),
                           QString::fromLatin1(StartScript), QStringLiteral("hybridge")}
        + ladder.arguments());
    command.timeout(std::chrono::seconds(20)); // to the id, which the shell prints at once: this times the link alone
    return command;
}

SshCommand examineCommand(qint64 pid)
{
    SshCommand command({QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(ExamineScript),
        QStringLiteral("hybridge"), QString::number(pid)});
    command.timeout(std::chrono::seconds(10)).maxOutput(4096);
    return command;
}

SshCommand lookCommand(qint64 pid)
{
    SshCommand command({QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(LookScript),
        QStringLiteral("hybridge"), QString::number(pid)});
    command.timeout(std::chrono::seconds(10)).maxOutput(8192);
    return command;
}

} // namespace

NvidiaMonitorStream::NvidiaMonitorStream(Shell &shell, const Clock &clock, Options options, QObject *parent)
    : QObject(parent)
    , m_shell(&shell)
    , m_clock(clock)
    , m_options(options)
    , m_ladder(options.period)
    , m_backoff(options.firstPause, options.mostPause, options.seed)
{
    const auto quiet = std::clamp<std::chrono::milliseconds>(options.period / 2, std::chrono::milliseconds(20), std::chrono::seconds(2));
    m_quiet.setSingleShot(true);
    m_quiet.setInterval(quiet);
    m_pause.setSingleShot(true);
    connect(&m_tick, &QTimer::timeout, this, &NvidiaMonitorStream::tick);
    connect(&m_pause, &QTimer::timeout, this, &NvidiaMonitorStream::open);
    connect(&m_quiet, &QTimer::timeout, this, [this] {
        if (!m_rows)
            return;
        const QList<AcceleratorFacts> round = m_rows->takeRound();
        if (!round.isEmpty())
            takeRounds({round});
    });
    connect(&shell, &Shell::linkStateChanged, this, &NvidiaMonitorStream::linkChanged);
}

NvidiaMonitorStream::~NvidiaMonitorStream()
{
    m_stop.request_stop();
    closeStream();
}

void NvidiaMonitorStream::start()
{
    if (m_state != State::Stopped)
        return;
    m_stop = std::stop_source();
    pauseThenOpen(std::chrono::milliseconds(0));
}

void NvidiaMonitorStream::stop()
{
    if (m_state == State::Stopped)
        return;
    m_state = State::Stopped;
    ++m_generation;
    m_pause.stop();
    closeStream();
    m_stop.request_stop();
}

std::optional<MonotonicMs> NvidiaMonitorStream::awaitingFirstRowSince() const
{
    return m_state == State::Running && m_rows && m_rows->rows() == 0 ? std::optional(m_lastRow) : std::nullopt;
}

void NvidiaMonitorStream::closeStream()
{
    m_tick.stop();
    m_quiet.stop();
    m_rows.reset();
    if (!m_stream)
        return;
    m_stream->disconnect(this);
    m_stream->close();
    m_stream.release()->deleteLater(); // we may stand inside one of its signals
}

void NvidiaMonitorStream::open()
{
    if (m_state == State::Stopped || m_stream || !m_shell)
        return;
    const LinkState link = m_shell->linkState();
    if (link == LinkState::Dialing || link == LinkState::Waiting || link == LinkState::Blocked || link == LinkState::Closed) {
        m_state = State::WaitingForLink;
        return;
    }
    if (m_pid) {
        examine(*m_pid, std::nullopt);
        return;
    }
    ++m_generation;
    m_state = State::Opening;
    m_head.clear();
    m_wantsPid = true;
    m_err.clear();
    m_rowsSeen = 0;
    m_looking = false;
    m_atWork = false;
    m_still = false;
    m_account.clear();
    m_nextLook = m_options.firstLook;
    m_patience = m_options.firstRowLimit;
    m_rows = std::make_unique<NvidiaRows>(m_ladder.fields());
    m_stream = m_shell->stream(startCommand(m_ladder));
    connect(m_stream.get(), &ShellStream::outputReceived, this, &NvidiaMonitorStream::takeOutput);
    connect(m_stream.get(), &ShellStream::errorReceived, this, [this](const QByteArray &bytes) {
        if (m_err.size() < MostErrBytes)
            m_err.append(bytes.left(MostErrBytes - m_err.size()));
    });
    connect(m_stream.get(), &ShellStream::ended, this, &NvidiaMonitorStream::takeEnd);
}

void NvidiaMonitorStream::takeOutput(const QByteArray &bytes)
{
    if (!m_rows)
        return;
    if (m_state == State::Opening) {
        m_state = State::Running;
        m_lastRow = m_clock.monotonic();
        m_tick.start(tickPeriod(4));
    }
    QList<QList<AcceleratorFacts>> rounds;
    if (m_wantsPid) {
        m_head.append(bytes);
        rounds = takeHead();
    } else {
        rounds = m_rows->feed(bytes);
    }
    if (m_rows->rows() != m_rowsSeen) {
        m_rowsSeen = m_rows->rows();
        m_lastRow = m_clock.monotonic();
    }
    if (!m_rows->isRoundPending()) {
        if (m_quiet.isActive())
            m_quiet.stop();
    } else if (!m_quiet.isActive())
        m_quiet.start();
    takeRounds(rounds);
}

QList<QList<AcceleratorFacts>> NvidiaMonitorStream::takeHead()
{
    // A login script may print before the id does; what it prints is no row. A row before the id: there is none.
    QList<QList<AcceleratorFacts>> rounds;
    while (m_wantsPid) {
        const qsizetype end = m_head.indexOf('\n');
        if (end < 0 && m_head.size() < MostHeadBytes)
            return rounds;
        const QByteArray line = m_head.left(end + 1);
        m_head.remove(0, end < 0 ? m_head.size() : end + 1);
        if (line.startsWith(PidWord)) {
            bool ok = false;
            const qint64 pid = line.mid(qsizetype(sizeof PidWord) - 1).trimmed().toLongLong(&ok);
            if (ok && pid > 1)
                m_pid = pid;
            m_wantsPid = false;
        } else {
            rounds += m_rows->feed(line);
            m_wantsPid = m_rows->rows() == 0 && end >= 0;
        }
    }
    rounds += m_rows->feed(std::exchange(m_head, {}));
    return rounds;
}

void NvidiaMonitorStream::takeRounds(const QList<QList<AcceleratorFacts>> &rounds)
{
    if (rounds.isEmpty())
        return;
    m_hung = false;
    m_backoff.reset();
    const int generation = m_generation;
    const QString driver = rounds.constLast().constFirst().driverVersion;
    const bool again = m_ladder.sawDriver(driver);
    for (const QList<AcceleratorFacts> &round : rounds) {
        Q_EMIT samplesReceived(round);
        if (generation != m_generation)
            return; // stopped by who listens
    }
    if (again) {
        // Another driver than the one whose refusals were learned: ask it for everything. The old process dies of its
        // closed pipe, which the look at it before the next start makes sure of.
        closeStream();
        pauseThenOpen(std::chrono::milliseconds(0));
    }
}

void NvidiaMonitorStream::takeEnd(const Result<ExecResult> &end)
{
    if (!m_rows)
        return;
    const QPointer<NvidiaMonitorStream> self(this);
    QList<QList<AcceleratorFacts>> rounds;
    if (m_wantsPid) {
        rounds = m_rows->feed(std::exchange(m_head, {}));
        m_wantsPid = false;
    }
    rounds += m_rows->finish();
    if (QList<AcceleratorFacts> rest = m_rows->takeRound(); !rest.isEmpty() && end)
        rounds.append(std::move(rest));
    const quint64 count = m_rows->rounds();
    const QByteArray text = m_rows->messages() + m_err;
    if (!end) {
        closeStream(); // the process may still be there: m_pid stays, and is looked at before the next start
        tell(end.error());
        if (self && m_state != State::Stopped)
            pauseThenOpen(m_backoff.next());
        return;
    }
    m_pid.reset();
    m_tick.stop();
    const NvidiaLadder::Step step = m_ladder.ended(end->exitCode, text, count);
    const int generation = m_generation;
    takeRounds(rounds);
    if (!self || m_state == State::Stopped || generation != m_generation)
        return;
    closeStream();
    if (step.retryNow) {
        pauseThenOpen(std::chrono::milliseconds(0));
    } else if (step.error) {
        m_hung = false;
        tell(*step.error);
        if (self && m_state != State::Stopped)
            pauseThenOpen(m_backoff.next());
    } else if (m_ladder.rung() == NvidiaLadder::Rung::OneShot) {
        pauseThenOpen(m_ladder.period());
    } else {
        pauseThenOpen(m_backoff.next()); // a stream that ends by itself without a complaint
    }
}

void NvidiaMonitorStream::tick()
{
    if (m_state != State::Running || !m_rows)
        return;
    const std::chrono::milliseconds waited = m_clock.monotonic() - m_lastRow;
    if (m_rows->rows() == 0) {
        awaitFirstRow(waited);
        return;
    }
    // With hundreds of nodes the ticks cost as much as the samples: none more often than its limit needs.
    if (const std::chrono::milliseconds period = tickPeriod(2); m_tick.intervalAsDuration() != period)
        m_tick.start(period);
    if (waited > std::max(3 * m_ladder.period(), m_options.leastSilence))
        silent();
}

std::chrono::milliseconds NvidiaMonitorStream::tickPeriod(int parts) const
{
    return std::clamp<std::chrono::milliseconds>(m_options.leastSilence / parts, std::chrono::milliseconds(10), std::chrono::seconds(5));
}

void NvidiaMonitorStream::awaitFirstRow(std::chrono::milliseconds waited)
{
    if (waited > m_patience) {
        if (!m_atWork) {
            silent();
            return;
        }
        // Ending it would make the next one begin its start from nothing.
        m_patience += m_options.firstRowLimit;
        const QPointer<NvidiaMonitorStream> self(this);
        tell(nvidiaError(NvidiaProblem::Starting, {}, 0));
        if (!self || m_state != State::Running)
            return;
    }
    if (m_pid && !m_looking && waited >= m_nextLook) {
        m_nextLook = waited + m_options.firstLook;
        look(*m_pid);
    }
}

Task<void> NvidiaMonitorStream::look(qint64 pid)
{
    if (!m_shell)
        co_return;
    m_looking = true;
    const int generation = m_generation;
    const QPointer<NvidiaMonitorStream> self(this);
    const SshCommand command = lookCommand(pid);
    const Result<ExecResult> result = co_await m_shell->exec(command, m_stop.get_token());
    if (!self || generation != m_generation)
        co_return;
    m_looking = false;
    if (m_state != State::Running || !m_rows || m_rows->rows() != 0)
        co_return;
    // No answer is the link's silence, no account a process that has just ended or a node without /proc: no proof.
    const QByteArray account = result ? result->out.trimmed() : QByteArray();
    const bool before = !m_account.isEmpty() && !account.isEmpty();
    m_still = before && account == m_account;
    m_atWork = before && !m_still;
    m_account = account;
    if (m_still)
        silent();
}

void NvidiaMonitorStream::silent()
{
    // It may print errors for ever instead of rows: then that is what is wrong, not silence.
    const QByteArray text = m_rows->messages() + m_err;
    std::optional<Error> reason = explainNvidia(0, text);
    closeStream();
    const QByteArray said = text.trimmed();
    if (!reason)
        reason = nvidiaError(NvidiaProblem::Hung, said, 0);
    if (m_pid) {
        examine(*m_pid, reason);
        return;
    }
    // Without an id nothing can be looked at; the silence itself is all there is to tell.
    const QPointer<NvidiaMonitorStream> self(this);
    m_hung = nvidiaProblem(*reason) == NvidiaProblem::Hung;
    tell(*reason);
    if (self && m_state != State::Stopped)
        pauseThenOpen(m_backoff.next());
}

Task<void> NvidiaMonitorStream::examine(qint64 pid, std::optional<Error> reason)
{
    if (!m_shell) {
        stop();
        co_return;
    }
    m_state = State::Examining;
    const int generation = ++m_generation;
    const QPointer<NvidiaMonitorStream> self(this);
    const SshCommand command = examineCommand(pid);
    const Result<ExecResult> result = co_await m_shell->exec(command, m_stop.get_token());
    if (!self || generation != m_generation || m_state != State::Examining)
        co_return;
    if (!result) {
        // The link is what is silent. The id is kept.
        tell(result.error());
        if (self && m_state == State::Examining)
            pauseThenOpen(m_backoff.next());
        co_return;
    }
    const QByteArray word = result->out.trimmed();
    if (word == "stuck") {
        Error error = reason && nvidiaProblem(*reason) != NvidiaProblem::Hung ? *reason : nvidiaError(NvidiaProblem::Hung, {}, 0);
        error.detail = tr("Process %1 does not end, not even when killed: it waits inside the driver. No second nvidia-smi "
                          "is started while it is there.")
                           .arg(pid);
        m_hung = true;
        tell(error);
        if (self && m_state == State::Examining)
            pauseThenOpen(m_backoff.next());
        co_return;
    }
    // "gone" and "ended"; anything else is a node without /proc, where the name cannot be checked.
    m_pid.reset();
    if (!reason) {
        open();
        co_return;
    }
    if (word == "ended" || nvidiaProblem(*reason) != NvidiaProblem::Hung) {
        m_hung = nvidiaProblem(*reason) == NvidiaProblem::Hung;
        if (reason->detail.isEmpty())
            reason->detail = m_still ? tr("Process %1 gave no line and did nothing at all between two looks at it; it was ended.").arg(pid)
                                     : tr("Process %1 gave no line in time and was ended.").arg(pid);
        tell(*reason);
        if (!self || m_state != State::Examining)
            co_return;
    }
    pauseThenOpen(m_backoff.next());
}

void NvidiaMonitorStream::tell(const Error &error)
{
    if (m_state != State::Stopped && error.kind != Error::Kind::Cancelled)
        Q_EMIT failed(error);
}

void NvidiaMonitorStream::pauseThenOpen(std::chrono::milliseconds length)
{
    m_state = State::Pausing;
    m_pause.start(length);
}

void NvidiaMonitorStream::linkChanged(LinkState state)
{
    if (state != LinkState::Connected || (m_state != State::WaitingForLink && m_state != State::Pausing))
        return;
    if (m_state == State::Pausing && m_hung)
        return; // this pause is the node's, not the link's
    pauseThenOpen(std::chrono::milliseconds(0));
}

Task<Result<QList<ComputeApp>>> NvidiaMonitorStream::readProcesses(std::stop_token stop)
{
    if (m_hung || !m_shell)
        co_return nvidiaError(NvidiaProblem::Hung, {}, 0);
    if (m_processesBusy)
        co_return Error(Error::Kind::Refused, tr("The processes of the GPU are being read already."));
    m_processesBusy = true;
    const QPointer<NvidiaMonitorStream> self(this);
    SshCommand command(computeAppsArgv());
    command.timeout(std::chrono::seconds(15));
    const Result<ExecResult> result = co_await m_shell->exec(command, stop);
    if (self)
        self->m_processesBusy = false;
    if (!result)
        co_return result.error();
    if (result->exitCode == 124 || result->exitCode == 137)
        co_return nvidiaError(NvidiaProblem::Hung, result->err, result->exitCode);
    const QList<ComputeApp> apps = parseComputeApps(result->out);
    if (apps.isEmpty())
        if (const std::optional<Error> error = explainNvidia(result->exitCode, result->out + result->err))
            co_return *error;
    co_return apps;
}

} // namespace hybridge
