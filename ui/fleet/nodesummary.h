// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

#include <chrono>
#include <optional>

namespace hybridge {

/// One number of a node as a list shows it: value, whether it is greyed, and why.
struct Figure {
    std::optional<double> value;
    bool stale = false;
    bool operator==(const Figure &) const = default;
};

/// What a card or a table row says about a node: all of it, summed over its accelerators. A value.
struct NodeSummary {
    QString id;
    QString label;
    QString colour; ///< of the fleet file; may be empty
    Diagnosis diagnosis;
    Figure utilization; ///< %, mean of the accelerators that tell it
    Figure memoryUsedMiB; ///< sum
    Figure memoryTotalMiB; ///< sum
    Figure temperatureC; ///< the hottest
    Figure powerW; ///< sum
    Figure powerLimitW; ///< sum; empty unless all tell it
    Figure running; ///< requests
    Figure waiting; ///< requests
    Figure tokensPerSecond;
    std::optional<double> weight; ///< %
    std::optional<double> costPerHour;
    QString currency;
    QStringList models;
    bool modelsStale = false;
    int acceleratorCount = 0;
    bool hasAccelerator = true; ///< false: the fleet file says that it has none
    bool hasEngine = true; ///< false: not configured
    bool tried = false; ///< something was read, or at least tried
    std::optional<MonotonicMs> sampledAt; ///< of the newest reading of any kind that is known
    std::optional<MonotonicMs> acceleratorsAt; ///< of the GPU values
    std::optional<MonotonicMs> engineAt; ///< of requests and tokens
    QString error; ///< sentence of the newest failing reading; empty: none fails
    bool operator==(const NodeSummary &) const = default;

    /// 0 to 1; empty unless both are known.
    [[nodiscard]] std::optional<double> memoryFraction() const;
    /// How old the row's live numbers are: GPU values, else the engine's, else whatever is known.
    [[nodiscard]] std::optional<MonotonicMs> valuesAt() const;
};

/// Pure. @p now is monotonic, as in Reading.
[[nodiscard]] NodeSummary summarize(const NodeState &node, MonotonicMs now);

/// "1 running, 2 waiting"; unknown parts are left out; "—" when nothing is known.
[[nodiscard]] QString queueText(const NodeSummary &node);
/// "11.7 / 22.5 GiB".
[[nodiscard]] QString memoryText(const NodeSummary &node);
/// "38.2" or "412"; tokens per second without the unit.
[[nodiscard]] QString rateText(std::optional<double> perSecond);
/// "now", "38 s", "12 min", "3 h", "5 d": an age where there is little room.
[[nodiscard]] QString shortAge(std::chrono::milliseconds age);
/// @p name ready to stand in a sentence: one that runs right to left keeps its letters together and does not turn the
/// sentence around.
[[nodiscard]] QString isolated(const QString &name);
[[nodiscard]] QString modelsText(const QStringList &models);

} // namespace hybridge
