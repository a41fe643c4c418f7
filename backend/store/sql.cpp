// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/sql.h"

#include <QCoreApplication>
#include <QSqlError>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Database", text);
}

struct Words {
    QString summary;
    QString remedy;
};

Words wordsOf(int code, const QString &path)
{
    switch (SqliteCode(code)) {
    case SqliteCode::Busy:
    case SqliteCode::Locked:
        return {tr("Another program keeps %1 locked.").arg(path), tr("End the program that holds it, then do it again.")};
    case SqliteCode::ReadOnly:
        return {tr("%1 is read-only.").arg(path), tr("Give yourself the right to write the file and its folder.")};
    case SqliteCode::IoError:
        return {tr("The disk under %1 reports an error.").arg(path), tr("Look at the disk; then do it again.")};
    case SqliteCode::Corrupt:
    case SqliteCode::NotADatabase:
        return {tr("%1 is damaged.").arg(path), tr("The next use moves it aside and begins a new one; the old one is kept beside it.")};
    case SqliteCode::Full:
        return {tr("The disk under %1 is full.").arg(path), tr("Make room, then do it again.")};
    case SqliteCode::CannotOpen:
        return {tr("%1 cannot be opened.").arg(path), tr("See that its folder exists and that you may write in it.")};
    }
    return {tr("%1 could not be used.").arg(path), {}};
}

} // namespace

Error sqlError(const QSqlError &error, const QString &path)
{
    // Extended codes keep the primary one in their low byte.
    const int code = error.nativeErrorCode().toInt() & 0xff;
    const Words words = wordsOf(code, path);
    Error result(Error::Kind::Unavailable, words.summary, error.databaseText().isEmpty() ? error.text() : error.databaseText());
    result.remedy = words.remedy;
    result.serviceCode = code;
    return result;
}

bool isDamage(const Error &error)
{
    return error.kind == Error::Kind::Unavailable
        && (error.serviceCode == int(SqliteCode::Corrupt) || error.serviceCode == int(SqliteCode::NotADatabase));
}

Result<QSqlQuery> runSql(QSqlDatabase &database, const QString &statement, const QVariantList &values)
{
    QSqlQuery query(database);
    query.setForwardOnly(true);
    if (!query.prepare(statement))
        return sqlError(query.lastError(), database.databaseName());
    for (const QVariant &value : values)
        query.addBindValue(value);
    if (!query.exec())
        return sqlError(query.lastError(), database.databaseName());
    return query;
}

Result<QVariant> readSql(QSqlDatabase &database, const QString &statement, const QVariantList &values)
{
    Result<QSqlQuery> query = runSql(database, statement, values);
    if (!query)
        return query.error();
    if (query->next())
        return query->value(0);
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return QVariant();
}

std::optional<Error> readFailure(const QSqlQuery &query, const QSqlDatabase &database)
{
    return query.lastError().isValid() ? std::optional(sqlError(query.lastError(), database.databaseName())) : std::nullopt;
}

Result<void> runSqlAll(QSqlDatabase &database, const QStringList &statements)
{
    for (const QString &statement : statements)
        if (const Result<QSqlQuery> done = runSql(database, statement); !done)
            return done.error();
    return {};
}

} // namespace hybridge
