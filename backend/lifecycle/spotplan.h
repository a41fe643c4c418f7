// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/fleet/nodestate.h"
#include "backend/fleet/spotrestart.h"
#include "backend/lifecycle/guards.h"

#include <QDateTime>
#include <QList>

namespace hybridge {

/// Whether a Spot machine that Google took back is started again by itself, and when. All of it is pure: decisions on
/// values, the clock given in.

/// A span of time in which tries may begin: [from, to). An invalid end is open.
struct SpotWindow {
    QDateTime from; ///< UTC
    QDateTime to; ///< UTC
    [[nodiscard]] bool holds(const QDateTime &at) const { return (!from.isValid() || at >= from) && (!to.isValid() || at < to); }
    bool operator==(const SpotWindow &) const = default;
};
/// The window that holds @p at, or else the next one. Needs no more than the tz database.
[[nodiscard]] SpotWindow spotWindow(const SpotRestartConfig &config, const QDateTime &at);

/// One start of the node that was tried, by whomever.
struct SpotTry {
    QDateTime begun; ///< UTC
    QDateTime ended; ///< UTC; invalid: it still runs
    bool noCapacity = false; ///< it failed for want of capacity
};

/// What the decision is made from.
struct SpotFacts {
    bool isKnown = false; ///< the cloud has told of the machine lately; else nothing is begun
    bool isOff = false;
    bool wasPreempted = false; ///< its newest stop was a preemption
    QDateTime stoppedAt; ///< UTC
    QList<SpotTry> tries; ///< newest first
    bool operatorStopped = false; ///< since the preemption somebody asked for a stop, or one was cut off half done
    bool isBusy = false; ///< somebody works on the node now
};
/// From the node's state and what the activity log holds of this node alone, in any order.
[[nodiscard]] SpotFacts spotFacts(
    const NodeState &node, MonotonicMs now, const QList<OperationSummary> &operations, const QList<StockOut> &stockOuts);

struct SpotOutlook {
    enum class State {
        Unset, ///< the fleet file asks for no restart
        Unknown, ///< the cloud has not told of the machine lately
        Ready, ///< nothing to do: it runs, or it was not Google who stopped it
        Held, ///< the operator stopped it since: it stays off
        Busy, ///< somebody works on it
        Waiting, ///< the next try comes at next
        Due, ///< now
        GivenUp, ///< no more tries; next is when the next window begins, if there is one
    };
    State state = State::Unset;
    QDateTime next; ///< UTC; invalid: none is planned
    QDateTime preemptedAt; ///< UTC; invalid where there was none
    int tries = 0; ///< since the preemption, or since the window began
    int withoutCapacity = 0; ///< of these
    bool operator==(const SpotOutlook &) const = default;
};
/// Pauses grow: firstPauseSeconds before the first try, twice that before the second, up to 30 min. A machine that was
/// taken back again within half an hour of its start counts on, so that starting and being preempted in turn slows down.
[[nodiscard]] SpotOutlook spotOutlook(const SpotRestartConfig &config, const SpotFacts &facts, const QDateTime &now);
/// One sentence for the operator, local times; empty for Unset.
[[nodiscard]] QString spotSentence(const SpotOutlook &outlook);
/// "waiting", "due", "held" …; never translated.
[[nodiscard]] QString spotStateName(SpotOutlook::State state);

} // namespace hybridge
