// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/enginewatch.h"

#include "backend/fleet/findings.h"

#include <QCoreApplication>

namespace hybridge {

EngineWatch::EngineWatch(FleetState &state, Shell *shell, std::shared_ptr<ApiTransport> api, const NodeConfig &config,
    std::optional<EngineKey> key, const WatchSchedule &schedule, QObject *parent)
    : QObject(parent), m_state(state), m_shell(shell), m_api(std::move(api)), m_config(config), m_key(std::move(key)),
      // Through the hostname every look is a request at the edge: as often as the hostname itself is probed.
      m_poll([this](std::stop_token stop) { return look(stop); }, shell ? schedule.engine : schedule.hostnames, nullptr)
{
}

EngineWatch::~EngineWatch() = default;

std::optional<bool> EngineWatch::serviceRuns() const
{
    const NodeState *node = m_state.node(m_config.id);
    if (!node || !node->services.isKnown())
        return std::nullopt;
    for (const ServiceFacts &facts : *node->services)
        if (facts.service == m_config.engine->service)
            return mayBeLoading(facts, QDateTime::currentDateTimeUtc());
    return std::nullopt;
}

Task<void> EngineWatch::look(std::stop_token stop)
{
    if (!m_reader) {
        Secret key;
        if (m_key && m_shell) {
            SecretPurpose purpose;
            purpose.what = QCoreApplication::translate("Secrets", "the API key of the engine on %1").arg(m_config.id);
            purpose.host = m_config.id;
            const Result<Secret> found = co_await m_key->secrets->get(m_key->ref, purpose, stop);
            if (stop.stop_requested())
                co_return;
            if (!found) {
                publish(found.error());
                co_return;
            }
            key = *found;
        }
        const EngineKind kind = m_config.engine->kind;
        m_reader = m_shell ? std::make_unique<EngineReader>(kind, *m_shell, m_config.engine->url, key, m_state.clock())
                           : std::make_unique<EngineReader>(kind, m_api, m_config.url.host(), m_state.clock());
        m_reader->setThrifty(!m_shell);
    }
    Result<EngineFacts> facts = co_await m_reader->read(serviceRuns(), stop);
    if (stop.stop_requested())
        co_return;
    publish(std::move(facts));
}

void EngineWatch::publish(Result<EngineFacts> facts)
{
    const MonotonicMs now = m_state.clock().monotonic();
    if (facts && facts->generationTokensTotal && !facts->tokensPerSecond)
        facts->tokensPerSecond = m_tokens.add(*facts->generationTokensTotal, now);
    m_state.update(m_config.id, [&](NodeState &node) {
        if (facts)
            node.tokensPerSecond = facts->tokensPerSecond;
        node.engine.update(std::move(facts), now);
    });
}

} // namespace hybridge
