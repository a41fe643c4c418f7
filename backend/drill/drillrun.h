// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillprobe.h"
#include "backend/drill/drillservice.h"

namespace hybridge {

/// One drill under way, or one that is finished for a program that is gone. Internal to DrillService.
struct DrillRun {
    enum Step { Lock, RouterLease, Steady, Guards, Cut, Hold, Restore, Verify, Recover, Release };

    DrillPlan plan;
    DrillReport report;
    DrillAsk ask;
    std::shared_ptr<DrillProber> prober; ///< null before the first request, and in a drill that is only finished
    std::optional<RoutingState> routing; ///< before anything was changed
    QStringList locked; ///< nodes that have our no-op lease
    bool nodeTaken = false; ///< the node's lease is armed, or may be
    bool routerTaken = false; ///< the router has our lease
    MonotonicMs until {0}; ///< when the node's lease ends
    QString abortWhy; ///< empty: it runs as planned
    bool hasEnded = false; ///< the log has its last word already: notes alone may follow
    std::optional<Error> error;
    std::stop_token wish; ///< the operator's: gives back at once, waits for nothing that can be left out
    int current = Lock;
    MonotonicMs currentBegun {0};

    using Self = QPointer<DrillService>;
    using Ref = std::shared_ptr<DrillRun>;
    [[nodiscard]] QString node() const { return report.request.node; }
    [[nodiscard]] bool isWeight() const { return report.request.fault == DrillFault::Weight; }
    [[nodiscard]] double now() const { return prober ? prober->now() : 0; }

    static void planSteps(OperationReport &steps, const QString &label);
    /// Sets a step's state, tells it, and writes it down.
    static Task<void> step(Self self, Ref run, int index, StepState state, QString detail);
    static void phase(Self self, DrillPhase phase);

    // Each takes one part of the way; empty: done, and the next may come.
    static Task<std::optional<Error>> takeAway(Self self, Ref run, std::stop_token stop);
    static Task<std::optional<Error>> lock(Self self, Ref run, std::stop_token stop);
    static Task<std::optional<Error>> armRouter(Self self, Ref run, std::stop_token stop);
    static Task<std::optional<Error>> watchSteady(Self self, Ref run, std::stop_token stop);
    static Task<std::optional<Error>> guardAgain(Self self, Ref run, std::stop_token stop);
    static Task<std::optional<Error>> cut(Self self, Ref run, std::stop_token stop);
    static Task<void> hold(Self self, Ref run, std::stop_token stop);

    /// Restore, proof, recovery, the end of all leases. Never stops before the node is back or its lease is long over.
    static Task<void> giveBack(Self self, Ref run);
    static Task<bool> restoreNode(Self self, Ref run);
    static Task<bool> restoreRouter(Self self, Ref run);
    static Task<bool> prove(Self self, Ref run);
    static Task<void> watchRecovery(Self self, Ref run);
    static Task<void> release(Self self, Ref run);
    /// A lease of ours at the router, with these weights by node; empty: as they are.
    static Task<std::optional<Error>> leaseAtRouter(Self self, Ref run, QMap<QString, double> weights, std::stop_token stop);

    /// Figures, verdict, digest; journal and log get their last word.
    static Task<void> close(Self self, Ref run);
    static void countNow(DrillRun &run);
};

[[nodiscard]] Error drillCancelled();
[[nodiscard]] QString drillLabel(const FleetState &fleet, const QString &node);

} // namespace hybridge
