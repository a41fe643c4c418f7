// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What is read at Cloudflare and Google.
#include "backend/base/units.h"
#include "backend/checklist/checkreader.h"
#include "backend/checklist/checkrows.h"
#include "backend/cloudflare/envelope.h"
#include "backend/cloudflare/tunnels.h"
#include "backend/cloudflare/workercontent.h"
#include "backend/http/jsonlimits.h"

#include <QCryptographicHash>
#include <QFile>

namespace hybridge {

namespace {

struct Door {
    const char *path; ///< with %1 for the account
    const char *name;
};

/// What this program never asks for: reaching one of them means that the token is wider than it needs to be.
constexpr Door Doors[] {
    {"accounts/%1/members", QT_TRANSLATE_NOOP("Checklist", "the members of the account")},
    {"accounts/%1/storage/kv/namespaces", QT_TRANSLATE_NOOP("Checklist", "Workers KV")},
    {"accounts/%1/r2/buckets", QT_TRANSLATE_NOOP("Checklist", "R2 storage")},
    {"user/tokens", QT_TRANSLATE_NOOP("Checklist", "other API tokens")},
};

} // namespace

QByteArray shippedRouterHash()
{
    QFile file(QStringLiteral(":/hybridge/worker/router.mjs"));
    return file.open(QIODevice::ReadOnly) ? QCryptographicHash::hash(file.readAll(), QCryptographicHash::Sha256).toHex() : QByteArray();
}

Task<void> CheckReader::readConnectors(Self self, QString node, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare)
        co_return;
    self->begin(CheckPart::Connectors, node);
    cloudflare::Tunnels tunnels(*api, self->m_facts.config.cloudflare->accountId);
    const QString tunnel = self->m_facts.node(node)->config.tunnel;
    Result<QList<cloudflare::Connector>> connectors = co_await tunnels.connections(tunnel, stop);
    if (!self)
        co_return;
    self->m_facts.node(node)->connectors = std::move(connectors);
    self->end(CheckPart::Connectors, node);
}

Task<void> CheckReader::readConfiguration(Self self, QString node, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare)
        co_return;
    self->begin(CheckPart::Configuration, node);
    cloudflare::TunnelConfigurations configurations(*api, self->m_facts.config.cloudflare->accountId);
    const QString tunnel = self->m_facts.node(node)->config.tunnel;
    Result<cloudflare::TunnelConfiguration> configuration = co_await configurations.get(tunnel, stop);
    if (!self)
        co_return;
    self->m_facts.node(node)->configuration = std::move(configuration);
    self->end(CheckPart::Configuration, node);
}

Task<void> CheckReader::readTunnels(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare)
        co_return;
    self->begin(CheckPart::Tunnels, {});
    cloudflare::Tunnels tunnels(*api, self->m_facts.config.cloudflare->accountId);
    Result<QList<cloudflare::Tunnel>> list = co_await tunnels.list(stop);
    if (!self)
        co_return;
    self->m_facts.tunnels = std::move(list);
    self->end(CheckPart::Tunnels, {});
}

Task<void> CheckReader::readDns(Self self, QString node, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare || self->m_facts.config.cloudflare->zoneId.isEmpty())
        co_return;
    self->begin(CheckPart::Dns, node);
    cloudflare::Zones zones(*api, self->m_facts.config.cloudflare->zoneId);
    const QString host = self->hostnameOf(node)->host;
    Result<QList<cloudflare::DnsRecord>> records = co_await zones.recordsOf(host, stop);
    if (!self)
        co_return;
    if (HostnameFacts *hostname = self->hostnameOf(node))
        hostname->dns = std::move(records);
    self->end(CheckPart::Dns, node);
}

Task<void> CheckReader::readZone(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare || self->m_facts.config.cloudflare->zoneId.isEmpty())
        co_return;
    self->begin(CheckPart::Zone, {});
    cloudflare::Zones zones(*api, self->m_facts.config.cloudflare->zoneId);
    Result<cloudflare::ZoneState> zone = co_await zones.zone(stop);
    if (!self)
        co_return;
    self->m_facts.zone = std::move(zone);
    self->end(CheckPart::Zone, {});
}

Task<void> CheckReader::readAccess(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare)
        co_return;
    self->begin(CheckPart::Access, {});
    cloudflare::Access access(*api, self->m_facts.config.cloudflare->accountId);
    Task<Result<QList<cloudflare::AccessApp>>> askApps = access.apps(stop);
    Result<QList<cloudflare::ServiceToken>> tokens = co_await access.serviceTokens(stop);
    Result<QList<cloudflare::AccessApp>> apps = co_await askApps;
    if (!self)
        co_return;
    const auto &endpoint = self->m_facts.config.endpoint;
    QString clientId;
    if (endpoint && endpoint->access && !isLoginToken(*endpoint->access)) { // a person's log-in has no client id
        SecretPurpose purpose;
        purpose.what = QCoreApplication::translate("Secrets", "the client id of the Access service token");
        purpose.host = endpoint->url.host();
        const SecretRef ref = endpoint->access->clientId;
        const Result<Secret> secret = co_await self->m_ways.secret(ref, purpose, stop);
        if (!self)
            co_return;
        if (secret)
            clientId = QString::fromUtf8(secret->reveal()).trimmed();
    }
    self->m_facts.apps = std::move(apps);
    self->m_facts.serviceTokens = std::move(tokens);
    self->m_facts.clientId = clientId;
    self->end(CheckPart::Access, {});
}

Task<void> CheckReader::readApiToken(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    if (!api || !self->m_facts.config.cloudflare)
        co_return;
    self->begin(CheckPart::ApiToken, {});
    const QString account = self->m_facts.config.cloudflare->accountId;
    cloudflare::Tokens tokens(*api, account);
    Result<cloudflare::TokenState> state = co_await tokens.verify(stop);
    if (!self)
        co_return;
    TokenReach reach;
    std::optional<Error> failure;
    for (const Door &door : Doors) {
        QString path = QString::fromLatin1(door.path);
        if (path.contains(QLatin1String("%1")))
            path = path.arg(QString::fromLatin1(QUrl::toPercentEncoding(account)));
        ApiRequest request = ApiRequest::get(path);
        request.attempts(1);
        const Result<HttpResponse> response = co_await api->send(request, stop);
        if (!self)
            co_return;
        if (!response) {
            failure = response.error();
            continue;
        }
        const Result<cloudflare::Envelope> envelope = cloudflare::parseEnvelope(*response, {});
        if (envelope)
            reach.reaches.append(QCoreApplication::translate("Checklist", door.name));
        else if (envelope.error().kind == Error::Kind::Unauthorized || envelope.error().kind == Error::Kind::NotFound)
            reach.refused.append(QCoreApplication::translate("Checklist", door.name));
        else
            failure = envelope.error();
    }
    cloudflare::Zones zones(*api, self->m_facts.config.cloudflare->zoneId);
    const Result<qint64> seen = co_await zones.visibleZones(stop);
    if (!self)
        co_return;
    if (seen)
        reach.zones = *seen;
    self->m_facts.apiToken = std::move(state);
    if (failure && reach.reaches.isEmpty() && reach.refused.isEmpty())
        self->m_facts.reach = Result<TokenReach>(*failure);
    else
        self->m_facts.reach = Result<TokenReach>(reach);
    self->end(CheckPart::ApiToken, {});
}

Task<void> CheckReader::readWorker(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.cloudflare();
    const FleetConfig config = self->m_facts.config;
    if (!api || !config.cloudflare || !config.routing || config.routing->mode != QLatin1String("worker") || config.routing->script.isEmpty())
        co_return;
    self->begin(CheckPart::Worker, {});
    const QString account = config.cloudflare->accountId;
    const QString script = config.routing->script;
    cloudflare::Workers workers(*api, account);
    WorkerFacts worker;
    worker.shippedHash = shippedRouterHash();
    std::optional<Error> failure;
    // The three calls and the endpoint's own word do not wait for each other.
    Task<Result<cloudflare::WorkerSettings>> askSettings = workers.settings(script, stop);
    Task<Result<cloudflare::WorkerSubdomain>> askSubdomain = workers.subdomain(script, stop);
    Task<Result<QList<cloudflare::WorkerModule>>> askContent = cloudflare::readWorkerContent(*api, account, script, stop);
    Result<HttpResponse> shown = Error(Error::Kind::Unavailable, tr("The fleet file has no endpoint."));
    std::shared_ptr<ApiTransport> endpoint;
    if (config.endpoint) {
        endpoint = self->m_ways.hostname(config.endpoint->url, config.endpoint->access, std::nullopt);
        ApiRequest request = ApiRequest::get(QStringLiteral("/__hybridge/routes"));
        request.timeout(std::chrono::seconds(8)).maxBytes(1 << 20);
        shown = co_await endpoint->send(request, stop);
    }
    const Result<cloudflare::WorkerSettings> settings = co_await askSettings;
    const Result<cloudflare::WorkerSubdomain> subdomain = co_await askSubdomain;
    const Result<QList<cloudflare::WorkerModule>> content = co_await askContent;
    if (!self)
        co_return;
    if (!settings)
        failure = settings.error();
    else if (!content)
        failure = content.error();
    if (settings) {
        if (const cloudflare::WorkerBinding *binding = settings->binding(QStringLiteral("ROUTES"))) {
            const auto value = binding->document.find("json");
            worker.routesBinding = value == binding->document.end() ? nlohmann::json() : *value;
            if (worker.routesBinding.is_string()) // the service may hand it out as text
                worker.routesBinding = nlohmann::json::parse(worker.routesBinding.get<std::string>(), nullptr, false);
            if (worker.routesBinding.is_discarded())
                worker.routesBinding = nullptr;
        }
    }
    if (subdomain)
        worker.subdomain = *subdomain;
    if (content) {
        worker.modules = content->size();
        worker.deployedHash = content->isEmpty() ? QByteArray() : QCryptographicHash::hash(content->first().content, QCryptographicHash::Sha256).toHex();
    }
    if (!shown) {
        worker.routesError = shown.error().summary;
    } else if (const EdgeVerdict verdict = classifyEdge(*shown); verdict.isRefused()) {
        worker.routesError = verdict.sentence;
    } else if (shown->status != 200) {
        worker.routesError = tr("It answered %1.").arg(shown->status);
    } else if (const Result<nlohmann::json> json = parseJson(shown->body)) {
        worker.routesShown = *json;
    } else {
        worker.routesError = json.error().summary;
    }
    if (failure)
        self->m_facts.worker = Result<WorkerFacts>(*failure);
    else
        self->m_facts.worker = Result<WorkerFacts>(worker);
    self->end(CheckPart::Worker, {});
}

Task<void> CheckReader::readBudgets(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.budgets();
    const auto config = self->m_facts.config.gcp;
    if (!api || !config || config->billingAccount.isEmpty())
        co_return;
    self->begin(CheckPart::Budgets, {});
    gcp::Budgets budgets(*api, config->billingAccount, config->project);
    Result<QList<gcp::Budget>> list = co_await budgets.list(stop);
    if (!self)
        co_return;
    self->m_facts.budgets = std::move(list);
    self->end(CheckPart::Budgets, {});
}

Task<void> CheckReader::readQuotas(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.compute();
    const auto config = self->m_facts.config.gcp;
    if (!api || !config)
        co_return;
    QStringList regions;
    for (const NodeCheckFacts &node : self->m_facts.nodes)
        if (checks::isCloudMachine(node.config) && !regions.contains(gcp::regionOf(node.config.machine->zone)))
            regions.append(gcp::regionOf(node.config.machine->zone));
    if (regions.isEmpty())
        co_return;
    self->begin(CheckPart::Quotas, {});
    gcp::ProjectLimits limits(*api, config->project);
    Result<QList<gcp::Quota>> project = co_await limits.projectQuotas(stop);
    if (!self)
        co_return;
    self->m_facts.projectQuotas = std::move(project);
    for (const QString &region : regions) {
        const Result<QList<gcp::Quota>> quotas = co_await limits.regionQuotas(region, stop);
        if (!self)
            co_return;
        self->m_facts.regionQuotas.remove(region);
        self->m_facts.regionQuotas.insert(region, quotas);
    }
    self->end(CheckPart::Quotas, {});
}

Task<void> CheckReader::readFirewalls(Self self, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.compute();
    const auto config = self->m_facts.config.gcp;
    if (!api || !config)
        co_return;
    self->begin(CheckPart::Firewalls, {});
    gcp::ProjectLimits limits(*api, config->project);
    Result<QList<gcp::FirewallRule>> rules = co_await limits.firewalls(stop);
    if (!self)
        co_return;
    self->m_facts.firewalls = std::move(rules);
    self->end(CheckPart::Firewalls, {});
}

} // namespace hybridge
