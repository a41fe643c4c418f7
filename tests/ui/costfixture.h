// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costsource.h"
#include "tests/ui/fleetfixture.h"

namespace hybridge {

/// What a FleetFixture's nodes cost, without a backend: for the test of the cost page and for the gallery. Values follow
/// from node and time alone.
class CostFixture final : public CostSource {
    Q_OBJECT
public:
    explicit CostFixture(FleetFixture &fleet);

    /// A month up to now: cloud nodes by day on weekdays, home nodes always; nights that nobody watched, some of them told
    /// by the cloud. @p from: days of the month at its begin in which nothing was recorded yet.
    void live(int from = 0);
    /// What the ledger holds of a node.
    [[nodiscard]] QList<UsageSlot> &usageOf(int node);

    UsageByNode usage;
    QHash<QString, NodePrice> prices;
    QHash<QString, Error> priceErrors;
    bool read = true;
    std::optional<Error> error;
    bool billingAccount = true;
    Result<QList<gcp::Budget>> budgetList {QList<gcp::Budget>()};
    std::optional<Error> createError;
    QList<gcp::Budget> created;
    bool machines = true;
    Result<QList<ScheduleState>> scheduleList {QList<ScheduleState>()};
    std::optional<Error> scheduleError;
    QList<ScheduleWish> wishes;
    int refreshes = 0;

    void price(int node, bool isSpot);
    void schedule(const QStringList &nodes);
    void budget();

    [[nodiscard]] CostReport report(const QDateTime &since) const override;
    [[nodiscard]] bool isRead() const override { return read; }
    [[nodiscard]] std::optional<Error> ledgerError() const override { return error; }
    void refresh() override;
    [[nodiscard]] bool hasBudgets() const override { return billingAccount; }
    Task<Result<QList<gcp::Budget>>> budgets(std::stop_token stop) override;
    Task<Result<gcp::Budget>> createBudget(gcp::Budget wanted, std::stop_token stop) override;
    [[nodiscard]] bool hasSchedules() const override { return machines; }
    Task<Result<QList<ScheduleState>>> schedules(std::stop_token stop) override;
    /// Does it in scheduleList, unless scheduleError says otherwise.
    Task<Result<void>> changeSchedules(ScheduleWish wish, std::stop_token stop) override;
    [[nodiscard]] QStringList scheduleCalls(const ScheduleWish &wish) const override;

private:
    FleetFixture &m_fleet;
};

} // namespace hybridge
