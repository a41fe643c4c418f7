// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"
#include "backend/store/database.h"

#include <QObject>

namespace hybridge {

/// What is kept of drills, also of one whose program ended in its middle: the table "drills" of the activity log's file, on
/// its thread. GUI thread. Errors: those of Database.
class DrillJournal final : public QObject {
    Q_OBJECT
public:
    /// @p database must outlive this; its schema is activitySchema().
    DrillJournal(Database &database, QString fleet, QObject *parent = nullptr);

    /// Writes @p report down, on the disk before this returns. report.ended invalid: it is open.
    Task<Result<void>> keep(DrillReport report);
    /// drillDigest() on the store's thread: of ten thousand requests it takes longer than a picture may wait.
    Task<Result<QString>> digest(DrillReport report);
    /// Newest first, without samples. At most 1000.
    Task<Result<QList<DrillReport>>> list(int most = 50);
    /// Begun and not ended, oldest first, without samples. Whether anybody goes on with them is the activity log's to tell.
    Task<Result<QList<DrillReport>>> open();
    /// The one whose id begins with @p id, whole. Errors: NotFound, Invalid (several).
    Task<Result<DrillReport>> load(QString id);
    /// Requests that drills have sent since @p from.
    Task<Result<qint64>> sentSince(QDateTime from);

private:
    Database &m_database;
    QString m_fleet;
};

} // namespace hybridge
