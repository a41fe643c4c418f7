// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

#include <chrono>
#include <optional>

namespace hybridge {

/// One card of facts on the node page, as text. Pure values, so that wording is tested without widgets.
struct FactRow {
    QString label;
    QString value;
    bool wrong = false; ///< drawn in the colour of trouble
    bool operator==(const FactRow &) const = default;
};
struct FactSection {
    QString title;
    std::optional<std::chrono::milliseconds> age; ///< of its reading; empty: never read
    bool stale = false;
    bool configured = true; ///< false: the fleet file does not name this part
    QString error; ///< sentence of the newest failing try; empty: none
    QString remedy; ///< what to do about it; may be empty
    QList<FactRow> rows;
    QStringList headers; ///< with table: titles of its columns
    QList<QStringList> table; ///< a row for each GPU or service
    QStringList notes; ///< sentences below
};

[[nodiscard]] FactSection machineSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection linkSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection tunnelSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection connectorSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection serviceSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection engineSection(const NodeState &node, MonotonicMs now);
[[nodiscard]] FactSection acceleratorSection(const NodeState &node, MonotonicMs now);
/// The public hostname and the newest proof that a token came through.
[[nodiscard]] FactSection edgeSection(const NodeState &node, MonotonicMs now);

} // namespace hybridge
