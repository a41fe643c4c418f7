// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/fleet/fleetstate.h"
#include "backend/host/servicecontrol.h"

#include <functional>

namespace hybridge {

class RoutingService;

enum class MachineAction { Start, Stop, Reset, Suspend, Resume };
[[nodiscard]] QString machineActionName(MachineAction action); ///< "start"…; never translated

/// How a machine is acted on. A class with a constructor (GCC 12 destroys aggregates inside co_await twice).
class MachineOrder {
public:
    MachineOrder(QString ofNode, MachineAction what) : node(std::move(ofNode)), action(what) { }
    QString node;
    MachineAction action;
    QString requestId; ///< UUID of this intention; the same for a second try of it
    std::optional<bool> discardLocalSsd;
    std::optional<std::chrono::seconds> maxRun; ///< armed before a start
    /// Which of the fleet file's alternatives to take instead of the machine itself; -1: the machine itself.
    int alternative = -1;
    std::function<void(const QString &)> progress; ///< sentences while it is awaited; may be empty
};

/// The ways an operation acts and looks through. The real ones are SessionWays; tests give their own. GUI thread.
class LifecycleWays {
public:
    virtual ~LifecycleWays() = default;
    virtual FleetState &state() = 0;
    /// Looks at @p node again soon: over its link, and at its cloud's word about machine and tunnel as their budgets
    /// allow. Cheap to call often.
    virtual void look(const QString &node) = 0;
    /// Acts on a cloud machine, awaits the cloud's own operation, and returns the machine as read back afterwards; the
    /// same goes into the state. Errors: gcp::Compute's, Refused.
    virtual Task<Result<MachineFacts>> act(MachineOrder order, std::stop_token stop) = 0;
    /// Acts on a service over SSH and returns its settled state. Errors: ServiceControl's.
    virtual Task<Result<ServiceFacts>> actOnService(
        QString node, QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop)
        = 0;
    /// One generated token: @p path "direct" asks the engine on the node, "edge" the node's public hostname with the
    /// Access token. Written into the state. Costs a token.
    virtual Task<Result<ProofFacts>> prove(QString node, QString path, std::stop_token stop) = 0;
    /// How the shares are changed; null: nothing is set up for that.
    virtual RoutingService *routing() { return nullptr; }
    /// What would leave for a machine order, e.g. "POST https://compute…/instances/gpu/start"; for plans.
    [[nodiscard]] virtual QStringList callsOf(const MachineOrder &order) const = 0;
};

} // namespace hybridge
