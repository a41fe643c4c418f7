// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/costreport.h"

#include "backend/base/units.h"
#include "backend/fleet/burnrate.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr qint64 aDayMs = 24 * 3600 * 1000;

QString tr(const char *text)
{
    return QCoreApplication::translate("CostReport", text);
}

QList<UsageSlot> lastDayOf(const QList<UsageSlot> &usage, const QDateTime &now)
{
    QList<UsageSlot> out;
    const qint64 from = now.toMSecsSinceEpoch() - aDayMs;
    for (const UsageSlot &slot : usage)
        if (slot.start >= from)
            out.append(slot);
    return out;
}

CostTotal &totalOf(CostReport &report, const QString &currency)
{
    for (CostTotal &total : report.totals)
        if (total.currency == currency)
            return total;
    CostTotal total;
    total.currency = currency;
    report.totals.append(total);
    return report.totals.last();
}

/// What nobody knows about is no 0.
void add(std::optional<double> &sum, const PeriodCost &cost)
{
    if (cost.isKnown())
        sum = sum.value_or(0) + cost.total;
}

void sum(CostReport &report)
{
    struct Part {
        double watched = 0;
        double tokenCost = 0;
    };
    QHash<QString, Part> parts;
    for (const NodeCostRow &row : std::as_const(report.nodes)) {
        if (!row.isPriced())
            continue;
        CostTotal &total = totalOf(report, row.currency);
        ++total.nodes;
        if (const std::optional<double> rate = row.perHour()) {
            total.perHour += *rate;
        } else {
            total.perHour += row.standingPerHour;
            total.unknownNow.append(row.id);
        }
        add(total.today, row.cost.today);
        add(total.month, row.cost.month);
        add(total.period, row.period);
        total.idle += row.cost.month.idle;
        total.tokens += row.cost.month.tokens;
        total.minutesSeen += row.cost.month.minutesSeen;
        total.minutesTold += row.cost.month.minutesTold;
        total.minutesUnseen += row.cost.month.minutesUnseen;
        if (row.cost.projected)
            total.projected = total.projected.value_or(0) + *row.cost.projected;
        else
            total.unprojected.append(row.id);
        Part &part = parts[row.currency];
        part.watched += row.cost.month.watched;
        if (row.cost.month.perThousandTokens)
            part.tokenCost += *row.cost.month.perThousandTokens * row.cost.month.tokens;
    }
    for (CostTotal &total : report.totals) {
        const Part part = parts.value(total.currency);
        if (part.watched > 1e-12)
            total.idleShare = std::clamp(total.idle / part.watched, 0.0, 1.0);
        if (total.tokens > 0)
            total.perThousandTokens = part.tokenCost / total.tokens;
    }
}

/// Tokens an hour of the whole fleet, as counted this month; empty when nothing was counted.
std::optional<double> tokensPerHour(const CostReport &report)
{
    double sum = 0;
    bool isCounted = false;
    for (const NodeCostRow &row : report.nodes) {
        if (row.cost.month.minutesCounted == 0)
            continue;
        isCounted = true;
        sum += row.cost.month.tokens * 60 / row.cost.month.minutesCounted;
    }
    return isCounted ? std::optional(sum) : std::nullopt;
}

QString percent(double share)
{
    return formatPercent(share * 100);
}

/// Why a token's price is not known there, and what would make it known.
QString noTokenPrice(const NodeCostRow &other, const std::optional<EngineConfig> &engine)
{
    if (!engine)
        return tr("What a token costs on %1 is not known: the fleet file names no model server there.").arg(other.label);
    if (engine->kind == EngineKind::Vllm)
        return tr("What a token costs on %1 is not known: nobody has watched its engine this month. It becomes known once the panel runs while %1 serves.")
            .arg(other.label);
    return tr("What a token costs on %1 is not known: its engine (%2) counts none. It becomes known with an engine that counts its tokens, such as vLLM.")
        .arg(other.label, engine->kind == EngineKind::Ollama ? QStringLiteral("Ollama") : QStringLiteral("OpenAI API"));
}

BreakEven breakEvenOf(const NodeCostRow &flat, double flatPerHour, const NodeCostRow &other, const NodeState &otherNode, std::optional<double> tokens)
{
    BreakEven out;
    out.flat = flat.id;
    out.other = other.id;
    const std::optional<double> elsewhere = other.cost.month.perThousandTokensBusy;
    if (flat.currency != other.currency)
        out.why = tr("%1 and %2 are paid in different currencies.").arg(flat.label, other.label);
    else if (!elsewhere && other.cost.month.minutesCounted == 0)
        out.why = noTokenPrice(other, otherNode.config.engine);
    else if (!elsewhere || !tokens || !(*tokens > 0))
        out.why = tr("No tokens were generated on %1 this month.").arg(other.label);
    if (!out.why.isEmpty())
        return out;
    out.share = breakEvenShare(flatPerHour, elsewhere, tokens);
    if (!out.share)
        out.why = tr("At this month's traffic %1 is never cheaper than %2.").arg(flat.label, other.label);
    else if (flat.weight)
        out.why = tr("From %1 of the traffic on, %2 is cheaper than %3. It gets %4 now.")
                      .arg(percent(*out.share), flat.label, other.label, formatPercent(flat.weight));
    else
        out.why = tr("From %1 of the traffic on, %2 is cheaper than %3.").arg(percent(*out.share), flat.label, other.label);
    return out;
}

} // namespace

bool CostReport::isPriced() const
{
    return std::any_of(nodes.cbegin(), nodes.cend(), [](const NodeCostRow &row) { return row.isPriced(); });
}

CostReport costReport(const FleetState &state, const UsageByNode &usage, const PriceOf &priceOf, const PriceErrorOf &errorOf,
    const QDateTime &since, const QTimeZone &zone)
{
    CostReport report;
    report.fleet = state.config().name;
    report.at = state.clock().now();
    report.monthFrom = monthBegin(report.at, zone);
    report.monthTo = monthEnd(report.at, zone);
    report.since = since.isValid() ? since.toUTC() : report.monthFrom;
    report.sinceDate = report.since.toTimeZone(zone).date();
    const MonotonicMs now = state.clock().monotonic();
    for (int i = 0; i < state.nodeCount(); ++i) {
        const NodeState &node = state.at(i);
        NodeCostRow row;
        row.id = node.config.id;
        row.label = safeText(node.config.label, 120);
        row.currency = currencyOf(node.config);
        row.isUp = freshlyUp(node, now);
        row.runningPerHour = freshRate(node, now);
        row.watts = node.config.price ? freshPower(node, now) : std::nullopt;
        row.source = priceSource(node);
        row.weight = node.weight;
        const NodePrice *price = priceOf ? priceOf(row.id) : nullptr;
        if (price)
            row.list = *price;
        const std::optional<Error> error = errorOf ? errorOf(row.id) : std::nullopt;
        row.priceProblem = price ? price->problem : error ? error->summary : QString();
        const QList<StandingCost> standing = standingCosts(node.config, price);
        for (const StandingCost &part : standing)
            row.standingPerHour += part.perHour;
        if (node.config.price && node.config.price->amortization)
            row.amortizationPerHour
                = amortizationPerHour(node.config.price->amortization->amount, node.config.price->amortization->months).value_or(0);
        const QList<UsageSlot> own = usage.value({row.id, row.currency});
        row.cost = nodeCost(own, standing, report.at, zone);
        row.period = periodCost(own, standing, report.since, report.at);
        row.lastDay = lastDayOf(own, report.at);
        row.days = dayCosts(own, standing, std::min(report.since, report.monthFrom), report.at, zone);
        report.nodes.append(row);
    }
    sum(report);
    const std::optional<double> tokens = tokensPerHour(report);
    for (int i = 0; i < report.nodes.size(); ++i) {
        const NodeCostRow &flat = report.nodes.at(i);
        const std::optional<double> rate = flatRate(state.at(i));
        for (int j = 0; j < report.nodes.size(); ++j) {
            const NodeCostRow &other = report.nodes.at(j);
            if (rate && other.source == PriceSource::Power && report.breakEven.size() < 20)
                report.breakEven.append(breakEvenOf(flat, *rate + flat.standingPerHour, other, state.at(j), tokens));
        }
    }
    return report;
}

QString formatMoney(std::optional<double> amount, const QString &currency)
{
    if (!amount || !std::isfinite(*amount))
        return unknownText();
    // Two digits are money; a fraction of a cent needs those that say something.
    const double size = std::abs(*amount);
    const int digits = size == 0 || size >= 0.1 ? 2 : size >= 0.01 ? 3 : size >= 0.001 ? 4 : 6;
    return QStringLiteral("%1 %2").arg(QLocale().toString(*amount, 'f', digits), currency);
}

} // namespace hybridge
