// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/poll.h"
#include "backend/routing/routingservice.h"

namespace hybridge {

/// Reads the router again and again, so that each node's weight in the fleet's state is one that was read back lately.
/// Two calls a round: of the 240 calls in 5 min that we allow ourselves, 20. GUI thread.
class RoutingWatch final : public QObject {
    Q_OBJECT
public:
    /// @p service must outlive this.
    explicit RoutingWatch(RoutingService &service, std::chrono::milliseconds interval = std::chrono::seconds(30), QObject *parent = nullptr);
    /// Does nothing where routing is not configured.
    void start();
    void runNow() { m_poll.runNow(); }
    /// Nothing is to be read, or it has been tried once.
    [[nodiscard]] bool isSettled() const;

private:
    Task<void> look(std::stop_token stop);
    RoutingService &m_service;
    Poll m_poll;
};

} // namespace hybridge
