// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/gcp/compute.h"
#include "backend/gcp/tpu.h"
#include "backend/ssh/knownhosts.h"

namespace hybridge {

/// Reads the state of every machine of the fleet that stands in Google's cloud (Compute instances, TPU VMs), side by side;
/// for a stopped instance also why it stopped and why it did not start. GUI thread.
class MachineWatch final : public QObject {
    Q_OBJECT
public:
    /// All must outlive this; the state's config has a gcp section. @p tpu: null where TPUs are not read.
    MachineWatch(FleetState &state, ApiTransport &api, ApiTransport *tpu, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~MachineWatch() override;
    void start() { m_poll.start(); }
    void runNow() { m_poll.runNow(); }

Q_SIGNALS:
    /// Where the instance is now (empty: it has no address), and the host keys that it reported itself (empty: none told).
    void addressRead(const QString &nodeId, const QString &address, const QList<hybridge::HostKey> &keys);

private:
    Task<void> look(std::stop_token stop);
    Task<void> readOne(NodeConfig node, std::stop_token stop);
    Task<void> readTpu(NodeConfig node, std::stop_token stop);
    void failed(const QString &id, const Error &error);
    Task<Result<gcp::Instance>> find(MachineConfig machine, std::stop_token stop);
    Task<QList<HostKey>> hostKeys(gcp::Instance instance, std::stop_token stop);

    FleetState &m_state;
    gcp::Compute m_compute;
    std::unique_ptr<gcp::Tpu> m_tpu;
    QHash<QString, QString> m_addresses; ///< by node id: host keys are asked for once an address and start
    Poll m_poll;
};

[[nodiscard]] MachineFacts machineFacts(const gcp::Instance &instance);
[[nodiscard]] MachineFacts machineFacts(const gcp::TpuNode &node);

} // namespace hybridge
