// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A small fleet in memory that reacts to operations: machines that start and stop, services, links, tokens. Nothing waits
// for real time: what an order brings about is there at the next look.
#pragma once

#include "backend/lifecycle/lifecycleways.h"
#include "tests/support/manualclock.h"

#include <QHash>

#include <map>

namespace hybridge::test {

class FakeWays final : public LifecycleWays {
public:
    /// A cloud node "gcp" (vLLM, with one alternative place) and a home node "home" (Ollama), both healthy.
    FakeWays();

    FleetState &state() override { return *m_state; }
    void look(const QString &node) override;
    Task<Result<MachineFacts>> act(MachineOrder order, std::stop_token stop) override;
    Task<Result<ServiceFacts>> actOnService(QString node, QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop) override;
    Task<Result<ProofFacts>> prove(QString node, QString path, std::stop_token stop) override;
    [[nodiscard]] QStringList callsOf(const MachineOrder &order) const override;

    ManualClock clock;
    /// What was ordered, in order: "start gcp", "stop systemd:cloudflared@home", "token direct gcp".
    QStringList orders;
    /// The next order of exactly this text (or beginning with it and "@") fails with this.
    std::map<QString, Error> failures;
    /// What one order's text begins with; there the operator presses Cancel.
    QString stopAt;
    std::stop_source *stopSource = nullptr;

    // What is so on the nodes.
    struct Node {
        bool machineOn = true;
        QString moving; ///< what the cloud says while an earlier order is under way
        int looksUntilSettled = 0; ///< and so long it says so
        QDateTime preemptedAt; ///< valid: it is off because its cloud took it back
        bool linkUp = true;
        QHash<QString, ServiceState> services;
        double running = 0;
        int looksUntilIdle = 0; ///< running falls to 0 after so many looks
        bool usedAtTheEngine = false; ///< Ollama: each look finds the model used again, past connector and count
    };
    QHash<QString, Node> nodes;
    void publish(const QString &id); ///< writes what is so into the state, as freshly read

private:
    [[nodiscard]] std::optional<Error> failureOf(const QString &order);
    std::unique_ptr<FleetState> m_state;
};

} // namespace hybridge::test
