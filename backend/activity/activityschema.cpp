// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activityschema.h"

#include "backend/store/sql.h"

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

Result<void> firstVersion(QSqlDatabase &database)
{
    return runSqlAll(database,
        {
            u"CREATE TABLE activity(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, op_seq INTEGER NOT NULL, operation TEXT NOT NULL, "
            "fleet TEXT NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL, "
            "json TEXT NOT NULL, hash BLOB NOT NULL)"_s,
            u"CREATE INDEX activity_operation ON activity(op_seq)"_s,
            u"CREATE INDEX activity_target ON activity(target)"_s,
            u"CREATE INDEX activity_word ON activity(%1)"_s.arg(kindWordSql()),
            u"CREATE TRIGGER activity_keeps BEFORE UPDATE ON activity BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"_s,
            u"CREATE TRIGGER activity_stays BEFORE DELETE ON activity BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"_s,
            u"CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL)"_s,
            u"INSERT INTO head VALUES(1, 0, x'')"_s,
            u"CREATE VIRTUAL TABLE activity_text USING fts5(node, words, content='', tokenize='unicode61 remove_diacritics 2')"_s,
            u"CREATE TABLE operations(begun_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, "
            "fleet TEXT NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, begun_at INTEGER NOT NULL, "
            "ended_at INTEGER, result TEXT NOT NULL, error_layer TEXT NOT NULL DEFAULT '', error_kind TEXT NOT NULL DEFAULT '', "
            "error_summary TEXT NOT NULL DEFAULT '', steps TEXT NOT NULL DEFAULT '', process TEXT NOT NULL)"_s,
            u"CREATE INDEX operations_last ON operations(last_seq)"_s,
            u"CREATE INDEX operations_fleet ON operations(fleet)"_s,
            u"CREATE INDEX operations_target ON operations(target)"_s,
            u"CREATE INDEX operations_word ON operations(%1)"_s.arg(kindWordSql()),
            u"CREATE INDEX operations_target_word ON operations(target, %1)"_s.arg(kindWordSql()),
            u"CREATE INDEX operations_result ON operations(result)"_s,
            u"CREATE TABLE claims(fleet TEXT NOT NULL, node TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, "
            "who TEXT NOT NULL, since INTEGER NOT NULL, process TEXT NOT NULL, PRIMARY KEY(fleet, node))"_s,
            u"CREATE INDEX claims_operation ON claims(operation)"_s,
        });
}

// What the ledger of costs keeps (backend/lifecycle): it shares the file, and a file has one row of versions.
Result<void> usageTables(QSqlDatabase &database)
{
    return runSqlAll(database,
        {
            u"CREATE TABLE usage(fleet TEXT NOT NULL, node TEXT NOT NULL, currency TEXT NOT NULL, start INTEGER NOT NULL, "
            "known INTEGER NOT NULL, told INTEGER NOT NULL, up INTEGER NOT NULL, idle INTEGER NOT NULL, counted INTEGER NOT NULL, "
            "cost REAL NOT NULL, told_cost REAL NOT NULL, idle_cost REAL NOT NULL, counted_cost REAL NOT NULL, counted_busy_cost REAL NOT NULL, "
            "tokens REAL NOT NULL, watt_hours REAL NOT NULL, PRIMARY KEY(fleet, node, currency, start)) WITHOUT ROWID"_s,
            u"CREATE TABLE price(fleet TEXT NOT NULL, node TEXT NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL, "
            "PRIMARY KEY(fleet, node)) WITHOUT ROWID"_s,
        });
}

// What is kept of drills (backend/drill): "ended" is empty while one runs, or was cut off.
Result<void> drillTables(QSqlDatabase &database)
{
    return runSqlAll(database,
        {
            u"CREATE TABLE IF NOT EXISTS drills(id TEXT PRIMARY KEY, fleet TEXT NOT NULL, begun INTEGER NOT NULL, ended INTEGER, "
            "sent INTEGER NOT NULL, summary BLOB NOT NULL, document BLOB NOT NULL) WITHOUT ROWID"_s,
            u"CREATE INDEX IF NOT EXISTS drills_begun ON drills(fleet, begun)"_s,
        });
}

} // namespace

QString kindWordSql()
{
    return u"substr(kind, 1, instr(kind || ' ', ' ') - 1)"_s;
}

DatabaseSchema activitySchema()
{
    return DatabaseSchema {{firstVersion, usageTables, drillTables}};
}

} // namespace hybridge
