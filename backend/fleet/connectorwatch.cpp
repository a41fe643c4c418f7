// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/connectorwatch.h"

namespace hybridge {

ConnectorWatch::ConnectorWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_id(config.id),
      m_reader(shell, state.clock(), config.connector->metrics, config.tunnel, schedule.engineTimeout),
      m_poll([this](std::stop_token stop) { return look(stop); }, schedule.connector, nullptr)
{
}

ConnectorWatch::~ConnectorWatch() = default;

Task<void> ConnectorWatch::look(std::stop_token stop)
{
    Result<ConnectorFacts> facts = co_await m_reader.read(stop);
    if (stop.stop_requested())
        co_return;
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(m_id, [&](NodeState &node) {
        if (facts)
            node.connector.succeed(std::move(*facts), now);
        else
            node.connector.fail(facts.error(), now);
    });
}

} // namespace hybridge
