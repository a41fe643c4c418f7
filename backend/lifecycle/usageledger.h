// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/lifecycle/cost.h"

#include <QHash>

#include <functional>

namespace hybridge {

/// A minute of one node on its way into the ledger.
struct NodeMinute {
    QString node;
    QString currency; ///< amounts of different currencies are kept apart
    UsageMinute minute;
    bool operator==(const NodeMinute &) const = default;
};

/// What was used, by node id and currency.
using UsageByNode = QHash<std::pair<QString, QString>, QList<UsageSlot>>;

/// The lasting record of up-time, energy, tokens and cost of one fleet: quarter hours in the tables "usage" and "price" of
/// the activity log's file, on its thread. Several programs may write at once; a minute counts once, the first word holds.
/// GUI thread. Errors: those of Database.
class UsageLedger final : public QObject {
    Q_OBJECT
public:
    /// @p database must outlive this; its schema is activitySchema().
    UsageLedger(Database &database, QString fleet, QObject *parent = nullptr);

    /// Adds what is not there yet. Returns how many minutes were new.
    Task<Result<int>> add(QList<NodeMinute> minutes);
    /// Fills what nobody watched from what the cloud tells: in each span @p perHour while up, else 0. Only whole minutes
    /// inside of a span. Returns how many minutes were new.
    Task<Result<int>> fill(QString node, QString currency, double perHour, QList<ToldSpan> spans);
    /// All slots that begin in [from, to), oldest first.
    Task<Result<UsageByNode>> read(QDateTime from, QDateTime to);
    /// Forgets what is older than @p before.
    Task<Result<void>> forget(QDateTime before);

    /// What the cloud's price list said of a node last, as @p json; empty: nothing that is younger than @p notBefore.
    Task<Result<QByteArray>> price(QString node, QDateTime notBefore);
    Task<Result<void>> keepPrice(QString node, QDateTime at, QByteArray json);

private:
    Database &m_database;
    QString m_fleet;
};

} // namespace hybridge
