// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilllease.h"
#include "backend/drill/drillstats.h"
#include "backend/fleet/fleetstate.h"
#include "backend/routing/routingtypes.h"

#include <QMap>

namespace hybridge {

/// What is to be done, and whether it may. All of it is pure: nothing is asked here.

/// One thing that must hold, as the plan form shows it.
struct DrillCheck {
    enum class State {
        Ok,
        Warn, ///< told, and no obstacle
        Block, ///< the drill does not begin
    };
    QString id; ///< "node", "target", "serves", "others", "lease-helper", "nobody-else", "router", "budget", "lease-time", …
    State state = State::Ok;
    QString what; ///< one sentence
    QString why; ///< evidence; may be empty
    QString remedy; ///< what to do instead; may be empty
    bool operator==(const DrillCheck &) const = default;
};

/// What was looked up for a plan, beside the fleet's state.
struct DrillFacts {
    /// By node with ssh: its lease helper's word, or why there is none. A node that was not asked is missing.
    QMap<QString, Result<LeaseStatus>> leases;
    std::optional<RoutingState> routing;
    QString routingTrouble; ///< why routing is missing; empty: not configured
    RouterLimits limits; ///< worker mode
    std::optional<DrillRange> balancerSeconds; ///< load-balancer mode: when its checks see a dead node; empty: not known
    bool hasMarks = false; ///< load-balancer mode: the tunnels tell which node they are
    QString busyWith; ///< who works on one of the nodes; empty: nobody
    QStringList openDrills; ///< begun and not ended, by programs that are gone: "tunnel drill of gcp, since 10:02"
    qint64 sentToday = 0; ///< own requests of drills in this UTC day
    QString linkTrouble; ///< why the drilled node's shell cannot be used now; empty: it can
};

/// A drill as it will run.
struct DrillPlan {
    DrillRequest request; ///< the rate is the one allowed
    std::chrono::seconds lease {0}; ///< of the drilled node, and of the router
    std::chrono::seconds lock {0}; ///< of the other nodes
    QStringList lockNodes; ///< nodes that get a no-op lease
    std::chrono::seconds recoveryLimit {0}; ///< watched for so long after giving back
    int requests = 0; ///< about so many will be sent, at most
    DrillPrediction predicted;
    QList<DrillCheck> checks; ///< obstacles first
    QStringList calls; ///< what will leave, one line each
    [[nodiscard]] bool isBlocked() const;
};

[[nodiscard]] DrillPlan drillPlan(const FleetState &fleet, const DrillRequest &request, const DrillFacts &facts);
/// Everything that blocks, as one error (Refused, with all remedies); empty: nothing does.
[[nodiscard]] std::optional<Error> drillRefusal(const DrillPlan &plan);

/// Requests a second that the plan of Cloudflare allows: 15 on the free one. Pure.
[[nodiscard]] double allowedRate(double wanted, bool paid);
/// Own requests a day on the free plan.
inline constexpr qint64 freeRequestsADay = 10000;

} // namespace hybridge
