// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillhistory.h"

#include "backend/base/units.h"
#include "backend/drill/drillreport.h"
#include "ui/drill/drillresult.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {
constexpr int MostRows = 12;
constexpr int MostPoints = 30;
}

/// Recovery by drill, oldest left; a drill that failed is red.
class DrillHistory::Trend final : public QWidget {
public:
    using QWidget::QWidget;
    struct Point {
        double ms = 0;
        NodeCondition condition = NodeCondition::Healthy;
    };
    void setPoints(const QList<Point> &points)
    {
        m_points = points;
        update();
    }
    [[nodiscard]] QSize sizeHint() const override { return {220, 36}; }

protected:
    void paintEvent(QPaintEvent *) override
    {
        if (m_points.size() < 2)
            return;
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const Tokens &tokens = tokensFor(palette());
        double most = 1;
        for (const Point &point : std::as_const(m_points))
            most = std::max(most, point.ms);
        const auto place = [&](qsizetype i) { return QPointF(5 + (width() - 10) * double(i) / double(m_points.size() - 1), height() - 5 - (height() - 10) * m_points.at(i).ms / most); };
        painter.setPen(QPen(tokens.muted, 1.2));
        for (qsizetype i = 1; i < m_points.size(); ++i)
            painter.drawLine(place(i - 1), place(i));
        painter.setPen(Qt::NoPen);
        for (qsizetype i = 0; i < m_points.size(); ++i) {
            painter.setBrush(conditionColour(m_points.at(i).condition, tokens));
            painter.drawEllipse(place(i), 3, 3);
        }
    }

private:
    QList<Point> m_points;
};

DrillHistory::DrillHistory(QWidget *parent)
    : Card(parent), m_column(new QVBoxLayout(this)), m_title(new Text(tr("Drills so far"), Type::Section, Text::Tone::Text, this)),
      m_empty(new Text(tr("None yet. The fallback that nobody has exercised does not work: take something away in daylight, for twenty seconds."), Type::Body, Text::Tone::Muted, this)),
      m_trendWords(new Text(Type::Label, Text::Tone::Muted, this)), m_trend(new Trend(this))
{
    setObjectName(QStringLiteral("drillHistory"));
    m_title->setBold(true);
    m_trendWords->setMaxLines(1);
    m_trendWords->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::M);
    head->addWidget(m_title);
    head->addWidget(m_trendWords, 1);
    head->addWidget(m_trend);
    m_column->setContentsMargins(space::L, space::L, space::L, space::M);
    m_column->setSpacing(space::Xs);
    m_column->addLayout(head);
    m_column->addWidget(m_empty);
    setReports({});
}

DrillHistory::Row DrillHistory::makeRow(int index)
{
    Row row {};
    row.box = new Card(this);
    row.box->setObjectName(QStringLiteral("drillRow"));
    row.box->setClickable(true);
    row.lamp = new StateLamp(16, row.box);
    row.what = new Text(Type::Body, Text::Tone::Text, row.box);
    row.what->setMaxLines(1);
    row.times = new Text(Type::Body, Text::Tone::Muted, row.box);
    row.times->setMaxLines(1);
    row.times->setFigures();
    row.when = new Text(Type::Label, Text::Tone::Muted, row.box);
    row.when->setMaxLines(1);
    row.when->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto *line = new QHBoxLayout(row.box);
    line->setContentsMargins(space::M, space::S, space::M, space::S);
    line->setSpacing(space::M);
    line->addWidget(row.lamp);
    line->addWidget(row.what, 5);
    line->addWidget(row.times, 4);
    line->addWidget(row.when, 2);
    m_column->addWidget(row.box);
    connect(row.box, &Card::clicked, this, [this, index] {
        if (index < m_ids.size())
            Q_EMIT reportRequested(m_ids.at(index));
    });
    return row;
}

void DrillHistory::setReports(const QList<DrillReport> &reports)
{
    m_ids.clear();
    const qsizetype shown = std::min<qsizetype>(MostRows, reports.size());
    while (m_rows.size() < std::size_t(shown))
        m_rows.push_back(makeRow(int(m_rows.size())));
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        Row &row = m_rows[i];
        row.box->setVisible(i < std::size_t(shown));
        if (i >= std::size_t(shown))
            continue;
        const DrillReport &report = reports.at(qsizetype(i));
        m_ids.append(report.id);
        const bool isOpen = !report.ended.isValid();
        row.lamp->setCondition(isOpen ? NodeCondition::Starting : verdictCondition(report));
        row.what->put(isOpen ? tr("%1, %2: not finished").arg(report.labels.value(report.request.node, report.request.node), drillFaultName(report.request.fault)) : drillLine(report));
        row.times->put(isOpen ? QString() : tr("around %1 · back %2").arg(formatLatency(report.times.shift), formatLatency(report.times.recover)));
        row.when->put(QLocale().toString(report.begun.toLocalTime(), QLocale::ShortFormat));
        row.box->setAccessibleName(row.what->text());
    }
    m_empty->setVisible(reports.isEmpty());
    QList<Trend::Point> points;
    for (const DrillReport &report : reports)
        if (report.times.recover && report.ended.isValid() && points.size() < MostPoints)
            points.prepend({*report.times.recover, verdictCondition(report)});
    m_trend->setPoints(points);
    m_trend->setVisible(points.size() > 1);
    m_trendWords->put(points.size() > 1 ? tr("Time to be back, drill by drill") : QString());
}

} // namespace hybridge
