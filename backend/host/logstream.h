// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/journal.h"
#include "backend/host/servicename.h"
#include "backend/ssh/shell.h"

#include <QObject>
#include <QPointer>
#include <QTimer>

#include <memory>
#include <optional>

namespace hybridge {

/// Cuts a stream of bytes into lines. A line over the limit is dropped whole: nothing grows without end. Pure.
class LogLineCutter {
public:
    /// The lines that @p bytes complete, without their ends.
    [[nodiscard]] QList<QByteArray> feed(const QByteArray &bytes);
    void reset();
    [[nodiscard]] int dropped() const { return m_dropped; }

private:
    QByteArray m_rest;
    bool m_skipping = false;
    int m_dropped = 0;
};

/// Follows where one stream of `docker logs -t` stands, so that a new call behind --since repeats no line. docker gives
/// whole lines behind a time, that time included; several lines may carry the same one. Pure.
class DockerLogPosition {
public:
    /// False when @p line was seen before the last reopen().
    [[nodiscard]] bool take(const QByteArray &line);
    /// The stream starts again at time().
    void reopen();
    [[nodiscard]] QByteArray time() const { return m_time; } ///< RFC 3339 with nanoseconds; empty: nothing seen

private:
    QByteArray m_time;
    int m_seenAtTime = 0; ///< lines taken that carry m_time
    int m_toSkip = 0;
    QByteArray m_skipUntil;
};

/// The live log of one systemd unit or container, over a node's shell. The journal's cursor (docker: the time of the last
/// line) is kept, so that after a lost link it goes on with the next line: none lost, none twice. GUI thread; never blocks
/// it; keeps no lines itself.
class LogStream final : public QObject {
    Q_OBJECT
public:
    enum class State {
        Idle, ///< not started, or stopped
        Live,
        Reconnecting, ///< the link or the remote process has ended; error() tells why
        Ended, ///< it makes no sense to go on: error() tells why
    };

    /// @p service: "systemd:UNIT" or "docker:NAME". @p shell may go first.
    LogStream(Shell &shell, const QString &service, QObject *parent = nullptr);
    ~LogStream() override;

    /// The newest @p count lines (1 to 10000), then all that follow.
    void start(int count);
    void stop();
    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] std::optional<Error> error() const { return m_error; }
    /// Pauses between two tries: the first, doubling up to the most.
    void setRetry(std::chrono::milliseconds first, std::chrono::milliseconds most);
    /// How long a journal may be silent before it is asked whether it may be read at all.
    void setPatience(std::chrono::milliseconds patience) { m_deaf.setInterval(patience); }

Q_SIGNALS:
    /// Oldest first; texts are safe to show as plain text.
    void linesReceived(const QList<hybridge::JournalLine> &lines);
    void stateChanged(hybridge::LogStream::State state);

private:
    void open();
    void close();
    void received(const QByteArray &bytes, bool errorChannel);
    void ended(const Result<ExecResult> &end);
    void retry(std::optional<Error> why);
    void setState(State state, std::optional<Error> error = std::nullopt);
    static Task<void> askWhetherDeaf(QPointer<LogStream> self, int opening);
    void endDeaf(const std::optional<Error> &why);
    [[nodiscard]] std::optional<Error> unreadable() const;
    [[nodiscard]] QStringList argv() const;

    QPointer<Shell> m_shell;
    const QString m_service;
    const std::optional<ServiceName> m_name;
    int m_count = 200;
    State m_state = State::Idle;
    std::optional<Error> m_error;
    std::unique_ptr<ShellStream> m_stream;
    LogLineCutter m_out;
    LogLineCutter m_err;
    QByteArray m_head; ///< the first bytes that are no log lines: what explains an early end
    QByteArray m_cursor;
    DockerLogPosition m_outAt;
    DockerLogPosition m_errAt;
    bool m_gotLines = false; ///< since the stream was opened
    QTimer m_retry;
    QTimer m_deaf; ///< no line has come since the stream was opened: perhaps none may be read
    int m_opening = 0; ///< counts open()
    std::chrono::milliseconds m_firstPause {500};
    std::chrono::milliseconds m_mostPause {5000};
    std::chrono::milliseconds m_pause {500};
};

} // namespace hybridge
