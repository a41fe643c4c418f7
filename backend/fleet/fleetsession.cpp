// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetsession.h"

#include "backend/gcp/gcpauthorizer.h"

#include <QCoreApplication>
#include <QDir>

namespace hybridge {

namespace {

SshHubOptions hubOptions(const FleetSessionOptions &options)
{
    SshHubOptions hub;
    hub.ourKnownHosts = options.knownHostsFile;
    hub.userKnownHosts = QDir::homePath() + QStringLiteral("/.ssh/known_hosts");
    hub.hostKeyMode = options.hostKeyMode;
    hub.hostKeyQuestion = options.hostKeyQuestion;
    hub.passphraseQuestion = options.passphraseQuestion;
    return hub;
}

} // namespace

FleetSession::FleetSession(FleetConfig config, SecretResolver &resolver, const Clock &clock, FleetSessionOptions options, QObject *parent)
    : QObject(parent), m_clock(clock), m_options(std::move(options)), m_resolver(resolver), m_state(std::move(config), clock),
      m_secrets(std::make_shared<SecretCache>(resolver, clock)), m_hub(hubOptions(m_options))
{
    openCloudflare();
    openCompute();
    m_watch = std::make_unique<FleetWatch>(m_state, *this, m_options.schedule);
}

FleetSession::~FleetSession()
{
    m_watch.reset(); // asks everything that is in flight to stop, while what it uses still stands
}

void FleetSession::start()
{
    m_watch->start();
}

void FleetSession::openCloudflare()
{
    const auto &config = m_state.config().cloudflare;
    if (!config || !config->token)
        return;
    m_cloudflare = std::make_unique<ApiClient>(config->apiBase, m_apis);
    SecretPurpose purpose;
    purpose.what = QCoreApplication::translate("Secrets", "the Cloudflare API token");
    purpose.host = config->apiBase.host();
    m_cloudflare->setAuthorizer(std::make_shared<BearerRefAuthorizer>(m_secrets, *config->token, purpose, config->apiBase));
    m_cloudflare->setBudget(std::make_shared<TokenBucket>(TokenBucket::cloudflare(m_clock)));
}

void FleetSession::openCompute()
{
    const auto &config = m_state.config().gcp;
    if (!config || config->project.isEmpty())
        return;
    const gcp::TransportFactory transports = [this](const QUrl &endpoint) -> std::shared_ptr<ApiTransport> {
        return std::make_shared<ApiClient>(endpoint, m_apis);
    };
    const QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    std::shared_ptr<gcp::TokenSource> source;
    switch (config->credentials.source) {
    case GcpCredentialsRef::Source::Adc:
        source = std::make_shared<gcp::AdcTokenSource>(environment, QDir::homePath(), transports, m_clock);
        break;
    case GcpCredentialsRef::Source::File:
        source = std::make_shared<gcp::FileTokenSource>(config->credentials.name, transports, m_clock);
        break;
    case GcpCredentialsRef::Source::Command:
        source = std::make_shared<gcp::CommandTokenSource>(config->credentials.command);
        break;
    case GcpCredentialsRef::Source::Environment:
        source = std::make_shared<gcp::EnvironmentTokenSource>(config->credentials.name, environment);
        break;
    }
    auto provider = std::make_shared<gcp::TokenProvider>(std::move(source), m_clock);
    m_compute = std::make_unique<ApiClient>(config->computeBase, m_apis);
    m_compute->setAuthorizer(std::make_shared<gcp::GcpAuthorizer>(provider, Origin::of(config->computeBase)));
    m_tpu = std::make_unique<ApiClient>(config->tpuBase, m_apis);
    m_tpu->setAuthorizer(std::make_shared<gcp::GcpAuthorizer>(provider, Origin::of(config->tpuBase)));
    m_billing = std::make_unique<ApiClient>(config->billingBase, m_apis);
    m_billing->setAuthorizer(std::make_shared<gcp::GcpAuthorizer>(provider, Origin::of(config->billingBase)));
    m_budgets = std::make_unique<ApiClient>(config->budgetsBase, m_apis);
    m_budgets->setAuthorizer(std::make_shared<gcp::GcpAuthorizer>(provider, Origin::of(config->budgetsBase)));
}

std::unique_ptr<Shell> FleetSession::shell(const NodeConfig &node)
{
    SshTarget target;
    target.host = node.ssh->host;
    target.port = node.ssh->port;
    target.user = node.ssh->user;
    target.identityFile = node.ssh->identity;
    target.dialTimeout = m_options.schedule.dialTimeout;
    // A cloud machine's address changes with every start; its key is kept under its own name instead.
    if (node.ssh->host.isEmpty() && node.machine)
        target.hostKeyAlias = QStringLiteral("hybridge.%1.%2").arg(node.machine->zone, node.machine->instance);
    return std::make_unique<SshSession>(m_hub, target);
}

std::unique_ptr<ApiTransport> FleetSession::hostname(const QUrl &url, const std::optional<AccessRefs> &access, const std::optional<SecretRef> &apiKey)
{
    auto client = std::make_unique<ApiClient>(url, m_probes);
    std::vector<std::shared_ptr<Authorizer>> parts;
    if (access)
        parts.push_back(std::make_shared<AccessRefAuthorizer>(m_secrets, *access, url));
    if (apiKey) {
        SecretPurpose purpose;
        purpose.what = QCoreApplication::translate("Secrets", "the engine's API key");
        purpose.host = url.host();
        parts.push_back(std::make_shared<BearerRefAuthorizer>(m_secrets, *apiKey, purpose, url));
    }
    client->setAuthorizer(std::make_shared<CombinedAuthorizer>(std::move(parts)));
    // A probe that is repeated tells a prettier story than the users live: one try, as it is.
    client->setRetryPolicy([](const AttemptOutcome &, double) -> std::optional<std::chrono::milliseconds> { return std::nullopt; });
    return client;
}

std::optional<EngineKey> FleetSession::engineKey(const NodeConfig &node)
{
    if (!node.engine || !node.engine->apiKey)
        return std::nullopt;
    return EngineKey {m_secrets, *node.engine->apiKey};
}

} // namespace hybridge
