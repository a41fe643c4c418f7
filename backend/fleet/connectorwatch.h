// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/host/connectorreader.h"
#include "backend/ssh/shell.h"

namespace hybridge {

/// Asks cloudflared on the node itself (ConnectorReader) through short direct-tcpip channels. GUI thread.
class ConnectorWatch final : public QObject {
    Q_OBJECT
public:
    /// All must outlive this. @p config has a connector with a metrics address.
    ConnectorWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~ConnectorWatch() override;
    void start() { m_poll.start(); }
    void stop() { m_poll.stop(); }
    void runNow() { m_poll.runNow(); }

private:
    Task<void> look(std::stop_token stop);

    FleetState &m_state;
    const QString m_id;
    ConnectorReader m_reader;
    Poll m_poll;
};

} // namespace hybridge
