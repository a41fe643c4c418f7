// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/routing/routingtypes.h"
#include "ui/widgets/tokens.h"

#include <QList>

namespace hybridge {

/// How one target of the router is drawn on this page.
struct RouteLook {
    QString id; ///< node id, or the router's own name where no node claims it
    QString label; ///< safe to show
    QColor colour; ///< of its stripe
    NodeCondition condition = NodeCondition::Unknown;
    QString note; ///< one sentence about its state; may be empty
    bool enabled = true; ///< switched on at the router
    bool operator==(const RouteLook &) const = default;
};

/// Every target of @p state in its order. Pure.
[[nodiscard]] QList<RouteLook> routeLooks(const RoutingState &state, const FleetState &fleet, const Tokens &tokens);
/// "GCP L4 80 %, Home 3090 20 %", labels instead of ids; targets without a share are left out. Pure.
[[nodiscard]] QString sharesWords(const ShareMap &shares, const QList<RouteLook> &looks);
/// "80 %", "33.33 %"; a whole number stays one. Pure.
[[nodiscard]] QString shareText(double percent);

} // namespace hybridge
