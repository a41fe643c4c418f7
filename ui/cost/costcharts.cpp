// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/costcharts.h"

#include "backend/base/units.h"
#include "ui/widgets/samplering.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QLocale>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qint64 aDayMs = 24 * 3600 * 1000;

/// "12.5", "0.05": for an axis, without the currency.
QString axisNumber(std::optional<double> value)
{
    if (!value)
        return {};
    const int digits = *value == 0 ? 0 : *value < 0.1 ? 3 : *value < 10 ? 2 : 0;
    return QLocale().toString(*value, 'f', digits);
}

} // namespace

QList<int> dearestRows(const CostReport &report, const QString &currency, int most)
{
    QList<int> rows;
    for (int i = 0; i < report.nodes.size(); ++i)
        if (report.nodes.at(i).isPriced() && report.nodes.at(i).currency == currency)
            rows.append(i);
    std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) { return report.nodes.at(a).cost.month.total > report.nodes.at(b).cost.month.total; });
    rows = rows.mid(0, most);
    std::sort(rows.begin(), rows.end()); // as in the fleet file: a series keeps its place
    return rows;
}

DaysCard::DaysCard(QWidget *parent) : Card(parent), m_title(new Text(Type::Body, Text::Tone::Text, this)), m_words(new Text(Type::Label, Text::Tone::Muted, this))
{
    const auto format = [this](std::optional<double> value) { return formatMoney(value, m_currency); };
    m_bars = new DayBars(format, this);
    m_bars->setObjectName(QStringLiteral("costDays"));
    m_bars->setAccessibleName(tr("Cost of each day"));
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_words->setMaxLines(2);
    m_words->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_words->setFixedHeight(2 * QFontMetrics(typeFont(Type::Label)).lineSpacing() + 2); // the bars stand still under the pointer
    m_words->setObjectName(QStringLiteral("costDaysWords"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::M);
    column->setSpacing(space::Xs);
    column->addWidget(m_title);
    column->addWidget(m_words);
    column->addSpacing(space::Xs);
    column->addWidget(m_bars, 1);
    connect(m_bars, &DayBars::readoutChanged, this, &DaysCard::showWords);
}

void DaysCard::showWords()
{
    const QString readout = m_bars->readout();
    m_words->put(readout.isEmpty() ? m_key : readout);
    m_words->setTone(readout.isEmpty() ? Text::Tone::Muted : Text::Tone::Text);
}

void DaysCard::setReport(const CostReport &report, const QString &currency, const QHash<QString, QColor> &colours)
{
    m_currency = currency;
    const QDate today = report.at.toLocalTime().date();
    m_title->put(tr("Each day of %1").arg(QLocale().toString(today, QStringLiteral("MMMM"))));
    const QDate first(today.year(), today.month(), 1);
    const Tokens &tokens = tokensFor(palette());
    const QList<int> own = dearestRows(report, currency, DayBars::MostSeries - 1);
    QList<DayBars::Series> series;
    for (const int row : own)
        series.append({report.nodes.at(row).label, colours.value(report.nodes.at(row).id)});
    QList<DayBars::Day> days;
    for (int i = 0; i < first.daysInMonth(); ++i) {
        DayBars::Day day;
        day.date = first.addDays(i);
        day.parts.fill(0, series.size());
        days.append(day);
    }
    double others = 0;
    QList<double> otherDays(days.size(), 0);
    QList<std::array<double, 3>> minutes(days.size(), {0, 0, 0}); // watched, told, unseen
    for (int i = 0; i < report.nodes.size(); ++i) {
        const NodeCostRow &row = report.nodes.at(i);
        if (!row.isPriced() || row.currency != currency)
            continue;
        const qsizetype part = own.indexOf(i);
        for (const DayCost &day : row.days) {
            const qint64 at = first.daysTo(day.date);
            if (at < 0 || at >= days.size())
                continue;
            if (part >= 0)
                days[at].parts[part] = day.cost.total;
            else
                otherDays[at] += day.cost.total;
            others += part < 0 ? day.cost.total : 0;
            minutes[at][0] += day.cost.minutesSeen - day.cost.minutesTold;
            minutes[at][1] += day.cost.minutesTold;
            minutes[at][2] += day.cost.minutesUnseen;
        }
    }
    if (others > 0)
        series.append({tr("other nodes"), tokens.unknown});
    for (qsizetype i = 0; i < days.size(); ++i) {
        if (others > 0)
            days[i].parts.append(otherDays.at(i));
        const double all = minutes.at(i)[0] + minutes.at(i)[1] + minutes.at(i)[2];
        if (all <= 0)
            continue;
        days[i].watched = minutes.at(i)[0] / all;
        days[i].told = minutes.at(i)[1] / all;
        days[i].detail = tr("%1 watched").arg(formatPercent(100 * days.at(i).watched));
        if (days.at(i).told > 0)
            days[i].detail += tr(", %1 told by Google").arg(formatPercent(100 * days.at(i).told));
    }
    m_key = tr("%1 a day. Strip beneath: strong was watched, faint told by Google, empty nobody knows.").arg(currency);
    if (std::all_of(days.cbegin(), days.cend(), [](const DayBars::Day &day) { return day.sum() <= 0 && day.watched + day.told <= 0; }))
        m_key = tr("Nothing is recorded yet. Each minute is, while this program runs.");
    m_bars->setDays(series, days, today);
    showWords();
}

BurnCard::BurnCard(QWidget *parent) : Card(parent)
{
    const auto format = [this](std::optional<double> value) { return value ? tr("%1/h").arg(formatMoney(value, m_currency)) : tr("not watched"); };
    m_chart = new TimeSeriesChart(tr("Burn rate, last 24 hours"), format, axisNumber, this);
    m_chart->setObjectName(QStringLiteral("costBurn"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::M);
    column->addWidget(m_chart, 1);
}

void BurnCard::setReport(const CostReport &report, const QString &currency, const QHash<QString, QColor> &colours)
{
    m_currency = currency;
    const QList<int> rows = dearestRows(report, currency, TimeSeriesChart::MostSeries);
    QList<TimeSeriesChart::Series> series;
    QStringList shown;
    for (const int row : rows) {
        series.append({report.nodes.at(row).label, colours.value(report.nodes.at(row).id)});
        shown.append(report.nodes.at(row).id + report.nodes.at(row).label + colours.value(report.nodes.at(row).id).name());
    }
    if (shown != m_shown) {
        m_shown = shown;
        m_chart->setSeries(series);
    }
    const qint64 now = report.at.toMSecsSinceEpoch();
    const qint64 newest = slotStart(report.at);
    constexpr int samples = int(aDayMs / UsageSlot::LengthMs) + 1;
    for (int i = 0; i < rows.size(); ++i) {
        QList<float> values(samples, SampleRing::Gap);
        for (const UsageSlot &quarter : report.nodes.at(rows.at(i)).lastDay) {
            const qint64 back = (newest - quarter.start) / UsageSlot::LengthMs;
            const std::optional<double> rate = quarter.perHour();
            if (back >= 0 && back < samples && rate)
                values[samples - 1 - back] = float(*rate);
        }
        SampleRing ring(samples);
        for (const float value : values)
            ring.append(value);
        m_chart->setSamples(i, ring, newest, int(UsageSlot::LengthMs));
    }
    m_chart->setWindow(now - aDayMs, now);
}

} // namespace hybridge
