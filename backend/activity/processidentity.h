// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"

#include <QByteArray>
#include <QString>

namespace hybridge {

/// Which process began an operation, told so that a later one with the same number is not taken for it: host, boot, pid
/// namespace, pid and the time at which the process started (/proc/PID/stat, in ticks since boot).
struct ProcessIdentity {
    QString host;
    QString boot; ///< /proc/sys/kernel/random/boot_id
    QString space; ///< pid namespace, "pid:[4026531836]"
    qint64 pid = 0;
    qint64 started = 0; ///< 0: not known
    bool operator==(const ProcessIdentity &) const = default;

    /// This process. Reads /proc, under a millisecond.
    [[nodiscard]] static ProcessIdentity own();
    [[nodiscard]] QString text() const; ///< for the database
    [[nodiscard]] static ProcessIdentity fromText(const QString &text); ///< anything odd gives an empty identity
};

/// The start time in the text of /proc/PID/stat; nothing for a process that has ended (a zombie) or a text that is none.
/// Pure.
[[nodiscard]] std::optional<qint64> startTimeOf(const QByteArray &stat);

/// Whether @p identity is this process, another live one, gone, or out of sight. Reads /proc.
[[nodiscard]] HolderState holderState(const ProcessIdentity &identity, const ProcessIdentity &own);

/// "user@host, PROGRAM" of this process.
[[nodiscard]] QString ownAuthor(const QString &program);

} // namespace hybridge
