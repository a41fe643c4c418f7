// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/routingtypes.h"

#include <QDateTime>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// Statistics of a counted split. Pure; any thread.

struct Interval {
    double low = 0; ///< 0 to 1
    double high = 1; ///< 0 to 1
};
/// Wilson's score interval of @p count among @p samples at 95 % (or the normal quantile @p z). Whole range for 0 samples.
[[nodiscard]] Interval wilson(qint64 count, qint64 samples, double z = 1.959964);

/// The probability that a chi-square variable with @p freedom degrees is at least @p statistic. 1 for 0 degrees.
[[nodiscard]] double chiSquareUpper(double statistic, int freedom);

/// Requests to tell a share of @p p from one of @p q (0 to 1) at 5 % significance with 80 % power; 0 when they are equal.
[[nodiscard]] qint64 samplesToTell(double p, double q);

struct SplitShare {
    qint64 count = 0;
    double share = 0; ///< 0 to 1, of the answers that were counted
    Interval interval;
};

/// Whose engine one answer came from: the line that its request left in the engines' own logs. The word of a router proves
/// a backend, a mark proves a tunnel; this proves the engine at the end of it.
struct EngineWitness {
    QString nonce; ///< "hybridge=" this stands in the request's address, and in the log
    QString said; ///< node that the answer itself named; empty: it named none
    QStringList found; ///< nodes whose engine's log has the line
    QMap<QString, QString> unread; ///< by node: why its log was not read
    /// The one log that has it; empty: none, or several (somebody has tried twice).
    [[nodiscard]] QString node() const { return found.size() == 1 ? found.first() : QString(); }
    /// The answer named one node, and another one's engine gave it.
    [[nodiscard]] bool contradicts() const { return !said.isEmpty() && !node().isEmpty() && said != node(); }
};
[[nodiscard]] QString witnessSentence(const EngineWitness &witness);

/// What the balancer's own analytics tell of the time of a count. They come minutes late, are sampled, and hold everybody's
/// requests: a second witness, never a verdict.
struct SplitAnalytics {
    QDateTime from; ///< UTC
    QDateTime to; ///< UTC, not of it any more
    qint64 requests = 0; ///< 0: nothing is there yet, which says nothing about anybody's share
    QMap<QString, double> shares; ///< 0 to 1 by node; empty while nothing is there
    /// Whether no node's share is surely over 5 points off what was counted; empty: too little is there to say.
    std::optional<bool> agrees;
};
[[nodiscard]] QString analyticsSentence(const SplitAnalytics &analytics);

/// What a verification found.
struct SplitReport {
    qint64 samples = 0; ///< answers that were counted
    qint64 failed = 0; ///< requests without an answer that proves its node
    qint64 stale = 0; ///< answers of an older version: sent, not counted
    QMap<QString, double> expected; ///< 0 to 1 by node
    QMap<QString, SplitShare> observed; ///< by node; unexpected ones too
    double pValue = 1; ///< that chance alone deviates so much
    bool agrees = false; ///< pValue is at least 0.001, and something was counted
    /// About so many more requests to tell the largest share from one that is 5 points off; 0: enough.
    qint64 moreToTell = 0;
    double widest = 1; ///< half width of the widest interval, 0 to 1
    double seconds = 0; ///< how long it took
    std::optional<double> medianMs; ///< to the whole of a tiny answer; empty: nothing came
    std::optional<Error> firstFailure; ///< why the first failed request failed
    std::optional<EngineWitness> engine; ///< of one answer; empty: no log was looked at
    std::optional<SplitAnalytics> analytics; ///< empty: in worker mode, and where they could not be read
    QString whyNoAnalytics; ///< a sentence; empty: they were read, or are none of this mode's
};

/// Puts counts against @p expected (any unit; taken as proportions). Nodes that expect nothing and were seen make
/// pValue 0. Nodes with fewer than five expected answers are put together for the test.
[[nodiscard]] SplitReport splitReport(const QMap<QString, qint64> &counts, const ShareMap &expected, qint64 failed = 0);
/// The analytics' requests by node put beside what was @p counted.
[[nodiscard]] SplitAnalytics splitAnalytics(const QMap<QString, qint64> &requests, const QDateTime &from, const QDateTime &to, const SplitReport &counted);
/// "about 240 more requests to tell 70 % from 75 %"; empty when there are enough.
[[nodiscard]] QString moreToTellSentence(const SplitReport &report);
/// The document of "route verify".
[[nodiscard]] nlohmann::ordered_json splitDocument(const SplitReport &report);

} // namespace hybridge
