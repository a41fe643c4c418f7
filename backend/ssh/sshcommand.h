// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QStringList>

#include <chrono>

namespace hybridge {

/// Quotes one word for a POSIX shell so that it arrives as it is: 'it'\''s'. Pure. NUL cannot be passed and is dropped.
[[nodiscard]] QString quoteWord(const QString &word);
/// An argument vector as one shell line. Pure. The only way a remote command line is ever made.
[[nodiscard]] QString quoteArgv(const QStringList &argv);

/// One remote command: an argument vector, its stdin and its limits. A class with a constructor, never an aggregate
/// (GCC 12 destroys an aggregate written inside co_await twice).
class SshCommand {
public:
    explicit SshCommand(QStringList argv) : m_argv(std::move(argv)) { }
    SshCommand &stdinBytes(QByteArray bytes)
    {
        m_stdin = std::move(bytes);
        return *this;
    }
    /// From the call to the end of the command, waiting for the link or for a free channel included. Default 10 s.
    /// Streams: from the call to the first byte. 0: no limit. A command that is given up is sent SIGTERM over there.
    SshCommand &timeout(std::chrono::milliseconds limit)
    {
        m_timeout = limit;
        return *this;
    }
    /// Bytes of stdout and stderr together that are kept; past it the command is cut and marked. Default 1 MiB.
    SshCommand &maxOutput(qint64 bytes)
    {
        m_maxOutput = bytes;
        return *this;
    }
    [[nodiscard]] const QStringList &argv() const { return m_argv; }
    [[nodiscard]] QString line() const { return quoteArgv(m_argv); }
    [[nodiscard]] const QByteArray &stdinData() const { return m_stdin; }
    [[nodiscard]] std::chrono::milliseconds timeoutLimit() const { return m_timeout; }
    [[nodiscard]] qint64 outputLimit() const { return m_maxOutput; }

private:
    QStringList m_argv;
    QByteArray m_stdin;
    std::chrono::milliseconds m_timeout{10000};
    qint64 m_maxOutput = 1 << 20;
};

struct ExecResult {
    int exitCode = 0;  ///< 128 + n when ended by signal n
    QByteArray signal; ///< "TERM", "KILL"… when ended by a signal; else empty
    QByteArray out;
    QByteArray err;
    bool truncated = false; ///< more than outputLimit() came; the command was then cut: exit code 141, signal PIPE
};

} // namespace hybridge
