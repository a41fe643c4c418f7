// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillstats.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr int abortWindow = 20;
constexpr qint64 fewest = 20; ///< requests during the fault below which nothing can be told

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillStats", text);
}

QString percent(double share)
{
    return formatPercent(std::round(share * 1000) / 10);
}

} // namespace

QList<DrillSecond> drillSeconds(const QList<DrillSample> &samples)
{
    QList<DrillSecond> out;
    if (samples.isEmpty())
        return out;
    QList<QList<double>> latencies;
    for (const DrillSample &sample : samples) {
        const int second = std::clamp(int(std::floor(sample.at)), 0, 24 * 3600);
        while (out.size() <= second) {
            DrillSecond next;
            next.second = int(out.size());
            out.append(next);
            latencies.append(QList<double>());
        }
        if (!sample.isOk()) {
            ++out[second].failed;
            continue;
        }
        ++out[second].byNode[sample.node];
        latencies[second].append(sample.ms);
    }
    for (qsizetype i = 0; i < out.size(); ++i)
        out[i].medianMs = quantile(latencies.at(i), 0.5);
    return out;
}

DrillCounts drillCounts(const QList<DrillSample> &samples, qint64 skipped)
{
    DrillCounts out;
    out.sent = samples.size();
    out.skipped = skipped;
    for (const DrillSample &sample : samples) {
        out.failed += sample.outcome == DrillSample::Outcome::Failed;
        out.cut += sample.outcome == DrillSample::Outcome::Cut;
        out.retried += sample.isOk() && sample.attempts > 1;
        if (!sample.isOk())
            ++out.causes[sample.layer + QStringLiteral(": ") + sample.cause];
    }
    return out;
}

std::optional<double> quantile(QList<double> values, double share)
{
    if (values.isEmpty())
        return std::nullopt;
    std::sort(values.begin(), values.end());
    const double place = std::clamp(share, 0.0, 1.0) * double(values.size() - 1);
    const auto low = qsizetype(place);
    const qsizetype high = std::min(low + 1, values.size() - 1);
    return values.at(low) + (values.at(high) - values.at(low)) * (place - double(low));
}

DrillTimes drillTimes(const QList<DrillSample> &samples, const DrillMarks &marks, const QString &node, double rate)
{
    DrillTimes out;
    out.uncertainty = rate > 0 ? 1000 / rate : 0;
    if (!marks.cut)
        return out;
    const double cut = *marks.cut;
    const double restore = marks.restore.value_or(marks.end.value_or(1e12));
    // What proves that the fault is felt, and what proves that it is not gone around yet. A request may have left before the
    // cut and meet it on its way: what counts is when it ended.
    std::optional<double> felt;
    double lastBad = -1;
    bool isDrilledSeen = false;
    for (const DrillSample &sample : samples) {
        const double end = sample.at + sample.ms / 1000;
        if (sample.isOk() && sample.node == node && end < cut)
            isDrilledSeen = true;
        if (end < cut || sample.at >= restore)
            continue;
        if (!sample.isOk() || sample.attempts > 1)
            felt = std::min(felt.value_or(end), end);
        // What a frozen node answers when it is thawed left during the fault and tells nothing about it.
        if (sample.at >= cut && (!sample.isOk() || (sample.node == node && end < restore)))
            lastBad = std::max(lastBad, sample.at);
    }
    // Who takes the node out by its weight leaves no failure: then the first answer after its last one is the sign.
    std::optional<double> shifted;
    for (const DrillSample &sample : samples) {
        if (!sample.isOk() || sample.node.isEmpty() || sample.node == node || sample.at < cut || sample.at >= restore || sample.at <= lastBad)
            continue;
        const double end = sample.at + sample.ms / 1000;
        shifted = std::min(shifted.value_or(end), end);
    }
    if (felt)
        out.detect = std::max(0.0, (*felt - cut) * 1000);
    else if (shifted && isDrilledSeen)
        out.detect = std::max(0.0, (*shifted - cut) * 1000);
    if (shifted)
        out.shift = std::max(0.0, (*shifted - cut) * 1000);
    if (out.detect && out.shift)
        out.shift = std::max(*out.shift, *out.detect);
    if (marks.restore) {
        for (const DrillSample &sample : samples) {
            const double end = sample.at + sample.ms / 1000;
            if (!sample.isOk() || sample.node != node || sample.at < *marks.restore)
                continue;
            const double after = std::max(0.0, (end - *marks.restore) * 1000);
            out.recover = std::min(out.recover.value_or(after), after);
        }
    }
    return out;
}

DrillPhaseFigures phaseFigures(const QList<DrillSample> &samples, double from, double to, const QString &node)
{
    DrillPhaseFigures out;
    QList<double> latencies;
    for (const DrillSample &sample : samples) {
        if (sample.at < from || sample.at >= to)
            continue;
        ++out.sent;
        if (!sample.isOk()) {
            ++out.failed;
            continue;
        }
        latencies.append(sample.ms);
        out.byDrilled += sample.node == node;
        out.unproven += sample.node.isEmpty();
    }
    out.failedShare = wilson(out.failed, out.sent);
    out.p50 = quantile(latencies, 0.5);
    out.p95 = quantile(latencies, 0.95);
    return out;
}

DrillPrediction predictWorker(const DrillRequest &request, const RouterLimits &limits, double share)
{
    DrillPrediction out;
    const double gap = request.rate > 0 ? 1000 / request.rate : 1000;
    const double between = share > 0.01 ? gap / share : 100 * gap; // mean pause between two requests for this node
    const bool reading = request.probe == DrillProbe::Models;
    const double limit = reading ? limits.firstByteGetMs : limits.firstBytePostMs;
    if (request.fault == DrillFault::Weight) {
        out.detect = out.shift = DrillRange {0, 2000 + between};
        out.recover = DrillRange {0, 2000 + between};
        out.because = tr("The lease stands in the router's own settings: it holds as soon as the edge has them.");
        return out;
    }
    const bool silent = request.fault == DrillFault::Hang || request.fault == DrillFault::Network;
    const double one = silent ? limit : 100;
    out.detect = DrillRange {0, 3 * between + one};
    // Each request that meets the dead node is asked again elsewhere: nothing fails, and the breaker opens after a few.
    // Until it does, each of them waits its full time; one that left just before waits after it.
    out.shift = DrillRange {0, limits.breakerFailures * between + (silent ? 2 : 1) * one + gap};
    // The breaker's pause doubles with each trial that fails, to a minute at most.
    double pause = limits.breakerPauseMs;
    double elapsed = 0;
    const double held = double(request.duration.count()) * 1000;
    while (elapsed + pause < held && pause < 60000) {
        elapsed += pause;
        pause = std::min(60000.0, pause * 2);
    }
    out.recover = DrillRange {0, std::max(limits.breakerPauseMs, elapsed + pause - held + limits.breakerPauseMs) + between + (request.fault == DrillFault::Engine ? 15000 : 3000)};
    out.because = silent
        ? tr("The router waits %1 for a first byte, asks the next node, and leaves the node alone after %2 failures; it tries again after %3, then twice as long each time.")
              .arg(formatLatency(limit))
              .arg(limits.breakerFailures)
              .arg(formatLatency(limits.breakerPauseMs))
        : tr("The router asks the next node at once, and leaves the node alone after %1 failures; it tries again after %2, then twice as long each time.")
              .arg(limits.breakerFailures)
              .arg(formatLatency(limits.breakerPauseMs));
    return out;
}

DrillPrediction predictBalancer(const DrillRequest &request, double quickest, double slowest, double share)
{
    DrillPrediction out;
    const double gap = request.rate > 0 ? 1000 / request.rate : 1000;
    const double between = share > 0.01 ? gap / share : 100 * gap;
    if (request.fault == DrillFault::Weight) {
        out.detect = out.shift = out.recover = DrillRange {0, 10000 + between};
        out.because = tr("A rule of the balancer holds the node's weight at 0.");
        return out;
    }
    out.detect = DrillRange {0, 3 * between + 10000};
    out.shift = DrillRange {quickest * 1000, slowest * 1000 + gap};
    out.recover = DrillRange {0, slowest * 1000 + between + 15000};
    out.because = quickest > 0
        ? tr("The balancer's checks see it after %1 to %2; until then requests for the node fail.").arg(formatLatency(quickest * 1000), formatLatency(slowest * 1000))
        : tr("The balancer's checks see it within %1; until then requests for the node fail.").arg(formatLatency(slowest * 1000));
    return out;
}

QString abortReason(const QList<DrillSample> &samples, double since, const DrillHypothesis &hypothesis)
{
    int seen = 0;
    int failed = 0;
    for (auto sample = samples.crbegin(); sample != samples.crend() && seen < abortWindow && sample->at >= since; ++sample) {
        ++seen;
        failed += !sample->isOk();
    }
    if (seen < abortWindow || failed <= hypothesis.abortFailed * abortWindow)
        return {};
    return tr("%1 of the newest %2 requests failed.").arg(failed).arg(abortWindow);
}

DrillJudgement judgeDrill(const DrillReport &report, const QString &abortReason)
{
    DrillJudgement out;
    const DrillMarks &marks = report.marks;
    const double cut = marks.cut.value_or(1e12);
    const double restore = marks.restore.value_or(1e12);
    const DrillPhaseFigures during = phaseFigures(report.samples, cut, restore, report.request.node);
    const DrillPhaseFigures before = phaseFigures(report.samples, 0, cut, report.request.node);
    const DrillHypothesis &wanted = report.request.hypothesis;
    const double failed = during.sent > 0 ? double(during.failed) / double(during.sent) : 0;
    const QString figures = tr("%1 of %2 requests failed during the fault; with 95 % confidence %3 to %4 would.")
                                .arg(during.failed).arg(during.sent).arg(percent(during.failedShare.low), percent(during.failedShare.high));
    if (!abortReason.isEmpty()) {
        out.verdict = DrillVerdict::Aborted;
        out.reasons.append(abortReason);
        if (during.sent > 0)
            out.reasons.append(figures);
        return out;
    }
    QStringList failures;
    QStringList doubts;
    if (!report.restored)
        failures.append(tr("The node could not be restored."));
    if (during.sent < fewest)
        doubts.append(tr("Only %1 requests were sent during the fault; %2 are wanted.").arg(during.sent).arg(fewest));
    else if (failed > wanted.mostFailed && during.failedShare.low > wanted.mostFailed)
        failures.append(tr("More requests failed than the %1 that are allowed.").arg(percent(wanted.mostFailed)));
    else if (failed > wanted.mostFailed)
        doubts.append(tr("More requests failed than the %1 that are allowed, but so few that it may be chance: hold the fault longer.").arg(percent(wanted.mostFailed)));
    if (during.p95 && *during.p95 > double(wanted.slowestP95.count()))
        failures.append(tr("The slowest twentieth of the answers took %1 and more; %2 are allowed.").arg(formatLatency(during.p95), formatLatency(double(wanted.slowestP95.count()))));
    if (before.sent > 0 && before.unproven == before.sent - before.failed)
        doubts.append(tr("No answer tells which node gave it: that the others took over is not proven."));
    else if (before.byDrilled == 0)
        doubts.append(tr("%1 answered nothing before the cut: there was nothing to fail over from.").arg(report.request.node));
    else if (!report.times.shift && during.sent >= fewest)
        failures.append(tr("The requests did not move away from %1 while the fault was held.").arg(report.request.node));
    if (report.restored && marks.restore && report.sharesBefore.value(report.request.node) > 0 && !report.times.recover && before.byDrilled > 0)
        doubts.append(tr("%1 is restored, but no ordinary request reached it again while we watched.").arg(report.request.node));
    out.verdict = !failures.isEmpty() ? DrillVerdict::Fail : !doubts.isEmpty() ? DrillVerdict::Inconclusive : DrillVerdict::Pass;
    out.reasons = failures + doubts;
    if (out.reasons.isEmpty())
        out.reasons.append(during.failed == 0 ? tr("No request failed, and the others took over.") : tr("Fewer requests failed than are allowed, and the others took over."));
    out.reasons.append(figures);
    return out;
}

} // namespace hybridge
