// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/store/database.h"

namespace hybridge {

/// Opening of a database file: rights, pragmas, migrations, and what is done with a damaged one. Store thread; blocks.
class DatabaseFile {
public:
    DatabaseFile(QString path, QString connection, DatabaseSchema schema);
    ~DatabaseFile();
    DatabaseFile(const DatabaseFile &) = delete;
    DatabaseFile &operator=(const DatabaseFile &) = delete;

    /// Opens unless open. A damaged file is moved aside first; aside() then tells. @p suspect: SQLite met damage while it
    /// worked, so the whole file is checked.
    [[nodiscard]] Result<void> open(bool suspect);
    void close();
    [[nodiscard]] bool isOpen() const { return m_isOpen; }
    [[nodiscard]] QSqlDatabase connection() const;
    /// What the last open() moved aside; empties it.
    [[nodiscard]] std::optional<DatabaseAside> takeAside();

private:
    [[nodiscard]] Result<void> prepareFile() const;
    [[nodiscard]] Result<void> openOnce(bool suspect);
    [[nodiscard]] Result<void> migrate(QSqlDatabase &database) const;
    [[nodiscard]] Result<void> moveAside(const QString &why, bool suspect);

    QString m_path;
    QString m_connection;
    DatabaseSchema m_schema;
    std::optional<DatabaseAside> m_aside;
    bool m_isOpen = false;
};

} // namespace hybridge
