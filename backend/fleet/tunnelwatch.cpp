// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/tunnelwatch.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {
/// Connection reads a round. With the list itself that is at most 180 calls in 5 min of the 240 that we allow ourselves,
/// also when 500 tunnels change at once; half of them are left to tunnels that have changed.
constexpr int readsARound = 8;
constexpr int keptForChanged = 4;
constexpr std::chrono::seconds connectionsStand {60};
} // namespace

TunnelFacts tunnelFacts(const cloudflare::Tunnel &tunnel, const TunnelFacts *before)
{
    TunnelFacts facts = before ? *before : TunnelFacts();
    facts.name = safeText(tunnel.name, 120);
    facts.status = safeText(tunnel.statusWord, 40);
    facts.connectedSince = tunnel.connsActiveAt;
    facts.downSince = tunnel.connsInactiveAt;
    if (tunnel.status == cloudflare::TunnelStatus::Down || tunnel.status == cloudflare::TunnelStatus::Inactive) {
        // These words say that there are none; no second call is needed.
        facts.connections = 0;
        facts.connectors = 0;
        facts.colos.clear();
    }
    return facts;
}

void applyConnectors(TunnelFacts &facts, const QList<cloudflare::Connector> &connectors)
{
    facts.connectors = int(connectors.size());
    facts.connections = 0;
    facts.colos.clear();
    for (const cloudflare::Connector &connector : connectors) {
        *facts.connections += int(connector.conns.size());
        for (const cloudflare::Connection &connection : connector.conns)
            if (!facts.colos.contains(connection.colo) && facts.colos.size() < 32)
                facts.colos.append(safeText(connection.colo, 16));
    }
    facts.colos.sort();
    if (!connectors.isEmpty())
        facts.version = safeText(connectors.first().version, 40);
}

TunnelWatch::TunnelWatch(FleetState &state, ApiTransport &api, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_tunnels(api, state.config().cloudflare->accountId),
      m_poll([this](std::stop_token stop) { return look(stop); }, schedule.tunnels, nullptr)
{
}

TunnelWatch::~TunnelWatch() = default;

void TunnelWatch::fail(const Error &error)
{
    const MonotonicMs now = m_state.clock().monotonic();
    for (const NodeConfig &node : m_state.config().nodes)
        if (!node.tunnel.isEmpty())
            m_state.update(node.id, [&](NodeState &changed) { changed.tunnel.fail(error, now); });
    m_state.updateServices([&](ServicesState &services) { services.cloudflare = error; });
}

bool TunnelWatch::wantsConnections(const cloudflare::Tunnel &tunnel, int &quota)
{
    if (tunnel.status == cloudflare::TunnelStatus::Down || tunnel.status == cloudflare::TunnelStatus::Inactive)
        return false;
    Seen &seen = m_seen[tunnel.id];
    const MonotonicMs now = m_state.clock().monotonic();
    const bool changed = !seen.read || seen.status != tunnel.statusWord || seen.activeAt != tunnel.connsActiveAt;
    const bool old = now - seen.connectionsAt > connectionsStand;
    if (quota <= 0 || (!changed && (!old || quota <= keptForChanged)))
        return false;
    --quota;
    seen.status = tunnel.statusWord;
    seen.activeAt = tunnel.connsActiveAt;
    return true;
}

Task<void> TunnelWatch::look(std::stop_token stop)
{
    const Result<QList<cloudflare::Tunnel>> tunnels = co_await m_tunnels.list(stop);
    if (stop.stop_requested())
        co_return;
    if (!tunnels) {
        fail(tunnels.error());
        m_rounds += 1;
        co_return;
    }
    m_state.updateServices([](ServicesState &services) { services.cloudflare.reset(); });
    int quota = readsARound;
    std::vector<Task<void>> reads;
    for (const NodeConfig &node : m_state.config().nodes) {
        if (node.tunnel.isEmpty())
            continue;
        const MonotonicMs now = m_state.clock().monotonic();
        const auto found = std::find_if(tunnels->begin(), tunnels->end(), [&](const cloudflare::Tunnel &t) { return t.id == node.tunnel; });
        if (found == tunnels->end()) {
            const Error error(Error::Kind::NotFound,
                QCoreApplication::translate("TunnelWatch", "The account has no tunnel with the id of this node."), node.tunnel);
            m_state.update(node.id, [&](NodeState &changed) { changed.tunnel.fail(error, now); });
            continue;
        }
        m_state.update(node.id, [&](NodeState &changed) {
            changed.tunnel.succeed(tunnelFacts(*found, changed.tunnel.isKnown() ? &*changed.tunnel : nullptr), now);
        });
        if (wantsConnections(*found, quota))
            reads.push_back(readConnections(node.id, node.tunnel, stop));
    }
    for (auto &read : reads)
        co_await read;
    if (!stop.stop_requested())
        m_rounds += 1;
}

Task<void> TunnelWatch::readConnections(QString nodeId, QString tunnelId, std::stop_token stop)
{
    const Result<QList<cloudflare::Connector>> connectors = co_await m_tunnels.connections(tunnelId, stop);
    if (stop.stop_requested())
        co_return;
    if (!connectors) {
        // The list's word stands and ages; the connections are tried again with the next round.
        const Error error = connectors.error();
        m_state.update(nodeId, [&](NodeState &node) { node.tunnel.fail(error, m_state.clock().monotonic()); });
        co_return;
    }
    Seen &seen = m_seen[tunnelId];
    seen.read = true;
    seen.connectionsAt = m_state.clock().monotonic();
    m_state.update(nodeId, [&](NodeState &node) {
        if (!node.tunnel.isKnown())
            return;
        TunnelFacts facts = *node.tunnel;
        applyConnectors(facts, *connectors);
        node.tunnel.succeed(std::move(facts), seen.connectionsAt);
    });
}

} // namespace hybridge
