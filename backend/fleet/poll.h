// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"

#include <QObject>

#include <functional>
#include <stop_token>

namespace hybridge {

/// Does one thing again and again with a pause between, never twice at once. GUI thread. Destroying it stops it: what
/// is in flight is told so by its stop token, and nothing of it touches the owner afterwards.
class Poll final : public QObject {
    Q_OBJECT
public:
    /// One round. Must watch its stop token: once stop is requested, the owner may be gone after any co_await.
    using Round = std::function<Task<void>(std::stop_token)>;
    Poll(Round round, std::chrono::milliseconds interval, QObject *parent);
    ~Poll() override;

    /// Begins at once; does nothing while running.
    void start();
    void stop();
    [[nodiscard]] bool isRunning() const { return m_running; }
    /// Cuts the present pause short, or does one more round right after the one in flight.
    void runNow();
    /// Counts from the next pause on; a shorter one than the present cuts it short.
    void setInterval(std::chrono::milliseconds interval);
    [[nodiscard]] std::chrono::milliseconds interval() const { return m_interval; }

private:
    static Task<void> run(Poll *self, std::stop_token stop);
    Round m_round;
    std::chrono::milliseconds m_interval;
    std::stop_source m_stop;
    Latch *m_pause = nullptr; ///< of the running loop, while it pauses
    bool m_again = false;
    bool m_running = false;
};

/// How often what is looked at (design: budgets towards the services). Tests shorten it.
struct WatchSchedule {
    std::chrono::milliseconds accelerators {1000};
    std::chrono::milliseconds firstGpuRow {45000}; ///< eight cards without persistence mode take 30 s to start
    std::chrono::milliseconds gpuLook {5000}; ///< between looks at an nvidia-smi that has given no row yet
    std::chrono::milliseconds services {5000};
    std::chrono::milliseconds control {60000}; ///< may we use sudo; each question is a line in the node's log
    std::chrono::milliseconds controlRetry {5000}; ///< while it was refused
    std::chrono::milliseconds engine {3000};
    std::chrono::milliseconds connector {10000};
    std::chrono::milliseconds tunnels {15000};
    std::chrono::milliseconds machines {15000};
    std::chrono::milliseconds hostnames {15000};
    std::chrono::milliseconds endpoint {30000};
    std::chrono::milliseconds endpointBusy {5000}; ///< for 10 min after a state change
    std::chrono::milliseconds endpointSaving {120000}; ///< from 80 % of the free plan's daily budget
    std::chrono::milliseconds engineTimeout {4000};
    std::chrono::milliseconds commandTimeout {8000};
    std::chrono::milliseconds probeTimeout {8000};
    std::chrono::milliseconds dialTimeout {8000};
    std::chrono::milliseconds tokenTimeout {60000};
};

} // namespace hybridge
