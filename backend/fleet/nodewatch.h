// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/connectorwatch.h"
#include "backend/fleet/enginewatch.h"
#include "backend/fleet/fleetstate.h"
#include "backend/fleet/servicewatch.h"
#include "backend/host/nvidiamonitorstream.h"
#include "backend/ssh/knownhosts.h"
#include "backend/ssh/shell.h"

#include <memory>

namespace hybridge {

/// Everything that is watched on one node over its SSH link: the link itself, services, engine, connector, accelerators.
/// Where there is no ssh, the engine is read through the node's public hostname instead. GUI thread.
class NodeWatch final : public QObject {
    Q_OBJECT
public:
    /// @p state must outlive this. @p shell: null without ssh. @p engineApi: the node's hostname, for nodes without ssh;
    /// may be null.
    NodeWatch(FleetState &state, const NodeConfig &config, std::unique_ptr<Shell> shell, std::shared_ptr<ApiTransport> engineApi,
        std::optional<EngineKey> engineKey, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~NodeWatch() override;
    void start();
    /// Looks again at once, and dials at once when the link is waiting.
    void runNow();
    /// Where the machine is now and which host keys it reported; from a cloud's answer. Dials when it is the first address,
    /// moves when it has changed. A literal host of the fleet file is never overridden; the keys count for it as well.
    void setAddress(const QString &host, const QList<HostKey> &keys);
    [[nodiscard]] Shell *shell() const { return m_shell.get(); }

private:
    void linkChanged(LinkState link);
    void connectLink();
    void noteLinkLoss();

    FleetState &m_state;
    const NodeConfig m_config;
    const WatchSchedule m_schedule;
    std::unique_ptr<Shell> m_shell;
        // After the shell: they use it, and must go first.
    std::unique_ptr<NvidiaMonitorStream> m_gpus;
    std::unique_ptr<ServiceWatch> m_services;
    std::unique_ptr<ConnectorWatch> m_connector;
    std::unique_ptr<EngineWatch> m_engine;
    bool m_started = false;
};

} // namespace hybridge
