// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/activity/processidentity.h"

#include <QSqlDatabase>

namespace hybridge {

/// What changes the log's file, each in one transaction that holds the write lock from its first read. Store thread.

/// Adds one line to the chain and brings its operation up to date; Ended releases the operation's claims. Invalid when the
/// draft names no operation, or when its operation is new and has no kind, or has ended before.
[[nodiscard]] Result<ActivityRecord> appendRecord(QSqlDatabase &database, const ActivityDraft &draft, const QDateTime &at,
    const QString &who, const ProcessIdentity &own);

/// The same inside a write transaction of the caller's, for many lines at once.
[[nodiscard]] Result<ActivityRecord> addRecord(QSqlDatabase &database, const ActivityDraft &draft, const QDateTime &at,
    const QString &who, const ProcessIdentity &own);

struct ClaimRequest {
    QString fleet;
    QStringList nodes;
    QString operation;
    QString kind;
    QString who;
    QDateTime at;
};
/// All nodes or none. Refused while a live process holds one for another operation. Returns the claims of dead processes
/// that were taken over.
[[nodiscard]] Result<QList<NodeClaim>> takeClaims(QSqlDatabase &database, const ClaimRequest &request, const ProcessIdentity &own);
[[nodiscard]] Result<void> dropClaims(QSqlDatabase &database, const QString &operation);
[[nodiscard]] Result<QList<NodeClaim>> readClaims(QSqlDatabase &database, const QString &fleet, const ProcessIdentity &own);

} // namespace hybridge
