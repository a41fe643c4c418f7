// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetstate.h"
#include "backend/fleet/poll.h"
#include "backend/fleet/snapshot.h"
#include "backend/fleet/statusjson.h"
#include "tests/fleet/nodestates.h"
#include "tests/support/manualclock.h"

#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;

class TestFleetState : public QObject {
    Q_OBJECT

    static FleetConfig twoNodes()
    {
        FleetConfig config;
        config.name = QStringLiteral("t");
        config.nodes = {healthyNode(MachineKind::Gce).config, healthyNode(MachineKind::Host).config};
        return config;
    }

private Q_SLOTS:
    void writesAreAnnouncedTogether()
    {
        ManualClock clock;
        FleetState state(twoNodes(), clock);
        state.setCoalescing(std::chrono::milliseconds(1));
        QSignalSpy changed(&state, &FleetState::nodesChanged);
        for (int i = 0; i < 50; ++i)
            state.update(QStringLiteral("gcp"), [&](NodeState &node) { node.weight = i; });
        state.update(QStringLiteral("home"), [](NodeState &node) { node.weight = 1; });
        QCOMPARE(changed.size(), 0);
        QTRY_COMPARE(changed.size(), 1);
        QStringList ids = changed.first().first().toStringList();
        ids.sort();
        QCOMPARE(ids, QStringList({QStringLiteral("gcp"), QStringLiteral("home")}));
        QCOMPARE(*state.node(QStringLiteral("gcp"))->weight, 49.0);
    }

    void aLateAnswerForANodeThatHasGoneIsNoError()
    {
        ManualClock clock;
        FleetState state(twoNodes(), clock);
        bool called = false;
        state.update(QStringLiteral("gone"), [&](NodeState &) { called = true; });
        QVERIFY(!called);
        QVERIFY(!state.node(QStringLiteral("gone")));
    }

    void lampsAgeByThemselves()
    {
        ManualClock clock;
        FleetConfig config = twoNodes();
        config.nodes.removeLast();
        FleetState state(config, clock);
        QSignalSpy lamp(&state, &FleetState::diagnosisChanged);
        state.update(QStringLiteral("gcp"), [&](NodeState &node) {
            node.config.url = {};
            EngineFacts engine;
            engine.ready = true;
            node.link = LinkState::Connected;
            node.engine.succeed(engine, clock.monotonic());
        });
        state.flush();
        QCOMPARE(state.at(0).diagnosis.condition, NodeCondition::Healthy);
        QCOMPARE(lamp.size(), 1);
        clock.advance(std::chrono::minutes(5));
        state.tick();
        QCOMPARE(state.at(0).diagnosis.condition, NodeCondition::Unknown); // never green on old values
        QCOMPARE(lamp.size(), 2);
    }

    void worstLeavesStoppedMachinesAside()
    {
        ManualClock clock;
        FleetState state(twoNodes(), clock);
        QCOMPARE(state.worst(), NodeCondition::Unknown);
        const auto put = [&](const char *id, NodeState node) {
            state.update(QString::fromLatin1(id), [&](NodeState &now) { now = node; });
        };
        clock.advance(testNow - clock.monotonic());
        NodeState stopped = healthyNode(MachineKind::Gce);
        MachineFacts machine;
        machine.status = QStringLiteral("TERMINATED");
        stopped.machine.succeed(machine, justNow);
        put("gcp", stopped);
        put("home", healthyNode(MachineKind::Host));
        state.flush();
        QCOMPARE(state.at(0).diagnosis.condition, NodeCondition::Stopped);
        QCOMPARE(state.worst(), NodeCondition::Healthy);
    }

    void statusDocumentHasEveryKey()
    {
        ManualClock clock;
        FleetState state(twoNodes(), clock);
        const auto document = statusDocument(state);
        for (const auto &node : document["nodes"]) {
            for (const char *key : {"id", "label", "state", "diagnosis", "machine", "tunnel", "services", "engine", "accelerators", "proof", "weight", "ages", "errors"})
                QVERIFY2(node.contains(key), key);
            // Nothing is known: null, never 0, never an empty list.
            QVERIFY(node["services"].is_null());
            QVERIFY(node["accelerators"].is_null());
            QVERIFY(node["tunnel"]["connections"].is_null());
            QVERIFY(node["engine"]["ready"].is_null());
            QVERIFY(node["ages"]["ssh"].is_null());
            QCOMPARE(node["ages"].size(), node["errors"].size());
        }
        QCOMPARE(document["endpoint"]["state"].get<std::string>(), std::string("unknown"));
    }

    void hostileTextStaysJson()
    {
        ManualClock clock;
        FleetConfig config = twoNodes();
        config.name = QString::fromUtf16(u"\xD800 broken");
        FleetState state(config, clock);
        const QByteArray bytes = dumpJson(statusDocument(state));
        QVERIFY(nlohmann::json::accept(bytes.toStdString()));
    }

    void aSnapshotIsShownButIsNoEvidence()
    {
        ManualClock clock;
        clock.advance(testNow);
        FleetState before(twoNodes(), clock);
        before.update(QStringLiteral("gcp"), [](NodeState &node) { node = healthyNode(MachineKind::Gce); });
        before.flush();
        const LastKnown saved = snapshotOf(before);
        QCOMPARE(saved.entries.size(), 1);

        clock.advance(std::chrono::seconds(10));
        FleetState after(twoNodes(), clock);
        restoreSnapshot(after, saved);
        const NodeState &node = after.at(0);
        QCOMPARE(*node.accelerators->first().utilization, 37.0);
        QCOMPARE(*node.engine->models, healthyNode(MachineKind::Gce).config.engine->models);
        QVERIFY(*node.accelerators.ageSeconds(clock.monotonic()) > 10);
        QCOMPARE(node.diagnosis.condition, NodeCondition::Unknown);
        QCOMPARE(node.link, LinkState::Idle);
    }

    void aDamagedSnapshotIsSkipped()
    {
        ManualClock clock;
        FleetState state(twoNodes(), clock);
        LastKnown known;
        known.entries.insert(QStringLiteral("gcp"), {"{\"tunnel\": 7, \"accelerators\": {\"list\": [3, null], \"ageMs\": 5}}", clock.now()});
        known.entries.insert(QStringLiteral("home"), {"not json", clock.now()});
        known.entries.insert(QStringLiteral("gone"), {"{}", clock.now()});
        restoreSnapshot(state, known);
        QVERIFY(!state.at(0).tunnel.isKnown());
        QVERIFY(state.at(0).accelerators.isKnown());
        QVERIFY(state.at(0).accelerators->isEmpty());
    }

    void pollNeverRunsTwiceAtOnce()
    {
        int running = 0;
        int most = 0;
        int rounds = 0;
        Poll poll([&](std::stop_token stop) { return round(&running, &most, &rounds, stop); }, std::chrono::milliseconds(1), nullptr);
        poll.start();
        poll.start();
        poll.runNow();
        QTRY_VERIFY(rounds >= 5);
        QCOMPARE(most, 1);
        poll.stop();
        QTRY_COMPARE(running, 0);
        const int then = rounds;
        QTest::qWait(20);
        QCOMPARE(rounds, then);
        poll.start();
        QTRY_VERIFY(rounds > then);
        poll.stop();
        QTRY_COMPARE(running, 0); // a round still in flight would count in the next test's variables
    }

    void pollCanGoWhileARoundIsInFlight()
    {
        int running = 0;
        int most = 0;
        int rounds = 0;
        {
            Poll poll([&](std::stop_token stop) { return round(&running, &most, &rounds, stop); }, std::chrono::hours(1), nullptr);
            poll.start();
            QCOMPARE(running, 1);
        }
        QTRY_COMPARE(running, 0);
    }

    void aLongPauseCanBeCutShort()
    {
        int running = 0;
        int most = 0;
        int rounds = 0;
        Poll poll([&](std::stop_token stop) { return round(&running, &most, &rounds, stop); }, std::chrono::hours(1), nullptr);
        poll.start();
        QTRY_COMPARE(rounds, 1);
        QTRY_COMPARE(running, 0);
        poll.runNow();
        QTRY_COMPARE(rounds, 2);
        QTRY_COMPARE(running, 0);
        poll.setInterval(std::chrono::milliseconds(1));
        QTRY_VERIFY(rounds > 3);
        poll.stop();
        QTRY_COMPARE(running, 0);
    }

private:
    static Task<void> round(int *running, int *most, int *rounds, std::stop_token stop)
    {
        ++*running;
        *most = std::max(*most, *running);
        co_await pause(std::chrono::milliseconds(2), stop);
        --*running;
        ++*rounds;
    }
};

QTEST_GUILESS_MAIN(TestFleetState)
#include "tst_fleetstate.moc"
