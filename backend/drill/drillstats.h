// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"
#include "backend/routing/splitcheck.h"

#include <QMap>

namespace hybridge {

/// The arithmetic of drills. Pure; any thread.

/// Requests that were sent in one second.
struct DrillSecond {
    int second = 0; ///< since the first request
    QMap<QString, int> byNode; ///< answers by node; "" is an answer without proof
    int failed = 0; ///< cut ones too
    std::optional<double> medianMs; ///< of the answers
    bool operator==(const DrillSecond &) const = default;
};
/// Second by second, without gaps, from the first sample to the last.
[[nodiscard]] QList<DrillSecond> drillSeconds(const QList<DrillSample> &samples);

[[nodiscard]] DrillCounts drillCounts(const QList<DrillSample> &samples, qint64 skipped);
/// How long it took to be seen, to be gone around, and to be back. @p node is the one drilled.
[[nodiscard]] DrillTimes drillTimes(const QList<DrillSample> &samples, const DrillMarks &marks, const QString &node, double rate);

/// The value below which @p share (0 to 1) of @p values lies; empty for none.
[[nodiscard]] std::optional<double> quantile(QList<double> values, double share);

/// What is told of the phase in which something is missing.
struct DrillPhaseFigures {
    qint64 sent = 0;
    qint64 failed = 0; ///< cut ones too
    Interval failedShare; ///< Wilson, 95 %
    std::optional<double> p50;
    std::optional<double> p95;
    qint64 byDrilled = 0; ///< answers of the drilled node
    qint64 unproven = 0; ///< answers of nobody knows whom
};
/// Samples with from <= at < to (seconds).
[[nodiscard]] DrillPhaseFigures phaseFigures(const QList<DrillSample> &samples, double from, double to, const QString &node);

/// The limits of the router worker, as ROUTES has them.
struct RouterLimits {
    double firstBytePostMs = 90000;
    double firstByteGetMs = 5000;
    int breakerFailures = 3;
    double breakerPauseMs = 5000;
};
/// @p share: of new requests that the node gets, 0 to 1.
[[nodiscard]] DrillPrediction predictWorker(const DrillRequest &request, const RouterLimits &limits, double share);
/// @p quickest, @p slowest: seconds until the balancer's checks have seen it (failoverTime()).
[[nodiscard]] DrillPrediction predictBalancer(const DrillRequest &request, double quickest, double slowest, double share);

/// What became of it, by the hypothesis. @p abortReason empty: it ran to its end.
struct DrillJudgement {
    DrillVerdict verdict = DrillVerdict::Inconclusive;
    QStringList reasons; ///< the weightiest first
};
[[nodiscard]] DrillJudgement judgeDrill(const DrillReport &report, const QString &abortReason);

/// Whether the drill must be aborted now: too many of the newest 20 answers during the fault failed. Empty: no.
[[nodiscard]] QString abortReason(const QList<DrillSample> &samples, double since, const DrillHypothesis &hypothesis);

} // namespace hybridge
