// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/monitorservice.h"
#include "backend/routing/routingservice.h"
#include "tests/routing/fakecloud.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QSet>
#include <QTemporaryDir>

namespace hybridge::test {

/// "gcp", "home" and perhaps more behind a Worker or a balancer in memory, with a real service and a real log: for the
/// test of the routing page and for the gallery.
struct RoutingFixture {
    explicit RoutingFixture(const QString &mode = QStringLiteral("worker"), int nodes = 2, const QString &plan = QStringLiteral("paid"))
        : state(configOf(mode, nodes, plan), clock), log(folder.filePath(QStringLiteral("activity.sqlite")), clock, QStringLiteral("test")),
          service(state, ways, log, QStringLiteral("test")), monitors(ways.cloud, state.config())
    {
        ways.edge.isBalancer = mode == QLatin1String("load-balancer");
        for (int i = 2; i < nodes; ++i) {
            nlohmann::json backend {{"id", state.at(i).config.id.toStdString()}, {"url", state.at(i).config.url.toString().toStdString()}, {"weight", i % 3 * 4}, {"engine", "vllm"}};
            ways.cloud.routes()["backends"].push_back(backend);
        }
        for (int i = 0; i < state.nodeCount(); ++i)
            setServing(state.at(i).config.id, true);
    }
    static FleetConfig configOf(const QString &mode, int nodes, const QString &plan)
    {
        FleetConfig config = routedFleet(mode);
        config.plan = plan;
        const QStringList labels {QStringLiteral("GCP L4"), QStringLiteral("Home 3090")};
        const QStringList colours {QStringLiteral("#4285F4"), QStringLiteral("#F4A142")};
        for (int i = 0; i < 2; ++i) {
            config.nodes[i].label = labels.at(i);
            config.nodes[i].colour = colours.at(i);
        }
        for (int i = 2; i < nodes; ++i) {
            NodeConfig node;
            node.id = QStringLiteral("node%1").arg(i + 1, 2, 10, QLatin1Char('0'));
            node.label = i % 2 == 0 ? QStringLiteral("Cloud L4 %1").arg(i + 1) : QStringLiteral("Rack 3090 %1").arg(i + 1);
            node.url = QUrl(QStringLiteral("https://%1-llm.example.com").arg(node.id));
            node.engine = EngineConfig();
            config.nodes.append(node);
        }
        if (nodes == 1)
            config.nodes.removeLast();
        return config;
    }
    void setServing(const QString &id, bool serves)
    {
        if (serves)
            down.remove(id);
        else
            down.insert(id);
        state.update(id, [&](NodeState &node) {
            EngineFacts facts;
            facts.ready = serves;
            facts.models = QStringList {QStringLiteral("m")};
            if (serves)
                node.engine.succeed(facts, clock.monotonic());
            else
                node.engine.fail(Error(Error::Kind::Network, QStringLiteral("refused")), clock.monotonic());
            EdgeFacts edge;
            edge.verdict = serves ? EdgeFacts::Verdict::Served : EdgeFacts::Verdict::OriginDown;
            edge.status = serves ? 200 : 502;
            node.edge.succeed(edge, clock.monotonic());
        });
        state.flush();
    }
    void setTokens(const QString &id, double perSecond)
    {
        state.update(id, [&](NodeState &node) { node.tokensPerSecond = perSecond; });
        state.flush();
    }
    /// Somebody else changes the shares.
    void changeElsewhere(int gcp)
    {
        nlohmann::json &routes = ways.cloud.routes();
        routes["version"] = routes["version"].get<int>() + 1;
        for (nlohmann::json &backend : routes["backends"])
            backend["weight"] = backend["id"] == "gcp" ? gcp : 100 - gcp;
        ways.cloud.deployments[0]["id"] = "d-else";
    }
    /// Time passes, and the nodes are read as they were.
    void wait(std::chrono::milliseconds time)
    {
        clock.advance(time);
        for (int i = 0; i < state.nodeCount(); ++i)
            setServing(state.at(i).config.id, !down.contains(state.at(i).config.id));
    }
    RouteOutcome set(int gcp)
    {
        wait(std::chrono::minutes(7));
        RouteChange change;
        change.percents = {{QStringLiteral("gcp"), gcp}, {QStringLiteral("home"), 100 - gcp}};
        const Result<RouteProposal> proposal = await(service.propose(change, {}, {}));
        return await(service.apply(*proposal, true, {}, QStringLiteral("route set"), {}));
    }
    [[nodiscard]] int weightOf(const char *id)
    {
        for (const nlohmann::json &backend : ways.cloud.routes()["backends"])
            if (backend["id"] == id)
                return backend["weight"].get<int>();
        return -1;
    }

    QTemporaryDir folder;
    QSet<QString> down;
    ManualClock clock;
    FakeRouteWays ways;
    FleetState state;
    ActivityLog log;
    RoutingService service;
    MonitorService monitors;
};

} // namespace hybridge::test
