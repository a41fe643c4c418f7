// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillreport.h"

#include "backend/base/units.h"
#include "backend/drill/drillstats.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>

namespace hybridge {

namespace {

using Json = nlohmann::ordered_json;

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillReport", text);
}

constexpr double width = 960;
constexpr double left = 110;
constexpr double laneHeight = 34;

QString labelOf(const DrillReport &report, const QString &node)
{
    return node.isEmpty() ? tr("not proven") : report.labels.value(node, node);
}

/// The fleet file's colour, else one of five that differ for most eyes; only colours ever come out.
QString colourOf(const DrillReport &report, const QString &node, qsizetype place)
{
    static constexpr std::array<const char *, 5> usual {"#3f7ae0", "#e08a2c", "#2f9e73", "#8a63c9", "#708090"};
    const QString own = report.colours.value(node);
    const bool fits = own.size() == 7 && own.startsWith(u'#') && std::all_of(own.begin() + 1, own.end(), [](QChar c) { return QStringLiteral("0123456789abcdefABCDEF").contains(c); });
    return fits ? own : QString::fromLatin1(usual[std::size_t(place) % usual.size()]);
}

QString esc(const QString &text)
{
    return text.toHtmlEscaped();
}

QString fixed(double value)
{
    return QString::number(value, 'f', 1);
}

struct Picture {
    const DrillReport &report;
    QStringList lanes; ///< nodes, the drilled one first
    double seconds = 1;

    explicit Picture(const DrillReport &of) : report(of)
    {
        lanes.append(report.request.node);
        for (auto it = report.labels.begin(); it != report.labels.end(); ++it)
            if (!lanes.contains(it.key()))
                lanes.append(it.key());
        for (const DrillSample &sample : report.samples) {
            if (sample.isOk() && !lanes.contains(sample.node))
                lanes.append(sample.node);
            seconds = std::max(seconds, sample.at + 0.5);
        }
        lanes.removeIf([this](const QString &node) {
            return node != report.request.node && std::none_of(report.samples.begin(), report.samples.end(), [&node](const DrillSample &one) { return one.isOk() && one.node == node; });
        });
    }
    [[nodiscard]] double x(double at) const { return left + (width - left - 10) * at / seconds; }

    void bands(QString &svg, double top, double bottom, bool names) const
    {
        const DrillMarks &marks = report.marks;
        const auto band = [&](std::optional<double> from, std::optional<double> to, const char *fill, const QString &name) {
            if (!from)
                return;
            const double end = to.value_or(seconds);
            svg += QStringLiteral("<rect x='%1' y='%2' width='%3' height='%4' fill='%5'/>").arg(fixed(x(*from)), fixed(top), fixed(std::max(1.0, x(end) - x(*from))), fixed(bottom - top), QString::fromLatin1(fill));
            if (names)
                svg += QStringLiteral("<text x='%1' y='%2' class='n'>%3</text>").arg(fixed(x(*from) + 5), fixed(top + 14), esc(name));
        };
        band(0, marks.cut ? marks.cut : std::optional(seconds), "#8884", drillPhaseLabel(DrillPhase::Steady));
        band(marks.cut, marks.restore, "#e5484d33", report.request.fault == DrillFault::Weight ? tr("Drained") : drillPhaseLabel(DrillPhase::Cut));
        band(marks.restore, std::optional(seconds), "#30a46c26", drillPhaseLabel(DrillPhase::Recovery));
    }

    [[nodiscard]] QString timeline() const
    {
        const double top = 24;
        const double failLane = top + double(lanes.size()) * laneHeight;
        const double bottom = failLane + laneHeight;
        QString svg = QStringLiteral("<svg viewBox='0 0 %1 %2' role='img' aria-label='%3'>").arg(fixed(width), fixed(bottom + 24), esc(tr("Every request, by who answered it")));
        bands(svg, top - 20, bottom, true);
        for (qsizetype i = 0; i < lanes.size(); ++i)
            svg += QStringLiteral("<text x='%1' y='%2' class='l'>%3</text><line x1='%4' x2='%5' y1='%6' y2='%6' class='g'/>")
                       .arg(fixed(left - 8), fixed(top + double(i) * laneHeight + 21), esc(labelOf(report, lanes.at(i))), fixed(left), fixed(width - 10), fixed(top + double(i) * laneHeight + 17));
        svg += QStringLiteral("<text x='%1' y='%2' class='l f'>%3</text>").arg(fixed(left - 8), fixed(failLane + 21), esc(tr("failed")));
        for (const DrillSample &sample : report.samples) {
            const qsizetype lane = lanes.indexOf(sample.node);
            const double y = sample.isOk() ? top + double(std::max<qsizetype>(0, lane)) * laneHeight + 17 : failLane + 17;
            // A request that was asked again inside the router is drawn hollow.
            const QString colour = sample.isOk() ? colourOf(report, sample.node, lane) : QStringLiteral("#e5484d");
            const bool hollow = sample.isOk() && sample.attempts > 1;
            svg += QStringLiteral("<circle cx='%1' cy='%2' r='3' fill='%3' stroke='%4'/>").arg(fixed(x(sample.at)), fixed(y), hollow ? QStringLiteral("none") : colour, colour);
        }
        axis(svg, bottom);
        return svg + QStringLiteral("</svg>");
    }

    void axis(QString &svg, double bottom) const
    {
        const double step = seconds > 600 ? 120 : seconds > 240 ? 60 : seconds > 60 ? 15 : seconds > 20 ? 5 : 1;
        for (double at = 0; at <= seconds; at += step)
            svg += QStringLiteral("<text x='%1' y='%2' class='t'>%3</text>").arg(fixed(x(at)), fixed(bottom + 16), tr("%1 s").arg(at));
    }

    [[nodiscard]] QString shares() const
    {
        const double top = 8;
        const double height = 110;
        QString svg = QStringLiteral("<svg viewBox='0 0 %1 %2' role='img' aria-label='%3'>").arg(fixed(width), fixed(top + height + 24), esc(tr("Share of the answers, second by second")));
        bands(svg, top, top + height, false);
        for (const DrillSecond &second : drillSeconds(report.samples)) {
            int all = second.failed;
            for (const int count : second.byNode)
                all += count;
            double y = top + height;
            const auto bar = [&](int count, const QString &colour) {
                if (count == 0 || all == 0)
                    return;
                const double tall = height * count / all;
                y -= tall;
                svg += QStringLiteral("<rect x='%1' y='%2' width='%3' height='%4' fill='%5'/>").arg(fixed(x(second.second)), fixed(y), fixed(std::max(1.0, x(second.second + 1) - x(second.second) - 1)), fixed(tall), colour);
            };
            for (qsizetype i = 0; i < lanes.size(); ++i)
                bar(second.byNode.value(lanes.at(i)), colourOf(report, lanes.at(i), i));
            bar(second.failed, QStringLiteral("#e5484d"));
        }
        svg += QStringLiteral("<text x='%1' y='%2' class='l'>100 %</text><text x='%1' y='%3' class='l'>0 %</text>").arg(fixed(left - 8), fixed(top + 12), fixed(top + height));
        axis(svg, top + height);
        return svg + QStringLiteral("</svg>");
    }

    [[nodiscard]] QString latency() const
    {
        const double top = 8;
        const double height = 110;
        double most = 10;
        for (const DrillSample &sample : report.samples)
            most = std::max(most, sample.ms);
        // Logarithmic: a retry costs a hundred times what an answer takes.
        const double low = std::log10(1.0);
        const double high = std::log10(most * 1.2);
        const auto y = [&](double ms) { return top + height - height * (std::log10(std::max(1.0, ms)) - low) / (high - low); };
        QString svg = QStringLiteral("<svg viewBox='0 0 %1 %2' role='img' aria-label='%3'>").arg(fixed(width), fixed(top + height + 24), esc(tr("Time to the answer, logarithmic")));
        bands(svg, top, top + height, false);
        for (double line = 1; line <= most * 1.2; line *= 10)
            svg += QStringLiteral("<line x1='%1' x2='%2' y1='%3' y2='%3' class='g'/><text x='%4' y='%5' class='l'>%6</text>").arg(fixed(left), fixed(width - 10), fixed(y(line)), fixed(left - 8), fixed(y(line) + 4), esc(formatLatency(line)));
        for (const DrillSample &sample : report.samples)
            svg += QStringLiteral("<circle cx='%1' cy='%2' r='2' fill='%3'/>").arg(fixed(x(sample.at)), fixed(y(sample.ms)), sample.isOk() ? colourOf(report, sample.node, lanes.indexOf(sample.node)) : QStringLiteral("#e5484d"));
        axis(svg, top + height);
        return svg + QStringLiteral("</svg>");
    }
};

struct Row {
    QString name;
    QString value;
    QString note;
};

QString rangeText(const std::optional<DrillRange> &range)
{
    if (!range)
        return unknownText();
    return range->low <= 0 ? tr("up to %1").arg(formatLatency(range->high)) : tr("%1 to %2").arg(formatLatency(range->low), formatLatency(range->high));
}

QList<Row> rowsOf(const DrillReport &report)
{
    const double cut = report.marks.cut.value_or(1e12);
    const DrillPhaseFigures before = phaseFigures(report.samples, 0, cut, report.request.node);
    const DrillPhaseFigures during = phaseFigures(report.samples, cut, report.marks.restore.value_or(1e12), report.request.node);
    const double spread = report.times.uncertainty;
    return {{tr("Seen after"), timeText(report.times.detect, spread), tr("expected: %1").arg(rangeText(report.predicted.detect))},
        {tr("Gone around after"), timeText(report.times.shift, spread), tr("expected: %1").arg(rangeText(report.predicted.shift))},
        {tr("Back after"), timeText(report.times.recover, spread), tr("expected: %1").arg(rangeText(report.predicted.recover))},
        {tr("Requests"), tr("%1 sent, %2 failed, %3 cut").arg(report.counts.sent).arg(report.counts.failed).arg(report.counts.cut), tr("%1 asked again inside the router, %2 not sent").arg(report.counts.retried).arg(report.counts.skipped)},
        {tr("During the fault"), tr("%1 of %2 failed").arg(during.failed).arg(during.sent),
            tr("95 % confidence: %1 to %2").arg(formatPercent(std::round(during.failedShare.low * 1000) / 10), formatPercent(std::round(during.failedShare.high * 1000) / 10))},
        {tr("Median before, during"), QStringLiteral("%1, %2").arg(formatLatency(before.p50), formatLatency(during.p50)), tr("slowest twentieth: %1, %2").arg(formatLatency(before.p95), formatLatency(during.p95))},
        {tr("Lease"), formatDuration(report.leaseTime), report.leaseId}};
}

QString titleOf(const DrillReport &report)
{
    return tr("Failover drill of %1: %2").arg(labelOf(report, report.request.node), drillFaultLabel(report.request.fault).toLower());
}

QString whenOf(const DrillReport &report)
{
    return QLocale().toString(report.begun.toLocalTime(), QLocale::ShortFormat);
}

} // namespace

QString timeText(const std::optional<double> &ms, double uncertainty)
{
    if (!ms)
        return unknownText();
    return QStringLiteral("%1 ± %2").arg(formatLatency(ms), formatLatency(uncertainty));
}

QString drillLine(const DrillReport &report)
{
    return tr("%1, %2: %3, %4 of %5 failed").arg(labelOf(report, report.request.node), drillFaultName(report.request.fault), drillVerdictLabel(report.verdict).toLower()).arg(report.counts.failed + report.counts.cut).arg(report.counts.sent);
}

bool digestHolds(const QByteArray &json)
{
    Json document = Json::parse(json.toStdString(), nullptr, false);
    if (!document.is_object() || !document.contains("digest") || !document["digest"].is_string())
        return false;
    const std::string told = document["digest"].get<std::string>();
    document.erase("digest");
    const std::string bytes = document.dump(-1, ' ', false, Json::error_handler_t::replace);
    return QCryptographicHash::hash(QByteArrayView(bytes.data(), qsizetype(bytes.size())), QCryptographicHash::Sha256).toHex() == QByteArray::fromStdString(told);
}

QByteArray drillHtml(const DrillReport &report)
{
    const Picture picture(report);
    QString html = QStringLiteral("<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>%1</title>\n<style>\n"
                                  ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem}\n"
                                  "h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}.v{display:inline-block;padding:.2rem .7rem;border-radius:.4rem;color:#fff;font-weight:600}\n"
                                  ".pass{background:#2b8a57}.fail{background:#c6323a}.aborted,.inconclusive{background:#9a6700}svg{width:100%;height:auto}\n"
                                  "text{font:11px system-ui,sans-serif;fill:currentColor}.l{text-anchor:end}.f{fill:#e5484d}.t{text-anchor:middle;opacity:.7}.n{opacity:.8}.g{stroke:#8886;stroke-width:1}\n"
                                  "table{border-collapse:collapse}td{padding:.25rem 1rem .25rem 0;vertical-align:top}td+td+td{opacity:.7}code{word-break:break-all}\n"
                                  "</style></head><body>\n<h1>%1</h1>\n<p>%2, %3</p>\n<p><span class='v %4'>%5</span></p>\n<ul>")
                       .arg(esc(titleOf(report)), esc(whenOf(report)), esc(report.who), drillVerdictName(report.verdict), esc(drillVerdictLabel(report.verdict)));
    for (const QString &reason : report.reasons)
        html += QStringLiteral("<li>%1</li>").arg(esc(reason));
    html += QStringLiteral("</ul>\n<h2>%1</h2>\n%2\n<h2>%3</h2>\n%4\n<h2>%5</h2>\n%6\n<h2>%7</h2>\n<table>")
                .arg(esc(tr("Every request, by who answered it")), picture.timeline(), esc(tr("Share of the answers, second by second")), picture.shares(),
                    esc(tr("Time to the answer, logarithmic")), picture.latency(), esc(tr("Figures")));
    for (const Row &row : rowsOf(report))
        html += QStringLiteral("<tr><td>%1</td><td>%2</td><td>%3</td></tr>").arg(esc(row.name), esc(row.value), esc(row.note));
    html += QStringLiteral("</table>\n<p>%1</p>\n<h2>%2</h2>\n<ul>").arg(esc(report.predicted.because), esc(report.restored ? tr("Restored") : tr("Not restored")));
    for (const QString &note : report.restoreNotes)
        html += QStringLiteral("<li>%1</li>").arg(esc(note));
    html += QStringLiteral("</ul>\n");
    if (!report.counts.causes.isEmpty()) {
        html += QStringLiteral("<h2>%1</h2>\n<table>").arg(esc(tr("What failed")));
        for (auto it = report.counts.causes.begin(); it != report.counts.causes.end(); ++it)
            html += QStringLiteral("<tr><td>%1</td><td>%2</td></tr>").arg(it.value()).arg(esc(it.key()));
        html += QStringLiteral("</table>\n");
    }
    html += QStringLiteral("<p>%1 <code>%2</code></p>\n</body></html>\n").arg(esc(tr("SHA-256 of the record:")), esc(report.digest));
    return html.toUtf8();
}

QByteArray drillMarkdown(const DrillReport &report)
{
    const auto plain = [](QString text) { return text.replace(u'|', QStringLiteral("\\|")).replace(u'<', QStringLiteral("&lt;")); };
    QString out = QStringLiteral("# %1\n\n%2, %3\n\n**%4**\n\n").arg(plain(titleOf(report)), whenOf(report), plain(report.who), drillVerdictLabel(report.verdict));
    for (const QString &reason : report.reasons)
        out += QStringLiteral("- %1\n").arg(plain(reason));
    out += QStringLiteral("\n| | | |\n| --- | --- | --- |\n");
    for (const Row &row : rowsOf(report))
        out += QStringLiteral("| %1 | %2 | %3 |\n").arg(plain(row.name), plain(row.value), plain(row.note));
    if (!report.predicted.because.isEmpty())
        out += QStringLiteral("\n%1\n").arg(plain(report.predicted.because));
    if (!report.counts.causes.isEmpty()) {
        out += QStringLiteral("\n## %1\n\n| %2 | %3 |\n| --- | --- |\n").arg(tr("What failed"), tr("requests"), tr("cause"));
        for (auto it = report.counts.causes.begin(); it != report.counts.causes.end(); ++it)
            out += QStringLiteral("| %1 | %2 |\n").arg(QString::number(it.value()), plain(it.key()));
    }
    out += QStringLiteral("\n## %1\n\n").arg(report.restored ? tr("Restored") : tr("Not restored"));
    for (const QString &note : report.restoreNotes)
        out += QStringLiteral("- %1\n").arg(plain(note));
    out += QStringLiteral("\n## %1\n\n| %2 | %3 | %4 |\n| --- | --- | --- |\n").arg(tr("Second by second"), tr("second"), tr("answers"), tr("failed"));
    for (const DrillSecond &second : drillSeconds(report.samples)) {
        QStringList nodes;
        for (auto it = second.byNode.begin(); it != second.byNode.end(); ++it)
            nodes.append(QStringLiteral("%1 %2").arg(plain(labelOf(report, it.key()))).arg(it.value()));
        out += QStringLiteral("| %1 | %2 | %3 |\n").arg(second.second).arg(nodes.join(QStringLiteral(", "))).arg(second.failed);
    }
    out += QStringLiteral("\nSHA-256: `%1`\n").arg(report.digest);
    return out.toUtf8();
}

} // namespace hybridge
