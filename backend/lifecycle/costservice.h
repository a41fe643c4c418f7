// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetsession.h"
#include "backend/lifecycle/costsource.h"
#include "backend/lifecycle/pricebook.h"
#include "backend/lifecycle/usagerecorder.h"

#include <QTimer>

#include <memory>

namespace hybridge {

/// Records what a fleet uses, knows its prices, and tells what it costs. What panel and hybridgectl both hold. GUI thread.
class CostService final : public CostSource {
    Q_OBJECT
public:
    /// Both must outlive this. @p zone: in which days and months begin.
    CostService(FleetSession &session, ActivityLog &log, QTimeZone zone, QObject *parent = nullptr);
    ~CostService() override;

    /// Records from now on, keeps prices fresh, forgets what is older than 400 days.
    void start();
    /// Prices and the ledger once, gaps filled where the cloud tells of them; for a program that does not stay.
    Task<Result<void>> readOnce(QDateTime since, std::stop_token stop);
    [[nodiscard]] OffPeak &offPeak() { return m_offPeak; }
    /// What a budget's creation would send. Pure.
    [[nodiscard]] QStringList budgetCalls(const gcp::Budget &wanted) const;

    [[nodiscard]] CostReport report(const QDateTime &since) const override;
    [[nodiscard]] bool isRead() const override { return m_isRead; }
    [[nodiscard]] std::optional<Error> ledgerError() const override { return m_error; }
    void refresh() override;
    [[nodiscard]] bool hasBudgets() const override { return m_budgets != nullptr; }
    Task<Result<QList<gcp::Budget>>> budgets(std::stop_token stop) override;
    Task<Result<gcp::Budget>> createBudget(gcp::Budget wanted, std::stop_token stop) override;
    [[nodiscard]] bool hasSchedules() const override { return !m_offPeak.regions().isEmpty(); }
    Task<Result<QList<ScheduleState>>> schedules(std::stop_token stop) override { return m_offPeak.list(stop); }
    Task<Result<void>> changeSchedules(ScheduleWish wish, std::stop_token stop) override { return m_offPeak.apply(wish, stop); }
    [[nodiscard]] QStringList scheduleCalls(const ScheduleWish &wish) const override { return m_offPeak.callsOf(wish); }

private:
    static Task<Result<void>> read(QPointer<CostService> self, QDateTime since);
    static Task<void> readAgain(QPointer<CostService> self);

    FleetSession &m_session;
    ActivityLog &m_log;
    QTimeZone m_zone;
    UsageLedger m_ledger;
    PriceBook m_prices;
    UsageRecorder m_recorder;
    OffPeak m_offPeak;
    std::unique_ptr<gcp::Budgets> m_budgets; ///< null: not configured
    UsageByNode m_usage;
    QTimer m_pricesTimer;
    std::stop_source m_stop;
    std::optional<Error> m_error;
    bool m_isRead = false;
    bool m_isReading = false;
};

} // namespace hybridge
