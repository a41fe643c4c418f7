// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "tests/ui/costfixture.h"

#include "backend/fleet/burnrate.h"

#include <cmath>

namespace hybridge {

CostFixture::CostFixture(FleetFixture &fleet) : m_fleet(fleet) { }

QList<UsageSlot> &CostFixture::usageOf(int node)
{
    const NodeConfig &config = m_fleet.fleet().at(node).config;
    return usage[{config.id, currencyOf(config)}];
}

void CostFixture::live(int from)
{
    const QTimeZone zone = QTimeZone::systemTimeZone();
    const QDateTime now = m_fleet.clock().now();
    const qint64 begin = slotStart(monthBegin(now, zone).addDays(from));
    for (int node = 0; node < m_fleet.fleet().nodeCount(); ++node) {
        const NodeConfig &config = m_fleet.fleet().at(node).config;
        const bool isCloud = config.machine && config.machine->kind != MachineKind::Host;
        QList<UsageSlot> &slots_ = usageOf(node);
        for (qint64 start = begin; start < now.toMSecsSinceEpoch(); start += UsageSlot::LengthMs) {
            const QDateTime at = QDateTime::fromMSecsSinceEpoch(start).toTimeZone(zone);
            const int hour = at.time().hour();
            const bool isNight = hour < 7 || hour >= 22;
            const bool isWeekday = at.date().dayOfWeek() <= 5;
            const bool isUp = !isCloud || (isWeekday && hour >= 8 && hour < 20);
            const bool isWatched = !isNight || at.date().day() % 4 == 1;
            if (!isWatched && !isCloud)
                continue; // nobody tells of a home server afterwards
            UsageSlot quarter;
            quarter.start = start;
            const double load = 0.5 + 0.5 * std::sin(double(start / 900000) / 9 + node);
            for (int i = 0; i < UsageSlot::Minutes; ++i) {
                UsageMinute minute;
                minute.at = QDateTime::fromMSecsSinceEpoch(start + i * 60000, Utc);
                if (minute.at >= now)
                    break;
                const double watts = 90 + 240 * load;
                minute.perHour = !isUp ? 0.0 : isCloud ? config.price->perHour.value_or(0.36) : watts / 1000 * config.price->perKWh.value_or(0.3);
                minute.isUp = isUp;
                minute.isTold = !isWatched;
                if (isWatched && isUp) {
                    minute.tokens = load < 0.2 ? 0.0 : load * (isCloud ? 5200 : 1400);
                    minute.isIdle = load < 0.2;
                    if (!isCloud)
                        minute.watts = watts;
                }
                quarter.take(minute);
            }
            slots_.append(quarter);
        }
    }
}

void CostFixture::price(int node, bool isSpot)
{
    const NodeConfig &config = m_fleet.fleet().at(node).config;
    NodePrice price;
    price.zone = QStringLiteral("us-central1-a");
    price.instance = QStringLiteral("gpu");
    price.machineType = QStringLiteral("g2-standard-8");
    price.isSpot = isSpot;
    price.onDemandPerHour = 0.8536;
    price.spotPerHour = 0.3415;
    price.disksPerMonth = 20;
    price.disks = {QStringLiteral("200 GB pd-balanced")};
    price.created = m_fleet.clock().now().addDays(-90);
    price.currency = QStringLiteral("USD");
    price.at = m_fleet.clock().now().addSecs(-3600);
    prices.insert(config.id, price);
}

void CostFixture::schedule(const QStringList &nodes)
{
    gcp::InstanceSchedule schedule;
    schedule.name = QStringLiteral("off-peak");
    schedule.region = QStringLiteral("us-central1");
    schedule.status = QStringLiteral("READY");
    schedule.timeZone = QStringLiteral("Europe/Berlin");
    schedule.stopCron = QStringLiteral("0 20 * * *");
    schedule.startCron = QStringLiteral("0 8 * * MON-FRI");
    ScheduleState state = scheduleState(schedule, m_fleet.clock().now());
    state.nodes = nodes;
    scheduleList = QList<ScheduleState> {state};
}

void CostFixture::budget()
{
    gcp::Budget budget;
    budget.id = QStringLiteral("b1");
    budget.displayName = QStringLiteral("GPU machines");
    budget.amount = 250;
    budget.currency = QStringLiteral("USD");
    budget.thresholds = {{0.5, false}, {0.9, false}, {1.0, true}};
    budget.projects = {QStringLiteral("hybrid-llm-prod")};
    gcp::Budget whole = budget;
    whole.id = QStringLiteral("b2");
    whole.displayName = QStringLiteral("Everything");
    whole.amount.reset();
    whole.thresholds = {{1.0, false}};
    whole.projects.clear();
    budgetList = QList<gcp::Budget> {budget, whole};
}

CostReport CostFixture::report(const QDateTime &since) const
{
    const PriceOf priceOf = [this](const QString &node) -> const NodePrice * {
        const auto found = prices.constFind(node);
        return found == prices.constEnd() ? nullptr : &*found;
    };
    const PriceErrorOf errorOf = [this](const QString &node) {
        const auto found = priceErrors.constFind(node);
        return found == priceErrors.constEnd() ? std::nullopt : std::optional(*found);
    };
    return costReport(m_fleet.fleet(), usage, priceOf, errorOf, since, QTimeZone::systemTimeZone());
}

void CostFixture::refresh()
{
    ++refreshes;
    Q_EMIT changed();
}

Task<Result<QList<gcp::Budget>>> CostFixture::budgets(std::stop_token stop)
{
    const Result<QList<gcp::Budget>> answer = budgetList;
    co_await pause(std::chrono::milliseconds(1), stop);
    co_return answer;
}

Task<Result<gcp::Budget>> CostFixture::createBudget(gcp::Budget wanted, std::stop_token stop)
{
    created.append(wanted);
    const std::optional<Error> refusal = createError;
    if (!refusal) {
        wanted.id = QStringLiteral("new");
        QList<gcp::Budget> all = budgetList.value_or({});
        all.append(wanted);
        budgetList = all;
    }
    co_await pause(std::chrono::milliseconds(1), stop);
    if (refusal)
        co_return *refusal;
    co_return wanted;
}

Task<Result<QList<ScheduleState>>> CostFixture::schedules(std::stop_token stop)
{
    const Result<QList<ScheduleState>> answer = scheduleList;
    co_await pause(std::chrono::milliseconds(1), stop);
    co_return answer;
}

Task<Result<void>> CostFixture::changeSchedules(ScheduleWish wish, std::stop_token stop)
{
    wishes.append(wish);
    const std::optional<Error> refusal = scheduleError;
    if (!refusal) {
        QList<ScheduleState> all = scheduleList.value_or({});
        if (wish.create)
            all.append(scheduleState(wish.schedule, m_fleet.clock().now()));
        for (ScheduleState &state : all) {
            if (state.schedule.name != wish.schedule.name)
                continue;
            state.nodes.append(wish.attach);
            for (const QString &node : wish.detach)
                state.nodes.removeOne(node);
        }
        if (wish.remove)
            all.removeIf([&wish](const ScheduleState &state) { return state.schedule.name == wish.schedule.name; });
        scheduleList = all;
    }
    co_await pause(std::chrono::milliseconds(1), stop);
    if (refusal)
        co_return *refusal;
    co_return Result<void>();
}

QStringList CostFixture::scheduleCalls(const ScheduleWish &wish) const
{
    QStringList calls;
    if (wish.create)
        calls.append(QStringLiteral("POST /resourcePolicies (%1: %2)").arg(wish.schedule.name, scheduleWords(wish.schedule)));
    for (const QString &node : wish.attach)
        calls.append(QStringLiteral("POST /instances/%1/addResourcePolicies (%2)").arg(node, wish.schedule.name));
    for (const QString &node : wish.detach)
        calls.append(QStringLiteral("POST /instances/%1/removeResourcePolicies (%2)").arg(node, wish.schedule.name));
    if (wish.remove)
        calls.append(QStringLiteral("DELETE /resourcePolicies/%1").arg(wish.schedule.name));
    return calls;
}

} // namespace hybridge
