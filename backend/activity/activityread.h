// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitychain.h"
#include "backend/activity/activitytypes.h"
#include "backend/activity/processidentity.h"

#include <QSqlDatabase>

#include <limits>

namespace hybridge {

/// What is read from the log's file. Each call is short (a page, a slice). Store thread.

inline constexpr qint64 fromNewest = std::numeric_limits<qint64>::max();

/// At most @p most lines before @p beforeSeq, newest first. from and to of the filter are of the lines themselves here.
[[nodiscard]] Result<ActivityPage> readPage(QSqlDatabase &database, const ActivityFilter &filter, qint64 beforeSeq, int most);
/// At most @p most lines after @p afterSeq, oldest first: for walks over the whole log.
[[nodiscard]] Result<ActivityPage> readOnwards(QSqlDatabase &database, const ActivityFilter &filter, qint64 afterSeq, int most);
/// At most @p most operations whose begunSeq is below @p beforeSeq, newest first.
[[nodiscard]] Result<OperationPage> readOperations(
    QSqlDatabase &database, const ActivityFilter &filter, qint64 beforeSeq, int most, const ProcessIdentity &own);
/// All lines of one operation, oldest first; at most 5 000.
[[nodiscard]] Result<QList<ActivityRecord>> readOperation(QSqlDatabase &database, const QString &id);

/// seq and hash of the newest line, as the file tells.
struct LogHead {
    qint64 seq = 0;
    QByteArray hash;
};
[[nodiscard]] Result<LogHead> readHead(QSqlDatabase &database);

/// One slice of the chain, oldest first, and what the head was in the same moment.
struct ChainSlice {
    QList<ActivityRecord> records;
    LogHead head;
};
[[nodiscard]] Result<ChainSlice> readSlice(QSqlDatabase &database, qint64 afterSeq, int most);

/// The text of a filter as an FTS5 query; empty when it has no word. Pure.
[[nodiscard]] QString matchOf(const QString &text, const QString &node);

} // namespace hybridge
