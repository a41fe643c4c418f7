// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"
#include "backend/lifecycle/cost.h"

#include <QByteArray>

#include <optional>

namespace hybridge {

/// What the cloud's price list says of one node's machine. What it does not say is empty, never 0.
struct NodePrice {
    QString zone;
    QString instance;
    QString machineType;
    bool isSpot = false; ///< how it runs now
    std::optional<double> onDemandPerHour; ///< machine with its GPUs
    std::optional<double> spotPerHour; ///< may change once a day
    std::optional<double> disksPerMonth; ///< all disks but Local SSDs, whether the machine runs or not
    QStringList disks; ///< "200 GB pd-balanced"
    QDateTime created; ///< of the machine; invalid: not told
    QString currency;
    QDateTime at; ///< when the list was read, UTC
    QString problem; ///< why a part is missing: a sentence; empty: nothing is

    [[nodiscard]] std::optional<double> perHour() const { return isSpot ? spotPerHour : onDemandPerHour; }
    bool operator==(const NodePrice &) const = default;
};
[[nodiscard]] QByteArray priceToJson(const NodePrice &price);
/// Nothing for what is no such document. Pure; never throws.
[[nodiscard]] std::optional<NodePrice> priceFromJson(const QByteArray &json);

/// Where the price of a node comes from.
enum class PriceSource { None, FleetFile, PriceList, Power };
[[nodiscard]] QString priceSourceName(PriceSource source); ///< "fleet-file", "price-list", "power"; empty for None
[[nodiscard]] PriceSource priceSource(const NodeState &node);

/// burnRate(), of readings that are fresh alone: a node that nobody hears of any more costs what is not known.
[[nodiscard]] std::optional<double> freshRate(const NodeState &node, MonotonicMs now);
/// powerDraw(), likewise.
[[nodiscard]] std::optional<double> freshPower(const NodeState &node, MonotonicMs now);
/// Whether the machine is known to run, by fresh readings.
[[nodiscard]] std::optional<bool> freshlyUp(const NodeState &node, MonotonicMs now);
/// No request runs or waits, or nothing is loaded. Empty: the engine does not tell, or not any more.
[[nodiscard]] std::optional<bool> freshlyIdle(const NodeState &node, MonotonicMs now);
/// What the engine has generated since it began, by its own counter.
[[nodiscard]] std::optional<double> freshTokens(const NodeState &node, MonotonicMs now);

/// The flat rate of a node while it runs: of the fleet file, else of the list; empty when it pays by power alone.
[[nodiscard]] std::optional<double> flatRate(const NodeState &node);

/// Disks, from when the machine was made, and a purchase that is written off. @p price may be null.
[[nodiscard]] QList<StandingCost> standingCosts(const NodeConfig &node, const NodePrice *price);

} // namespace hybridge
