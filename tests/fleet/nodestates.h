// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-made node states for tests: a healthy cloud node and a healthy home node, and changes to them.
#pragma once

#include "backend/fleet/nodestate.h"

namespace hybridge::test {

inline constexpr MonotonicMs testNow {1000000};
inline constexpr MonotonicMs justNow {999000};

inline NodeState healthyNode(MachineKind kind)
{
    const bool cloud = kind == MachineKind::Gce;
    NodeState node;
    node.config.id = cloud ? QStringLiteral("gcp") : QStringLiteral("home");
    node.config.label = node.config.id;
    node.config.url = QUrl(cloud ? QStringLiteral("https://gcp-llm.example.com") : QStringLiteral("https://home-llm.example.com"));
    node.config.tunnel = QStringLiteral("6ff42ae2-765d-4adf-8112-31c55c1551ef");
    node.config.ssh = SshConfig {QStringLiteral("192.0.2.7"), 22, QStringLiteral("op"), {}, {}, {}, {}};
    node.config.machine = MachineConfig();
    node.config.machine->kind = kind;
    node.config.machine->zone = QStringLiteral("us-central1-a");
    node.config.machine->instance = QStringLiteral("gcp-gpu-vm");
    node.config.engine = EngineConfig {cloud ? EngineKind::Vllm : EngineKind::Ollama,
        QUrl(QStringLiteral("http://127.0.0.1:8000")), {}, cloud ? QStringLiteral("docker:vllm") : QStringLiteral("systemd:ollama"),
        {cloud ? QStringLiteral("Qwen/Qwen2.5-14B") : QStringLiteral("llama3:8b")}};
    node.config.connector = ConnectorConfig {QStringLiteral("systemd:cloudflared"), QUrl(QStringLiteral("http://127.0.0.1:20241"))};
    node.config.accelerator = AcceleratorKind::Nvidia;

    node.link = LinkState::Connected;
    node.ssh.succeed({LinkState::Connected, {}}, justNow);
    node.control.succeed(true, justNow);
    if (cloud) {
        MachineFacts machine;
        machine.status = QStringLiteral("RUNNING");
        node.machine.succeed(machine, justNow);
    }
    TunnelFacts tunnel;
    tunnel.name = node.config.id;
    tunnel.status = QStringLiteral("healthy");
    tunnel.connections = 4;
    node.tunnel.succeed(tunnel, justNow);
    ConnectorFacts connector;
    connector.ready = true;
    connector.readyConnections = 4;
    node.connector.succeed(connector, justNow);
    ServiceFacts engineUnit;
    engineUnit.service = node.config.engine->service;
    engineUnit.state = ServiceState::Active;
    engineUnit.since = QDateTime::currentDateTimeUtc().addSecs(-60);
    ServiceFacts connectorUnit = engineUnit;
    connectorUnit.service = node.config.connector->service;
    node.services.succeed({connectorUnit, engineUnit}, justNow);
    EngineFacts engine;
    engine.kind = node.config.engine->kind;
    engine.ready = true;
    engine.models = node.config.engine->models;
    engine.vramFraction = 1.0;
    node.engine.succeed(engine, justNow);
    AcceleratorFacts gpu;
    gpu.index = 0;
    gpu.name = QStringLiteral("NVIDIA L4");
    gpu.utilization = 37;
    node.accelerators.succeed({gpu}, justNow);
    EdgeFacts edge;
    edge.verdict = EdgeFacts::Verdict::Served;
    edge.status = 200;
    edge.latencyMs = 41.2;
    node.edge.succeed(edge, justNow);
    return node;
}

inline Error fault(Error::Kind kind, const char *sentence, int code = 0)
{
    return Error(kind, QString::fromUtf8(sentence), QStringLiteral("what was seen"), code);
}

inline void setService(NodeState &node, const QString &service, ServiceState state)
{
    QList<ServiceFacts> services = *node.services;
    for (ServiceFacts &facts : services)
        if (facts.service == service)
            facts.state = state;
    node.services.succeed(services, justNow);
}

inline void setEdge(NodeState &node, EdgeFacts::Verdict verdict, int status)
{
    EdgeFacts edge;
    edge.verdict = verdict;
    edge.status = status;
    edge.reason = QStringLiteral("told by the edge");
    node.edge.succeed(edge, justNow);
}

inline void setTunnel(NodeState &node, const char *status, int connections)
{
    TunnelFacts tunnel = *node.tunnel;
    tunnel.status = QString::fromLatin1(status);
    tunnel.connections = connections;
    node.tunnel.succeed(tunnel, justNow);
}

inline void setReady(NodeState &node, int connections)
{
    ConnectorFacts connector;
    connector.ready = connections > 0;
    connector.readyConnections = connections;
    node.connector.succeed(connector, justNow);
}

inline void failTwice(auto &reading, const Error &error)
{
    reading.fail(error, justNow);
    reading.fail(error, justNow);
}

} // namespace hybridge::test
