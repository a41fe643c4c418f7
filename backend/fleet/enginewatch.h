// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/counterrate.h"
#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/fleet/secretcache.h"
#include "backend/inference/enginereader.h"
#include "backend/ssh/shell.h"

#include <memory>
#include <optional>

namespace hybridge {

/// Where the key lies that an engine wants on its own port.
struct EngineKey {
    std::shared_ptr<SecretCache> secrets;
    SecretRef ref;
};

/// Reads one node's engine again and again: on the node over SSH, or through its hostname where there is no SSH.
/// GUI thread.
class EngineWatch final : public QObject {
    Q_OBJECT
public:
    /// Exactly one of @p shell and @p api is used, the shell where both are given. All must outlive this.
    EngineWatch(FleetState &state, Shell *shell, std::shared_ptr<ApiTransport> api, const NodeConfig &config,
        std::optional<EngineKey> key, const WatchSchedule &schedule, QObject *parent = nullptr);
    ~EngineWatch() override;
    void start() { m_poll.start(); }
    void stop() { m_poll.stop(); }
    void runNow() { m_poll.runNow(); }

private:
    Task<void> look(std::stop_token stop);
    [[nodiscard]] std::optional<bool> serviceRuns() const;
    void publish(Result<EngineFacts> facts);

    FleetState &m_state;
    Shell *m_shell;
    std::shared_ptr<ApiTransport> m_api;
    const NodeConfig m_config;
    std::optional<EngineKey> m_key;
    std::unique_ptr<EngineReader> m_reader; ///< made when its key is known
    CounterRate m_tokens;
    Poll m_poll;
};

} // namespace hybridge
