// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/spreadchart.h"

#include "backend/base/units.h"
#include "backend/chat/chatcompare.h"
#include "ui/widgets/barechart.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QEvent>
#include <QPainter>
#include <QScatterSeries>
#include <QValueAxis>
#include <QWheelEvent>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int SpreadTitleHeight = 24;
constexpr int SpreadLaneHeight = 34;
constexpr int SpreadAxisHeight = 20;
constexpr int SpreadWords = 108; ///< beside a lane: its median, its failed runs
constexpr double DotSize = 7;
constexpr qsizetype ManyDots = 30; ///< from there on they are paler, so that many on one place are seen as many

} // namespace

SpreadChart::SpreadChart(const QString &title, QWidget *parent) : QChartView(parent), m_title(title), m_x(new QValueAxis(this)), m_y(new QValueAxis(this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    makeBare(*this, m_x, m_y);
    m_y->setReverse(true); // the first lane stands on top
}

void SpreadChart::setLanes(const QList<Lane> &lanes)
{
    m_lanes = lanes;
    QStringList words {m_title};
    for (const Lane &lane : lanes)
        if (const std::optional<ChatSpread> spread = spreadOf(lane.values))
            words.append(tr("%1: median %2, %3 to %4").arg(lane.name, formatLatency(spread->median), formatLatency(spread->least), formatLatency(spread->most)));
    setAccessibleName(words.join(QStringLiteral(". ")));
    updateGeometry();
    rebuild();
}

QSize SpreadChart::sizeHint() const
{
    return {320, SpreadTitleHeight + int(m_lanes.size()) * SpreadLaneHeight + SpreadAxisHeight};
}

QList<QPointF> SpreadChart::dots(int lane) const
{
    return m_series.at(lane)->points();
}

void SpreadChart::rebuild()
{
    const Tokens &tokens = tokensFor(palette());
    double greatest = 0;
    for (const Lane &lane : std::as_const(m_lanes))
        for (const double value : lane.values)
            greatest = std::max(greatest, value);
    const ValueTicks ticks = valueTicks(greatest, 6);
    m_top = ticks.top;
    m_step = ticks.step;
    chart()->setPlotArea(mirrored(plot()));
    m_x->setRange(0, m_top);
    m_x->setReverse(layoutDirection() == Qt::RightToLeft);
    m_y->setRange(0, std::max<double>(1, double(m_lanes.size())));
    while (m_series.size() > m_lanes.size()) {
        chart()->removeSeries(m_series.last());
        delete m_series.takeLast();
    }
    while (m_series.size() < m_lanes.size()) {
        auto *series = new QScatterSeries(this);
        chart()->addSeries(series);
        series->attachAxis(m_x);
        series->attachAxis(m_y);
        series->setMarkerSize(DotSize);
        series->setPen(Qt::NoPen);
        m_series.append(series);
    }
    for (qsizetype i = 0; i < m_lanes.size(); ++i) {
        const QList<double> &values = m_lanes.at(i).values;
        QColor dot = seriesColour(tokens.accent, int(i), tokens);
        dot.setAlphaF(values.size() > ManyDots ? 0.35F : 0.6F);
        m_series.at(i)->setColor(dot);
        m_series.at(i)->setBorderColor(Qt::transparent);
        QList<QPointF> points;
        // Spread over the lane by number, so that equal times are still seen as many.
        for (qsizetype run = 0; run < values.size(); ++run)
            points.append({values.at(run), double(i) + 0.5 + (double((run * 7) % 11) - 5.0) * 1.4 / SpreadLaneHeight});
        m_series.at(i)->replace(points);
    }
    viewport()->update();
}

QRectF SpreadChart::plot() const
{
    const QFontMetrics metrics(typeFont(Type::Label));
    int names = 0;
    for (const Lane &lane : m_lanes)
        names = std::max(names, metrics.horizontalAdvance(lane.name));
    const double left = std::min(names, width() / 3) + space::L;
    return {left, SpreadTitleHeight, std::max(40.0, width() - left - SpreadWords), std::max(1.0, double(m_lanes.size())) * SpreadLaneHeight};
}

QRectF SpreadChart::mirrored(const QRectF &rect) const
{
    return layoutDirection() == Qt::RightToLeft ? QRectF(width() - rect.right(), rect.top(), rect.width(), rect.height()) : rect;
}

double SpreadChart::xOf(double ms) const
{
    const QRectF area = plot();
    return area.left() + area.width() * ms / m_top;
}

void SpreadChart::drawBackground(QPainter *painter, const QRectF & /*rect*/)
{
    const Tokens &tokens = tokensFor(palette());
    const Qt::Alignment lead = layoutDirection() == Qt::RightToLeft ? Qt::AlignRight : Qt::AlignLeft;
    const QRectF area = plot();
    painter->save();
    painter->setFont(typeFont(Type::Body, true));
    painter->setPen(tokens.text);
    painter->drawText(QRect(0, 0, width(), SpreadTitleHeight), int(Qt::AlignVCenter | lead), m_title);
    painter->setFont(figureFont(Type::Label));
    for (double tick = 0; tick <= m_top + m_step / 2; tick += m_step) {
        painter->fillRect(mirrored(QRectF(xOf(tick), area.top(), 1, area.height())), tokens.border);
        painter->setPen(tokens.muted);
        painter->drawText(mirrored(QRectF(xOf(tick) - 40, area.bottom() + 3, 80, SpreadAxisHeight - 3)), int(Qt::AlignHCenter | Qt::AlignTop),
            tick == 0 ? QStringLiteral("0") : formatLatency(tick));
    }
    const QFont label = typeFont(Type::Label);
    const QFontMetrics metrics(label);
    const int names = int(area.left()) - space::L;
    painter->setFont(label);
    painter->setPen(tokens.muted);
    for (qsizetype i = 0; i < m_lanes.size(); ++i)
        painter->drawText(mirrored(QRectF(0, area.top() + (double(i) + 0.5) * SpreadLaneHeight - 10, names, 20)), int(Qt::AlignVCenter | lead),
            metrics.elidedText(m_lanes.at(i).name, Qt::ElideMiddle, names));
    painter->restore();
}

void SpreadChart::drawForeground(QPainter *painter, const QRectF & /*rect*/)
{
    const Tokens &tokens = tokensFor(palette());
    const Qt::Alignment lead = layoutDirection() == Qt::RightToLeft ? Qt::AlignRight : Qt::AlignLeft;
    const QRectF area = plot();
    painter->save();
    painter->setFont(figureFont(Type::Label));
    for (qsizetype i = 0; i < m_lanes.size(); ++i) {
        const Lane &lane = m_lanes.at(i);
        const double middle = area.top() + (double(i) + 0.5) * SpreadLaneHeight;
        const std::optional<ChatSpread> spread = spreadOf(lane.values);
        if (spread)
            painter->fillRect(mirrored(QRectF(xOf(spread->median) - 1, middle - 13, 2.5, 26)), tokens.text);
        const QString words = spread ? tr("median %1").arg(formatLatency(spread->median)) : unknownText();
        const QRectF side = mirrored(QRectF(area.right() + space::S, middle - 16, SpreadWords - space::S, 32));
        painter->setPen(tokens.text);
        painter->drawText(side, int(lead | (lane.failed == 0 ? Qt::AlignVCenter : Qt::AlignTop)), words);
        if (lane.failed > 0) {
            painter->setPen(tokens.down);
            painter->drawText(side, int(lead | Qt::AlignBottom), tr("%1 failed").arg(lane.failed));
        }
    }
    painter->restore();
}

void SpreadChart::resizeEvent(QResizeEvent *event)
{
    QChartView::resizeEvent(event);
    rebuild();
}

void SpreadChart::changeEvent(QEvent *event)
{
    QChartView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::LayoutDirectionChange)
        rebuild();
}

// The page scrolls; a chart has nothing to scroll.
void SpreadChart::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

} // namespace hybridge
