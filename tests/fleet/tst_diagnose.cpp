// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/diagnose.h"
#include "backend/host/nvidiafailure.h"
#include "tests/fleet/nodestates.h"

#include <QTest>

#include <functional>

using namespace hybridge;
using namespace hybridge::test;

using Change = std::function<void(NodeState &)>;
Q_DECLARE_METATYPE(Change)

class TestDiagnose : public QObject {
    Q_OBJECT

    static void row(const char *name, MachineKind kind, const char *state, const char *layer, Change change)
    {
        QTest::newRow(name) << int(kind) << QString::fromLatin1(state) << QString::fromLatin1(layer) << change;
    }
    static void linkFails(NodeState &node, LinkState state, const Error &error)
    {
        node.link = state;
        node.ssh.fail(error, justNow);
    }

private Q_SLOTS:
    void namesTheRoot_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<Change>("change");
        const auto gce = MachineKind::Gce;
        const auto host = MachineKind::Host;
        using V = EdgeFacts::Verdict;

        row("healthy cloud", gce, "healthy", "none", [](NodeState &) {});
        row("healthy home", host, "healthy", "none", [](NodeState &) {});

        // The fault table.
        row("tunnel-down", host, "down", "tunnel", [](NodeState &n) {
            setTunnel(n, "down", 0); setReady(n, 0); setEdge(n, V::NoConnector, 530); });
        row("tunnel-down, only the API tells", host, "down", "tunnel", [](NodeState &n) {
            n.link = LinkState::Idle; n.services = {}; n.connector = {}; n.edge = {}; setTunnel(n, "down", 0); });
        row("tunnel-down, the API lags", host, "down", "tunnel", [](NodeState &n) {
            setReady(n, 0); setEdge(n, V::NoConnector, 530); });
        row("connector-stopped", host, "down", "connector", [](NodeState &n) {
            setService(n, n.config.connector->service, ServiceState::Inactive); setTunnel(n, "down", 0);
            n.connector.fail(fault(Error::Kind::Network, "refused", 111), justNow); setEdge(n, V::NoConnector, 530); });
        row("connector failed", gce, "down", "connector", [](NodeState &n) {
            setService(n, n.config.connector->service, ServiceState::Failed); setTunnel(n, "down", 0); setEdge(n, V::NoConnector, 530); });
        row("connector here stopped, another carries", host, "degraded", "connector", [](NodeState &n) {
            setService(n, n.config.connector->service, ServiceState::Inactive); });
        row("connector starting", host, "starting", "connector", [](NodeState &n) {
            setService(n, n.config.connector->service, ServiceState::Activating); setEdge(n, V::NoConnector, 530); n.tunnel = {}; n.connector = {}; });
        row("never connected", host, "down", "connector", [](NodeState &n) {
            setTunnel(n, "inactive", 0); setEdge(n, V::NoConnector, 530); n.connector = {}; });
        row("tunnel-degraded", gce, "degraded", "tunnel", [](NodeState &n) { setTunnel(n, "degraded", 2); setReady(n, 2); });
        row("engine-dead", gce, "down", "engine", [](NodeState &n) {
            setService(n, n.config.engine->service, ServiceState::Failed);
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); setEdge(n, V::OriginDown, 502); });
        row("engine-dead, unit not told", gce, "down", "engine", [](NodeState &n) {
            n.services = {}; failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); setEdge(n, V::OriginDown, 502); });
        row("engine-dead, only the edge tells", gce, "down", "engine", [](NodeState &n) {
            n.config.ssh.reset(); n.link = LinkState::Idle; n.engine = {}; n.services = {}; setEdge(n, V::OriginDown, 502); });
        row("engine-hung", host, "down", "engine", [](NodeState &n) {
            failTwice(n.engine, fault(Error::Kind::Timeout, "no answer in 4 s")); failTwice(n.edge, fault(Error::Kind::Timeout, "no answer")); });
        row("engine-loading", gce, "starting", "engine", [](NodeState &n) {
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); setEdge(n, V::OriginDown, 502); });
        row("engine-loading, told by itself", host, "starting", "engine", [](NodeState &n) {
            EngineFacts e = *n.engine; e.ready = false; e.loading = true; n.engine.succeed(e, justNow); });
        row("engine crash loop", gce, "down", "engine", [](NodeState &n) {
            QList<ServiceFacts> s = *n.services; s[1].restarts = 7; n.services.succeed(s, justNow);
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); });
        row("engine never opens its port", gce, "down", "engine", [](NodeState &n) {
            QList<ServiceFacts> s = *n.services; s[1].since = QDateTime::currentDateTimeUtc().addSecs(-3600); n.services.succeed(s, justNow);
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); });
        row("engine 5xx", gce, "down", "engine", [](NodeState &n) { failTwice(n.engine, fault(Error::Kind::Remote, "503", 503)); });
        row("engine key", gce, "degraded", "engine", [](NodeState &n) { failTwice(n.engine, fault(Error::Kind::Unauthorized, "401", 401)); });
        row("one hiccup is no fault", gce, "healthy", "none", [](NodeState &n) { n.engine.fail(fault(Error::Kind::Timeout, "late"), justNow); });
        row("model-missing", host, "degraded", "model", [](NodeState &n) {
            EngineFacts e = *n.engine; e.models = QStringList {QStringLiteral("gemma:2b")}; n.engine.succeed(e, justNow); });
        row("cpu-fallback", host, "degraded", "accelerator", [](NodeState &n) {
            EngineFacts e = *n.engine; e.vramFraction = 0; n.engine.succeed(e, justNow); });
        row("gpu-hung", gce, "degraded", "accelerator", [](NodeState &n) {
            failTwice(n.accelerators, fault(Error::Kind::Timeout, "nvidia-smi does not answer")); });
        row("gpu driver starts slowly", gce, "healthy", "none", [](NodeState &n) {
            failTwice(n.accelerators, nvidiaError(NvidiaProblem::Starting, {}, 0)); });
        row("gpu-error", gce, "degraded", "accelerator", [](NodeState &n) {
            QList<AcceleratorFacts> g = *n.accelerators; g[0].error = QStringLiteral("GPU is lost"); n.accelerators.succeed(g, justNow); });
        row("gpu-absent", gce, "degraded", "accelerator", [](NodeState &n) {
            failTwice(n.accelerators, fault(Error::Kind::RemoteExit, "no driver", 9)); });
        row("gpu-absent, no token", gce, "down", "accelerator", [](NodeState &n) {
            failTwice(n.accelerators, fault(Error::Kind::RemoteExit, "no driver", 9));
            setService(n, n.config.engine->service, ServiceState::Failed);
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); setEdge(n, V::OriginDown, 502); });
        row("ssh-refused", host, "degraded", "ssh", [](NodeState &n) {
            linkFails(n, LinkState::Waiting, fault(Error::Kind::Network, "refused", 111)); });
        row("ssh-blackhole", gce, "degraded", "ssh", [](NodeState &n) {
            linkFails(n, LinkState::Waiting, fault(Error::Kind::Timeout, "no answer")); });
        row("hostkey-changed", gce, "degraded", "ssh", [](NodeState &n) {
            linkFails(n, LinkState::Blocked, fault(Error::Kind::HostKey, "changed")); });
        row("sudo-denied", home(), "degraded", "ssh", [](NodeState &n) {
            n.control.fail(fault(Error::Kind::Refused, "no rule", 1), justNow); });
        row("access-token-expired", gce, "degraded", "access", [](NodeState &n) { setEdge(n, V::AccessRefused, 302); });
        row("access-403", gce, "degraded", "access", [](NodeState &n) { setEdge(n, V::AccessRefused, 403); });
        row("access-strict", host, "degraded", "access", [](NodeState &n) { setEdge(n, V::AccessRefused, 401); });
        row("api-429", gce, "healthy", "none", [](NodeState &n) { failTwice(n.tunnel, fault(Error::Kind::RateLimited, "429", 429)); });
        row("api-500 from the start", gce, "healthy", "none", [](NodeState &n) {
            n.tunnel = {}; n.machine = {}; n.tunnel.fail(fault(Error::Kind::Remote, "500", 500), justNow); n.machine.fail(fault(Error::Kind::Remote, "500", 500), justNow); });
        row("capacity-exhausted", gce, "stopped", "machine", [](NodeState &n) {
            stop(n); MachineFacts m = *n.machine; m.startError = QStringLiteral("ZONE_RESOURCE_POOL_EXHAUSTED"); n.machine.succeed(m, justNow); });
        row("preempted", gce, "stopped", "machine", [](NodeState &n) {
            stop(n); MachineFacts m = *n.machine; m.preempted = true; n.machine.succeed(m, justNow); });
        row("stopped", gce, "stopped", "machine", [](NodeState &n) { stop(n); });
        row("stopped, then the API fails", gce, "stopped", "machine", [](NodeState &n) {
            stop(n); failTwice(n.machine, fault(Error::Kind::Remote, "500", 500)); });
        row("starting", gce, "starting", "machine", [](NodeState &n) { stop(n); status(n, "STAGING"); });
        row("repairing", gce, "down", "machine", [](NodeState &n) { status(n, "REPAIRING"); });
        row("a status word of tomorrow", gce, "healthy", "none", [](NodeState &n) { status(n, "HIBERNATING"); });
        row("instance unknown", gce, "down", "machine", [](NodeState &n) {
            n.machine = {}; n.machine.fail(fault(Error::Kind::NotFound, "404", 404), justNow); });

        // Own hardware that is off: silence on every way in.
        row("home machine off", host, "down", "machine", [](NodeState &n) {
            linkFails(n, LinkState::Waiting, fault(Error::Kind::Timeout, "no answer")); setTunnel(n, "down", 0); setEdge(n, V::NoConnector, 530); });
        row("home tunnel down, ssh refused", host, "down", "tunnel", [](NodeState &n) {
            linkFails(n, LinkState::Waiting, fault(Error::Kind::Network, "refused", 111)); setTunnel(n, "down", 0); setEdge(n, V::NoConnector, 530); });

        // The edge.
        row("name does not resolve", gce, "degraded", "edge", [](NodeState &n) { failTwice(n.edge, fault(Error::Kind::Network, "no such host")); });
        row("certificate wrong", gce, "degraded", "edge", [](NodeState &n) { failTwice(n.edge, fault(Error::Kind::Tls, "certificate")); });
        row("hostname of another tunnel", gce, "down", "edge", [](NodeState &n) { setEdge(n, V::NoConnector, 530); });
        row("ingress to the wrong port", gce, "down", "edge", [](NodeState &n) { setEdge(n, V::OriginDown, 502); });
        row("record missing", gce, "down", "edge", [](NodeState &n) { setEdge(n, V::DnsWrong, 530); });

        // Two independent faults: the graver leads.
        row("sudo denied and engine dead", host, "down", "engine", [](NodeState &n) {
            n.control.fail(fault(Error::Kind::Refused, "no rule", 1), justNow); setService(n, n.config.engine->service, ServiceState::Inactive);
            failTwice(n.engine, fault(Error::Kind::Network, "refused", 111)); });
        row("cpu fallback and tunnel down", host, "down", "tunnel", [](NodeState &n) {
            EngineFacts e = *n.engine; e.vramFraction = 0; n.engine.succeed(e, justNow); setTunnel(n, "down", 0); setReady(n, 0); setEdge(n, V::NoConnector, 530); });

        // What is not known is grey, what is not configured is never red.
        row("nothing seen yet", gce, "unknown", "none", [](NodeState &n) { const NodeConfig c = n.config; n = {}; n.config = c; });
        row("only an id", host, "unknown", "none", [](NodeState &n) { n = {}; n.config.id = QStringLiteral("x"); });
        row("only ssh, connected", host, "healthy", "none", [](NodeState &n) {
            const auto ssh = n.config.ssh; n = {}; n.config.ssh = ssh; n.link = LinkState::Connected; });
        row("only ssh, refused", host, "degraded", "ssh", [](NodeState &n) {
            const auto ssh = n.config.ssh; n = {}; n.config.ssh = ssh; linkFails(n, LinkState::Waiting, fault(Error::Kind::Network, "refused", 111)); });
        row("no accelerator configured", host, "healthy", "none", [](NodeState &n) {
            n.config.accelerator = AcceleratorKind::None; n.accelerators = {}; n.accelerators.fail(fault(Error::Kind::RemoteExit, "absent", 127), justNow); });
        row("old values are no proof", host, "unknown", "none", [](NodeState &n) {
            n.config.url = {}; n.edge = {}; const EngineFacts e = *n.engine; n.engine = {}; n.engine.succeed(e, MonotonicMs(0)); });
    }
    void namesTheRoot()
    {
        QFETCH(int, kind);
        QFETCH(QString, state);
        QFETCH(QString, layer);
        QFETCH(Change, change);
        NodeState node = healthyNode(MachineKind(kind));
        change(node);
        const Diagnosis diagnosis = diagnose(node, testNow);
        QCOMPARE(conditionName(diagnosis.condition), state);
        QCOMPARE(layerName(diagnosis.layer), layer);
        QVERIFY(!diagnosis.summary.isEmpty());
        if (layer != QLatin1String("none"))
            QVERIFY2(!diagnosis.evidence.isEmpty(), qPrintable(diagnosis.summary));
    }

    void consequencesAreNotRoots()
    {
        NodeState node = healthyNode(MachineKind::Host);
        setService(node, node.config.connector->service, ServiceState::Inactive);
        setTunnel(node, "down", 0);
        setReady(node, 0);
        setEdge(node, EdgeFacts::Verdict::NoConnector, 530);
        const Diagnosis diagnosis = diagnose(node, testNow);
        QCOMPARE(diagnosis.layer, Layer::Connector);
        QCOMPARE(diagnosis.consequences.size(), 2); // the tunnel and the hostname
        QCOMPARE(diagnosis.command, QStringLiteral("sudo systemctl start cloudflared"));
    }

    void aStoppedMachineIsNotTheEdge()
    {
        NodeState node = healthyNode(MachineKind::Gce);
        stop(node);
        const Diagnosis diagnosis = diagnose(node, testNow);
        QCOMPARE(diagnosis.layer, Layer::Machine);
        QCOMPARE(diagnosis.consequences.size(), 3);
    }

    void worstFirst()
    {
        QCOMPARE(worse(NodeCondition::Healthy, NodeCondition::Stopped), NodeCondition::Stopped);
        QCOMPARE(worse(NodeCondition::Unknown, NodeCondition::Starting), NodeCondition::Starting);
        QCOMPARE(worse(NodeCondition::Degraded, NodeCondition::Down), NodeCondition::Down);
    }

private:
    static MachineKind home() { return MachineKind::Host; }
    static void status(NodeState &node, const char *word)
    {
        MachineFacts machine = *node.machine;
        machine.status = QString::fromLatin1(word);
        node.machine.succeed(machine, justNow);
    }
    static void stop(NodeState &node)
    {
        status(node, "TERMINATED");
        linkFails(node, LinkState::Waiting, fault(Error::Kind::Timeout, "no answer"));
        setTunnel(node, "down", 0);
        setEdge(node, EdgeFacts::Verdict::NoConnector, 530);
    }
};

QTEST_GUILESS_MAIN(TestDiagnose)
#include "tst_diagnose.moc"
