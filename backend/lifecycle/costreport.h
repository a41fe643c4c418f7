// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/noderates.h"
#include "backend/lifecycle/usageledger.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>

namespace hybridge {

/// What one node costs, now and in this month.
struct NodeCostRow {
    QString id;
    QString label;
    QString currency;
    std::optional<bool> isUp; ///< empty: nobody knows
    std::optional<double> runningPerHour; ///< as it is now, without standing costs; empty: not known
    double standingPerHour = 0; ///< disks, a purchase written off
    std::optional<double> watts; ///< drawn now
    PriceSource source = PriceSource::None;
    std::optional<NodePrice> list; ///< what the cloud's price list says
    QString priceProblem; ///< why the list is not known; a sentence; empty: it is, or the node has none
    double amortizationPerHour = 0; ///< part of standingPerHour
    NodeCost cost;
    PeriodCost period; ///< since CostReport::since
    std::optional<double> weight; ///< percent of the traffic, as read back; empty: not known
    QList<UsageSlot> lastDay; ///< of the last 24 hours, for the chart of the burn rate
    QList<DayCost> days; ///< of this month

    [[nodiscard]] std::optional<double> perHour() const
    {
        return runningPerHour ? std::optional(*runningPerHour + standingPerHour) : std::nullopt;
    }
    /// Whether anything about its price is configured or known.
    [[nodiscard]] bool isPriced() const { return source != PriceSource::None || standingPerHour > 0; }
};

/// The fleet in one currency. Sums are of what is known; unknown tells whose part is missing.
struct CostTotal {
    QString currency;
    int nodes = 0;
    double perHour = 0;
    QStringList unknownNow; ///< ids of priced nodes whose rate is not known now
    std::optional<double> today; ///< empty: nothing is known of any node
    std::optional<double> month;
    std::optional<double> projected; ///< empty: no node was watched for an hour yet
    QStringList unprojected; ///< ids of nodes that are not in it
    std::optional<double> period;
    double idle = 0; ///< in the month
    std::optional<double> idleShare;
    double tokens = 0; ///< in the month
    std::optional<double> perThousandTokens;
    int minutesSeen = 0; ///< of all its nodes together, in the month
    int minutesTold = 0;
    int minutesUnseen = 0;
};

/// From which share of the traffic a node with a flat rate is cheaper than one that pays by power, or why nobody knows.
struct BreakEven {
    QString flat; ///< node id
    QString other; ///< node id
    std::optional<double> share; ///< 0 to 1; empty: see why
    QString why; ///< a sentence
};

struct CostReport {
    QString fleet;
    QDateTime at; ///< UTC
    QDateTime since; ///< of the period; UTC
    QDate sinceDate; ///< the same, local
    QDateTime monthFrom; ///< UTC
    QDateTime monthTo;
    QList<NodeCostRow> nodes; ///< as in the fleet file
    QList<CostTotal> totals; ///< one a currency, in the order of the nodes
    QList<BreakEven> breakEven;
    [[nodiscard]] bool isPriced() const;
};

using PriceOf = std::function<const NodePrice *(const QString &node)>;
using PriceErrorOf = std::function<std::optional<Error>(const QString &node)>;

/// Puts together what the ledger knows of this month (or since @p since, whichever is longer) and what the state says now.
/// Pure but for the state's clock.
[[nodiscard]] CostReport costReport(const FleetState &state, const UsageByNode &usage, const PriceOf &priceOf, const PriceErrorOf &errorOf,
    const QDateTime &since, const QTimeZone &zone);

/// The document of "hybridgectl cost --json". Keys are always there; null is not known.
[[nodiscard]] nlohmann::ordered_json costDocument(const CostReport &report);
/// One line a node and local day of the period, RFC 4180, with a head line.
[[nodiscard]] QByteArray costCsv(const CostReport &report);
/// Into @p path: atomically, mode 0600; on any error the file is as it was. Blocks for some ms.
[[nodiscard]] Result<qint64> writeCostCsv(const CostReport &report, const QString &path);

/// "12.40 USD", with more digits for small amounts; unknownText() for none. Pure; uses the default QLocale.
[[nodiscard]] QString formatMoney(std::optional<double> amount, const QString &currency);

} // namespace hybridge
