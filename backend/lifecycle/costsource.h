// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/gcp/budgets.h"
#include "backend/lifecycle/costreport.h"
#include "backend/lifecycle/offpeak.h"

#include <QObject>

namespace hybridge {

/// What the cost page looks at. The real one is CostService; tests give their own. GUI thread.
class CostSource : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// As far as it is known now: the ledger as it was read last, rates by the second. @p since: of the period; invalid:
    /// this month. A month of 500 nodes takes some ms.
    [[nodiscard]] virtual CostReport report(const QDateTime &since) const = 0;
    /// The ledger was read at least once, or cannot be.
    [[nodiscard]] virtual bool isRead() const = 0;
    /// Why the ledger cannot be read or written; empty: it can.
    [[nodiscard]] virtual std::optional<Error> ledgerError() const = 0;
    /// Reads the ledger again; changed() follows.
    virtual void refresh() = 0;

    /// Whether the fleet file names a billing account.
    [[nodiscard]] virtual bool hasBudgets() const = 0;
    /// Errors: those of gcp::Budgets.
    virtual Task<Result<QList<gcp::Budget>>> budgets(std::stop_token stop) = 0;
    virtual Task<Result<gcp::Budget>> createBudget(gcp::Budget wanted, std::stop_token stop) = 0;
    /// Whether the fleet has machines that Google could stop by a schedule.
    [[nodiscard]] virtual bool hasSchedules() const = 0;
    /// Errors: those of OffPeak.
    virtual Task<Result<QList<ScheduleState>>> schedules(std::stop_token stop) = 0;
    /// Errors: those of OffPeak. What had been done before an error stays.
    virtual Task<Result<void>> changeSchedules(ScheduleWish wish, std::stop_token stop) = 0;
    /// What would leave for it, one line each. Pure.
    [[nodiscard]] virtual QStringList scheduleCalls(const ScheduleWish &wish) const = 0;

Q_SIGNALS:
    /// The ledger or a price has changed. Rates change by the second: ask again as often as you show them.
    void changed();
};

} // namespace hybridge
