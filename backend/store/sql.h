// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariant>

#include <optional>

class QSqlError;

namespace hybridge {

/// SQLite's result codes that this program tells apart (sqlite.org/rescode.html); Error::serviceCode holds the primary
/// one.
enum class SqliteCode { Busy = 5, Locked = 6, ReadOnly = 8, IoError = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26 };

/// What SQLite said as an Error with its remedy. Kind Unavailable; serviceCode is SQLite's primary result code. Pure.
[[nodiscard]] Error sqlError(const QSqlError &error, const QString &path);
/// Whether the file itself is damaged, as against full, locked or not writable.
[[nodiscard]] bool isDamage(const Error &error);

/// Prepares and runs one statement with positional values. Store thread.
[[nodiscard]] Result<QSqlQuery> runSql(QSqlDatabase &database, const QString &statement, const QVariantList &values = {});
/// The first column of the first row; an invalid QVariant when there is none.
[[nodiscard]] Result<QVariant> readSql(QSqlDatabase &database, const QString &statement, const QVariantList &values = {});
/// Why next() gave no further row, when that was not the end.
[[nodiscard]] std::optional<Error> readFailure(const QSqlQuery &query, const QSqlDatabase &database);
/// Runs statements that return nothing, one after the other.
[[nodiscard]] Result<void> runSqlAll(QSqlDatabase &database, const QStringList &statements);

} // namespace hybridge
