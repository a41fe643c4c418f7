// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/forwarder.h"
#include "backend/ssh/shell.h"

#include <QList>
#include <QPointer>

#include <functional>

namespace hybridge {

/// A stream whose output the test pushes by hand. Owned by the code under test; the test holds QPointers.
class FakeStream final : public ShellStream {
    Q_OBJECT
public:
    explicit FakeStream(SshCommand started) : command(std::move(started)) { }
    void close() override { m_closed = true; }
    [[nodiscard]] bool isClosed() const { return m_closed; }
    void push(const QByteArray &bytes)
    {
        if (!m_closed && !m_ended)
            Q_EMIT outputReceived(bytes);
    }
    void pushError(const QByteArray &bytes)
    {
        if (!m_closed && !m_ended)
            Q_EMIT errorReceived(bytes);
    }
    void finish(const Result<ExecResult> &end)
    {
        if (m_closed || std::exchange(m_ended, true))
            return;
        Q_EMIT ended(end);
    }
    const SshCommand command;

private:
    bool m_closed = false;
    bool m_ended = false;
};

/// A Shell that answers from a script. Everything is answered asynchronously, as the real one does; a rule added later
/// goes before an earlier one. What no rule matches is answered with an Error of kind Invalid and listed in
/// unexpected().
class FakeShell final : public Shell, public Forwarder {
    Q_OBJECT
public:
    using Matcher = std::function<bool(const QStringList &argv)>;
    /// argv begins with these words.
    [[nodiscard]] static Matcher startsWith(QStringList words);
    /// The quoted command line contains this text.
    [[nodiscard]] static Matcher contains(QString text);
    /// An ordinary end.
    [[nodiscard]] static ExecResult done(QByteArray out, int exitCode = 0, QByteArray err = {});
    /// A whole HTTP/1.1 answer for whenRoundTrip().
    [[nodiscard]] static QByteArray http(
        int status, const QByteArray &body, const QByteArray &type = "application/json");

    explicit FakeShell(QObject *parent = nullptr) : Shell(parent) { }
    ~FakeShell() override;

    void whenExec(QStringList words, Result<ExecResult> answer)
    {
        whenExec(startsWith(std::move(words)), std::move(answer));
    }
    void whenExec(Matcher matcher, Result<ExecResult> answer);
    /// Answers computed from the command, for commands that change something.
    void whenExec(Matcher matcher, std::function<Result<ExecResult>(const SshCommand &)> answer);
    /// Ends only by its time limit, by cancelling, by the link going down, or by releaseHung().
    void whenExecHangs(QStringList words);
    /// Pushes @p chunks one by one as soon as the stream is connected to, then @p end if given; else it stays open.
    void whenStream(QStringList words, QList<QByteArray> chunks, std::optional<Result<ExecResult>> end = std::nullopt);
    /// @p path: beginning of the path in the request line; empty matches anything.
    void whenRoundTrip(QString host, quint16 port, QByteArray path, Result<QByteArray> answer);
    /// As whenStream(), for Forwarder::forward() with this beginning of the path in the request line. What is forwarded is
    /// listed among roundTrips().
    void whenForward(QString host, quint16 port, QByteArray path, QList<QByteArray> chunks,
        std::optional<Result<ExecResult>> end = std::nullopt);
    void whenRoundTripHangs(QString host, quint16 port, QByteArray path = {});
    void clearRules();

    /// A state that is not up fails what is in flight and ends open streams with @p error.
    void setLinkState(LinkState state, std::optional<Error> error = std::nullopt);
    /// Answers all hanging calls and returns how many there were.
    int releaseHung(const Result<ExecResult> &answer);

    struct RoundTrip {
        QString host;
        quint16 port = 0;
        QByteArray request;
    };
    [[nodiscard]] const QList<SshCommand> &commands() const { return m_commands; } ///< exec and stream, in order
    [[nodiscard]] QList<QStringList> argvs() const;
    [[nodiscard]] qsizetype countOf(const QStringList &words) const; ///< commands that begin with these words
    [[nodiscard]] const QList<RoundTrip> &roundTrips() const { return m_roundTrips; }
    [[nodiscard]] const QStringList &unexpected() const { return m_unexpected; }
    /// The newest stream whose argv begins with @p words and that still exists; null when there is none.
    [[nodiscard]] FakeStream *openStream(const QStringList &words = {}) const;
    void clearRecords();

    Task<Result<ExecResult>> exec(SshCommand command, std::stop_token stop) override;
    std::unique_ptr<ShellStream> stream(SshCommand command) override;
    std::unique_ptr<ShellStream> forward(QString host, quint16 port, QByteArray request, std::chrono::milliseconds limit) override;
    Task<Result<QByteArray>> roundTrip(QString host, quint16 port, QByteArray request,
        bool (*enough)(const QByteArray &), qint64 maxBytes, std::chrono::milliseconds limit,
        std::stop_token stop) override;
    [[nodiscard]] LinkState linkState() const override { return m_state; }
    [[nodiscard]] std::optional<Error> linkError() const override { return m_error; }

private:
    struct Hung;
    struct ExecRule {
        Matcher matcher;
        std::function<Result<ExecResult>(const SshCommand &)> answer; // empty: hangs
    };
    struct StreamRule {
        Matcher matcher;
        QList<QByteArray> chunks;
        std::optional<Result<ExecResult>> end;
    };
    struct RoundTripRule {
        QString host;
        quint16 port = 0;
        QByteArray path;
        std::optional<Result<QByteArray>> answer; // empty: hangs
    };
    Task<Result<ExecResult>> hang(std::chrono::milliseconds limit, std::stop_token stop);
    [[nodiscard]] std::optional<Error> downError() const;

    LinkState m_state = LinkState::Connected;
    std::optional<Error> m_error;
    QList<ExecRule> m_execRules;
    QList<StreamRule> m_streamRules;
    struct ForwardRule {
        QString host;
        quint16 port = 0;
        QByteArray path;
        QList<QByteArray> chunks;
        std::optional<Result<ExecResult>> end;
    };
    QList<ForwardRule> m_forwardRules;
    QList<RoundTripRule> m_roundTripRules;
    QList<SshCommand> m_commands;
    QList<RoundTrip> m_roundTrips;
    QStringList m_unexpected;
    QList<QPointer<FakeStream>> m_streams;
    QList<std::shared_ptr<Hung>> m_hung;
};

} // namespace hybridge
