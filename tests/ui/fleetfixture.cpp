// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fleetfixture.h"

#include "ui/fleet/fleethistory.h"
#include "ui/fleet/fleetmodel.h"

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

/// A number in [0, 1) that follows from its arguments: noise without chance.
double noise(int a, int b)
{
    quint32 x = quint32(a) * 2654435761U ^ quint32(b) * 40503U;
    x ^= x >> 15U;
    x *= 2246822519U;
    x ^= x >> 13U;
    return double(x % 10000U) / 10000.0;
}

/// GPU use, %: bursts of work with pauses, different for each node.
double load(int node, int second)
{
    const double wave = std::sin((second + node * 137) / (90.0 + node % 7 * 20)) + 0.6 * std::sin((second + node * 31) / 23.0);
    const double base = 46 + 34 * wave + 10 * (noise(node, second / 3) - 0.5);
    return std::clamp(base, 0.0, 100.0);
}

const QStringList &models(bool cloud)
{
    static const QStringList Vllm {QStringLiteral("Qwen/Qwen2.5-14B-Instruct-AWQ")};
    static const QStringList Ollama {QStringLiteral("llama3:8b"), QStringLiteral("nomic-embed-text:latest")};
    return cloud ? Vllm : Ollama;
}

} // namespace

FleetConfig FleetFixture::makeConfig(int count, bool lab)
{
    FleetConfig out;
    out.name = lab ? QStringLiteral("Demo cloud") : QStringLiteral("home+gcp");
    out.plan = QStringLiteral("free");
    out.endpoint = EndpointConfig {QUrl(QStringLiteral("https://llm.example.com")), {}};
    if (lab)
        out.labControl = QStringLiteral("http://127.0.0.1:1");
    for (int i = 0; i < count; ++i) {
        const bool cloud = i % 2 == 0;
        NodeConfig node;
        node.id = i == 0 ? QStringLiteral("gcp") : i == 1 ? QStringLiteral("home") : QStringLiteral("node%1").arg(i + 1, 3, 10, QLatin1Char('0'));
        node.label = i == 0 ? QStringLiteral("GCP L4") : i == 1 ? QStringLiteral("Home 3090") : cloud ? QStringLiteral("Cloud L4 %1").arg(i + 1) : QStringLiteral("Rack 3090 %1").arg(i + 1);
        node.colour = i == 0 ? QStringLiteral("#4285F4") : i == 1 ? QStringLiteral("#F4A142") : QString();
        node.url = QUrl(QStringLiteral("https://%1-llm.example.com").arg(node.id));
        node.tunnel = QStringLiteral("6ff42ae2-765d-4adf-8112-31c55c1551%1").arg(i % 256, 2, 16, QLatin1Char('0'));
        node.ssh = SshConfig {};
        node.ssh->host = cloud ? QString() : QStringLiteral("192.0.2.%1").arg(i % 250 + 1);
        node.ssh->user = QStringLiteral("op");
        node.machine = MachineConfig {};
        node.machine->kind = cloud ? MachineKind::Gce : MachineKind::Host;
        if (cloud) {
            node.machine->zone = QStringLiteral("us-central1-a");
            node.machine->instance = QStringLiteral("gpu-vm-%1").arg(i + 1);
        }
        node.engine = EngineConfig {};
        node.engine->kind = cloud ? EngineKind::Vllm : EngineKind::Ollama;
        node.engine->url = QUrl(cloud ? QStringLiteral("http://127.0.0.1:8000") : QStringLiteral("http://127.0.0.1:11434"));
        node.engine->service = cloud ? QStringLiteral("docker:vllm") : QStringLiteral("systemd:ollama");
        node.engine->models = {models(cloud).first()};
        node.connector = ConnectorConfig {QStringLiteral("systemd:cloudflared"), QUrl(QStringLiteral("http://127.0.0.1:20241"))};
        node.accelerator = AcceleratorKind::Nvidia;
        node.price = PriceConfig {};
        node.price->currency = QStringLiteral("USD");
        if (cloud) {
            node.price->perHour = 0.85;
        } else {
            node.price->measuredWatts = true;
            node.price->baseWatts = 60;
            node.price->perKWh = 0.30;
        }
        out.nodes.append(node);
    }
    return out;
}

FleetFixture::FleetFixture(int count, bool lab)
    : m_config(makeConfig(count, lab)), m_fleet(std::make_unique<FleetState>(m_config, m_clock))
{
    m_clock.advance(std::chrono::hours(1));
}

FleetFixture::~FleetFixture() = default;

void FleetFixture::strike(const QString &node, const QString &fault)
{
    m_faults.insert(node, fault);
}

void FleetFixture::rename(int index, const QString &label)
{
    m_labels.insert(id(index), label);
}

void FleetFixture::beat()
{
    for (int i = 0; i < m_fleet->nodeCount(); ++i) {
        const QString fault = m_faults.value(id(i));
        if (fault == QLatin1String("silent") || fault == QLatin1String("stale"))
            continue;
        m_fleet->update(id(i), [this, i](NodeState &node) { read(node, i); });
    }
    m_fleet->updateEndpoint([this](EndpointState &endpoint) {
        EdgeFacts facts;
        facts.status = 200;
        facts.latencyMs = 41.2;
        endpoint.edge.succeed(facts, m_clock.monotonic());
    });
    m_fleet->flush();
}

void FleetFixture::play(int seconds, FleetModel *model, FleetHistory *history)
{
    for (int i = 0; i < seconds; ++i) {
        m_clock.advance(1s);
        beat();
        if (model)
            model->tick();
        if (history)
            history->sampleAt(m_clock.monotonic(), m_clock.now().toMSecsSinceEpoch());
    }
}

void FleetFixture::wait(std::chrono::milliseconds time)
{
    m_clock.advance(time);
    m_fleet->tick();
    m_fleet->flush();
}

void FleetFixture::read(NodeState &node, int index)
{
    if (m_labels.contains(node.config.id))
        node.config.label = m_labels.value(node.config.id);
    readHealthy(node, index);
    damage(node, m_faults.value(node.config.id));
}

void FleetFixture::readHealthy(NodeState &node, int index)
{
    const MonotonicMs at = m_clock.monotonic();
    const int second = int(at.count() / 1000);
    const bool cloud = node.config.machine->kind == MachineKind::Gce;
    const double use = load(index, second);

    node.link = LinkState::Connected;
    node.ssh.succeed({LinkState::Connected, QStringLiteral("SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDYWNYKsbnQeoVaSyk")}, at);
    if (cloud) {
        MachineFacts machine;
        machine.status = QStringLiteral("RUNNING");
        machine.machineType = QStringLiteral("g2-standard-8");
        machine.zone = QStringLiteral("us-central1-a");
        machine.externalIp = QStringLiteral("203.0.113.%1").arg(index % 250 + 1);
        machine.spot = true;
        machine.lastStart = m_clock.now().addSecs(-86400 - index * 60);
        node.machine.succeed(machine, at - 4s);
    }
    TunnelFacts tunnel;
    tunnel.name = QStringLiteral("llm-%1").arg(node.config.id);
    tunnel.status = QStringLiteral("healthy");
    tunnel.connections = 4;
    tunnel.colos = {QStringLiteral("ams01"), QStringLiteral("ams06"), QStringLiteral("fra08")};
    tunnel.version = QStringLiteral("2026.1.0");
    tunnel.connectedSince = m_clock.now().addSecs(-7200);
    tunnel.connectors = 1;
    node.tunnel.succeed(tunnel, at - 3s);
    ConnectorFacts connector;
    connector.ready = true;
    connector.readyConnections = 4;
    connector.edgeLocations = tunnel.colos;
    connector.protocol = QStringLiteral("quic");
    connector.version = tunnel.version;
    connector.requestsPerSecond = 2.4;
    connector.errorsPerSecond = 0.0;
    node.connector.succeed(connector, at - 2s);
    ServiceFacts engineUnit;
    engineUnit.service = node.config.engine->service;
    engineUnit.state = ServiceState::Active;
    engineUnit.since = m_clock.now().addSecs(-7000);
    engineUnit.restarts = 0;
    engineUnit.unitFileState = QStringLiteral("enabled");
    ServiceFacts connectorUnit = engineUnit;
    connectorUnit.service = node.config.connector->service;
    node.services.succeed({connectorUnit, engineUnit}, at - 2s);
    EngineFacts engine;
    engine.kind = node.config.engine->kind;
    engine.ready = true;
    engine.version = cloud ? QStringLiteral("0.11.0") : QStringLiteral("0.6.2");
    engine.models = models(cloud);
    engine.running = std::floor(use / 22);
    engine.waiting = use > 88 ? 2 : 0;
    engine.maxModelLen = 32768;
    if (cloud)
        engine.kvCacheUsage = use / 240;
    else
        engine.vramFraction = 1.0;
    node.engine.succeed(engine, at - 1s);
    node.tokensPerSecond = use * 4.2;
    AcceleratorFacts gpu;
    gpu.index = 0;
    gpu.name = cloud ? QStringLiteral("NVIDIA L4") : QStringLiteral("NVIDIA GeForce RTX 3090");
    gpu.uuid = QStringLiteral("GPU-%1").arg(index);
    gpu.utilization = std::round(use);
    gpu.memoryTotalMiB = cloud ? 23034 : 24576;
    gpu.memoryUsedMiB = *gpu.memoryTotalMiB * (0.78 + 0.06 * std::sin(second / 400.0 + index));
    gpu.temperatureC = std::round(38 + use * 0.34 + 4 * std::sin(second / 300.0));
    gpu.powerLimitW = cloud ? 72 : 350;
    gpu.powerW = *gpu.powerLimitW * (0.18 + use / 130);
    gpu.fanPercent = cloud ? std::optional<double>() : std::round(20 + use / 2);
    gpu.clockSmMHz = 1410;
    gpu.performanceState = use > 5 ? 0 : 8;
    node.accelerators.succeed({gpu}, at - 300ms);
    EdgeFacts edge;
    edge.status = 200;
    edge.latencyMs = 38 + 10 * noise(index, second / 15);
    edge.ray = QStringLiteral("9c1a2b3c4d5e6f70-AMS");
    node.edge.succeed(edge, at - 5s);
    node.proof.succeed({QStringLiteral("edge"), 212.0, models(cloud).first(), m_clock.now().addSecs(-40)}, at - 40s);
    node.weight = cloud ? 80 : 20;
}

void FleetFixture::damage(NodeState &node, const QString &fault)
{
    const MonotonicMs at = m_clock.monotonic();
    const auto is = [&fault](const char *name) { return fault == QLatin1String(name); };
    const auto setService = [&node, at](const QString &service, ServiceState state) {
        QList<ServiceFacts> services = *node.services;
        for (ServiceFacts &unit : services)
            if (unit.service == service) {
                unit.state = state;
                unit.result = state == ServiceState::Failed ? QStringLiteral("oom-kill") : QString();
                unit.oomKilled = state == ServiceState::Failed;
                unit.exitCode = state == ServiceState::Failed ? std::optional<int>(137) : std::nullopt;
            }
        node.services.succeed(services, at);
    };
    const auto setEdge = [&node, at](EdgeFacts::Verdict verdict, int status, const QString &reason) {
        EdgeFacts edge;
        edge.verdict = verdict;
        edge.status = status;
        edge.latencyMs = 33;
        edge.reason = reason;
        node.edge.succeed(edge, at);
    };
    const auto failTwice = [at](auto &reading, const Error &error) {
        reading.fail(error, at);
        reading.fail(error, at);
    };
    const auto lose = [](auto &reading) { reading = {}; };
    if (is("engine-dead")) {
        setService(node.config.engine->service, ServiceState::Failed);
        failTwice(node.engine, Error(Error::Kind::Network, QStringLiteral("Connection refused at 127.0.0.1."), {}, 111));
        setEdge(EdgeFacts::Verdict::OriginDown, 502, QStringLiteral("The connector cannot reach the engine."));
        node.tokensPerSecond.reset();
    } else if (is("engine-loading")) {
        EngineFacts engine = *node.engine;
        engine.ready = false;
        engine.loading = true;
        engine.notes = {QStringLiteral("Its port is closed while docker:vllm runs.")};
        node.engine.succeed(engine, at);
        setEdge(EdgeFacts::Verdict::OriginDown, 502, QStringLiteral("The connector cannot reach the engine."));
        node.tokensPerSecond.reset();
    } else if (is("model-missing")) {
        EngineFacts engine = *node.engine;
        engine.models = QStringList {QStringLiteral("phi3:mini")};
        node.engine.succeed(engine, at);
    } else if (is("cpu-fallback")) {
        EngineFacts engine = *node.engine;
        engine.vramFraction = 0.0;
        node.engine.succeed(engine, at);
    } else if (is("gpu-error")) {
        failTwice(node.accelerators,
            Error(Error::Kind::RemoteExit, QStringLiteral("nvidia-smi fails: driver and library versions differ."),
                QStringLiteral("Failed to initialize NVML: Driver/library version mismatch"), 18)
                .withRemedy(QStringLiteral("Reboot the node; the driver was updated while it ran.")));
    } else if (is("tunnel-down") || is("connector-stopped")) {
        TunnelFacts tunnel = *node.tunnel;
        tunnel.status = QStringLiteral("down");
        tunnel.connections = 0;
        tunnel.colos.clear();
        tunnel.downSince = m_clock.now().addSecs(-90);
        node.tunnel.succeed(tunnel, at);
        ConnectorFacts connector = *node.connector;
        connector.ready = false;
        connector.readyConnections = 0;
        connector.edgeLocations.clear();
        node.connector.succeed(connector, at);
        setEdge(EdgeFacts::Verdict::NoConnector, 530, QStringLiteral("No connector is registered for this tunnel (1033)."));
        if (is("connector-stopped"))
            setService(node.config.connector->service, ServiceState::Inactive);
    } else if (is("tunnel-degraded")) {
        TunnelFacts tunnel = *node.tunnel;
        tunnel.status = QStringLiteral("degraded");
        tunnel.connections = 2;
        node.tunnel.succeed(tunnel, at);
    } else if (is("access-403")) {
        setEdge(EdgeFacts::Verdict::AccessRefused, 403, QStringLiteral("Access answered 403: the token is in no policy of this application."));
    } else if (is("ssh-refused")) {
        node.link = LinkState::Waiting;
        failTwice(node.ssh, Error(Error::Kind::Network, QStringLiteral("The node refuses SSH connections on port 22."), {}, 111));
        const Error lost(Error::Kind::Network, QStringLiteral("The SSH link is down."));
        failTwice(node.engine, lost);
        failTwice(node.accelerators, lost);
        failTwice(node.services, lost);
        failTwice(node.connector, lost);
    } else if (is("hostkey-changed")) {
        node.link = LinkState::Blocked;
        Error changed(Error::Kind::HostKey, QStringLiteral("The host key of home has changed, so nothing was sent to it."),
            QStringLiteral("Known: SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDYWNYKsbnQeoVaSyk. Shown: SHA256:4mZzztksCsDhcc0u9e8BgrJXVGDYWNYKsbnQeoVAAAA."));
        changed.remedy = QStringLiteral("Ask who runs the node. If the key was changed on purpose, remove the old one:");
        failTwice(node.ssh, changed);
    } else if (is("preempted")) {
        MachineFacts machine = *node.machine;
        machine.status = QStringLiteral("TERMINATED");
        machine.externalIp.clear();
        machine.preempted = true;
        machine.lastStop = m_clock.now().addSecs(-600);
        node.machine.succeed(machine, at);
        node.link = LinkState::Idle;
        lose(node.ssh);
        lose(node.engine);
        lose(node.accelerators);
        lose(node.services);
        lose(node.connector);
        node.tokensPerSecond.reset();
        setEdge(EdgeFacts::Verdict::NoConnector, 530, QStringLiteral("No connector is registered for this tunnel (1033)."));
    }
}

} // namespace hybridge
