// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What is read on the nodes; hostnames are asked in checkreaderhostnames.cpp, accounts in checkreaderaccounts.cpp.
#include "backend/checklist/checkreader.h"

#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"
#include "backend/fleet/findings.h"
#include "backend/gcp/compute.h"
#include "backend/host/commandfailure.h"
#include "backend/host/connectorreader.h"
#include "backend/host/docker.h"
#include "backend/host/nvidiafailure.h"
#include "backend/host/servicereader.h"
#include "backend/host/systemd.h"
#include "backend/inference/enginereader.h"

#include <QFileInfo>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Checklist", text);
}

Error noLink()
{
    return {Error::Kind::Unavailable, tr("The fleet file names no SSH login for this node.")};
}

constexpr auto AuditLimit = std::chrono::seconds(10);
constexpr auto GpuLimit = std::chrono::seconds(9);

/// Waits for all of them. They have begun when they were made.
Task<void> all(std::vector<Task<void>> tasks)
{
    for (Task<void> &task : tasks)
        co_await task;
}

} // namespace

CheckReader::CheckReader(FleetConfig config, CheckWays &ways, const Clock &clock, QObject *parent)
    : QObject(parent), m_ways(ways), m_clock(clock)
{
    m_facts.config = std::move(config);
    m_facts.now = clock.now();
    if (m_facts.config.endpoint)
        m_facts.endpoint.host = m_facts.config.endpoint->url.host();
    for (const NodeConfig &node : m_facts.config.nodes) {
        NodeCheckFacts facts;
        facts.config = node;
        facts.hostname.host = node.url.host();
        m_facts.nodes.append(facts);
    }
}

bool CheckReader::isReading(unsigned parts, const QString &node) const
{
    const auto of = m_reading.find(node);
    if (of == m_reading.end())
        return false;
    for (auto it = of->begin(); it != of->end(); ++it)
        if ((it.key() & parts) != 0 && it.value() > 0)
            return true;
    return false;
}

void CheckReader::begin(unsigned part, const QString &node)
{
    ++m_reading[node][part];
}

void CheckReader::end(unsigned part, const QString &node)
{
    --m_reading[node][part];
    m_facts.now = m_clock.now();
    Q_EMIT partRead(node, part);
}

HostnameFacts *CheckReader::hostnameOf(const QString &node)
{
    if (node.isEmpty())
        return &m_facts.endpoint;
    NodeCheckFacts *facts = m_facts.node(node);
    return facts ? &facts->hostname : nullptr;
}

Task<void> CheckReader::read(unsigned parts, QString node, std::stop_token stop)
{
    const Self self(this);
    if ((parts & CheckPart::Stream) != 0)
        parts |= CheckPart::Engine; // a sleeping model is not woken
    std::vector<Task<void>> tasks;
    const auto wants = [parts](unsigned part) { return (parts & part) != 0; };
    for (const NodeCheckFacts &facts : m_facts.nodes) {
        const NodeConfig &config = facts.config;
        const QString id = config.id;
        if (!node.isEmpty() && id != node)
            continue;
        if (wants(CheckPart::Key))
            readKey(id);
        if (config.ssh) {
            if (wants(CheckPart::Audit))
                tasks.push_back(readAudit(self, id, stop));
            if (wants(CheckPart::Gpus) && config.accelerator == AcceleratorKind::Nvidia)
                tasks.push_back(readGpus(self, id, stop));
            if (wants(CheckPart::EdgePort) && config.connector)
                tasks.push_back(readEdgePort(self, id, stop));
            if (wants(CheckPart::Services) && (config.connector || config.engine))
                tasks.push_back(readServices(self, id, stop));
            if (wants(CheckPart::Connector) && config.connector)
                tasks.push_back(readConnector(self, id, stop));
        }
        if (wants(CheckPart::Engine) && config.engine)
            tasks.push_back(readEngine(self, id, wants(CheckPart::Stream), stop));
        if (wants(CheckPart::Connectors) && !config.tunnel.isEmpty())
            tasks.push_back(readConnectors(self, id, stop));
        if (wants(CheckPart::Configuration) && !config.tunnel.isEmpty())
            tasks.push_back(readConfiguration(self, id, stop));
        if (wants(CheckPart::Instance) && checks::isCloudMachine(config))
            tasks.push_back(readInstance(self, id, stop));
        if (wants(CheckPart::Hostname) && !config.url.isEmpty())
            tasks.push_back(readHostname(self, id, stop));
        if (wants(CheckPart::Dns) && !config.url.isEmpty())
            tasks.push_back(readDns(self, id, stop));
    }
    if (wants(CheckPart::Tunnels))
        tasks.push_back(readTunnels(self, stop));
    if (wants(CheckPart::Quotas))
        tasks.push_back(readQuotas(self, stop));
    if (wants(CheckPart::Firewalls))
        tasks.push_back(readFirewalls(self, stop));
    if (node.isEmpty()) {
        if (wants(CheckPart::Hostname) && m_facts.config.endpoint)
            tasks.push_back(readHostname(self, {}, stop));
        if (wants(CheckPart::Dns) && m_facts.config.endpoint)
            tasks.push_back(readDns(self, {}, stop));
        if (wants(CheckPart::Zone))
            tasks.push_back(readZone(self, stop));
        if (wants(CheckPart::ApiToken))
            tasks.push_back(readApiToken(self, stop));
        if (wants(CheckPart::Worker))
            tasks.push_back(readWorker(self, stop));
        if (wants(CheckPart::Budgets))
            tasks.push_back(readBudgets(self, stop));
    }
    if (wants(CheckPart::Access))
        tasks.push_back(readAccess(self, stop));
    co_await all(std::move(tasks));
    if (self && node.isEmpty() && (parts & CheckPart::Stream) != 0 && m_facts.config.endpoint)
        co_await readEndpointStream(self, stop);
}

void CheckReader::readKey(const QString &node)
{
    NodeCheckFacts *facts = m_facts.node(node);
    facts->key.reset();
    if (!facts->config.ssh || facts->config.ssh->identity.isEmpty())
        return;
    const QFileInfo file(facts->config.ssh->identity);
    if (!file.exists())
        return;
    LocalKeyFacts key;
    key.path = file.filePath();
    const QFile::Permissions rights = file.permissions();
    for (const auto &[flag, bit] : {std::pair {QFile::ReadOwner, 0400}, {QFile::WriteOwner, 0200}, {QFile::ExeOwner, 0100}, {QFile::ReadGroup, 0040}, {QFile::WriteGroup, 0020},
             {QFile::ExeGroup, 0010}, {QFile::ReadOther, 0004}, {QFile::WriteOther, 0002}, {QFile::ExeOther, 0001}})
        key.mode |= rights.testFlag(flag) ? bit : 0;
    facts->key = key;
}

Task<void> CheckReader::readAudit(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::Audit, node);
    const NodeConfig config = self->m_facts.node(node)->config;
    Shell *shell = self->m_ways.shell(node);
    Result<NodeAudit> audit = noLink();
    const QDateTime begun = self->m_clock.now();
    if (shell) {
        QString unit = config.connector ? checks::unitOf(config.connector->service) : QString();
        QString container = config.engine ? checks::containerOf(config.engine->service) : QString();
        SshCommand command(nodeAuditArgv(isUnitName(unit) ? unit : QString(), isContainerName(container) ? container : QString()));
        command.timeout(AuditLimit);
        const Result<ExecResult> result = co_await shell->exec(command, stop);
        if (!self)
            co_return;
        if (!result)
            audit = result.error();
        else if (const std::optional<Error> error = result->exitCode == 0 ? std::nullopt : explainExit(QStringLiteral("/bin/sh"), *result); error && result->out.isEmpty())
            audit = *error;
        else
            audit = parseNodeAudit(result->out, unit, container);
    }
    NodeCheckFacts *facts = self->m_facts.node(node);
    facts->audit = std::move(audit);
    facts->auditBegun = begun;
    facts->auditEnded = self->m_clock.now();
    self->end(CheckPart::Audit, node);
}

Task<void> CheckReader::readGpus(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::Gpus, node);
    Shell *shell = self->m_ways.shell(node);
    Result<GpuAudit> gpus = noLink();
    if (shell) {
        SshCommand command(gpuAuditArgv());
        command.timeout(GpuLimit);
        const Result<ExecResult> result = co_await shell->exec(command, stop);
        if (!self)
            co_return;
        if (!result && result.error().kind == Error::Kind::Timeout && shell->linkState() == LinkState::Connected) {
            gpus = nvidiaError(NvidiaProblem::Hung, {}, 0);
        } else if (!result) {
            gpus = result.error();
        } else if (result->exitCode == 124 || result->exitCode == 137) {
            Error hung = nvidiaError(NvidiaProblem::Hung, {}, result->exitCode);
            hung.detail = tr("It gave nothing within 6 s.");
            gpus = hung;
        } else if (const std::optional<Error> error = explainNvidia(result->exitCode, result->out + '\n' + result->err)) {
            gpus = *error;
        } else {
            gpus = parseGpuAudit(result->out);
        }
    }
    self->m_facts.node(node)->gpus = std::move(gpus);
    self->end(CheckPart::Gpus, node);
}

Task<void> CheckReader::readEdgePort(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::EdgePort, node);
    Shell *shell = self->m_ways.shell(node);
    Result<bool> opens = noLink();
    if (shell) {
        SshCommand command(edgePortArgv());
        command.timeout(AuditLimit);
        const Result<ExecResult> result = co_await shell->exec(command, stop);
        if (!self)
            co_return;
        if (!result)
            opens = result.error();
        else if (result->exitCode == 127)
            opens = Error(Error::Kind::Unavailable, tr("The node has neither nc nor bash to try a connection with."));
        else
            opens = result->exitCode == 0;
    }
    self->m_facts.node(node)->edgePort = std::move(opens);
    self->end(CheckPart::EdgePort, node);
}

Task<void> CheckReader::readServices(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::Services, node);
    const NodeConfig config = self->m_facts.node(node)->config;
    Shell *shell = self->m_ways.shell(node);
    QStringList names;
    if (config.connector && !config.connector->service.isEmpty())
        names.append(config.connector->service);
    if (config.engine && !config.engine->service.isEmpty())
        names.append(config.engine->service);
    QList<ServiceAnswer> answers;
    if (shell && !names.isEmpty()) {
        ServiceReader reader(*shell);
        answers = co_await reader.read(names, stop);
        if (!self)
            co_return;
    }
    NodeCheckFacts *facts = self->m_facts.node(node);
    const auto take = [&](const QString &service, Fact<ServiceFacts> &fact) {
        fact.reset();
        for (const ServiceAnswer &answer : answers)
            if (answer.service == service)
                fact = answer.facts;
        if (!fact && !service.isEmpty())
            fact = Result<ServiceFacts>(noLink());
    };
    take(config.connector ? config.connector->service : QString(), facts->connectorService);
    take(config.engine ? config.engine->service : QString(), facts->engineService);
    self->end(CheckPart::Services, node);
}

Task<void> CheckReader::readEngine(Self self, QString node, bool stream, std::stop_token stop)
{
    self->begin(CheckPart::Engine, node);
    if (stream)
        self->begin(CheckPart::Stream, node);
    const NodeConfig config = self->m_facts.node(node)->config;
    Shell *shell = config.ssh ? self->m_ways.shell(node) : nullptr;
    Secret key;
    if (shell && config.engine->apiKey) {
        SecretPurpose purpose;
        purpose.what = QCoreApplication::translate("Secrets", "the API key of the engine on %1").arg(config.id);
        purpose.host = config.id;
        const SecretRef ref = *config.engine->apiKey;
        const Result<Secret> found = co_await self->m_ways.secret(ref, purpose, stop);
        if (!self)
            co_return;
        if (found)
            key = *found;
    }
    std::unique_ptr<EngineReader> reader;
    if (shell)
        reader = std::make_unique<EngineReader>(config.engine->kind, *shell, config.engine->url, key, self->m_clock);
    else if (!config.url.isEmpty())
        reader = std::make_unique<EngineReader>(config.engine->kind, self->m_ways.hostname(config.url, config.access, config.engine->apiKey), config.url.host(), self->m_clock);
    Result<EngineFacts> facts = noLink();
    if (reader) {
        facts = co_await reader->read(std::nullopt, stop);
        if (!self)
            co_return;
    }
    // A refusal of the link itself is no word of the engine's.
    if (!facts && shell && shell->linkState() != LinkState::Connected)
        facts = Error(facts.error().kind, facts.error().summary, facts.error().detail).withRemedy(facts.error().remedy);
    // A closed port beside a running service: its model is being loaded.
    if (!facts && isEnginePortClosed(facts.error()) && shell && !config.engine->service.isEmpty()) {
        ServiceReader services(*shell);
        const QStringList names {config.engine->service};
        const QList<ServiceAnswer> answers = co_await services.read(names, stop);
        if (!self)
            co_return;
        if (!answers.isEmpty() && answers.first().facts && mayBeLoading(*answers.first().facts, self->m_clock.now())) {
            EngineFacts loading;
            loading.kind = config.engine->kind;
            loading.loading = true;
            facts = loading;
        }
    }
    NodeCheckFacts *kept = self->m_facts.node(node);
    kept->engine = facts;
    self->end(CheckPart::Engine, node);
    if (!stream)
        co_return;
    HostnameFacts &hostname = kept->hostname;
    hostname.stream.reset();
    hostname.streamSkipped.clear();
    const QString model = config.engine->models.value(0, facts && facts->models ? facts->models->value(0) : QString());
    if (!facts || !facts->ready.value_or(false))
        hostname.streamSkipped = tr("The model server does not answer, so nothing could be streamed.");
    else if (facts->kind == EngineKind::Ollama && facts->loadedModels && facts->loadedModels->isEmpty())
        hostname.streamSkipped = tr("No model is loaded, and one is not woken for this.");
    else if (!config.url.isEmpty() && !model.isEmpty())
        co_await readStream(self, node, model, stop);
    if (self)
        self->end(CheckPart::Stream, node);
}

Task<void> CheckReader::readConnector(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::Connector, node);
    const NodeConfig config = self->m_facts.node(node)->config;
    Shell *shell = self->m_ways.shell(node);
    Result<ConnectorFacts> facts = noLink();
    if (shell) {
        ConnectorReader reader(*shell, self->m_clock, config.connector->metrics, config.tunnel);
        facts = co_await reader.read(stop);
        if (!self)
            co_return;
    }
    self->m_facts.node(node)->connector = std::move(facts);
    self->end(CheckPart::Connector, node);
}

Task<void> CheckReader::readInstance(Self self, QString node, std::stop_token stop)
{
    ApiTransport *api = self->m_ways.compute();
    if (!api || !self->m_facts.config.gcp)
        co_return;
    self->begin(CheckPart::Instance, node);
    const MachineConfig machine = *self->m_facts.node(node)->config.machine;
    gcp::Compute compute(*api, self->m_facts.config.gcp->project);
    Result<gcp::Instance> instance = co_await compute.instance(machine.zone, machine.instance, stop);
    if (!self)
        co_return;
    self->m_facts.node(node)->instance = std::move(instance);
    self->end(CheckPart::Instance, node);
}

} // namespace hybridge
