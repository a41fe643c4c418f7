// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/usageledger.h"

#include <QHash>
#include <QTimer>

namespace hybridge {

/// Watches a FleetState and writes each minute of each node into a UsageLedger. A minute of which less than half was
/// seen is not written: nobody watched it. Where the cloud tells since when a machine with a flat rate runs or stands,
/// the gaps of this month are filled from that, and marked as told. GUI thread.
class UsageRecorder final : public QObject {
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds Interval {5000};

    /// Both must outlive this. @p zone: in which a month begins.
    UsageRecorder(FleetState &state, UsageLedger &ledger, QTimeZone zone, QObject *parent = nullptr);
    /// Looks every Interval from now on.
    void start();
    /// One look; what start() does by the clock.
    void sample();
    /// Where the cloud's word fills gaps, at once; for a program that does not stay. Returns the minutes that were new.
    Task<Result<int>> fillNow();

Q_SIGNALS:
    /// Minutes were written.
    void recorded();
    void failed(const hybridge::Error &error);

private:
    struct Running {
        qint64 seenMs = 0; ///< of this minute, with a known rate
        double rateMs = 0; ///< rate x time
        qint64 wattsSeenMs = 0;
        double wattsMs = 0;
        qint64 countedMs = 0; ///< with a counter
        double tokens = 0;
        qint64 idleMs = 0;
        bool isUp = false;
    };
    struct Counter {
        double value = 0;
        bool isKnown = false;
    };
    void note(const NodeState &node, qint64 ms);
    void closeMinute();
    [[nodiscard]] QList<ToldSpan> spansOf(const NodeState &node) const;
    static Task<void> write(QPointer<UsageRecorder> self, QList<NodeMinute> minutes);
    static Task<void> fill(QPointer<UsageRecorder> self, QString node, QString currency, double perHour, QList<ToldSpan> spans);

    FleetState &m_state;
    UsageLedger &m_ledger;
    QTimeZone m_zone;
    QTimer m_timer;
    QHash<QString, Running> m_running;
    QHash<QString, Counter> m_counters;
    QHash<QString, QString> m_filled; ///< by node id: the cloud's word from which gaps were filled last
    qint64 m_minute = -1; ///< that is being watched; ms since 1970
    qint64 m_lastAt = -1;
};

} // namespace hybridge
