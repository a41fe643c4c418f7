// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetwatch.h"
#include "backend/fleet/secretcache.h"
#include "backend/http/apiclient.h"
#include "backend/ssh/sshhub.h"
#include "backend/ssh/sshsession.h"

#include <memory>

namespace hybridge {

/// What a session needs from the program that runs it.
struct FleetSessionOptions {
    QString knownHostsFile; ///< our own: beside the fleet file
    HostKeyMode hostKeyMode = HostKeyMode::Strict;
    HostKeyQuestion *hostKeyQuestion = nullptr; ///< null: nobody can be asked. Outlives the session
    PassphraseQuestion *passphraseQuestion = nullptr; ///< as above
    WatchSchedule schedule;
};

/// An opened fleet: its state, the ways to the outside, and the watch that fills the one through the others. What the
/// panel and hybridgectl both hold. GUI thread.
class FleetSession final : public QObject, public WatchWays {
    Q_OBJECT
public:
    /// @p resolver and @p clock must outlive this.
    FleetSession(FleetConfig config, SecretResolver &resolver, const Clock &clock, FleetSessionOptions options, QObject *parent = nullptr);
    ~FleetSession() override;
    void start();

    [[nodiscard]] FleetState &state() { return m_state; }
    [[nodiscard]] FleetWatch &watch() { return *m_watch; }
    [[nodiscard]] SecretCache &secrets() { return *m_secrets; }
    /// For authorizers that may outlive a call.
    [[nodiscard]] std::shared_ptr<SecretCache> sharedSecrets() const { return m_secrets; }

    // WatchWays
    std::unique_ptr<Shell> shell(const NodeConfig &node) override;
    std::unique_ptr<ApiTransport> hostname(const QUrl &url, const std::optional<AccessRefs> &access, const std::optional<SecretRef> &apiKey) override;
    ApiTransport *cloudflare() override { return m_cloudflare.get(); }
    ApiTransport *compute() override { return m_compute.get(); }
    ApiTransport *tpu() override { return m_tpu.get(); }
    /// Google's price list (Cloud Billing catalogue) and its budgets; null when gcp is not configured.
    [[nodiscard]] ApiTransport *billing() { return m_billing.get(); }
    [[nodiscard]] ApiTransport *budgets() { return m_budgets.get(); }
    std::optional<EngineKey> engineKey(const NodeConfig &node) override;

private:
    void openCloudflare();
    void openCompute();

    const Clock &m_clock;
    const FleetSessionOptions m_options;
    SecretResolver &m_resolver;
    FleetState m_state;
    std::shared_ptr<SecretCache> m_secrets;
    SshHub m_hub;
    ConnectionPool m_probes; ///< hostnames: many hosts, must not wait for each other
    ConnectionPool m_apis {5, 4}; ///< Cloudflare and Google; a large fleet asks much at once and may wait for its turn
    std::unique_ptr<ApiClient> m_cloudflare;
    std::unique_ptr<ApiClient> m_compute;
    std::unique_ptr<ApiClient> m_tpu;
    std::unique_ptr<ApiClient> m_billing;
    std::unique_ptr<ApiClient> m_budgets;
    std::unique_ptr<FleetWatch> m_watch; ///< last: it uses all of the above
};

} // namespace hybridge
