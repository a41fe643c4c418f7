// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/host/servicereader.h"
#include "backend/ssh/shell.h"

namespace hybridge {

/// Watches the services of one node over SSH (connector and engine; systemd units and containers) and whether this login
/// may control them by sudo. Works while the link stands; touches nothing else. GUI thread.
class ServiceWatch final : public QObject {
    Q_OBJECT
public:
    /// All must outlive this.
    ServiceWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~ServiceWatch() override;
    void start();
    void stop();
    void runNow();
    /// Something is configured that can be watched.
    [[nodiscard]] bool isUseful() const { return !m_services.isEmpty(); }

private:
    Task<void> readServices(std::stop_token stop);
    Task<void> readControl(std::stop_token stop);
    void publish(QList<ServiceFacts> facts, const std::optional<Error> &problem);

    FleetState &m_state;
    Shell &m_shell;
    const QString m_id;
    const QString m_user;
    const WatchSchedule m_schedule;
    QStringList m_services; ///< as the fleet file names them
    QStringList m_units; ///< the systemd ones among them
    ServiceReader m_reader;
    Poll m_servicePoll;
    Poll m_controlPoll;
};

} // namespace hybridge
