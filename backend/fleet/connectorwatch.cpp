// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/connectorwatch.h"

#include "backend/host/cloudflared.h"
#include "backend/http/http1codec.h"

namespace hybridge {

ConnectorWatch::ConnectorWatch(FleetState &state, Shell &shell, const NodeConfig &config, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_shell(shell), m_id(config.id), m_host(config.connector->metrics.host()),
      m_port(quint16(config.connector->metrics.port(80))), m_schedule(schedule),
      m_poll([this](std::stop_token stop) { return look(stop); }, schedule.connector, nullptr)
{
}

ConnectorWatch::~ConnectorWatch() = default;

Task<Result<HttpResponse>> ConnectorWatch::get(QString path, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(path);
    const QByteArray host = QStringLiteral("%1:%2").arg(m_host).arg(m_port).toLatin1();
    const Result<QByteArray> bytes = buildHttp1(request, host);
    if (!bytes)
        co_return bytes.error();
    const Result<QByteArray> answer
        = co_await m_shell.roundTrip(m_host, m_port, *bytes, &http1Complete, 4 << 20, m_schedule.engineTimeout, stop);
    if (!answer)
        co_return answer.error();
    co_return parseHttp1(*answer);
}

Task<void> ConnectorWatch::look(std::stop_token stop)
{
    ConnectorFacts facts;
    facts.metricsPort = m_port;
    std::optional<Error> problem;
    const Result<HttpResponse> ready = co_await get(QStringLiteral("/ready"), stop);
    if (stop.stop_requested())
        co_return;
    if (!ready) {
        problem = ready.error();
    } else if (const Result<void> read = readConnectorReady(ready->status, ready->body, facts); !read) {
        problem = read.error();
    } else {
        // The numbers are a bonus: without them the answer to "is it connected" still stands.
        const Result<HttpResponse> metrics = co_await get(QStringLiteral("/metrics"), stop);
        if (stop.stop_requested())
            co_return;
        if (metrics && metrics->status == 200 && readConnectorMetrics(metrics->body, facts).has_value()) {
            const MonotonicMs now = m_state.clock().monotonic();
            if (facts.totalRequests)
                facts.requestsPerSecond = m_requests.add(*facts.totalRequests, now);
            if (facts.requestErrors)
                facts.errorsPerSecond = m_failures.add(*facts.requestErrors, now);
        }
    }
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(m_id, [&](NodeState &node) {
        if (problem)
            node.connector.fail(*problem, now);
        else
            node.connector.succeed(std::move(facts), now);
    });
}

} // namespace hybridge
