// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshcommand.h"

#include <QDateTime>
#include <QList>

#include <optional>

namespace hybridge {

/// One line of a service's log. The text is foreign: safe to show, but only as plain text.
struct JournalLine {
    QDateTime time; ///< UTC; invalid when not told
    std::optional<int> priority; ///< syslog: 0 emergency … 3 error, 4 warning, 6 info, 7 debug
    QString message; ///< escape sequences and control characters removed; may hold line ends
    bool missing = false; ///< the journal withheld the text (too long); message is empty then
    QByteArray cursor; ///< to go on behind this line; empty when not told
    std::optional<qint64> pid;
    QString identifier; ///< program that wrote it

    bool operator==(const JournalLine &) const = default;
};

/// The call that reads a unit's journal: the newest @p count lines (1 to 10000), or all behind @p afterCursor when it is
/// given. @p unit must have passed isUnitName().
[[nodiscard]] QStringList journalArgv(const QString &unit, int count, const QByteArray &afterCursor = {});
/// The same as a stream that goes on: until its channel is closed, and 10 minutes at most (exit code 124), so that none is
/// left behind by a link that was cut while the unit was silent. Behind @p afterCursor nothing is left out.
[[nodiscard]] QStringList journalFollowArgv(const QString &unit, int count, const QByteArray &afterCursor = {});
/// Asks in words whether the login may read what others wrote: with "-o json" journalctl is quiet about that (systemd 252) and
/// a journal that may not be read looks like an empty one. Its answer is for explainJournal().
[[nodiscard]] QStringList journalRightsArgv(const QString &unit);
/// True for what journalctl prints as __CURSOR; nothing else is ever handed back to it. Pure.
[[nodiscard]] bool isJournalCursor(const QByteArray &cursor);

/// One line of `journalctl -o json`. MESSAGE may be a string, an array of bytes, null, or an array of several. Empty when
/// the line is no journal object. Pure; at most 256 KiB of line, 16 KiB of text.
[[nodiscard]] std::optional<JournalLine> parseJournalLine(const QByteArray &line);
/// All of an output; lines that are no journal objects ("-- No entries --") are skipped. At most 10 000. Pure.
[[nodiscard]] QList<JournalLine> parseJournal(const QByteArray &out);

/// The call that reads a container's log with times, newest @p count lines, both streams.
[[nodiscard]] QStringList dockerLogsArgv(const QString &name, int count);
/// The same as a stream that goes on as long as the container runs, 10 minutes at most. With @p since (a time as docker
/// wrote it) all lines from that time on instead of the newest.
[[nodiscard]] QStringList dockerFollowArgv(const QString &name, int count, const QByteArray &since = {});
/// One line of `docker logs -t`: a time, a blank, the text. Never empty-handed: without a time the whole line is text.
[[nodiscard]] JournalLine parseDockerLogLine(const QByteArray &line);
/// Both streams of `docker logs -t`, joined in the order of their times. At most 10 000 lines. Pure.
[[nodiscard]] QList<JournalLine> parseDockerLogs(const QByteArray &out, const QByteArray &err);

/// Why the journal told nothing: no rights, not installed. Empty when the end is no failure (an unknown unit has no
/// entries and is none). Pure.
[[nodiscard]] std::optional<Error> explainJournal(const ExecResult &result);

} // namespace hybridge
