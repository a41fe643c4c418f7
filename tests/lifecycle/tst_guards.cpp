// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What speaks against an operation: by table, and for random fleets: nothing lifts the last-node guard but its override.
#include "backend/lifecycle/guards.h"
#include "tests/fleet/nodestates.h"
#include "tests/support/manualclock.h"

#include <QRandomGenerator>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;

Q_DECLARE_METATYPE(hybridge::OperationRequest) // before its first use: clang takes it no later

namespace {

/// A cloud node and a home node, as @p change makes them.
std::unique_ptr<FleetState> fleetOf(const Clock &clock, const std::function<void(NodeState &gcp, NodeState &home)> &change)
{
    NodeState gcp = healthyNode(MachineKind::Gce);
    NodeState home = healthyNode(MachineKind::Host);
    if (change)
        change(gcp, home);
    FleetConfig config;
    config.nodes = {gcp.config, home.config};
    auto fleet = std::make_unique<FleetState>(config, clock);
    fleet->update(gcp.config.id, [&](NodeState &node) { node = gcp; });
    fleet->update(home.config.id, [&](NodeState &node) { node = home; });
    fleet->flush();
    return fleet;
}

QStringList idsOf(const QList<GuardFinding> &findings, GuardFinding::Weight weight)
{
    QStringList ids;
    for (const GuardFinding &finding : findings)
        if (finding.weight == weight)
            ids.append(finding.id);
    ids.sort();
    return ids;
}

OperationRequest requestOf(OperationKind kind, const QString &node, const QString &service = {})
{
    OperationRequest request;
    request.kind = kind;
    request.node = node;
    request.service = service;
    return request;
}

void stopConnector(NodeState &node)
{
    setService(node, node.config.connector->service, ServiceState::Inactive);
    failTwice(node.connector, fault(Error::Kind::Network, "refused", 111));
    setTunnel(node, "down", 0);
    setEdge(node, EdgeFacts::Verdict::NoConnector, 530);
}

} // namespace

class TestGuards : public QObject {
    Q_OBJECT

    ManualClock m_clock;

private Q_SLOTS:
    void initTestCase() { m_clock.advance(testNow - m_clock.monotonic()); }

    void table_data()
    {
        QTest::addColumn<OperationRequest>("request");
        QTest::addColumn<QString>("fleet");
        QTest::addColumn<QStringList>("blocks");
        QTest::addColumn<QStringList>("confirms");
        const QString gcp = QStringLiteral("gcp");
        const QString home = QStringLiteral("home");
        const QString engine = QStringLiteral("docker:vllm");
        const QStringList none;
        const auto row = [](const char *name, const OperationRequest &request, const char *fleet, const QStringList &blocks, const QStringList &confirms) {
            QTest::newRow(name) << request << QString::fromLatin1(fleet) << blocks << confirms;
        };
        const QStringList back {QStringLiteral("may-not-come-back")};
        row("stop an idle machine", requestOf(OperationKind::MachineStop, gcp), "healthy", none, back);
        row("start it", requestOf(OperationKind::MachineStart, gcp), "healthy", none, none);
        row("reset: nothing is given up", requestOf(OperationKind::MachineReset, gcp), "healthy", none, none);
        row("a home node has no machine", requestOf(OperationKind::MachineStop, home), "healthy", {QStringLiteral("no-machine")}, {QStringLiteral("use-unknown")});
        row("down at home", requestOf(OperationKind::Down, home), "healthy", none, {QStringLiteral("use-unknown")});
        row("down of the last", requestOf(OperationKind::Down, gcp), "home-down", {QStringLiteral("last-backend")}, back);
        row("the engine of the last", requestOf(OperationKind::ServiceStop, gcp, engine), "home-down", {QStringLiteral("last-backend")}, none);
        row("restart of the last's engine", requestOf(OperationKind::ServiceRestart, gcp, engine), "home-down", {QStringLiteral("last-backend")}, none);
        row("another service of the last", requestOf(OperationKind::ServiceStop, gcp, QStringLiteral("systemd:cron")), "home-down", none, none);
        row("enable on the last", requestOf(OperationKind::ServiceEnable, gcp, engine), "home-down", none, none);
        row("unknown others do not serve", requestOf(OperationKind::MachineStop, gcp), "home-unknown", {QStringLiteral("last-backend")}, back);
        row("a dead node is not the last", requestOf(OperationKind::Down, home), "home-down", none, {QStringLiteral("use-unknown")});
        row("in use", requestOf(OperationKind::Down, gcp), "gcp-busy", none, {QStringLiteral("in-use"), QStringLiteral("may-not-come-back")});
        row("Local SSD not said", requestOf(OperationKind::MachineStop, gcp), "gcp-ssd", {QStringLiteral("local-ssd")}, back);
        OperationRequest said = requestOf(OperationKind::MachineStop, gcp);
        said.discardLocalSsd = false;
        row("Local SSD said", said, "gcp-ssd", none, {QStringLiteral("local-ssd"), QStringLiteral("may-not-come-back")});
        OperationRequest overridden = requestOf(OperationKind::Down, gcp);
        overridden.lastBackendOverride = gcp;
        row("override by name", overridden, "home-down", none, {QStringLiteral("last-backend"), QStringLiteral("may-not-come-back")});
        overridden.lastBackendOverride = home;
        row("override of another", overridden, "home-down", {QStringLiteral("last-backend")}, back);
        row("no such node", requestOf(OperationKind::Up, QStringLiteral("mars")), "healthy", {QStringLiteral("no-node")}, none);
        row("services without ssh", requestOf(OperationKind::Up, home), "home-no-ssh", {QStringLiteral("no-ssh")}, none);
    }
    void table()
    {
        QFETCH(OperationRequest, request);
        QFETCH(QString, fleet);
        QFETCH(QStringList, blocks);
        QFETCH(QStringList, confirms);
        const auto state = fleetOf(m_clock, [&](NodeState &gcp, NodeState &home) {
            EngineFacts engine = *gcp.engine;
            engine.running = fleet == QLatin1String("gcp-busy") ? 3 : 0;
            engine.waiting = 0;
            gcp.engine.succeed(engine, justNow);
            if (fleet == QLatin1String("home-down"))
                stopConnector(home);
            if (fleet == QLatin1String("home-unknown")) {
                const NodeConfig config = home.config;
                home = NodeState();
                home.config = config;
            }
            if (fleet == QLatin1String("gcp-ssd")) {
                MachineFacts machine = *gcp.machine;
                machine.localSsd = true;
                gcp.machine.succeed(machine, justNow);
            }
            if (fleet == QLatin1String("home-no-ssh"))
                home.config.ssh.reset();
        });
        const QList<GuardFinding> findings = guardFindings(*state, request, {});
        QCOMPARE(idsOf(findings, GuardFinding::Weight::Block), blocks);
        QCOMPARE(idsOf(findings, GuardFinding::Weight::Confirm), confirms);
        for (const GuardFinding &finding : findings) {
            QVERIFY(!finding.what.isEmpty());
            if (finding.weight == GuardFinding::Weight::Block && finding.id != QLatin1String("no-node"))
                QVERIFY2(!finding.remedy.isEmpty(), qPrintable(finding.id));
        }
        QCOMPARE(judge(findings, true).has_value(), blocks.isEmpty());
        QCOMPARE(judge(findings, false).has_value(), blocks.isEmpty() && confirms.isEmpty());
        if (!blocks.isEmpty())
            QVERIFY(judge(findings, true).error().kind == Error::Kind::Refused);
    }

    void stockOutsAreTold()
    {
        const auto state = fleetOf(m_clock, {});
        GuardFacts facts;
        facts.stockOuts = {{m_clock.now(), QStringLiteral("us-central1-a"), QStringLiteral("ZONE_RESOURCE_POOL_EXHAUSTED")}};
        const QList<GuardFinding> findings = guardFindings(*state, requestOf(OperationKind::MachineStop, QStringLiteral("gcp")), facts);
        bool told = false;
        for (const GuardFinding &finding : findings)
            told = told || (finding.id == QLatin1String("may-not-come-back") && finding.why.contains(QLatin1String("us-central1-a")));
        QVERIFY(told);
    }

    void somebodyElseIsAtIt()
    {
        const auto state = fleetOf(m_clock, {});
        GuardFacts facts;
        facts.busyWith = QStringLiteral("\"up\" by op@desk since 10:02:00.");
        const QList<GuardFinding> findings = guardFindings(*state, requestOf(OperationKind::MachineStart, QStringLiteral("gcp")), facts);
        QCOMPARE(findings.first().id, QStringLiteral("busy"));
        QVERIFY(!judge(findings, true));
    }

    /// Whatever the fleet looks like and whatever is asked: what takes away the only node that may serve passes only with
    /// that node's own name as override, and never without a yes.
    void noGuardIsBypassed()
    {
        QRandomGenerator random(20260126);
        const QList<OperationKind> kinds {OperationKind::MachineStart, OperationKind::MachineStop, OperationKind::MachineReset,
            OperationKind::MachineSuspend, OperationKind::ServiceStart, OperationKind::ServiceStop, OperationKind::ServiceRestart,
            OperationKind::ServiceEnable, OperationKind::Up, OperationKind::Down};
        int guarded = 0;
        for (int round = 0; round < 3000; ++round) {
            const int shape = random.bounded(27);
            const auto state = fleetOf(m_clock, [&](NodeState &gcp, NodeState &home) {
                for (NodeState *node : {&gcp, &home}) {
                    const int one = node == &gcp ? shape % 3 : (shape / 3) % 3;
                    if (one == 1)
                        stopConnector(*node);
                    if (one == 2) {
                        const NodeConfig config = node->config;
                        *node = NodeState();
                        node->config = config;
                    }
                }
            });
            OperationRequest request = requestOf(kinds.at(random.bounded(int(kinds.size()))), random.bounded(2) ? QStringLiteral("gcp") : QStringLiteral("home"));
            const NodeState &node = *state->node(request.node);
            const NodeState &other = *state->node(request.node == QLatin1String("gcp") ? QStringLiteral("home") : QStringLiteral("gcp"));
            if (isServiceOperation(request.kind))
                request.service = random.bounded(2) ? node.config.engine->service : node.config.connector->service;
            request.lastBackendOverride = random.bounded(3) == 0 ? request.node : random.bounded(2) ? other.config.id : QString();
            const bool confirmed = random.bounded(2) == 0;
            const Result<void> verdict = judge(guardFindings(*state, request, {}), confirmed);
            const bool maybeServing = node.diagnosis.condition != NodeCondition::Down && node.diagnosis.condition != NodeCondition::Stopped;
            if (!takesAway(request.kind) || !maybeServing || isServing(other))
                continue;
            ++guarded;
            if (verdict) {
                QCOMPARE(request.lastBackendOverride, request.node);
                QVERIFY(confirmed);
            }
        }
        QVERIFY2(guarded > 100, "the fleets made up here never came near the guard");
    }

    void namesAreStable_data()
    {
        QTest::addColumn<int>("kind");
        for (int kind = int(OperationKind::MachineStart); kind <= int(OperationKind::Down); ++kind)
            QTest::addRow("%d", kind) << kind;
    }
    void namesAreStable()
    {
        QFETCH(int, kind);
        const QString name = operationName(OperationKind(kind));
        QVERIFY(!name.isEmpty());
        QVERIFY(operationKindFromName(name) == OperationKind(kind));
        QVERIFY(operationTitle(OperationKind(kind), QStringLiteral("GCP L4"), QStringLiteral("docker:vllm")).contains(QLatin1String("GCP L4")));
    }
};

QTEST_GUILESS_MAIN(TestGuards)
#include "tst_guards.moc"
