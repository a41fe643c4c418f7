// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/tunnels.h"
#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"

namespace hybridge {

/// Reads the state of all tunnels with one call, and the connections of those that are new, have changed, or were last
/// read over a minute ago (a few a round, so that the budget towards the API holds with any number of nodes).
/// GUI thread.
class TunnelWatch final : public QObject {
    Q_OBJECT
public:
    /// @p state and @p api must outlive this; the state's config has a cloudflare section.
    TunnelWatch(FleetState &state, ApiTransport &api, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~TunnelWatch() override;
    void start() { m_poll.start(); }
    void runNow() { m_poll.runNow(); }
    /// Whole rounds done, good or bad.
    [[nodiscard]] int rounds() const { return m_rounds; }

private:
    struct Seen {
        QString status;
        QDateTime activeAt;
        MonotonicMs connectionsAt {0};
        bool read = false;
    };
    Task<void> look(std::stop_token stop);
    Task<void> readConnections(QString nodeId, QString tunnelId, std::stop_token stop);
    [[nodiscard]] bool wantsConnections(const cloudflare::Tunnel &tunnel, int &quota);
    void fail(const Error &error);

    FleetState &m_state;
    cloudflare::Tunnels m_tunnels;
    QHash<QString, Seen> m_seen; ///< by tunnel id
    int m_rounds = 0;
    Poll m_poll;
};

/// Joins what the list and the connections tell of one tunnel. Pure.
[[nodiscard]] TunnelFacts tunnelFacts(const cloudflare::Tunnel &tunnel, const TunnelFacts *before);
void applyConnectors(TunnelFacts &facts, const QList<cloudflare::Connector> &connectors);

} // namespace hybridge
