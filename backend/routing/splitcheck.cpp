// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/splitcheck.h"

#include "backend/base/units.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr double TooUnlikely = 0.001;
constexpr qint64 FewestOfAnalytics = 30; ///< requests in analytics; fewer say nothing
constexpr double SamplingSlack = 0.05; ///< of a share: what sampling and everybody else's requests may do to it
constexpr double FewestExpected = 5; ///< below it the chi-square distribution is a poor likeness

/// The share that @p share is to be told from.
double fivePointsOff(double share)
{
    return share <= 0.9 ? share + 0.05 : share - 0.05;
}

/// The one that is spoken about; 0 when one node has everything.
double largestShare(const QMap<QString, double> &shares)
{
    double share = 0;
    for (const double one : shares)
        if (one > share && one < 1)
            share = one;
    return share;
}

/// The regularised upper incomplete gamma function Q(a, x), by series below a + 1 and by continued fraction above.
double gammaUpper(double a, double x)
{
    if (x <= 0)
        return 1;
    const double front = std::exp(-x + a * std::log(x) - std::lgamma(a));
    if (x < a + 1) {
        double term = 1 / a;
        double sum = term;
        for (int n = 1; n < 1000; ++n) {
            term *= x / (a + n);
            sum += term;
            if (term < sum * 1e-15)
                break;
        }
        return std::clamp(1 - sum * front, 0.0, 1.0);
    }
    constexpr double Tiny = 1e-300;
    double b = x + 1 - a;
    double c = 1 / Tiny;
    double d = 1 / b;
    double h = d;
    for (int n = 1; n < 1000; ++n) {
        const double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        d = std::abs(d) < Tiny ? Tiny : d;
        c = b + an / c;
        c = std::abs(c) < Tiny ? Tiny : c;
        d = 1 / d;
        const double delta = d * c;
        h *= delta;
        if (std::abs(delta - 1) < 1e-15)
            break;
    }
    return std::clamp(front * h, 0.0, 1.0);
}

} // namespace

Interval wilson(qint64 count, qint64 samples, double z)
{
    if (samples <= 0)
        return {};
    const double n = double(samples);
    const double p = std::clamp(double(count) / n, 0.0, 1.0);
    const double zz = z * z;
    const double middle = (p + zz / (2 * n)) / (1 + zz / n);
    const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);
    return {count <= 0 ? 0.0 : std::max(0.0, middle - half), count >= samples ? 1.0 : std::min(1.0, middle + half)};
}

double chiSquareUpper(double statistic, int freedom)
{
    if (freedom <= 0)
        return 1;
    if (!std::isfinite(statistic))
        return 0;
    return gammaUpper(freedom / 2.0, statistic / 2.0);
}

qint64 samplesToTell(double p, double q)
{
    const double distance = std::abs(p - q);
    if (distance <= 0)
        return 0;
    constexpr double Significance = 1.959964; // 5 %, two-sided
    constexpr double Power = 0.841621; // 80 %
    const double top = Significance * std::sqrt(p * (1 - p)) + Power * std::sqrt(q * (1 - q));
    return qint64(std::ceil(top * top / (distance * distance)));
}

SplitReport splitReport(const QMap<QString, qint64> &counts, const ShareMap &expected, qint64 failed)
{
    SplitReport report;
    report.failed = failed;
    double whole = 0;
    for (const double part : expected)
        whole += std::max(0.0, part);
    for (auto it = expected.begin(); it != expected.end(); ++it) {
        report.expected.insert(it.key(), whole > 0 ? std::max(0.0, it.value()) / whole : 0);
        report.observed.insert(it.key(), {});
    }
    for (auto it = counts.begin(); it != counts.end(); ++it) {
        report.samples += it.value();
        report.observed[it.key()].count = it.value();
    }
    for (SplitShare &seen : report.observed) {
        seen.interval = wilson(seen.count, report.samples);
        seen.share = report.samples > 0 ? double(seen.count) / double(report.samples) : 0;
    }
    report.widest = report.observed.isEmpty() ? 1 : 0;
    for (const SplitShare &seen : std::as_const(report.observed))
        report.widest = std::max(report.widest, (seen.interval.high - seen.interval.low) / 2);

    double statistic = 0;
    int cells = 0;
    double smallExpected = 0;
    double smallCount = 0;
    bool impossible = false;
    for (auto it = report.observed.begin(); it != report.observed.end(); ++it) {
        const double meant = report.expected.value(it.key(), 0) * double(report.samples);
        const double seen = double(it->count);
        if (meant <= 0) {
            impossible = impossible || seen > 0;
            continue;
        }
        if (meant < FewestExpected) {
            smallExpected += meant;
            smallCount += seen;
            continue;
        }
        statistic += (seen - meant) * (seen - meant) / meant;
        ++cells;
    }
    if (smallExpected > 0) {
        statistic += (smallCount - smallExpected) * (smallCount - smallExpected) / smallExpected;
        ++cells;
    }
    report.pValue = impossible ? 0 : report.samples == 0 ? 1 : chiSquareUpper(statistic, cells - 1);
    report.agrees = report.samples > 0 && report.pValue >= TooUnlikely;

    const double largest = largestShare(report.expected);
    if (largest > 0)
        report.moreToTell = std::max<qint64>(0, samplesToTell(largest, fivePointsOff(largest)) - report.samples);
    return report;
}

QString moreToTellSentence(const SplitReport &report)
{
    if (report.moreToTell <= 0)
        return {};
    const double share = largestShare(report.expected);
    return QCoreApplication::translate("SplitCheck", "About %1 more requests to tell %2 from %3.")
        .arg(QString::number(report.moreToTell), formatPercent(tidyPercent(share * 100)), formatPercent(tidyPercent(fivePointsOff(share) * 100)));
}

SplitAnalytics splitAnalytics(const QMap<QString, qint64> &requests, const QDateTime &from, const QDateTime &to, const SplitReport &counted)
{
    SplitAnalytics out;
    out.from = from;
    out.to = to;
    for (const qint64 one : requests)
        out.requests += one;
    if (out.requests <= 0)
        return out;
    for (auto it = requests.begin(); it != requests.end(); ++it)
        out.shares.insert(it.key(), double(it.value()) / double(out.requests));
    // The count is only half told yet, or next to nothing is.
    if (counted.samples <= 0 || out.requests < std::max(FewestOfAnalytics, counted.samples / 2))
        return out;
    out.agrees = true;
    QStringList nodes = requests.keys() + counted.observed.keys();
    nodes.removeDuplicates();
    for (const QString &node : std::as_const(nodes)) {
        const Interval told = wilson(requests.value(node), out.requests);
        const Interval seen = wilson(counted.observed.value(node).count, counted.samples);
        if (std::max(told.low - seen.high, seen.low - told.high) > SamplingSlack)
            out.agrees = false;
    }
    return out;
}

QString analyticsSentence(const SplitAnalytics &analytics)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("SplitCheck", text); };
    if (analytics.requests <= 0)
        return tr("Cloudflare's analytics have nothing of this count yet: they come minutes late.");
    if (!analytics.agrees)
        return tr("Cloudflare's analytics have %1 requests of this time so far, too few to say anything: they come minutes late.").arg(analytics.requests);
    ShareMap percent;
    for (auto it = analytics.shares.begin(); it != analytics.shares.end(); ++it)
        percent.insert(it.key(), std::round(it.value() * 1000) / 10);
    const QString told = tr("Cloudflare's analytics, sampled and of everybody's requests, tell of %1 in this time: %2.").arg(analytics.requests).arg(sharesText(percent));
    return told + QLatin1Char(' ') + (*analytics.agrees ? tr("The count agrees with them.") : tr("They differ from the count, which alone decides: look at them again in some minutes in the Cloudflare dashboard."));
}

QString witnessSentence(const EngineWitness &witness)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("SplitCheck", text); };
    QString out;
    if (witness.contradicts())
        out = tr("The answer named %1, but its request stands in the engine's log of %2: a hostname leads to another node.").arg(witness.said, witness.node());
    else if (!witness.node().isEmpty())
        out = tr("One answer is proven down to the engine: its request stands in the log of %1 alone.").arg(witness.node());
    else if (witness.found.isEmpty())
        out = tr("No engine's log has the request that should prove an engine.");
    else
        out = tr("The request stands in several engines' logs (%1), which proves none.").arg(witness.found.join(QStringLiteral(", ")));
    QStringList unread;
    for (auto it = witness.unread.begin(); it != witness.unread.end(); ++it)
        unread.append(QStringLiteral("%1: %2").arg(it.key(), it.value()));
    return unread.isEmpty() ? out : out + QLatin1Char(' ') + tr("Logs that were not read: %1").arg(unread.join(QStringLiteral("; ")));
}

namespace {
nlohmann::ordered_json witnessDocument(const EngineWitness &witness)
{
    const auto text = [](const QString &word) { return word.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(word.toStdString()); };
    nlohmann::ordered_json out;
    out["nonce"] = witness.nonce.toStdString();
    out["proof"] = witness.node().isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json("log");
    out["node"] = text(witness.node());
    out["said"] = text(witness.said);
    out["agrees"] = witness.said.isEmpty() || witness.node().isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(!witness.contradicts());
    out["foundIn"] = nlohmann::ordered_json::array();
    for (const QString &node : witness.found)
        out["foundIn"].push_back(node.toStdString());
    out["unread"] = nlohmann::ordered_json::object();
    for (auto it = witness.unread.begin(); it != witness.unread.end(); ++it)
        out["unread"][it.key().toStdString()] = it.value().toStdString();
    return out;
}

nlohmann::ordered_json analyticsDocument(const SplitAnalytics &analytics)
{
    const nlohmann::ordered_json unknown = nullptr;
    nlohmann::ordered_json out;
    out["from"] = analytics.from.toString(Qt::ISODate).toStdString();
    out["to"] = analytics.to.toString(Qt::ISODate).toStdString();
    out["requests"] = analytics.requests > 0 ? nlohmann::ordered_json(analytics.requests) : unknown;
    out["shares"] = nlohmann::ordered_json::object();
    for (auto it = analytics.shares.begin(); it != analytics.shares.end(); ++it)
        out["shares"][it.key().toStdString()] = std::round(it.value() * 10000) / 10000;
    out["agrees"] = analytics.agrees ? nlohmann::ordered_json(*analytics.agrees) : unknown;
    out["late"] = true;
    out["note"] = analyticsSentence(analytics).toStdString();
    return out;
}
} // namespace

nlohmann::ordered_json splitDocument(const SplitReport &report)
{
    const auto fine = [](double value) { return std::round(value * 10000) / 10000; };
    nlohmann::ordered_json out;
    out["samples"] = report.samples;
    out["failed"] = report.failed;
    out["stale"] = report.stale;
    out["expected"] = nlohmann::ordered_json::object();
    for (auto it = report.expected.begin(); it != report.expected.end(); ++it)
        out["expected"][it.key().toStdString()] = fine(it.value());
    out["agrees"] = report.agrees;
    out["pValue"] = report.pValue < 0.0001 ? report.pValue : fine(report.pValue);
    out["observed"] = nlohmann::ordered_json::object();
    for (auto it = report.observed.begin(); it != report.observed.end(); ++it) {
        nlohmann::ordered_json one;
        one["count"] = it->count;
        one["share"] = fine(it->share);
        one["low"] = fine(it->interval.low);
        one["high"] = fine(it->interval.high);
        out["observed"][it.key().toStdString()] = std::move(one);
    }
    out["moreToTell"] = report.moreToTell;
    out["seconds"] = std::round(report.seconds * 100) / 100;
    out["engine"] = report.engine ? witnessDocument(*report.engine) : nlohmann::ordered_json(nullptr);
    out["analytics"] = report.analytics ? analyticsDocument(*report.analytics) : nlohmann::ordered_json(nullptr);
    out["whyNoAnalytics"] = report.whyNoAnalytics.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(report.whyNoAnalytics.toStdString());
    return out;
}

} // namespace hybridge
