// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/backoff.h"
#include "backend/base/clock.h"
#include "backend/base/result.h"
#include "backend/host/acceleratorfacts.h"
#include "backend/host/nvidiafailure.h"
#include "backend/host/nvidialadder.h"
#include "backend/host/nvidiarows.h"
#include "backend/ssh/shell.h"

#include <QObject>
#include <QPointer>
#include <QTimer>

#include <memory>
#include <optional>

namespace hybridge {

/// Samples a node's NVIDIA cards by one long-lived nvidia-smi over its shell, for as long as it is started.
///
/// Walks NvidiaLadder until rows come; starts again when the process ends, when the link comes back, and when no row came
/// for three periods. A process that fell silent is looked at over the same link before a second one is started: only
/// when the link answers and the process still stands is nvidia-smi called hung; it is ended, and while it cannot be
/// ended (a hung driver) no other is started. One that has given no first row yet is looked at twice before that: a driver
/// that only starts slowly works meanwhile and is waited for. GUI thread; never blocks it.
class NvidiaMonitorStream : public QObject {
    Q_OBJECT
public:
    struct Options {
        std::chrono::milliseconds period {1000};
        std::chrono::milliseconds firstRowLimit {45000}; ///< eight cards without persistence mode need 30 s to start; shorter for one-shot use
        /// While no first row has come, its process is looked at that often. Two looks between which it did nothing at all
        /// prove it hung; whoever works is only told to be starting when firstRowLimit is over.
        std::chrono::milliseconds firstLook {5000};
        std::chrono::milliseconds leastSilence {3000}; ///< three periods, but never less than this
        std::chrono::milliseconds firstPause {1000}; ///< between tries; grows to mostPause
        std::chrono::milliseconds mostPause {60000};
        std::uint32_t seed = 1; ///< of the jitter
    };

    /// Both must outlive this, or the shell may go first (then nothing more happens).
    NvidiaMonitorStream(Shell &shell, const Clock &clock, Options options, QObject *parent = nullptr);
    ~NvidiaMonitorStream() override;

    /// Starts sampling; nothing happens when it has started. Samples and failures come later, never inside this call.
    void start();
    /// Ends the remote process and all waiting. No signal after it. May be called twice.
    void stop();
    [[nodiscard]] bool isStarted() const { return m_state != State::Stopped; }
    [[nodiscard]] const NvidiaLadder &ladder() const { return m_ladder; }
    /// Since when a started nvidia-smi has given no first row (clock.monotonic()); empty while none is awaited. Without
    /// persistence mode half a minute is normal, so this alone is no fault.
    [[nodiscard]] std::optional<MonotonicMs> awaitingFirstRowSince() const;

    /// The processes on the cards, once. Refused while a call of this runs, and while nvidia-smi is hung. Errors: those of
    /// Shell::exec, and those of nvidiaError().
    Task<Result<QList<ComputeApp>>> readProcesses(std::stop_token stop);

Q_SIGNALS:
    /// One complete round: every card once, in the driver's order.
    void samplesReceived(const QList<hybridge::AcceleratorFacts> &samples);
    /// A try gave nothing. The next one comes by itself. nvidiaProblem(error) tells what is wrong; None: the link.
    void failed(const hybridge::Error &error);

private:
    enum class State {
        Stopped,
        WaitingForLink,
        Opening, ///< the process was asked for; nothing has come
        Running,
        Examining, ///< looking at a process that may still be there
        Pausing, ///< until m_next
    };

    void open();
    void takeOutput(const QByteArray &bytes);
    [[nodiscard]] QList<QList<AcceleratorFacts>> takeHead();
    void takeRounds(const QList<QList<AcceleratorFacts>> &rounds);
    void takeEnd(const Result<ExecResult> &end);
    void tick();
    void silent();
    [[nodiscard]] std::chrono::milliseconds tickPeriod(int parts) const; ///< a part of the silence that is allowed
    void awaitFirstRow(std::chrono::milliseconds waited);
    Task<void> look(qint64 pid);
    Task<void> examine(qint64 pid, std::optional<Error> reason);
    void tell(const Error &error);
    void pauseThenOpen(std::chrono::milliseconds length);
    void closeStream();
    void linkChanged(LinkState state);

    QPointer<Shell> m_shell;
    const Clock &m_clock;
    Options m_options;
    NvidiaLadder m_ladder;
    Backoff m_backoff;
    State m_state = State::Stopped;
    int m_generation = 0; ///< grows with each stop() and each process; late answers of older ones are dropped
    std::unique_ptr<ShellStream> m_stream;
    std::unique_ptr<NvidiaRows> m_rows;
    QByteArray m_head; ///< output before the process id, not yet a whole line
    bool m_wantsPid = false;
    QByteArray m_err;
    std::optional<qint64> m_pid; ///< of a process of ours that may still be there
    bool m_hung = false;
    bool m_processesBusy = false;
    bool m_looking = false;
    bool m_atWork = false; ///< between the newest two looks the process did something
    bool m_still = false; ///< it did nothing at all
    QByteArray m_account; ///< what the kernel had booked on it at the newest look
    std::chrono::milliseconds m_nextLook {0}; ///< since m_lastRow, as is the next one
    std::chrono::milliseconds m_patience {0};
    MonotonicMs m_lastRow {0};
    quint64 m_rowsSeen = 0;
    QTimer m_tick;
    QTimer m_pause;
    QTimer m_quiet; ///< ends a first round, whose size is not known
    std::stop_source m_stop;
};

} // namespace hybridge
