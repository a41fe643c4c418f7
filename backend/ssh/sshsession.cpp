// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshsession.h"

#include "backend/ssh/ssherrors.h"

#include <QCoroSignal>
#include <QRandomGenerator>

#include <algorithm>

namespace hybridge {

using SteadyClock = std::chrono::steady_clock;

namespace {
/// A link that lasted this long ends the growing of the pauses.
constexpr std::chrono::seconds provenAfter{10};

SteadyClock::time_point deadlineAfter(std::chrono::milliseconds limit)
{
    return limit.count() > 0 ? SteadyClock::now() + limit : SteadyClock::time_point::max();
}

/// The answer to one job, awaited by a coroutine that shares it.
class PendingAnswer final : public SshJobListener {
public:
    void jobEnded(const Result<ExecResult> &result) override
    {
        m_result = result;
        m_latch.release();
    }
    [[nodiscard]] Latch &latch() { return m_latch; }
    [[nodiscard]] const Result<ExecResult> &result() const { return *m_result; }

private:
    std::optional<Result<ExecResult>> m_result;
    Latch m_latch;
};
} // namespace

/// The stream that a caller holds; its listener outlives it by as long as the hub still knows the job.
class SessionStream final : public ShellStream {
public:
    class Listener final : public SshJobListener {
    public:
        void jobData(const QByteArray &out, const QByteArray &err) override
        {
            if (stream && !out.isEmpty())
                Q_EMIT stream->outputReceived(out);
            if (stream && !err.isEmpty()) // the first signal may have ended it
                Q_EMIT stream->errorReceived(err);
        }
        void jobEnded(const Result<ExecResult> &result) override
        {
            if (SessionStream *const ending = std::exchange(stream, nullptr))
                Q_EMIT ending->ended(result);
        }
        SessionStream *stream = nullptr;
    };

    SessionStream(SshSession *session, std::shared_ptr<Listener> listener)
        : m_session(session)
        , m_listener(std::move(listener))
    {
        m_listener->stream = this;
    }
    ~SessionStream() override { SessionStream::close(); }
    void setJobId(quint64 id) { m_jobId = id; }
    void close() override
    {
        if (!std::exchange(m_listener->stream, nullptr))
            return;
        if (m_session)
            m_session->abort(m_jobId, ssherror::cancelled());
    }

private:
    QPointer<SshSession> m_session;
    std::shared_ptr<Listener> m_listener;
    quint64 m_jobId = 0;
};

SshSession::SshSession(SshHub &hub, SshTarget target, QObject *parent)
    : Shell(parent)
    , m_hub(hub)
    , m_target(std::move(target))
    , m_backoff(hub.options().firstRetry, hub.options().mostRetry, QRandomGenerator::global()->generate())
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &SshSession::dial);
    m_waitingLimit.setSingleShot(true);
    connect(&m_waitingLimit, &QTimer::timeout, this, &SshSession::expireWaiting);
}

SshSession::~SshSession()
{
    blockSignals(true);
    close();
}

Task<Result<ExecResult>> SshSession::exec(SshCommand command, std::stop_token stop)
{
    const QPointer<SshSession> self(this);
    const auto answer = std::make_shared<PendingAnswer>();
    const auto job = std::make_shared<SshJob>();
    job->id = m_hub.addJob(this, answer);
    job->kind = SshJob::Kind::Exec;
    job->line = command.line().toUtf8();
    job->input = command.stdinData();
    job->maxBytes = command.outputLimit();
    job->limit = command.timeoutLimit();
    job->deadline = deadlineAfter(command.timeoutLimit());
    start(job);
    const std::stop_callback cancel(stop, [self, id = job->id] {
        if (self)
            self->abort(id, ssherror::cancelled());
    });
    if (!answer->latch().isReleased())
        co_await qCoro(&answer->latch(), &Latch::released);
    co_return answer->result();
}

std::unique_ptr<ShellStream> SshSession::stream(SshCommand command)
{
    const auto listener = std::make_shared<SessionStream::Listener>();
    const auto job = std::make_shared<SshJob>();
    job->id = m_hub.addJob(this, listener);
    job->kind = SshJob::Kind::Stream;
    job->line = command.line().toUtf8();
    job->input = command.stdinData();
    job->limit = command.timeoutLimit();
    job->deadline = deadlineAfter(command.timeoutLimit());
    auto stream = std::make_unique<SessionStream>(this, listener);
    stream->setJobId(job->id);
    start(job);
    return stream;
}

std::unique_ptr<ShellStream> SshSession::forward(QString host, quint16 port, QByteArray request, std::chrono::milliseconds limit)
{
    const auto listener = std::make_shared<SessionStream::Listener>();
    const auto job = std::make_shared<SshJob>();
    job->id = m_hub.addJob(this, listener);
    job->kind = SshJob::Kind::Tunnel;
    job->host = host.toUtf8();
    job->port = port;
    job->input = std::move(request);
    job->limit = limit;
    job->deadline = deadlineAfter(limit);
    auto stream = std::make_unique<SessionStream>(this, listener);
    stream->setJobId(job->id);
    start(job);
    return stream;
}

Task<Result<QByteArray>> SshSession::roundTrip(QString host, quint16 port, QByteArray request,
    bool (*enough)(const QByteArray &), qint64 maxBytes, std::chrono::milliseconds limit, std::stop_token stop)
{
    const QPointer<SshSession> self(this);
    const auto answer = std::make_shared<PendingAnswer>();
    const auto job = std::make_shared<SshJob>();
    job->id = m_hub.addJob(this, answer);
    job->kind = SshJob::Kind::Forward;
    job->host = host.toUtf8();
    job->port = port;
    job->input = request;
    job->enough = enough;
    job->maxBytes = maxBytes;
    job->limit = limit;
    job->deadline = deadlineAfter(limit);
    start(job);
    const std::stop_callback cancel(stop, [self, id = job->id] {
        if (self)
            self->abort(id, ssherror::cancelled());
    });
    if (!answer->latch().isReleased())
        co_await qCoro(&answer->latch(), &Latch::released);
    if (!answer->result())
        co_return answer->result().error();
    co_return answer->result()->out;
}

void SshSession::start(std::shared_ptr<SshJob> job)
{
    connectLink();
    switch (m_state) {
    case LinkState::Connected:
        m_hub.submit(m_linkId, job);
        return;
    case LinkState::Dialing:
        m_waiting.push_back(std::move(job));
        armWaitingLimit();
        return;
    case LinkState::Idle:
    case LinkState::Waiting:
    case LinkState::Blocked:
    case LinkState::Closed:
        break;
    }
    // Queued: the caller must be able to connect to a stream before it ends.
    const Error error = m_state == LinkState::Closed ? ssherror::closedByUs() : m_error.value_or(ssherror::noAddress());
    QMetaObject::invokeMethod(
        &m_hub, [hub = &m_hub, id = job->id, error] { hub->endJob(id, error); }, Qt::QueuedConnection);
}

void SshSession::abort(quint64 jobId, const Error &error)
{
    if (m_linkId != 0)
        m_hub.cancel(m_linkId, jobId);
    std::erase_if(m_waiting, [jobId](const SshJobPtr &job) { return job->id == jobId; });
    m_hub.endJob(jobId, error);
}

void SshSession::setTarget(SshTarget target)
{
    if (target == m_target || m_state == LinkState::Closed)
        return;
    const bool wanted = m_state != LinkState::Idle;
    dropLink();
    m_target = std::move(target);
    m_backoff.reset();
    const QPointer<SshSession> self(this);
    m_hub.endJobsOf(this, ssherror::linkLost(m_target, tr("The address or the user of the machine has changed.")));
    if (!self)
        return;
    m_state = LinkState::Idle;
    m_error.reset();
    if (wanted)
        connectLink();
    else
        setState(LinkState::Idle, std::nullopt);
}

void SshSession::connectLink()
{
    if (m_state == LinkState::Idle)
        dial();
}

void SshSession::requestRetryNow()
{
    if ((m_state != LinkState::Waiting && m_state != LinkState::Blocked && m_state != LinkState::Idle) || m_asking)
        return;
    m_backoff.reset();
    dial();
}

std::optional<std::chrono::milliseconds> SshSession::nextTryIn() const
{
    if (!m_retry.isActive())
        return std::nullopt;
    return m_retry.remainingTimeAsDuration();
}

void SshSession::close()
{
    if (m_state == LinkState::Closed)
        return;
    dropLink();
    m_state = LinkState::Closed;
    m_error.reset();
    const QPointer<SshSession> self(this);
    m_hub.endJobsOf(this, ssherror::closedByUs());
    if (self)
        Q_EMIT linkStateChanged(m_state);
}

/// Ends link, dial, question and pauses; answers nothing.
void SshSession::dropLink()
{
    m_retry.stop();
    m_waitingLimit.stop();
    m_waiting.clear();
    m_dial.reset();
    if (m_asking)
        std::exchange(m_asking, std::nullopt)->request_stop();
    if (m_linkId != 0)
        m_hub.removeLink(std::exchange(m_linkId, 0));
}

void SshSession::dial()
{
    m_retry.stop();
    if (m_target.host.isEmpty()) {
        setState(LinkState::Waiting, ssherror::noAddress()); // until setTarget()
        return;
    }
    m_dial = std::make_unique<SshDial>(m_hub.dialContext(), m_target, m_expectedKeys);
    connect(m_dial.get(), &SshDial::finished, this, &SshSession::dialFinished);
    SshDial *const dialing = m_dial.get();
    setState(LinkState::Dialing, m_error);
    if (m_dial.get() == dialing) // a listener may have closed us
        dialing->start();
}

void SshSession::dialFinished()
{
    HandshakeOutcome outcome = m_dial->takeOutcome();
    m_dial.release()->deleteLater();
    const bool accepted = outcome.hostKey && outcome.hostKey->action == HostKeyAction::AcceptAndRemember;
    if (accepted && !remember(*outcome.hostKey))
        return;
    if (outcome.session) {
        connected(std::move(*outcome.session));
        return;
    }
    const bool askable = outcome.hostKey && outcome.hostKey->action == HostKeyAction::Ask;
    const QPointer<SshSession> self(this);
    failed(*outcome.error);
    if (self && askable && m_state == LinkState::Blocked)
        ask(*outcome.hostKey);
}

void SshSession::connected(DialedSession dialed)
{
    m_linkId = m_hub.addLink(std::move(dialed), m_target, this);
    m_connectedAt = SteadyClock::now();
    m_waitingLimit.stop();
    for (const SshJobPtr &job : std::exchange(m_waiting, {}))
        m_hub.submit(m_linkId, job);
    setState(LinkState::Connected, std::nullopt);
}

void SshSession::failed(const Error &error)
{
    const bool needsOperator = error.kind == Error::Kind::HostKey || error.kind == Error::Kind::Unauthorized
        || error.kind == Error::Kind::Unavailable || error.kind == Error::Kind::Invalid;
    m_waitingLimit.stop();
    m_waiting.clear();
    m_retry.start(needsOperator ? m_hub.options().blockedRetry : m_backoff.next());
    // The state first: who hears of his job's end may look at it.
    m_state = needsOperator ? LinkState::Blocked : LinkState::Waiting;
    m_error = error;
    const QPointer<SshSession> self(this);
    m_hub.endJobsOf(this, error);
    if (self)
        Q_EMIT linkStateChanged(m_state);
}

void SshSession::linkLost(const Error &error)
{
    m_linkId = 0;
    if (SteadyClock::now() - m_connectedAt >= provenAfter)
        m_backoff.reset();
    failed(error);
}

void SshSession::ask(const HostKeyFinding &finding)
{
    HostKeyQuestion *const question = m_hub.options().hostKeyQuestion;
    if (!question)
        return;
    m_retry.stop(); // the answer decides
    m_asking.emplace();
    QCoro::connect(question->ask(finding, m_target, m_asking->get_token()), this,
        [this, finding, stop = m_asking->get_token()](bool accepted) {
            if (stop.stop_requested())
                return; // a question about an address that is no longer ours
            m_asking.reset();
            if (accepted && m_state == LinkState::Blocked && remember(finding))
                dial();
        });
}

bool SshSession::remember(const HostKeyFinding &finding)
{
    const Result<void> kept = m_hub.ourKnownHosts().append(finding.name, finding.presented);
    if (!kept)
        failed(kept.error()); // a key that is not pinned could change unseen
    return kept.has_value();
}

void SshSession::setState(LinkState state, std::optional<Error> error)
{
    m_state = state;
    m_error = std::move(error);
    Q_EMIT linkStateChanged(state);
}

void SshSession::armWaitingLimit()
{
    SteadyClock::time_point due = SteadyClock::time_point::max();
    for (const SshJobPtr &job : m_waiting)
        due = std::min(due, job->deadline);
    if (due != SteadyClock::time_point::max())
        m_waitingLimit.start(std::max(
            std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(due - SteadyClock::now())));
}

void SshSession::expireWaiting()
{
    const SteadyClock::time_point now = SteadyClock::now();
    std::vector<SshJobPtr> expired;
    std::erase_if(m_waiting, [&](const SshJobPtr &job) {
        if (job->deadline <= now)
            expired.push_back(job);
        return job->deadline <= now;
    });
    armWaitingLimit();
    SshHub &hub = m_hub; // an answer may delete this session
    const SshTarget target = m_target;
    for (const SshJobPtr &job : expired)
        hub.endJob(job->id, ssherror::commandTimeout(target, job->limit, false));
}

} // namespace hybridge
