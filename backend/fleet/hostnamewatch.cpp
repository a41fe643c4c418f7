// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/hostnamewatch.h"

#include <QCoreApplication>

namespace hybridge {

HostnameWatch::HostnameWatch(FleetState &state, QString nodeId, std::unique_ptr<ApiTransport> transport, QString path,
    const WatchSchedule &schedule, std::shared_ptr<ProbeBudget> budget, QObject *parent)
    : QObject(parent), m_state(state), m_nodeId(std::move(nodeId)), m_transport(std::move(transport)), m_path(std::move(path)),
      m_schedule(schedule), m_budget(std::move(budget)),
      m_poll([this](std::stop_token stop) { return look(stop); }, m_nodeId.isEmpty() ? schedule.endpoint : schedule.hostnames, nullptr)
{
}

HostnameWatch::~HostnameWatch() = default;

void HostnameWatch::watchClosely()
{
    m_closelyUntil = m_state.clock().monotonic() + 10min;
    m_poll.setInterval(nextInterval());
    m_poll.runNow();
}

std::chrono::milliseconds HostnameWatch::nextInterval() const
{
    if (!m_nodeId.isEmpty())
        return m_schedule.hostnames;
    if (m_budget && m_budget->mustSave(m_state.clock().now()))
        return m_schedule.endpointSaving;
    return m_state.clock().monotonic() < m_closelyUntil ? m_schedule.endpointBusy : m_schedule.endpoint;
}

Task<void> HostnameWatch::look(std::stop_token stop)
{
    const QDateTime now = m_state.clock().now();
    std::optional<Result<EdgeFacts>> seen;
    if (m_budget && m_budget->isExhausted(now)) {
        seen = Error(Error::Kind::Refused,
            QCoreApplication::translate("HostnameWatch", "Today's budget of own probes (%1) is used up.").arg(m_budget->perDay()));
    } else {
        if (m_budget)
            m_budget->spend(now);
        seen = co_await probeHostname(*m_transport, m_path, m_schedule.probeTimeout, stop);
        if (stop.stop_requested())
            co_return;
    }
    const MonotonicMs at = m_state.clock().monotonic();
    if (m_nodeId.isEmpty())
        m_state.updateEndpoint([&](EndpointState &endpoint) { endpoint.edge.update(std::move(*seen), at); });
    else
        m_state.update(m_nodeId, [&](NodeState &node) { node.edge.update(std::move(*seen), at); });
    m_poll.setInterval(nextInterval());
}

} // namespace hybridge
