// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"

#include <functional>

namespace hybridge {

enum class ActivityFormat {
    JsonLines, ///< one object a line; with all lines the chain can be checked from the file alone (activitychain.h)
    Csv, ///< RFC 4180, with a head line; a field that a spreadsheet would take for a formula gets a ' in front
};

/// One line of the log in the format, with its end of line. Pure.
[[nodiscard]] QByteArray exportLine(const ActivityRecord &record, ActivityFormat format);
/// What stands before the first line; empty for JSON lines. Pure.
[[nodiscard]] QByteArray exportHead(ActivityFormat format);

/// Takes the next bytes; an error ends the export.
using ActivitySink = std::function<Result<void>(const QByteArray &)>;

/// Hands the lines of @p log that @p filter asks for to @p sink, oldest first, in pieces of about 1 MB. Returns how many
/// lines there were. @p log must outlive the task. Cancelled by @p stop. GUI thread.
Task<Result<qint64>> exportActivity(ActivityLog &log, ActivityFilter filter, ActivityFormat format, ActivitySink sink, std::stop_token stop);

/// The same into a file: atomically, mode 0600; on any error the file is as it was.
Task<Result<qint64>> exportActivityToFile(
    ActivityLog &log, ActivityFilter filter, ActivityFormat format, QString path, std::stop_token stop);

} // namespace hybridge
