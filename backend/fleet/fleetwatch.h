// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/hostnamewatch.h"
#include "backend/fleet/machinewatch.h"
#include "backend/fleet/nodewatch.h"
#include "backend/fleet/poll.h"
#include "backend/fleet/tunnelwatch.h"

#include <functional>
#include <memory>
#include <vector>

class QTimer;

namespace hybridge {

/// Makes the ways to the outside that a FleetWatch needs. The real one is FleetSession; tests give their own.
class WatchWays {
public:
    virtual ~WatchWays() = default;
    /// The SSH link of a node that has ssh configured. Never null.
    virtual std::unique_ptr<Shell> shell(const NodeConfig &node) = 0;
    /// A client for the hostname @p url that adds the Access token of @p access, and the engine's @p apiKey, to its origin
    /// alone. Never null.
    virtual std::unique_ptr<ApiTransport> hostname(const QUrl &url, const std::optional<AccessRefs> &access,
        const std::optional<SecretRef> &apiKey) = 0;
    /// The Cloudflare API; null when it is not configured.
    virtual ApiTransport *cloudflare() = 0;
    /// Google Compute; null when it is not configured.
    virtual ApiTransport *compute() = 0;
    /// Cloud TPU; null when it is not configured.
    virtual ApiTransport *tpu() { return nullptr; }
    /// The key that a node's engine wants; empty when none is configured.
    virtual std::optional<EngineKey> engineKey(const NodeConfig &node) = 0;
};

/// Watches a whole fleet and writes what it sees into a FleetState. Owns all monitors. GUI thread.
class FleetWatch final : public QObject {
    Q_OBJECT
public:
    /// Both must outlive this.
    FleetWatch(FleetState &state, WatchWays &ways, WatchSchedule schedule, QObject *parent = nullptr);
    ~FleetWatch() override;
    void start();
    /// Looks at everything of @p id again at once (empty: at the whole fleet).
    void runNow(const QString &id);
    /// Every reading that is configured has been tried, or cannot be tried because its way in has failed.
    [[nodiscard]] bool isSettled() const;
    /// One token through each hostname that has an engine, written into NodeState::proof; at once for all. Costs tokens.
    Task<void> proveAll(std::stop_token stop);
    /// One token through the hostname of @p id, written into NodeState::proof. Errors: NotFound (no hostname or no engine
    /// is configured), and those of probeToken().
    Task<Result<ProofFacts>> prove(QString id, std::stop_token stop);
    /// Asks the clouds about all machines, or all tunnels, at once: one call a machine, one call for all tunnels.
    void lookAtMachines();
    void lookAtTunnels();
    [[nodiscard]] NodeWatch *node(const QString &id) const;
    [[nodiscard]] const ProbeBudget &probeBudget() const { return *m_budget; }

private:
    void react(const QString &id, const Diagnosis &before, const Diagnosis &after);

    FleetState &m_state;
    WatchSchedule m_schedule;
    std::shared_ptr<ProbeBudget> m_budget;
    std::vector<std::unique_ptr<NodeWatch>> m_nodes; ///< as in the fleet file
    std::vector<std::unique_ptr<HostnameWatch>> m_hostnames; ///< as in the fleet file; null without url
    std::unique_ptr<HostnameWatch> m_endpoint;
    std::unique_ptr<TunnelWatch> m_tunnels;
    std::unique_ptr<MachineWatch> m_machines;
    QHash<QString, MonotonicMs> m_reacted; ///< by node id: when a change of its lamp was last followed up
    QTimer *m_tick;
};

/// Whether every configured reading of @p node has been tried at least once. Pure.
[[nodiscard]] bool isSettled(const NodeState &node, bool cloudflare, bool compute);

} // namespace hybridge
