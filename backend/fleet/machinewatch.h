// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/gcp/compute.h"
#include "backend/ssh/knownhosts.h"

namespace hybridge {

/// Reads the state of every Compute instance of the fleet, side by side; for a stopped one also why it stopped and why
/// it did not start. GUI thread.
class MachineWatch final : public QObject {
    Q_OBJECT
public:
    /// @p state and @p api must outlive this; the state's config has a gcp section.
    MachineWatch(FleetState &state, ApiTransport &api, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~MachineWatch() override;
    void start() { m_poll.start(); }
    void runNow() { m_poll.runNow(); }

Q_SIGNALS:
    /// Where the instance is now (empty: it has no address), and the host keys that it reported itself (empty: none told).
    void addressRead(const QString &nodeId, const QString &address, const QList<hybridge::HostKey> &keys);

private:
    Task<void> look(std::stop_token stop);
    Task<void> readOne(NodeConfig node, std::stop_token stop);
    Task<QList<HostKey>> hostKeys(gcp::Instance instance, std::stop_token stop);

    FleetState &m_state;
    gcp::Compute m_compute;
    QHash<QString, QString> m_addresses; ///< by node id: host keys are asked for once an address
    Poll m_poll;
};

[[nodiscard]] MachineFacts machineFacts(const gcp::Instance &instance);

} // namespace hybridge
