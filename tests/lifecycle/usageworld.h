// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/lifecycle/usagerecorder.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <bit>
#include <cmath>

namespace hybridge::test {

inline const QTimeZone berlin("Europe/Berlin");

inline bool near(double a, double b)
{
    return std::abs(a - b) < 1e-6;
}

inline FleetConfig twoNodes()
{
    FleetConfig config;
    config.name = QStringLiteral("test");
    config.gcp = GcpConfig();
    config.gcp->project = QStringLiteral("p1");
    NodeConfig gcp;
    gcp.id = gcp.label = QStringLiteral("gcp");
    gcp.machine = MachineConfig {MachineKind::Gce, QStringLiteral("us-central1-a"), QStringLiteral("gpu"), {}};
    gcp.engine = EngineConfig();
    gcp.price = PriceConfig();
    gcp.price->perHour = 0.6;
    NodeConfig home;
    home.id = home.label = QStringLiteral("home");
    home.machine = MachineConfig();
    home.engine = EngineConfig();
    home.engine->kind = EngineKind::Ollama; // counts no tokens
    home.price = PriceConfig();
    home.price->measuredWatts = true;
    home.price->baseWatts = 50;
    home.price->perKWh = 0.4;
    home.price->amortization = AmortizationConfig {730.5 * 24, 24}; // 1 an hour
    config.nodes = {gcp, home};
    return config;
}

/// A fleet with its clock, and the record of it in a file that outlives both.
struct World {
    explicit World(const QString &path, ManualClock &at, const FleetConfig &config = twoNodes())
        : clock(at), state(config, at), log(path, at, QStringLiteral("test")), ledger(log.database(), QStringLiteral("test")),
          recorder(state, ledger, berlin)
    {
    }
    ManualClock &clock;
    FleetState state;
    ActivityLog log;
    UsageLedger ledger;
    UsageRecorder recorder;
    double tokens = 1000;
    double running = 1;

    void read(bool gcp = true, bool home = true)
    {
        const MonotonicMs now = clock.monotonic();
        if (gcp) {
            state.update(QStringLiteral("gcp"), [&](NodeState &node) {
                MachineFacts machine;
                machine.status = QStringLiteral("RUNNING");
                node.machine.succeed(machine, now);
                EngineFacts engine;
                engine.generationTokensTotal = tokens;
                engine.running = running;
                engine.waiting = 0;
                node.engine.succeed(engine, now);
            });
        }
        if (home) {
            state.update(QStringLiteral("home"), [&](NodeState &node) {
                node.ssh.succeed({LinkState::Connected, {}}, now);
                AcceleratorFacts card;
                card.powerW = 250;
                node.accelerators.succeed({card}, now);
                EngineFacts engine;
                engine.kind = EngineKind::Ollama;
                engine.loadedModels = QList<LoadedModel>();
                node.engine.succeed(engine, now);
            });
        }
    }
    /// Watches for so long, a look every 5 s; @p tokensAMinute flow evenly.
    void watch(int seconds, double tokensAMinute = 0, bool gcp = true, bool home = true)
    {
        for (int passed = 0; passed < seconds; passed += 5) {
            clock.advance(5s);
            tokens += tokensAMinute / 12;
            read(gcp, home);
            recorder.sample();
        }
    }
    QList<UsageSlot> slotsOf(const char *node)
    {
        const Result<UsageByNode> usage = await(ledger.read(clock.now().addDays(-60), clock.now().addDays(1)));
        if (!usage)
            qFatal("%s", qPrintable(usage.error().summary + usage.error().detail));
        return usage->value({QString::fromLatin1(node), QStringLiteral("USD")});
    }
    int minutes(const char *node)
    {
        int sum = 0;
        for (const UsageSlot &slot : slotsOf(node))
            sum += std::popcount(slot.known);
        return sum;
    }
};

} // namespace hybridge::test
