// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/chartview.h"

#include "ui/widgets/barechart.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QDateTime>
#include <QLineSeries>
#include <QLocale>
#include <QMouseEvent>
#include <QValueAxis>

#include <algorithm>

namespace hybridge {

namespace {
constexpr int TimeStrip = 20; // below the plot
constexpr int TopRoom = 6; // half a label above the top line
constexpr int MostParts = 120; // runs of one series that are drawn; a line with more gaps than that is mostly gaps
} // namespace

std::optional<double> ChartView::Line::valueAt(qint64 time) const
{
    if (samples.size() == 0)
        return std::nullopt;
    const qint64 back = (newestAt - time + intervalMs / 2) / intervalMs;
    if (newestAt - time < -intervalMs || back < 0 || back >= samples.size())
        return std::nullopt;
    const float value = samples.at(samples.size() - 1 - int(back));
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

ChartView::ChartView(TimeSeriesChart::Format format, TimeSeriesChart::Format tick, QWidget *parent)
    : QChartView(parent), m_format(std::move(format)), m_tickFormat(std::move(tick)), m_x(new QValueAxis(this)), m_y(new QValueAxis(this))
{
    makeBare(*this, m_x, m_y);
    setMouseTracking(true);
    m_ticks = valueTicks(1.0, 4);
}

void ChartView::setSeries(const QList<TimeSeriesChart::Series> &series)
{
    chart()->removeAllSeries();
    m_lines.clear();
    for (const TimeSeriesChart::Series &look : series) {
        Line line;
        line.look = look;
        m_lines.append(line);
    }
}

void ChartView::setSamples(int index, const SampleRing &samples, qint64 newestAt, int intervalMs)
{
    Line &line = m_lines[index];
    line.samples = samples;
    line.newestAt = newestAt;
    line.intervalMs = std::max(1, intervalMs);
}

void ChartView::setWindow(qint64 from, qint64 to)
{
    m_from = from;
    m_to = std::max(from + 1, to);
    rebuild();
}

void ChartView::setTop(std::optional<double> top)
{
    m_fixedTop = top;
}

void ChartView::follow(ChartCursor *cursor)
{
    if (m_cursor)
        m_cursor->disconnect(this);
    m_cursor = cursor;
    connect(cursor, &ChartCursor::moved, viewport(), qOverload<>(&QWidget::update));
}

// Keeps the lowest and the highest sample of each pixel column, so that a peak of one second is still seen in an hour.
void ChartView::thin(Line &line) const
{
    line.runs.clear();
    const int count = line.samples.size();
    if (count == 0)
        return;
    const double perPixel = double(m_to - m_from) / std::max(1.0, plot().width());
    const int bucket = std::max(1, int(perPixel / line.intervalMs));
    QList<QPointF> run;
    const auto timeOf = [&](int i) { return line.newestAt - qint64(count - 1 - i) * line.intervalMs; };
    const auto endRun = [&] {
        if (!run.isEmpty())
            line.runs.append(std::exchange(run, {}));
    };
    for (int begin = 0; begin < count; begin += bucket) {
        int low = -1;
        int high = -1;
        const int end = std::min(count, begin + bucket);
        for (int i = begin; i < end; ++i) {
            if (std::isnan(line.samples.at(i)) || timeOf(i) < m_from || timeOf(i) > m_to) {
                // The gap cuts the line here, also inside a column.
                if (low >= 0) {
                    run.append(QPointF(double(timeOf(low)), double(line.samples.at(low))));
                    low = high = -1;
                }
                endRun();
                continue;
            }
            if (low < 0 || line.samples.at(i) < line.samples.at(low))
                low = i;
            if (high < 0 || line.samples.at(i) > line.samples.at(high))
                high = i;
        }
        if (low < 0)
            continue;
        const auto add = [&](int i) { run.append(QPointF(double(timeOf(i)), double(line.samples.at(i)))); };
        add(std::min(low, high));
        if (low != high)
            add(std::max(low, high));
    }
    endRun();
}

void ChartView::rebuild()
{
    double greatest = 0.0;
    m_hasValues = false;
    for (Line &line : m_lines) {
        thin(line);
        m_hasValues = m_hasValues || !line.runs.isEmpty();
        for (const QList<QPointF> &run : std::as_const(line.runs))
            for (const QPointF &point : run)
                greatest = std::max(greatest, point.y());
    }
    // A fixed axis ends where the thing itself ends (a card's memory); its ticks stay round below that.
    m_ticks = valueTicks(m_fixedTop.value_or(greatest > 0 ? greatest * 1.05 : 1.0), m_fixedTop ? 5 : 4);
    if (m_fixedTop == 100.0)
        m_ticks = valueTicks(100.0, 4);
    m_top = m_fixedTop.value_or(m_ticks.top);
    chart()->setPlotArea(plot());
    m_x->setRange(double(m_from), double(m_to));
    m_y->setRange(0.0, m_top);
    for (Line &line : m_lines) {
        const qsizetype wanted = std::min<qsizetype>(line.runs.size(), MostParts);
        while (line.parts.size() < wanted) {
            auto *part = new QLineSeries(this);
            part->setPen(QPen(line.look.colour, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            chart()->addSeries(part);
            part->attachAxis(m_x);
            part->attachAxis(m_y);
            line.parts.append(part);
        }
        const qsizetype first = line.runs.size() - wanted; // the newest runs
        for (qsizetype i = 0; i < line.parts.size(); ++i) {
            const QList<QPointF> points = i < wanted ? line.runs.at(first + i) : QList<QPointF>();
            if (points.isEmpty() && line.parts.at(i)->count() == 0)
                continue;
            // A single point has no line: stretched to one interval it is seen.
            line.parts.at(i)->replace(points.size() == 1
                    ? QList<QPointF> {points.first(), points.first() + QPointF(line.intervalMs, 0)}
                    : points);
        }
    }
    viewport()->update();
}

int ChartView::labelGutter() const
{
    return std::max(m_gutter, QFontMetrics(figureFont(Type::Label)).horizontalAdvance(m_tickFormat(m_ticks.top)) + 10);
}

QRectF ChartView::plot() const
{
    int right = 8;
    if (m_lines.size() > 1) {
        const QFontMetrics metrics(typeFont(Type::Label));
        for (const Line &line : m_lines)
            right = std::max(right, std::min(110, metrics.horizontalAdvance(line.look.name) + 14));
    }
    const int left = labelGutter();
    return QRectF(left, TopRoom, std::max(10, viewport()->width() - left - right),
        std::max(10, viewport()->height() - TopRoom - TimeStrip));
}

double ChartView::xOf(qint64 time) const
{
    const QRectF area = plot();
    return area.left() + area.width() * double(time - m_from) / double(m_to - m_from);
}

double ChartView::yOf(double value) const
{
    const QRectF area = plot();
    return area.bottom() - area.height() * std::clamp(value / m_top, 0.0, 1.0);
}

void ChartView::drawBackground(QPainter *painter, const QRectF &)
{
    const Tokens &tokens = tokensFor(palette());
    const QRectF area = plot();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing, false);
    painter->setFont(figureFont(Type::Label));
    const QFontMetrics metrics(painter->font());
    const bool labelled = m_fixedTop || m_hasValues; // an axis without values has no numbers
    for (double value = 0.0; value <= m_top * 1.0001; value += m_ticks.step) {
        if (!labelled && value > 0.0)
            break;
        const double y = std::round(yOf(value));
        painter->setPen(QPen(value == 0.0 ? mixed(tokens.border, tokens.muted, 0.4) : tokens.border, 1));
        painter->drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        if (!labelled)
            break;
        painter->setPen(tokens.muted);
        painter->drawText(QRectF(0, y - metrics.height() / 2.0, area.left() - 8, metrics.height()),
            int(Qt::AlignRight | Qt::AlignVCenter), m_tickFormat(value));
    }
    const int labelWidth = metrics.horizontalAdvance(QStringLiteral("00:00:00"));
    const TimeTicks times
        = timeTicks(m_from, m_to, std::max(2, int(area.width()) / (labelWidth + 36)), QTimeZone::systemTimeZone());
    for (const qint64 tick : times.at) {
        const double x = std::round(xOf(tick));
        painter->setPen(QPen(mixed(tokens.border, tokens.muted, 0.4), 1));
        painter->drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3));
        const QString label = QLocale::c().toString(
            QDateTime::fromMSecsSinceEpoch(tick), times.stepMs < 60'000 ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
        painter->setPen(tokens.muted);
        const double width = metrics.horizontalAdvance(label);
        const double left = std::clamp(x - width / 2, area.left(), area.right() - width);
        painter->drawText(QRectF(left, area.bottom() + 5, width + 2, metrics.height()), int(Qt::AlignLeft | Qt::AlignVCenter), label);
    }
    painter->restore();
}

void ChartView::drawForeground(QPainter *painter, const QRectF &)
{
    const Tokens &tokens = tokensFor(palette());
    const QRectF area = plot();
    painter->save();
    if (m_lines.size() > 1)
        paintDirectLabels(painter);
    const std::optional<qint64> at = m_cursor ? m_cursor->at() : std::nullopt;
    if (at && *at >= m_from && *at <= m_to) {
        const double x = std::round(xOf(*at)) + 0.5;
        painter->setPen(QPen(tokens.muted, 1));
        painter->drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        for (const Line &line : std::as_const(m_lines)) {
            const std::optional<double> value = line.valueAt(*at);
            if (!value)
                continue;
            painter->setPen(QPen(tokens.surface, 1.5));
            painter->setBrush(line.look.colour);
            painter->drawEllipse(QPointF(x, yOf(*value)), 4, 4);
        }
    }
    painter->restore();
}

void ChartView::paintDirectLabels(QPainter *painter)
{
    struct Place {
        double y;
        const Line *line;
    };
    QList<Place> places;
    for (const Line &line : std::as_const(m_lines))
        if (!line.runs.isEmpty())
            places.append({yOf(line.runs.last().last().y()), &line});
    std::sort(places.begin(), places.end(), [](const Place &a, const Place &b) { return a.y < b.y; });
    painter->setFont(typeFont(Type::Label));
    const QFontMetrics metrics(painter->font());
    const QRectF area = plot();
    // Pushed apart downwards, then back up from the bottom: labels keep their order and never overlap.
    for (qsizetype i = 1; i < places.size(); ++i)
        places[i].y = std::max(places.at(i).y, places.at(i - 1).y + metrics.height());
    double floor = area.bottom();
    for (qsizetype i = places.size() - 1; i >= 0; --i) {
        places[i].y = std::min(places.at(i).y, floor);
        floor = places.at(i).y - metrics.height();
    }
    for (const Place &place : std::as_const(places)) {
        painter->setPen(place.line->look.colour);
        const int room = int(viewport()->width() - area.right() - 6);
        painter->drawText(QRectF(area.right() + 6, place.y - metrics.height() / 2.0, room, metrics.height()),
            int(Qt::AlignLeft | Qt::AlignVCenter), metrics.elidedText(place.line->look.name, Qt::ElideRight, room));
    }
}

void ChartView::mouseMoveEvent(QMouseEvent *event)
{
    QChartView::mouseMoveEvent(event);
    if (!m_cursor)
        return;
    const QRectF area = plot();
    const double x = event->position().x();
    if (x < area.left() || x > area.right()) {
        m_cursor->set(std::nullopt);
        return;
    }
    m_cursor->set(m_from + qint64((x - area.left()) / area.width() * double(m_to - m_from)));
}

void ChartView::leaveEvent(QEvent *event)
{
    QChartView::leaveEvent(event);
    if (m_cursor)
        m_cursor->set(std::nullopt);
}

void ChartView::resizeEvent(QResizeEvent *event)
{
    QChartView::resizeEvent(event);
    rebuild();
}

// A wheel over a chart scrolls the page; charts have nothing to scroll.
void ChartView::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

} // namespace hybridge
