// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodecharts.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"
#include "ui/widgets/timeserieschart.h"
#include "ui/widgets/tokens.h"

#include <QCoreApplication>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLocale>

#include <algorithm>

namespace hybridge {

NodeCharts::NodeCharts(QWidget *parent)
    : Card(parent)
    , m_cursor(new ChartCursor(this))
    , m_title(new Text(Type::Section, Text::Tone::Text, this))
    , m_note(new Text(Type::Label, Text::Tone::Muted, this))
{
    setObjectName(QStringLiteral("nodeCharts"));
    const auto gib = [](int decimals) {
        return [decimals](std::optional<double> value) {
            return value ? tr("%1 GiB").arg(QLocale().toString(*value, 'f', decimals)) : unknownText();
        };
    };
    m_charts = {new TimeSeriesChart(tr("GPU use"), formatPercent, formatPercent, this),
        new TimeSeriesChart(tr("GPU memory"), gib(1), gib(0), this),
        new TimeSeriesChart(tr("Temperature"), formatCelsius, formatCelsius, this),
        new TimeSeriesChart(tr("Power"), formatWatts, formatWatts, this)};
    const int gutter = QFontMetrics(figureFont(Type::Label)).horizontalAdvance(tr("%1 GiB").arg(888)) + 10;
    for (TimeSeriesChart *chart : m_charts)
        chart->setGutter(gutter);
    m_charts[NodeHistory::Utilization]->setTop(100.0);
    for (TimeSeriesChart *chart : m_charts)
        chart->shareCursor(m_cursor);

    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_note->setMaxLines(1);
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto *head = new QHBoxLayout;
    head->addWidget(m_title);
    head->addWidget(m_note, 1);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::Xxl);
    grid->setVerticalSpacing(space::L);
    for (int i = 0; i < NodeHistory::Metrics; ++i)
        grid->addWidget(m_charts[std::size_t(i)], i / 2, i % 2);
    grid->setColumnStretch(0, 1);
    grid->setColumnStretch(1, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addLayout(grid);
}

void NodeCharts::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        m_names.clear(); // the series take their colours anew with the next samples
}

void NodeCharts::setHistory(const NodeHistory *history, const QColor &first)
{
    const bool empty = !history || history->tracks() == 0;
    m_note->put(empty ? tr("Nothing recorded yet: charts begin when the panel reads the first GPU value.")
                      : tr("Kept in memory while the panel runs"));
    const int seconds = chartSeconds(history ? history->seconds() : 0);
    m_title->put(seconds >= NodeHistory::Seconds ? tr("Last hour") : tr("Last %1 minutes").arg(seconds / 60));
    QStringList names;
    if (history)
        names = chartTracks(*history, NodeHistory::Utilization).names;
    if (names != m_names || first != m_colour) {
        m_names = names;
        m_colour = first;
        QList<TimeSeriesChart::Series> series;
        for (int i = 0; i < names.size(); ++i)
            series.append({names.at(i), seriesColour(first, i, tokensFor(palette()))});
        for (TimeSeriesChart *chart : m_charts)
            chart->setSeries(series);
    }
    if (!history)
        return;
    if (history->memoryTotalGiB() > 0)
        m_charts[NodeHistory::MemoryGiB]->setTop(history->memoryTotalGiB());
    const qint64 to = history->newestAt();
    for (int metric = 0; metric < NodeHistory::Metrics; ++metric) {
        const ChartTracks tracks = chartTracks(*history, NodeHistory::Metric(metric));
        TimeSeriesChart *chart = m_charts[std::size_t(metric)];
        for (int i = 0; i < tracks.rings.size(); ++i)
            chart->setSamples(i, tracks.rings.at(i), to, 1000);
        chart->setWindow(to - qint64(seconds) * 1000, to);
    }
}

int chartSeconds(int recorded)
{
    for (const int minutes : {5, 15, 30})
        if (recorded <= minutes * 60)
            return minutes * 60;
    return NodeHistory::Seconds;
}

ChartTracks chartTracks(const NodeHistory &history, NodeHistory::Metric metric)
{
    ChartTracks out;
    if (history.tracks() <= TimeSeriesChart::MostSeries) {
        for (int track = 0; track < history.tracks(); ++track) {
            out.names.append(history.trackName(track));
            out.rings.append(history.ring(track, metric));
        }
        return out;
    }
    const auto words = [](const char *text) { return QCoreApplication::translate("NodeCharts", text); };
    out.names = {words("highest"), words("median"), words("lowest")};
    out.rings = {SampleRing(NodeHistory::Seconds), SampleRing(NodeHistory::Seconds), SampleRing(NodeHistory::Seconds)};
    QList<float> values;
    for (int i = 0; i < history.ring(0, metric).size(); ++i) {
        values.clear();
        for (int track = 0; track < history.tracks(); ++track) {
            const float value = history.ring(track, metric).at(i);
            if (!std::isnan(value))
                values.append(value);
        }
        std::sort(values.begin(), values.end());
        out.rings[0].append(values.isEmpty() ? SampleRing::Gap : values.last());
        out.rings[1].append(values.isEmpty() ? SampleRing::Gap : values.at((values.size() - 1) / 2));
        out.rings[2].append(values.isEmpty() ? SampleRing::Gap : values.first());
    }
    return out;
}

} // namespace hybridge
