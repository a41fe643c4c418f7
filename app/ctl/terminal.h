// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/secret.h"

#include <QString>

namespace hybridge {

/// The person at the terminal. Questions go to stderr, answers come from stdin; stdout stays free for the result.
class Terminal {
public:
    [[nodiscard]] static bool canAsk(); ///< stdin and stderr are terminals
    [[nodiscard]] static bool hasColour(); ///< stdout is a terminal and NO_COLOR is not set
    /// One line from stdin without blocking the event loop; empty at its end or when @p stop is requested.
    static Task<QString> ask(QString question, std::stop_token stop);
    /// As ask(), without echo on a terminal; also for a pipe. At most 64 KiB.
    static Task<Secret> askSecret(QString question, std::stop_token stop);
    static void say(const QString &text); ///< one line to stderr
    static void print(const QByteArray &bytes); ///< to stdout, flushed
};

} // namespace hybridge
