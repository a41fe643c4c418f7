// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The decisions of the checklist: each row passes on a healthy fleet, and fails on the fact that is its own; the parsers of
// what it reads; and its documents.
#include "backend/base/utc.h"
#include "backend/checklist/checkcatalogue.h"
#include "backend/checklist/checkreader.h"
#include "backend/checklist/modelfit.h"
#include "backend/checklist/nodecommands.h"
#include "backend/cloudflare/workercontent.h"
#include "backend/host/nvidiafailure.h"

#include <QTest>

#include <span>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

using Mutate = void (*)(FleetCheckFacts &);

HostnameFacts hostname(const QString &host, const NodeConfig *node)
{
    HostnameFacts facts;
    facts.host = host;
    EdgeFacts edge;
    edge.status = 200;
    edge.latencyMs = 20;
    facts.withToken = Result<EdgeFacts>(edge);
    for (const QString &path : CheckReader::gatePaths(node))
        facts.withoutToken.append({path, true, {}, 302, EdgeRefusal::AccessLogin});
    StreamLook stream;
    stream.status = 200;
    stream.isEventStream = true;
    stream.events = 12;
    stream.reads = 12;
    stream.firstMs = 40;
    stream.spreadMs = 120;
    facts.stream = Result<StreamLook>(stream);
    cloudflare::DnsRecord record;
    record.name = host;
    record.type = node ? u"CNAME"_s : u"AAAA"_s;
    record.content = node ? node->tunnel + u".cfargotunnel.com"_s : u"100::"_s;
    record.proxied = true;
    facts.dns = Result<QList<cloudflare::DnsRecord>>(QList {record});
    return facts;
}

cloudflare::AccessApp appFor(const QString &host)
{
    cloudflare::AccessApp app;
    app.id = app.name = host;
    app.destinations = {host};
    app.policiesTold = true;
    cloudflare::AccessPolicy programs;
    programs.name = u"Programs"_s;
    programs.decision = u"non_identity"_s;
    programs.include = {{cloudflare::AccessRule::Kind::ServiceToken, u"t1"_s}};
    cloudflare::AccessPolicy people;
    people.name = u"People"_s;
    people.decision = u"allow"_s;
    people.include = {{cloudflare::AccessRule::Kind::Email, u"op@example.com"_s}};
    app.policies = {programs, people};
    return app;
}

NodeCheckFacts nodeFacts(const QString &id, const QDateTime &now)
{
    const bool gcp = id == u"gcp"_s;
    NodeConfig node;
    node.id = node.label = id;
    node.url = QUrl(u"https://%1-llm.example.com"_s.arg(id));
    node.access = AccessRefs();
    node.tunnel = gcp ? u"aaaa"_s : u"bbbb"_s;
    node.ssh = SshConfig();
    node.ssh->user = u"op"_s;
    node.machine = MachineConfig();
    node.machine->kind = gcp ? MachineKind::Gce : MachineKind::Host;
    node.machine->zone = u"us-central1-a"_s;
    node.engine = EngineConfig();
    node.engine->kind = gcp ? EngineKind::Vllm : EngineKind::Ollama;
    node.engine->url = QUrl(gcp ? u"http://127.0.0.1:8000"_s : u"http://127.0.0.1:11434"_s);
    node.engine->service = gcp ? u"docker:vllm"_s : u"systemd:ollama"_s;
    node.engine->models = {gcp ? u"Qwen/Qwen2.5-14B-Instruct-AWQ"_s : u"llama3:8b"_s};
    node.connector = ConnectorConfig {u"systemd:cloudflared"_s, QUrl(u"http://127.0.0.1:20241"_s)};
    node.accelerator = AcceleratorKind::Nvidia;

    NodeCheckFacts facts;
    facts.config = node;
    NodeAudit audit;
    audit.listeners = QList<ListeningSocket> {{u"0.0.0.0"_s, 22}, {u"127.0.0.1"_s, node.engine->url.port()}};
    audit.connector = UnitSettings {true, u"always"_s, {u"/etc/systemd/system/cloudflared.service.d/override.conf"_s}};
    if (gcp)
        audit.publishedPorts = QStringList {u"127.0.0.1:8000->8000/tcp"_s};
    audit.idleStopArmed = true;
    audit.time = now;
    audit.timeSynchronised = true;
    audit.diskFreeMiB = 80000;
    audit.diskUsedPercent = 60;
    audit.sudoRules = QStringList {u"(root) NOPASSWD: /usr/bin/systemctl start cloudflared, /usr/bin/systemctl stop cloudflared"_s};
    audit.sshPaths = {{u"/home/op"_s, 0750, u"op"_s}, {u"/home/op/.ssh"_s, 0700, u"op"_s}};
    if (!gcp) {
        audit.openPorts = QStringList();
        audit.hasFirewalld = true;
    }
    audit.connectorVersion = u"2026.8.2"_s;
    facts.audit = Result<NodeAudit>(audit);
    facts.auditBegun = now.addSecs(-1);
    facts.auditEnded = now;
    GpuAudit gpus;
    gpus.cards = {{0, gcp ? u"NVIDIA L4"_s : u"NVIDIA GeForce RTX 3090"_s, u"570.1"_s, true, gcp ? 23034.0 : 24576.0, 15000.0}};
    facts.gpus = Result<GpuAudit>(gpus);
    facts.edgePort = Result<bool>(true);
    ServiceFacts connector;
    connector.service = u"systemd:cloudflared"_s;
    connector.state = ServiceState::Active;
    connector.unitFileState = u"enabled"_s;
    facts.connectorService = Result<ServiceFacts>(connector);
    ServiceFacts engineService = connector;
    engineService.service = node.engine->service;
    engineService.unitFileState = gcp ? u"unless-stopped"_s : u"enabled"_s;
    facts.engineService = Result<ServiceFacts>(engineService);
    EngineFacts engine;
    engine.kind = node.engine->kind;
    engine.ready = true;
    engine.models = QStringList {node.engine->models.first(), u"chat"_s};
    if (gcp)
        engine.maxModelLen = 8192;
    if (!gcp) {
        engine.models = QStringList {u"llama3:8b"_s, u"chat:latest"_s};
        LoadedModel loaded;
        loaded.name = u"llama3:8b"_s;
        loaded.sizeMiB = 4900;
        engine.loadedModels = QList {loaded};
        engine.vramFraction = 1.0;
    }
    facts.engine = Result<EngineFacts>(engine);
    ConnectorFacts pages;
    pages.protocol = u"quic"_s;
    facts.connector = Result<ConnectorFacts>(pages);
    cloudflare::Connector one;
    one.id = id;
    one.version = u"2026.8.2"_s;
    one.conns = {{}, {}, {}, {}};
    facts.connectors = Result<QList<cloudflare::Connector>>(QList {one});
    cloudflare::TunnelConfiguration configuration;
    configuration.config = nlohmann::json::parse(gcp ? R"({"ingress":[{"hostname":"gcp-llm.example.com","service":"http://localhost:8000"},{"service":"http_status:404"}]})"
                                                     : R"({"ingress":[{"hostname":"home-llm.example.com","service":"http://localhost:11434","originRequest":{"httpHostHeader":"localhost:11434"}},{"service":"http_status:404"}]})");
    facts.configuration = Result<cloudflare::TunnelConfiguration>(configuration);
    if (gcp) {
        gcp::Instance instance;
        instance.status = u"RUNNING"_s;
        instance.phase = gcp::InstancePhase::Running;
        instance.zone = u"us-central1-a"_s;
        instance.accelerators = {{u"nvidia-l4"_s, 1}};
        instance.scheduling.maxRunSeconds = 28800;
        facts.instance = Result<gcp::Instance>(instance);
    }
    facts.hostname = hostname(node.url.host(), &node);
    facts.key = LocalKeyFacts {u"/home/me/.ssh/id"_s, 0600};
    return facts;
}

FleetCheckFacts healthy()
{
    FleetCheckFacts facts;
    facts.now = QDateTime(QDate(2026, 9, 1), QTime(12, 0), Utc);
    facts.config.name = u"test"_s;
    facts.config.endpoint = EndpointConfig {QUrl(u"https://llm.example.com"_s), AccessRefs()};
    facts.config.cloudflare = CloudflareConfig();
    facts.config.cloudflare->accountId = u"a"_s;
    facts.config.cloudflare->zoneId = u"z"_s;
    facts.config.cloudflare->token = SecretRef();
    facts.config.gcp = GcpConfig();
    facts.config.gcp->project = u"p"_s;
    facts.config.gcp->billingAccount = u"b"_s;
    facts.config.routing = RoutingConfig {u"worker"_s, u"router"_s, {}};
    facts.nodes = {nodeFacts(u"gcp"_s, facts.now), nodeFacts(u"home"_s, facts.now)};
    for (const NodeCheckFacts &node : facts.nodes)
        facts.config.nodes.append(node.config);
    facts.endpoint = hostname(u"llm.example.com"_s, nullptr);
    cloudflare::ZoneState zone;
    zone.name = u"example.com"_s;
    zone.status = u"active"_s;
    zone.nameServers = {u"ada.ns.cloudflare.com"_s};
    facts.zone = Result<cloudflare::ZoneState>(zone);
    QList<cloudflare::Tunnel> tunnels;
    for (const QString &id : {u"aaaa"_s, u"bbbb"_s}) {
        cloudflare::Tunnel tunnel;
        tunnel.id = tunnel.name = id;
        tunnel.status = cloudflare::TunnelStatus::Healthy;
        tunnel.statusWord = u"healthy"_s;
        tunnels.append(tunnel);
    }
    facts.tunnels = Result<QList<cloudflare::Tunnel>>(tunnels);
    facts.apps = Result<QList<cloudflare::AccessApp>>(QList {appFor(u"llm.example.com"_s), appFor(u"*.example.com"_s)});
    cloudflare::ServiceToken token;
    token.id = u"t1"_s;
    token.name = u"operator"_s;
    token.clientId = u"c.access"_s;
    token.expiresAt = facts.now.addDays(200);
    facts.serviceTokens = Result<QList<cloudflare::ServiceToken>>(QList {token});
    facts.clientId = u"c.access"_s;
    cloudflare::TokenState api;
    api.status = cloudflare::TokenState::Status::Active;
    api.statusWord = u"active"_s;
    facts.apiToken = Result<cloudflare::TokenState>(api);
    TokenReach reach;
    reach.refused = {u"Workers KV"_s};
    reach.zones = 1;
    facts.reach = Result<TokenReach>(reach);
    WorkerFacts worker;
    worker.shippedHash = worker.deployedHash = "abc";
    worker.modules = 1;
    worker.routesBinding = nlohmann::json::parse(
        R"({"version":3,"backends":[{"id":"gcp","weight":80,"models":["Qwen/Qwen2.5-14B-Instruct-AWQ"],"aliases":{"chat":"Qwen/Qwen2.5-14B-Instruct-AWQ"}},{"id":"home","weight":20,"models":["llama3:8b"],"aliases":{"chat":"llama3:8b"}}]})");
    worker.routesShown = worker.routesBinding;
    worker.subdomain = cloudflare::WorkerSubdomain {false, false};
    facts.worker = Result<WorkerFacts>(worker);
    gcp::Budget budget;
    budget.displayName = u"GPU"_s;
    budget.amount = 100;
    budget.currency = u"USD"_s;
    budget.thresholds = {{0.5, false}};
    facts.budgets = Result<QList<gcp::Budget>>(QList {budget});
    facts.regionQuotas.insert(u"us-central1"_s, Result<QList<gcp::Quota>>(QList<gcp::Quota> {{u"NVIDIA_L4_GPUS"_s, 1, 1}}));
    facts.projectQuotas = Result<QList<gcp::Quota>>(QList<gcp::Quota> {{u"GPUS_ALL_REGIONS"_s, 1, 1}});
    gcp::FirewallRule ssh;
    ssh.name = u"default-allow-ssh"_s;
    ssh.sources = {u"0.0.0.0/0"_s};
    ssh.allowed = {{u"tcp"_s, {u"22"_s}}};
    facts.firewalls = Result<QList<gcp::FirewallRule>>(QList {ssh});
    return facts;
}

struct Case {
    const char *name;
    const char *id;
    const char *node;
    Mutate mutate;
    CheckState state = CheckState::Fail;
};

template<class T>
T &of(Fact<T> &fact)
{
    return **fact;
}

NodeCheckFacts &node(FleetCheckFacts &facts, const char *id)
{
    return *facts.node(QString::fromLatin1(id));
}

NodeAudit &audit(FleetCheckFacts &facts, const char *id)
{
    return of(node(facts, id).audit);
}

std::span<const Case> cases()
{
    using F = FleetCheckFacts &;
    static const Case all[] {
        {"three minutes behind", "machine.clock", "home", [](F f) { audit(f, "home").time = f.now.addSecs(-180); }},
        {"ahead", "machine.clock", "home", [](F f) { audit(f, "home").time = f.now.addSecs(60); }},
        {"no link", "machine.clock", "home", [](F f) { node(f, "home").audit = Result<NodeAudit>(Error(Error::Kind::Network, u"gone"_s)); }, CheckState::Unknown},
        {"few GiB", "machine.disk", "home", [](F f) { audit(f, "home").diskFreeMiB = 2000; }},
        {"nearly all used", "machine.disk", "gcp", [](F f) { audit(f, "gcp").diskUsedPercent = 97; }},
        {"limit 0", "machine.quota", "gcp", [](F f) { f.regionQuotas.clear(); f.regionQuotas.insert(u"us-central1"_s, Result<QList<gcp::Quota>>(QList<gcp::Quota> {{u"NVIDIA_L4_GPUS"_s, 0, 0}})); }},
        {"project limit 0", "machine.quota", "gcp", [](F f) { of(f.projectQuotas).first().limit = 0; }},
        {"no brake", "machine.max-run", "gcp", [](F f) { of(node(f, "gcp").instance).scheduling.maxRunSeconds.reset(); }},
        {"a schedule is one", "machine.max-run", "gcp", [](F f) { auto &i = of(node(f, "gcp").instance); i.scheduling.maxRunSeconds.reset(); i.resourcePolicies = {u"offpeak"_s}; }, CheckState::Pass},
        {"not armed", "machine.idle-stop", "gcp", [](F f) { audit(f, "gcp").idleStopArmed = false; }},
        {"hung", "gpu.driver", "home", [](F f) { node(f, "home").gpus = Result<GpuAudit>(nvidiaError(NvidiaProblem::Hung, {}, 124)); }},
        {"link lost", "gpu.driver", "home", [](F f) { node(f, "home").gpus = Result<GpuAudit>(Error(Error::Kind::Network, u"gone"_s)); }, CheckState::Unknown},
        {"off", "gpu.persistence", "gcp", [](F f) { of(node(f, "gcp").gpus).cards.first().persistence = false; }},
        {"refused", "engine.running", "gcp", [](F f) { node(f, "gcp").engine = Result<EngineFacts>(Error(Error::Kind::Network, u"refused"_s, {}, 111)); }},
        {"silent", "engine.running", "home", [](F f) { node(f, "home").engine = Result<EngineFacts>(Error(Error::Kind::Timeout, u"silent"_s)); }},
        {"loading is no fault", "engine.running", "gcp", [](F f) { of(node(f, "gcp").engine).loading = true; of(node(f, "gcp").engine).ready = false; }, CheckState::Unknown},
        {"disabled", "engine.boot", "home", [](F f) { of(node(f, "home").engineService).unitFileState = u"disabled"_s; }},
        {"no restart policy", "engine.boot", "gcp", [](F f) { of(node(f, "gcp").engineService).unitFileState = u"no"_s; }},
        {"every interface", "engine.loopback", "home", [](F f) { audit(f, "home").listeners = QList<ListeningSocket> {{u"*"_s, 11434}}; }},
        {"the LAN's address too", "engine.loopback", "gcp", [](F f) { audit(f, "gcp").listeners->append({u"192.168.1.5"_s, 8000}); }},
        {"published", "engine.docker-published", "gcp", [](F f) { audit(f, "gcp").publishedPorts = QStringList {u"0.0.0.0:8000->8000/tcp"_s, u":::8000->8000/tcp"_s}; }},
        {"another model", "model.present", "gcp", [](F f) { of(node(f, "gcp").engine).models = QStringList {u"other"_s}; }},
        {"half on the CPU", "model.on-gpu", "home", [](F f) { of(node(f, "home").engine).vramFraction = 0.5; }},
        {"GPU empty", "model.on-gpu", "gcp", [](F f) { of(node(f, "gcp").gpus).cards.first().memoryUsedMiB = 3; }},
        {"asleep", "model.on-gpu", "home", [](F f) { of(node(f, "home").engine).loadedModels = QList<LoadedModel>(); }, CheckState::Unknown},
        {"72B on one L4", "model.fits", "gcp", [](F f) { node(f, "gcp").config.engine->models = {u"Qwen/Qwen2-72B-Instruct-AWQ"_s}; }},
        {"spills", "model.fits", "home", [](F f) { of(node(f, "home").engine).loadedModels->first().sizeMiB = 40000; }},
        {"alias to nothing", "model.failover", "", [](F f) { of(node(f, "home").engine).models = QStringList {u"mistral:7b"_s}; }},
        {"no name in common", "model.failover", "", [](F f) { f.config.routing->mode = u"load-balancer"_s; of(node(f, "home").engine).models = QStringList {u"mistral:7b"_s}; }},
        {"a name in common", "model.failover", "", [](F f) { f.config.routing->mode = u"load-balancer"_s; }, CheckState::Pass},
        {"stopped", "connector.running", "home", [](F f) { of(node(f, "home").connectorService).state = ServiceState::Inactive; }},
        {"disabled", "connector.boot", "gcp", [](F f) { of(node(f, "gcp").connectorService).unitFileState = u"disabled"_s; }},
        {"on-failure", "connector.restart", "gcp", [](F f) { audit(f, "gcp").connector->restart = u"on-failure"_s; }},
        {"two years old", "connector.version", "home", [](F f) { audit(f, "home").connectorVersion = u"2024.8.2"_s; }},
        {"token in the unit", "connector.version", "home", [](F f) { audit(f, "home").connectorVersion = u"2026.5.0"_s; }},
        {"closed", "connector.egress-tcp", "home", [](F f) { node(f, "home").edgePort = Result<bool>(false); }},
        {"http2 alone", "connector.egress-udp", "home", [](F f) { of(node(f, "home").connector).protocol = u"http2"_s; }},
        {"firewalld", "connector.inbound", "home", [](F f) { audit(f, "home").openPorts = QStringList {u"7844/udp"_s}; }},
        {"Google's firewall", "connector.inbound", "gcp", [](F f) { of(f.firewalls).first().allowed = {{u"tcp"_s, {u"8000-9000"_s}}}; }},
        {"down", "tunnel.healthy", "gcp", [](F f) { of(f.tunnels).first().status = cloudflare::TunnelStatus::Down; }},
        {"not there", "tunnel.healthy", "gcp", [](F f) { of(f.tunnels).clear(); }},
        {"two connectors", "tunnel.own", "gcp", [](F f) { of(node(f, "gcp").connectors).append(cloudflare::Connector()); }},
        {"one tunnel for both", "tunnel.own", "gcp", [](F f) { node(f, "home").config.tunnel = u"aaaa"_s; }},
        {"no rule", "tunnel.ingress", "gcp", [](F f) { of(node(f, "gcp").configuration).config["ingress"].erase(0); }},
        {"to another machine", "tunnel.ingress", "gcp", [](F f) { of(node(f, "gcp").configuration).config["ingress"][0]["service"] = "http://192.168.1.7:8000"; }},
        {"no catch-all", "tunnel.catch-all", "gcp", [](F f) { of(node(f, "gcp").configuration).config["ingress"].erase(1); }},
        {"missing", "tunnel.host-header", "home", [](F f) { of(node(f, "home").configuration).config["ingress"][0].erase("originRequest"); }},
        {"one path answers", "access.refuses-without-token", "home", [](F f) { auto &look = node(f, "home").hostname.withoutToken[2]; look.status = 200; look.refusal = EdgeRefusal::None; }},
        {"got past to a dead tunnel", "access.refuses-without-token", "gcp", [](F f) { auto &look = node(f, "gcp").hostname.withoutToken[0]; look.status = 530; look.refusal = EdgeRefusal::NoConnector; }},
        {"the endpoint is open", "access.refuses-without-token", "", [](F f) { auto &look = f.endpoint.withoutToken[0]; look.status = 200; look.refusal = EdgeRefusal::None; }},
        {"a firewall said it", "access.refuses-without-token", "", [](F f) { f.endpoint.withoutToken[0].refusal = EdgeRefusal::Blocked; }, CheckState::Unknown},
        {"sent away", "access.lets-in", "", [](F f) { of(f.endpoint.withToken).verdict = EdgeFacts::Verdict::AccessRefused; }},
        {"none", "access.application", "home", [](F f) { of(f.apps).removeLast(); }},
        {"a path alone", "access.application", "", [](F f) { of(f.apps).clear(); of(f.apps).append(appFor(u"llm.example.com/v1"_s)); }},
        {"Allow", "access.service-auth", "", [](F f) { of(f.apps).first().policies.first().decision = u"allow"_s; }},
        {"bypass", "access.service-auth", "", [](F f) { of(f.apps).first().policies.last().decision = u"bypass"_s; }},
        {"everyone", "access.named-mails", "", [](F f) { of(f.apps).first().policies.last().include = {{cloudflare::AccessRule::Kind::Everyone, {}}}; }},
        {"One-time PIN", "access.named-mails", "", [](F f) { of(f.apps).first().policies.last().include = {{cloudflare::AccessRule::Kind::LoginMethod, u"otp"_s}}; }},
        {"PIN for named mails", "access.named-mails", "", [](F f) { auto &p = of(f.apps).first().policies.last(); p.require = p.include; p.include = {{cloudflare::AccessRule::Kind::LoginMethod, u"otp"_s}}; }, CheckState::Pass},
        {"expires soon", "access.tokens", "", [](F f) { of(f.serviceTokens).first().expiresAt = f.now.addDays(3); }},
        {"off", "access.tokens", "", [](F f) { of(f.serviceTokens).first().enabled = false; }},
        {"unknown to the account", "access.tokens", "", [](F f) { f.clientId = u"x.access"_s; }},
        {"moved", "dns.nameservers", "", [](F f) { of(f.zone).status = u"moved"_s; }},
        {"paused", "dns.nameservers", "", [](F f) { of(f.zone).paused = true; }},
        {"grey", "dns.record", "home", [](F f) { of(node(f, "home").hostname.dns).first().proxied = false; }},
        {"another tunnel", "dns.record", "gcp", [](F f) { of(node(f, "gcp").hostname.dns).first().content = u"bbbb.cfargotunnel.com"_s; }},
        {"none", "dns.record", "", [](F f) { of(f.endpoint.dns).clear(); }},
        {"502", "edge.answers", "home", [](F f) { of(node(f, "home").hostname.withToken).verdict = EdgeFacts::Verdict::OriginDown; }},
        {"403 by Ollama", "edge.answers", "home", [](F f) { of(node(f, "home").hostname.withToken).status = 403; }},
        {"Access in between", "edge.answers", "home", [](F f) { of(node(f, "home").hostname.withToken).verdict = EdgeFacts::Verdict::AccessRefused; }, CheckState::Unknown},
        {"all at once", "edge.stream", "home", [](F f) { auto &s = of(node(f, "home").hostname.stream); s.reads = 1; s.spreadMs = 0; }},
        {"edited", "router.shipped", "", [](F f) { of(f.worker).deployedHash = "def"; }},
        {"old version at the edge", "router.routes", "", [](F f) { of(f.worker).routesShown["version"] = 2; }},
        {"other weights at the edge", "router.routes", "", [](F f) { of(f.worker).routesShown["backends"][0]["weight"] = 50; }},
        {"refused binding", "router.routes", "", [](F f) { of(f.worker).routesShown["error"] = "weights"; }},
        {"workers.dev", "router.side-doors", "", [](F f) { of(f.worker).subdomain->enabled = true; }},
        {"group may write", "ssh.keys", "home", [](F f) { audit(f, "home").sshPaths.first().mode = 0770; }},
        {"others may read the key", "ssh.keys", "gcp", [](F f) { node(f, "gcp").key->mode = 0644; }},
        {"everything", "ssh.sudo", "home", [](F f) { audit(f, "home").sudoRules = QStringList {u"(ALL : ALL) NOPASSWD: ALL"_s}; }},
        {"a shell", "ssh.sudo", "home", [](F f) { audit(f, "home").sudoRules = QStringList {u"(root) NOPASSWD: /usr/bin/systemctl start x, /bin/bash"_s}; }},
        {"any systemctl", "ssh.sudo", "home", [](F f) { audit(f, "home").sudoRules = QStringList {u"(root) NOPASSWD: /usr/bin/systemctl"_s}; }},
        {"root itself", "ssh.sudo", "home", [](F f) { node(f, "home").config.ssh->user = u"root"_s; }},
        {"with a password only", "ssh.sudo", "home", [](F f) { audit(f, "home").sudoRules.reset(); audit(f, "home").sudoWantsPassword = true; }, CheckState::Pass},
        {"expired", "account.api-token", "", [](F f) { of(f.apiToken).status = cloudflare::TokenState::Status::Expired; }},
        {"reaches the members", "account.api-token-narrow", "", [](F f) { of(f.reach).reaches = {u"the members of the account"_s}; }},
        {"sees three zones", "account.api-token-narrow", "", [](F f) { of(f.reach).zones = 3; }},
        {"none", "account.budget", "", [](F f) { of(f.budgets).clear(); }},
        {"no threshold", "account.budget", "", [](F f) { of(f.budgets).first().thresholds.clear(); }},
        {"a stopped machine is no fault", "engine.running", "gcp", [](F f) { auto &n = node(f, "gcp"); of(n.instance).phase = gcp::InstancePhase::Stopped; n.engine = Result<EngineFacts>(Error(Error::Kind::Network, u"x"_s, {}, 111)); }, CheckState::Unknown},
    };
    return all;
}

CheckReport reportOf(const FleetCheckFacts &facts)
{
    CheckReport report;
    report.fleet = u"a|b <c>"_s;
    report.at = facts.now;
    report.results = judgeAll(facts);
    return report;
}

} // namespace

class TestChecks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyRowPassesOnAHealthyFleet()
    {
        const CheckReport report = reportOf(healthy());
        QStringList seen;
        for (const CheckResult &result : report.results) {
            QVERIFY2(result.verdict.state == CheckState::Pass, qPrintable(result.id + u' ' + result.node + u": "_s + result.verdict.evidence));
            QVERIFY2(!result.verdict.evidence.isEmpty() && result.verdict.remedy.isEmpty(), qPrintable(result.id));
            seen.append(result.id);
        }
        for (const Check &check : checkCatalogue())
            QVERIFY2(seen.contains(QString::fromLatin1(check.id)), check.id);
    }

    void everyRowHasAFactThatFailsIt()
    {
        for (const Check &check : checkCatalogue()) {
            const bool fails = std::any_of(cases().begin(), cases().end(), [&](const Case &one) { return qstrcmp(one.id, check.id) == 0 && one.state == CheckState::Fail; });
            QVERIFY2(fails, check.id);
        }
    }

    void decides_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < cases().size(); ++i)
            QTest::addRow("%s, %s: %s", cases()[i].id, cases()[i].node, cases()[i].name) << int(i);
    }
    void decides()
    {
        QFETCH(int, index);
        const Case &one = cases()[std::size_t(index)];
        FleetCheckFacts facts = healthy();
        one.mutate(facts);
        const CheckReport report = reportOf(facts);
        const CheckResult *result = report.find(QString::fromLatin1(one.id), QString::fromLatin1(one.node));
        QVERIFY(result);
        QVERIFY2(result->verdict.state == one.state, qPrintable(checkStateName(result->verdict.state) + u": "_s + result->verdict.evidence));
        if (one.state == CheckState::Fail)
            QVERIFY2(!result->verdict.remedy.isEmpty() || qstrcmp(one.id, "edge.answers") == 0 || qstrcmp(one.id, "access.lets-in") == 0, one.id);
    }

    void nothingIsAskedWhereNothingIsConfigured()
    {
        FleetCheckFacts facts;
        facts.now = QDateTime::currentDateTimeUtc();
        NodeCheckFacts node;
        node.config.id = u"bare"_s;
        facts.nodes.append(node);
        QCOMPARE(judgeAll(facts).size(), 0);
        facts.nodes.first().config.ssh = SshConfig();
        for (const CheckResult &result : judgeAll(facts))
            QCOMPARE(result.verdict.state, CheckState::Unknown); // never green before it was read
    }

    void auditIsRead()
    {
        const QByteArray out = "\n@@part listeners\nLISTEN 0 4096 127.0.0.1:8000 0.0.0.0:*\nLISTEN 0 128 [::]:22 [::]:*\nLISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*\ngarbage\n\n@@end listeners 0\n"
                               "\n@@part unit\nLoadState=loaded\nRestart=always\nDropInPaths=/a.conf /b.conf\n\n@@end unit 0\n"
                               "\n@@part ports\n{\"Names\":\"other\",\"Ports\":\"0.0.0.0:1->1/tcp\"}\nnot json\n{\"Names\":\"vllm\",\"Ports\":\"127.0.0.1:8000->8000/tcp, 9000/tcp\"}\n\n@@end ports 0\n"
                               "\n@@part idle\nLoadState=not-found\nActiveState=inactive\n\n@@end idle 0\n"
                               "\n@@part time\nsh: timedatectl: not found\n\n@@end time 127\n\n@@part date\n1788264000\n\n@@end date 0\n"
                               "\n@@part disk\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 1000 900 100 90% /\n\n@@end disk 0\n"
                               "\n@@part sudo\nMatching Defaults\n\nUser op may run the following commands on h:\n    (root) NOPASSWD: /bin/a,\n        /bin/b\n    (ALL) ALL\n\n@@end sudo 0\n"
                               "\n@@part rights\n700 op /home/op/.ssh\nstat: cannot statx '/home/op/x'\n\n@@end rights 1\n"
                               "\n@@part firewall\nFirewallD is not running\n\n@@end firewall 252\n\n@@part version\ncloudflared version 2026.8.2 (built x)\n\n@@end version 0\n";
        const NodeAudit audit = parseNodeAudit(out, u"cloudflared"_s, u"vllm"_s);
        QCOMPARE(audit.listeners->size(), 3);
        QVERIFY(audit.listeners->at(0).isLoopback());
        QVERIFY(!audit.listeners->at(1).isLoopback());
        QVERIFY(audit.listeners->at(2).isLoopback());
        QCOMPARE(audit.connector->restart, u"always"_s);
        QCOMPARE(audit.connector->dropIns.size(), 2);
        QCOMPARE(*audit.publishedPorts, QStringList {u"127.0.0.1:8000->8000/tcp"_s});
        QCOMPARE(audit.idleStopArmed, std::optional(false));
        QCOMPARE(audit.time.toSecsSinceEpoch(), 1788264000);
        QCOMPARE(*audit.diskUsedPercent, 90.0);
        QCOMPARE(audit.sudoRules->size(), 2);
        QCOMPARE(audit.sudoRules->first(), u"(root) NOPASSWD: /bin/a, /bin/b"_s);
        QCOMPARE(audit.sshPaths.size(), 1);
        QCOMPARE(audit.sshPaths.first().mode, 0700);
        QVERIFY(!audit.openPorts);
        QCOMPARE(audit.refusalOf(u"firewall"_s), u"FirewallD is not running"_s);
        QCOMPARE(audit.connectorVersion, u"2026.8.2"_s);
        // Cut anywhere, nothing is made up.
        for (qsizetype cut = 0; cut < out.size(); cut += 7)
            (void)parseNodeAudit(out.left(cut), u"cloudflared"_s, u"vllm"_s);
        QVERIFY(!parseNodeAudit("@@part disk\n/dev/sda1 1000 900 100 90% /\n", {}, {}).diskFreeMiB);
        QCOMPARE(parseGpuAudit("0, NVIDIA L4, 570.1, Disabled, 23034, 12\n1, A, B, 1.2, [N/A], [N/A], 3\n")->cards.size(), 2);
        QVERIFY(!parseGpuAudit("No devices were found\n"));
        QVERIFY(nodeAuditArgv(u"a b"_s, {}).contains(u"a b"_s)); // an argument, never part of the script
    }

    void namesTellSizes_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("context");
        QTest::addColumn<double>("card"); // GiB
        QTest::addColumn<int>("fit"); // -1: no size
        QTest::newRow("72B AWQ on an L4") << u"Qwen/Qwen2-72B-Instruct-AWQ"_s << 8192 << 22.5 << int(ModelFit::TooBig);
        QTest::newRow("14B AWQ on an L4") << u"Qwen/Qwen2.5-14B-Instruct-AWQ"_s << 8192 << 22.5 << int(ModelFit::Fits);
        QTest::newRow("7B in 16 bit on an L4") << u"Qwen/Qwen2.5-7B-Instruct"_s << 8192 << 22.5 << int(ModelFit::Fits);
        QTest::newRow("8B FP8 on an L4") << u"meta-llama/Llama-3.1-8B-Instruct-FP8"_s << 8192 << 22.5 << int(ModelFit::Fits);
        QTest::newRow("32B AWQ on an L4") << u"Qwen/Qwen2.5-32B-Instruct-AWQ"_s << 4096 << 22.5 << int(ModelFit::TooBig);
        QTest::newRow("Ollama's name") << u"llama3:8b"_s << 4096 << 24.0 << int(ModelFit::Fits);
        QTest::newRow("no size") << u"my-model"_s << 4096 << 24.0 << -1;
        QTest::newRow("a version is no size") << u"phi-3.5"_s << 4096 << 24.0 << -1;
    }
    void namesTellSizes()
    {
        QFETCH(QString, name);
        QFETCH(int, context);
        QFETCH(double, card);
        QFETCH(int, fit);
        const std::optional<ModelNeed> need = modelNeed(name, context);
        QCOMPARE(need ? int(modelFit(need->perGpu(1), card)) : -1, fit);
    }

    void accountsAreRead()
    {
        const auto good = [](const char *result) {
            HttpResponse response;
            response.status = 200;
            response.body = QByteArray(R"({"success":true,"errors":[],"messages":[],"result":)") + result + '}';
            return response;
        };
        const auto apps = cloudflare::parseAccessApps(good(R"([{"id":"1","name":"a","type":"self_hosted","domain":"LLM.example.com/","destinations":[{"type":"public","uri":"llm.example.com"},{"type":"private","uri":"x"}],
            "policies":[{"id":"p","name":"n","decision":"allow","include":[{"everyone":{}},{"login_method":{"id":"o"}},{"group":{"id":"g"}}]}]},{"id":"2","policies":["p1"]}])"));
        QVERIFY(apps);
        QCOMPARE(apps->apps.first().destinations, QStringList {u"llm.example.com"_s});
        QCOMPARE(apps->apps.first().policies.first().include.at(1).kind, cloudflare::AccessRule::Kind::LoginMethod);
        QVERIFY(!apps->apps.last().policiesTold);
        QVERIFY(!cloudflare::parseAccessApps(good(R"([{"name":"no id"}])")));
        QVERIFY(!cloudflare::parseAccessApps(good(R"({"id":"1"})")));
        QVERIFY(cloudflare::guardsWholeHost(u"*.example.com"_s, u"a.example.com"_s));
        QVERIFY(!cloudflare::guardsWholeHost(u"*.example.com"_s, u"example.com"_s));
        QVERIFY(!cloudflare::guardsWholeHost(u"a.example.com/v1"_s, u"a.example.com"_s));
        QVERIFY(cloudflare::guardsWholeHost(u"a.example.com/*"_s, u"a.example.com"_s));
        QCOMPARE(cloudflare::parseDnsRecords(good(R"([{"id":"1","type":"cname","name":"A.example.com.","content":"T.cfargotunnel.com","proxied":true}])"))->records.first().name, u"a.example.com"_s);
        QVERIFY(!cloudflare::parseDnsRecords(good(R"([{"id":"1"}])")));
        QCOMPARE(cloudflare::parseZone(good(R"({"id":"z","name":"example.com","status":"moved","paused":false,"name_servers":["a","b"]})"))->status, u"moved"_s);
        HttpResponse form;
        form.status = 200;
        form.headers = {{"Content-Type", "multipart/form-data; boundary=XX"}};
        form.body = "--XX\r\nContent-Disposition: form-data; name=\"router.mjs\"; filename=\"router.mjs\"\r\nContent-Type: application/javascript+module\r\n\r\nexport default {}\r\n--XX--\r\n";
        const auto modules = cloudflare::parseWorkerContent(form);
        QVERIFY(modules);
        QCOMPARE(modules->first().content, QByteArray("export default {}"));
        for (qsizetype cut = 0; cut < form.body.size() - 5; ++cut) {
            HttpResponse broken = form;
            broken.body = form.body.left(cut);
            QVERIFY(!cloudflare::parseWorkerContent(broken));
        }
        QVERIFY(!shippedRouterHash().isEmpty());
    }

    void firewallRulesAreRead()
    {
        HttpResponse response;
        response.status = 200;
        response.body = R"({"items":[{"name":"a","direction":"INGRESS","sourceRanges":["0.0.0.0/0"],"allowed":[{"IPProtocol":"tcp","ports":["8000-8100"]},{"IPProtocol":"17"}]},
            {"name":"b","direction":"EGRESS","sourceRanges":["0.0.0.0/0"],"allowed":[{"IPProtocol":"all"}]}]})";
        const auto page = gcp::parseFirewalls(response);
        QVERIFY(page);
        QVERIFY(page->rules.first().opensToAll(u"tcp"_s, 8050));
        QVERIFY(!page->rules.first().opensToAll(u"tcp"_s, 7999));
        QVERIFY(page->rules.first().opensToAll(u"udp"_s, 7844));
        QVERIFY(!page->rules.last().opensToAll(u"tcp"_s, 22));
        QCOMPARE(gcp::gpuMetric(u"nvidia-tesla-t4"_s, true), u"PREEMPTIBLE_NVIDIA_T4_GPUS"_s);
        response.body = R"({"quotas":[{"metric":"NVIDIA_L4_GPUS","limit":1,"usage":"x"}]})";
        QVERIFY(!gcp::parseQuotas(response));
    }

    void documentsEscapeWhatIsForeign()
    {
        FleetCheckFacts facts = healthy();
        of(facts.worker).deployedHash = "<script>a|x";
        const CheckReport report = reportOf(facts);
        const nlohmann::ordered_json document = checkDocument(report);
        QCOMPARE(document["summary"]["fail"].get<int>(), 1);
        QVERIFY(document["checks"][0]["node"].is_string());
        QVERIFY(document["checks"][0].contains("evidence") && document["checks"][0].contains("remedy"));
        const QByteArray html = checkHtml(report);
        QVERIFY(!html.contains("<script"));
        QVERIFY(html.contains("&lt;script"));
        QVERIFY(!html.contains("src=") && !html.contains("href=") && !html.contains("url(")); // it loads nothing
        QVERIFY(html.indexOf("class=\"s fail\"") < html.indexOf("class=\"s pass\""));
        const QByteArray md = checkMarkdown(report);
        QVERIFY(!md.contains("<script") && md.contains("\\|x"));
        for (const QByteArray &line : md.split('\n'))
            QVERIFY(!line.startsWith("| Failed") || line.contains("router"));
    }

    void fixesShowWhatTheyDo()
    {
        FleetCheckFacts facts = healthy();
        audit(facts, "gcp").connector->restart = u"on-failure"_s;
        const CheckReport report = reportOf(facts);
        const CheckResult *row = report.find(u"connector.restart"_s, u"gcp"_s);
        QVERIFY(row->verdict.fix);
        QVERIFY(row->verdict.fix->diff.contains(u"+Restart=always"_s));
        QVERIFY(row->verdict.fix->commands.first().input.startsWith("[Unit]\nStartLimitIntervalSec=0\n"));
        QCOMPARE(row->verdict.fix->commands.size(), 2);
    }

    void referenceNamesWhatTheNodeHas()
    {
        const FleetCheckFacts facts = healthy();
        QStringList gcp;
        for (const NodeCommand &command : nodeCommands(facts.config.nodes.first()))
            gcp.append(command.text());
        QVERIFY(gcp.contains(u"sudo systemctl start cloudflared"_s));
        QVERIFY(gcp.contains(u"docker start vllm"_s));
        QVERIFY(gcp.contains(u"nvidia-smi"_s));
        QVERIFY(gcp.contains(u"sudo apt-get install --only-upgrade --yes cloudflared"_s));
        QStringList home;
        for (const NodeCommand &command : nodeCommands(facts.config.nodes.last()))
            home.append(command.text());
        QVERIFY(home.contains(u"sudo systemctl start ollama"_s));
        QVERIFY(home.contains(u"sudo dnf update --assumeyes cloudflared"_s));
        QVERIFY(nodeCommands(NodeConfig()).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestChecks)
#include "tst_checks.moc"
