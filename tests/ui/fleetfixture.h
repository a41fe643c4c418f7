// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "tests/support/manualclock.h"

#include <QHash>

#include <memory>

namespace hybridge {

class FleetHistory;
class FleetModel;

/// A FleetState without a backend, filled by hand: for the tests of the pages and for the gallery of pictures. Values
/// follow from node and time alone, so that two runs are alike.
class FleetFixture final {
public:
    /// @p count nodes: a cloud VM with vLLM, a home server with Ollama, then more of both kinds.
    explicit FleetFixture(int count = 2, bool lab = false);
    ~FleetFixture();

    [[nodiscard]] FleetState &fleet() { return *m_fleet; }
    [[nodiscard]] ManualClock &clock() { return m_clock; }
    [[nodiscard]] QString id(int index) const { return m_fleet->at(index).config.id; }

    /// From the next beat on, @p node is as this fault leaves it: "engine-dead", "engine-loading", "model-missing",
    /// "cpu-fallback", "gpu-error", "tunnel-down", "tunnel-degraded", "connector-stopped", "access-403", "ssh-refused", "hostkey-changed",
    /// "preempted", "silent" (nothing was ever read), "stale" (the readings stop). Empty: healthy.
    void strike(const QString &node, const QString &fault);
    /// Changes the fleet file before the next beat, e.g. for long names.
    void rename(int index, const QString &label);
    /// Everything is read once, now.
    void beat();
    /// @p seconds pass, one beat each; model and history, if given, take their samples as their timers would.
    void play(int seconds, FleetModel *model, FleetHistory *history);
    /// Time passes and nothing is read.
    void wait(std::chrono::milliseconds time);

private:
    static FleetConfig makeConfig(int count, bool lab);
    void read(NodeState &node, int index);
    void readHealthy(NodeState &node, int index);
    void damage(NodeState &node, const QString &fault);

    ManualClock m_clock;
    FleetConfig m_config;
    std::unique_ptr<FleetState> m_fleet;
    QHash<QString, QString> m_faults;
    QHash<QString, QString> m_labels;
};

} // namespace hybridge
