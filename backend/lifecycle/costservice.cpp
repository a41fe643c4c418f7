// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/costservice.h"

#include "backend/lifecycle/loggedchange.h"

#include <QCoreApplication>
#include <QPointer>

namespace hybridge {

namespace {

constexpr int keptDays = 400;
constexpr auto pricesEvery = std::chrono::minutes(30); // a day's list is taken from the ledger; this only notices changes
constexpr auto firstPrices = std::chrono::seconds(3); // after the machines have been looked at

/// Google wants to know which project pays for a user's calls; a service account's own does.
QString quotaProject(const GcpConfig &config)
{
    return config.credentials.source == GcpCredentialsRef::Source::File ? QString() : config.project;
}

} // namespace

CostService::CostService(FleetSession &session, ActivityLog &log, QTimeZone zone, QObject *parent)
    : CostSource(parent), m_session(session), m_log(log), m_zone(zone), m_ledger(log.database(), session.state().config().name),
      m_prices(session.state(), m_ledger, session.compute(), session.billing()), m_recorder(session.state(), m_ledger, zone),
      m_offPeak(session.state(), log, session.compute())
{
    const auto &gcp = session.state().config().gcp;
    if (gcp && session.budgets() && !gcp->billingAccount.isEmpty())
        m_budgets = std::make_unique<gcp::Budgets>(*session.budgets(), gcp->billingAccount, quotaProject(*gcp));
    connect(&m_recorder, &UsageRecorder::recorded, this, &CostService::refresh);
    connect(&m_recorder, &UsageRecorder::failed, this, [this](const Error &error) {
        m_error = error;
        Q_EMIT changed();
    });
    connect(&m_prices, &PriceBook::changed, this, &CostSource::changed);
    connect(&m_pricesTimer, &QTimer::timeout, this, [this] {
        m_pricesTimer.setInterval(pricesEvery);
        m_prices.refresh(false, m_stop.get_token());
    });
}

CostService::~CostService()
{
    m_stop.request_stop();
}

void CostService::start()
{
    m_recorder.start();
    m_ledger.forget(m_session.state().clock().now().addDays(-keptDays));
    m_pricesTimer.start(firstPrices);
    refresh();
}

Task<Result<void>> CostService::read(QPointer<CostService> self, QDateTime since)
{
    const QDateTime now = self->m_session.state().clock().now();
    QDateTime from = std::min(monthBegin(now, self->m_zone), now.addDays(-1));
    if (since.isValid())
        from = std::min(from, since.toUTC());
    const Result<UsageByNode> usage = co_await self->m_ledger.read(from, now.addSecs(1));
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    self->m_isRead = true;
    self->m_error = usage ? std::nullopt : std::optional(usage.error());
    if (usage)
        self->m_usage = *usage;
    Q_EMIT self->changed();
    if (!usage)
        co_return usage.error();
    co_return Result<void>();
}

Task<void> CostService::readAgain(QPointer<CostService> self)
{
    static_cast<void>(co_await read(self, {})); // what came of it is shown
    if (self)
        self->m_isReading = false;
}

void CostService::refresh()
{
    if (std::exchange(m_isReading, true))
        return;
    readAgain(this);
}

Task<Result<void>> CostService::readOnce(QDateTime since, std::stop_token stop)
{
    const QPointer<CostService> self(this);
    co_await m_prices.refresh(false, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    m_session.state().flush();
    const Result<int> filled = co_await m_recorder.fillNow();
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (!filled)
        co_return filled.error();
    co_return co_await read(self, since);
}

CostReport CostService::report(const QDateTime &since) const
{
    const PriceOf priceOf = [this](const QString &node) { return m_prices.of(node); };
    const PriceErrorOf errorOf = [this](const QString &node) { return m_prices.error(node); };
    return costReport(m_session.state(), m_usage, priceOf, errorOf, since, m_zone);
}

Task<Result<QList<gcp::Budget>>> CostService::budgets(std::stop_token stop)
{
    if (!m_budgets)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no billing account."))
            .withRemedy(tr("Set gcp.billingAccount: gcloud billing accounts list tells its id."));
    co_return co_await m_budgets->list(stop);
}

QStringList CostService::budgetCalls(const gcp::Budget &wanted) const
{
    const auto &gcp = m_session.state().config().gcp;
    if (!gcp)
        return {};
    return {QStringLiteral("POST %1/billingAccounts/%2/budgets (%3)").arg(gcp->budgetsBase.toString(), gcp->billingAccount, wanted.displayName)};
}

Task<Result<gcp::Budget>> CostService::createBudget(gcp::Budget wanted, std::stop_token stop)
{
    const QPointer<CostService> self(this);
    if (!m_budgets)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no billing account."))
            .withRemedy(tr("Set gcp.billingAccount: gcloud billing accounts list tells its id."));
    if (const std::optional<Error> problem = gcp::budgetProblem(wanted))
        co_return *problem;
    LoggedChange change(m_log, m_session.state().clock(), m_session.state().config().name, QStringLiteral("budget create"), {});
    OperationPlan plan;
    plan.calls = budgetCalls(wanted);
    plan.warnings = {gcp::budgetOnlyNotifies()};
    plan.undo = tr("Delete the budget in the Google console.");
    static_cast<void>(co_await change.begin(plan)); // a log that cannot be written is told by itself
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    const Result<gcp::Budget> made = co_await m_budgets->create(wanted, stop);
    const QString note = made ? tr("Read back: the budget %1 is there.").arg(made->displayName) : QString();
    const std::optional<Error> error = errorIn(made);
    co_await change.end(error, note);
    co_return made;
}

} // namespace hybridge
