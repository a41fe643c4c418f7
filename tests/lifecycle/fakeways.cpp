// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lifecycle/fakeways.h"

#include "tests/fleet/nodestates.h"

#include <QTimer>

namespace hybridge::test {

namespace {

const char *actionWord(ServiceAction action)
{
    switch (action) {
    case ServiceAction::Start: return "start";
    case ServiceAction::Stop: return "stop";
    case ServiceAction::Restart: return "restart";
    case ServiceAction::Enable: return "enable";
    }
    return "";
}

FleetConfig fleet()
{
    FleetConfig config;
    config.name = QStringLiteral("test");
    NodeConfig gcp = healthyNode(MachineKind::Gce).config;
    gcp.machine->alternatives = {{QStringLiteral("us-central1-b"), QStringLiteral("g2-standard-8")}};
    config.nodes = {gcp, healthyNode(MachineKind::Host).config};
    return config;
}

} // namespace

FakeWays::FakeWays() : m_state(std::make_unique<FleetState>(fleet(), clock))
{
    m_state->setCoalescing(std::chrono::milliseconds(0));
    for (const NodeConfig &node : m_state->config().nodes) {
        nodes[node.id].services = {{node.engine->service, ServiceState::Active}, {node.connector->service, ServiceState::Active}};
        publish(node.id);
    }
    m_state->flush();
}

void FakeWays::publish(const QString &id)
{
    const Node &fact = nodes[id];
    const bool cloud = id == QLatin1String("gcp");
    NodeState fresh = healthyNode(cloud ? MachineKind::Gce : MachineKind::Host);
    const MonotonicMs now = clock.monotonic();
    const auto isActive = [&](const QString &service) { return fact.services.value(service) == ServiceState::Active; };
    m_state->update(id, [&](NodeState &node) {
        const bool reachable = fact.machineOn && fact.linkUp;
        if (cloud) {
            MachineFacts machine;
            machine.status = !fact.moving.isEmpty() ? fact.moving : fact.machineOn ? QStringLiteral("RUNNING") : QStringLiteral("TERMINATED");
            machine.zone = QStringLiteral("us-central1-a");
            machine.lastStop = fact.machineOn ? QDateTime() : fact.preemptedAt.isValid() ? fact.preemptedAt : clock.now();
            machine.spot = true;
            machine.preempted = !fact.machineOn && fact.preemptedAt.isValid();
            node.machine.succeed(machine, now);
        }
        node.link = reachable ? LinkState::Connected : LinkState::Waiting;
        if (!reachable) {
            node.ssh.fail(Error(Error::Kind::Network, QStringLiteral("The link is down.")), now);
            return;
        }
        node.ssh.succeed({LinkState::Connected, {}}, now);
        QList<ServiceFacts> services;
        for (auto it = fact.services.constBegin(); it != fact.services.constEnd(); ++it) {
            ServiceFacts service;
            service.service = it.key();
            service.state = it.value();
            service.since = QDateTime::currentDateTimeUtc().addSecs(-60);
            services.append(service);
        }
        node.services.succeed(services, now);
        if (isActive(node.config.engine->service)) {
            EngineFacts engine = *fresh.engine;
            engine.running = cloud ? std::optional<double>(fact.running) : std::nullopt;
            engine.waiting = cloud ? std::optional<double>(0) : std::nullopt;
            if (fact.usedAtTheEngine) {
                LoadedModel model;
                model.name = QStringLiteral("llama3:8b");
                model.expiresAt = clock.now().addSecs(300);
                engine.loadedModels = QList {model};
            }
            node.engine.succeed(engine, now);
        } else {
            node.engine.fail(Error(Error::Kind::Network, QStringLiteral("refused"), {}, 111), now);
        }
        if (isActive(node.config.connector->service)) {
            ConnectorFacts connector = *fresh.connector;
            connector.concurrentRequests = fact.running;
            node.connector.succeed(connector, now);
        } else {
            node.connector.fail(Error(Error::Kind::Network, QStringLiteral("refused"), {}, 111), now);
        }
        EdgeFacts edge;
        edge.verdict = isActive(node.config.connector->service) && isActive(node.config.engine->service) ? EdgeFacts::Verdict::Served
                                                                                                        : EdgeFacts::Verdict::NoConnector;
        edge.status = edge.verdict == EdgeFacts::Verdict::Served ? 200 : 530;
        node.edge.succeed(edge, now);
    });
}

void FakeWays::look(const QString &node)
{
    // Queued, as real answers are; a second passes with each look.
    QTimer::singleShot(0, m_state.get(), [this, node] {
        clock.advance(std::chrono::seconds(1));
        Node &fact = nodes[node];
        if (fact.running > 0 && fact.looksUntilIdle > 0 && --fact.looksUntilIdle == 0)
            fact.running = 0;
        if (fact.looksUntilSettled > 0 && --fact.looksUntilSettled == 0)
            fact.moving.clear();
        publish(node);
        m_state->flush();
    });
}

std::optional<Error> FakeWays::failureOf(const QString &order)
{
    orders.append(order);
    if (!stopAt.isEmpty() && order.startsWith(stopAt) && stopSource)
        stopSource->request_stop();
    for (auto it = failures.begin(); it != failures.end(); ++it) {
        if (order == it->first || order.startsWith(it->first + QLatin1Char('@'))) {
            const Error error = it->second;
            failures.erase(it);
            return error;
        }
    }
    return std::nullopt;
}

Task<Result<MachineFacts>> FakeWays::act(MachineOrder order, std::stop_token stop)
{
    QString text = machineActionName(order.action) + QLatin1Char(' ') + order.node;
    if (order.alternative >= 0)
        text += QStringLiteral(" as %1").arg(order.alternative);
    const std::optional<Error> failure = failureOf(text);
    co_await pause(1ms, {});
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QStringLiteral("Cancelled."));
    if (failure)
        co_return *failure;
    if (order.action == MachineAction::Start)
        nodes[order.node].preemptedAt = {};
    nodes[order.node].machineOn = order.action != MachineAction::Stop && order.action != MachineAction::Suspend;
    publish(order.node);
    m_state->flush();
    const MachineFacts facts = *m_state->node(order.node)->machine;
    co_return facts;
}

Task<Result<ServiceFacts>> FakeWays::actOnService(QString node, QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop)
{
    Q_UNUSED(limit)
    const std::optional<Error> failure = failureOf(QStringLiteral("%1 %2@%3").arg(QString::fromLatin1(actionWord(action)), service, node));
    co_await pause(1ms, {});
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QStringLiteral("Cancelled."));
    if (failure)
        co_return *failure;
    if (action != ServiceAction::Enable)
        nodes[node].services[service] = action == ServiceAction::Stop ? ServiceState::Inactive : ServiceState::Active;
    publish(node);
    m_state->flush();
    ServiceFacts facts;
    facts.service = service;
    facts.state = nodes[node].services.value(service);
    facts.unitFileState = QStringLiteral("enabled");
    co_return facts;
}

Task<Result<ProofFacts>> FakeWays::prove(QString node, QString path, std::stop_token stop)
{
    Q_UNUSED(stop)
    const std::optional<Error> failure = failureOf(QStringLiteral("token %1 %2").arg(path, node));
    if (failure)
        co_return *failure;
    ProofFacts proof;
    proof.path = path;
    proof.ms = 42;
    proof.model = QStringLiteral("model");
    co_return proof;
}

QStringList FakeWays::callsOf(const MachineOrder &order) const
{
    return {QStringLiteral("POST /%1/%2").arg(order.node, machineActionName(order.action))};
}

} // namespace hybridge::test
