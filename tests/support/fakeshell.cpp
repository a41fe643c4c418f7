// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fakeshell.h"

#include <QCoroSignal>
#include <QTimer>

namespace hybridge {

namespace {
QByteArray requestPath(const QByteArray &request)
{
    const QList<QByteArray> words = request.left(request.indexOf("\r\n")).split(' ');
    return words.value(1);
}
} // namespace

struct FakeShell::Hung {
    void answer(const Result<ExecResult> &result)
    {
        if (!value)
            value = result;
        latch.release();
    }
    std::optional<Result<ExecResult>> value;
    Latch latch;
};

FakeShell::Matcher FakeShell::startsWith(QStringList words)
{
    return [words = std::move(words)](const QStringList &argv) { return argv.mid(0, words.size()) == words; };
}

FakeShell::Matcher FakeShell::contains(QString text)
{
    return [text = std::move(text)](const QStringList &argv) { return quoteArgv(argv).contains(text); };
}

ExecResult FakeShell::done(QByteArray out, int exitCode, QByteArray err)
{
    ExecResult result;
    result.out = std::move(out);
    result.err = std::move(err);
    result.exitCode = exitCode;
    return result;
}

QByteArray FakeShell::http(int status, const QByteArray &body, const QByteArray &type)
{
    return "HTTP/1.1 " + QByteArray::number(status) + " X\r\nContent-Type: " + type
        + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

FakeShell::~FakeShell()
{
    releaseHung(Error(Error::Kind::Cancelled, QStringLiteral("The SSH link was closed.")));
}

void FakeShell::whenExec(Matcher matcher, Result<ExecResult> answer)
{
    whenExec(std::move(matcher), [answer = std::move(answer)](const SshCommand &) { return answer; });
}

void FakeShell::whenExec(Matcher matcher, std::function<Result<ExecResult>(const SshCommand &)> answer)
{
    m_execRules.prepend(ExecRule{std::move(matcher), std::move(answer)});
}

void FakeShell::whenExecHangs(QStringList words)
{
    m_execRules.prepend(ExecRule{startsWith(std::move(words)), {}});
}

void FakeShell::whenStream(QStringList words, QList<QByteArray> chunks, std::optional<Result<ExecResult>> end)
{
    m_streamRules.prepend(StreamRule{startsWith(std::move(words)), std::move(chunks), std::move(end)});
}

void FakeShell::whenRoundTrip(QString host, quint16 port, QByteArray path, Result<QByteArray> answer)
{
    m_roundTripRules.prepend(RoundTripRule{std::move(host), port, std::move(path), std::move(answer)});
}

void FakeShell::whenRoundTripHangs(QString host, quint16 port, QByteArray path)
{
    m_roundTripRules.prepend(RoundTripRule{std::move(host), port, std::move(path), std::nullopt});
}

void FakeShell::clearRules()
{
    m_execRules.clear();
    m_streamRules.clear();
    m_roundTripRules.clear();
    m_forwardRules.clear();
}

std::optional<Error> FakeShell::downError() const
{
    if (m_state == LinkState::Connected || m_state == LinkState::Idle)
        return std::nullopt;
    return m_error.value_or(Error(Error::Kind::Network, QStringLiteral("The SSH link is down.")));
}

void FakeShell::setLinkState(LinkState state, std::optional<Error> error)
{
    m_state = state;
    m_error = std::move(error);
    if (const std::optional<Error> down = downError()) {
        releaseHung(*down);
        for (const QPointer<FakeStream> &stream : QList<QPointer<FakeStream>>(m_streams))
            if (stream)
                stream->finish(*down);
    }
    Q_EMIT linkStateChanged(state);
}

int FakeShell::releaseHung(const Result<ExecResult> &answer)
{
    const QList<std::shared_ptr<Hung>> hung = std::exchange(m_hung, {});
    for (const auto &one : hung)
        one->answer(answer);
    return static_cast<int>(hung.size());
}

QList<QStringList> FakeShell::argvs() const
{
    QList<QStringList> all;
    for (const SshCommand &command : m_commands)
        all.append(command.argv());
    return all;
}

qsizetype FakeShell::countOf(const QStringList &words) const
{
    const Matcher matches = startsWith(words);
    return std::count_if(
        m_commands.begin(), m_commands.end(), [&](const SshCommand &command) { return matches(command.argv()); });
}

FakeStream *FakeShell::openStream(const QStringList &words) const
{
    const Matcher matches = startsWith(words);
    for (auto stream = m_streams.crbegin(); stream != m_streams.crend(); ++stream)
        if (*stream && !(*stream)->isClosed() && matches((*stream)->command.argv()))
            return *stream;
    return nullptr;
}

void FakeShell::clearRecords()
{
    m_commands.clear();
    m_roundTrips.clear();
    m_unexpected.clear();
}

Task<Result<ExecResult>> FakeShell::hang(std::chrono::milliseconds limit, std::stop_token stop)
{
    const QPointer<FakeShell> self(this);
    const auto hung = std::make_shared<Hung>();
    m_hung.append(hung);
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &timer,
        [hung] { hung->answer(Error(Error::Kind::Timeout, QStringLiteral("The command did not end in time."))); });
    if (limit.count() > 0)
        timer.start(limit);
    const std::stop_callback cancel(stop, [hung] { hung->answer(Error(Error::Kind::Cancelled, {})); });
    if (!hung->latch.isReleased())
        co_await qCoro(&hung->latch, &Latch::released);
    if (self)
        m_hung.removeOne(hung);
    co_return *hung->value;
}

Task<Result<ExecResult>> FakeShell::exec(SshCommand command, std::stop_token stop)
{
    m_commands.append(command);
    if (const std::optional<Error> down = downError()) {
        const Error error = *down;
        co_await pause(std::chrono::milliseconds(0), {});
        co_return error;
    }
    for (const ExecRule &rule : std::as_const(m_execRules)) {
        if (!rule.matcher(command.argv()))
            continue;
        if (!rule.answer) {
            const Result<ExecResult> ended = co_await hang(command.timeoutLimit(), stop);
            co_return ended;
        }
        const Result<ExecResult> answer = rule.answer(command);
        const bool waited = co_await pause(std::chrono::milliseconds(0), stop);
        if (!waited)
            co_return Error(Error::Kind::Cancelled, {});
        co_return answer;
    }
    m_unexpected.append(command.line());
    const Error unexpected(Error::Kind::Invalid, QStringLiteral("FakeShell has no answer for: %1").arg(command.line()));
    co_await pause(std::chrono::milliseconds(0), {});
    co_return unexpected;
}

std::unique_ptr<ShellStream> FakeShell::stream(SshCommand command)
{
    m_commands.append(command);
    auto stream = std::make_unique<FakeStream>(command);
    FakeStream *const raw = stream.get();
    m_streams.removeAll(nullptr);
    m_streams.append(raw);
    if (const std::optional<Error> down = downError()) {
        QTimer::singleShot(0, raw, [raw, error = *down] { raw->finish(error); });
        return stream;
    }
    for (const StreamRule &rule : std::as_const(m_streamRules)) {
        if (!rule.matcher(command.argv()))
            continue;
        for (const QByteArray &chunk : rule.chunks)
            QTimer::singleShot(0, raw, [raw, chunk] { raw->push(chunk); });
        if (rule.end)
            QTimer::singleShot(0, raw, [raw, end = *rule.end] { raw->finish(end); });
        return stream;
    }
    return stream; // stays open: the test finds it with openStream()
}

void FakeShell::whenForward(QString host, quint16 port, QByteArray path, QList<QByteArray> chunks, std::optional<Result<ExecResult>> end)
{
    ForwardRule rule;
    rule.host = std::move(host);
    rule.port = port;
    rule.path = std::move(path);
    rule.chunks = std::move(chunks);
    rule.end = std::move(end);
    m_forwardRules.prepend(rule);
}

std::unique_ptr<ShellStream> FakeShell::forward(QString host, quint16 port, QByteArray request, std::chrono::milliseconds)
{
    RoundTrip record;
    record.host = host;
    record.port = port;
    record.request = request;
    m_roundTrips.append(record);
    auto stream = std::make_unique<FakeStream>(SshCommand({QStringLiteral("forward"), host + u':' + QString::number(port)}));
    FakeStream *const raw = stream.get();
    m_streams.removeAll(nullptr);
    m_streams.append(raw);
    if (const std::optional<Error> down = downError()) {
        QTimer::singleShot(0, raw, [raw, error = *down] { raw->finish(error); });
        return stream;
    }
    for (const ForwardRule &rule : std::as_const(m_forwardRules)) {
        if (rule.host != host || rule.port != port || !requestPath(request).startsWith(rule.path))
            continue;
        for (const QByteArray &chunk : rule.chunks)
            QTimer::singleShot(0, raw, [raw, chunk] { raw->push(chunk); });
        if (rule.end)
            QTimer::singleShot(0, raw, [raw, end = *rule.end] { raw->finish(end); });
        return stream;
    }
    // As on a node where nothing listens there.
    QTimer::singleShot(0, raw, [raw] { raw->finish(Error(Error::Kind::Network, QStringLiteral("Connection refused."), {}, 111)); });
    return stream;
}

Task<Result<QByteArray>> FakeShell::roundTrip(QString host, quint16 port, QByteArray request,
    bool (*)(const QByteArray &), qint64 maxBytes, std::chrono::milliseconds limit, std::stop_token stop)
{
    RoundTrip record;
    record.host = host;
    record.port = port;
    record.request = request;
    m_roundTrips.append(record);
    if (const std::optional<Error> down = downError()) {
        const Error error = *down;
        co_await pause(std::chrono::milliseconds(0), {});
        co_return error;
    }
    for (const RoundTripRule &rule : std::as_const(m_roundTripRules)) {
        if (rule.host != host || rule.port != port || !requestPath(request).startsWith(rule.path))
            continue;
        if (!rule.answer) {
            const Result<ExecResult> ended = co_await hang(limit, stop);
            if (!ended)
                co_return ended.error();
            co_return ended->out;
        }
        const Result<QByteArray> answer = *rule.answer;
        const bool waited = co_await pause(std::chrono::milliseconds(0), stop);
        if (!waited)
            co_return Error(Error::Kind::Cancelled, {});
        if (answer && answer->size() > maxBytes)
            co_return Error(Error::Kind::Protocol, QStringLiteral("The answer is too long."));
        co_return answer;
    }
    // As on a node where nothing listens there.
    Error refused(
        Error::Kind::Network, QStringLiteral("Nothing listens on %1:%2 of the node.").arg(host).arg(port), {}, 111);
    co_await pause(std::chrono::milliseconds(0), {});
    co_return refused;
}

} // namespace hybridge
