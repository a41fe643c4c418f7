// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drilltimeline.h"

#include "backend/base/units.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QEvent>
#include <QHelpEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr int Gutter = 124; ///< for the names of lanes
constexpr int BandNames = 22;
constexpr int LaneHeight = 32;
constexpr int Heading = 24; ///< above shares and latency
constexpr int ShareHeight = 84;
constexpr int LatencyHeight = 92;
constexpr int Axis = 22;
constexpr int Right = 12;
constexpr qsizetype ManyDots = 4000; ///< from here on squares: nobody sees the corner

} // namespace

DrillTimeline::DrillTimeline(QWidget *parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("drillTimeline"));
    setAccessibleName(tr("Every request, by who answered it"));
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

QSize DrillTimeline::sizeHint() const
{
    return {760, BandNames + int(m_lanes.size() + 1) * LaneHeight + 2 * Heading + ShareHeight + LatencyHeight + Axis};
}

QSize DrillTimeline::minimumSizeHint() const
{
    return {420, sizeHint().height()};
}

void DrillTimeline::begin(const QList<Lane> &lanes, double seconds, DrillFault fault)
{
    m_lanes = lanes;
    m_samples.clear();
    m_seconds.clear();
    m_marks = {};
    m_now = -1;
    m_span = std::max(5.0, seconds);
    m_slowest = 100;
    m_fault = fault;
    m_isStale = true;
    m_cursor = -1;
    updateGeometry();
    update();
}

int DrillTimeline::laneOf(const DrillSample &sample) const
{
    if (!sample.isOk())
        return int(m_lanes.size());
    for (int i = 0; i < m_lanes.size(); ++i)
        if (m_lanes.at(i).node == sample.node)
            return i;
    return -1;
}

void DrillTimeline::count(const DrillSample &sample)
{
    const int second = std::clamp(int(sample.at), 0, 24 * 3600);
    while (m_seconds.size() <= second) {
        Second next;
        next.byLane.resize(m_lanes.size());
        m_seconds.append(next);
    }
    const int lane = laneOf(sample);
    if (!sample.isOk())
        ++m_seconds[second].failed;
    else if (lane >= 0)
        ++m_seconds[second].byLane[lane];
}

void DrillTimeline::setSamples(const QList<DrillSample> &samples)
{
    m_samples.clear();
    m_seconds.clear();
    m_isStale = true;
    for (const DrillSample &sample : samples)
        addSample(sample);
    update();
}

void DrillTimeline::addSample(const DrillSample &sample)
{
    m_samples.append(sample);
    // Answers that nobody proves get a lane of their own, when the first one comes.
    if (sample.isOk() && laneOf(sample) < 0) {
        m_lanes.append({sample.node, sample.node.isEmpty() ? tr("not proven") : sample.node, tokensFor(palette()).muted});
        for (Second &second : m_seconds)
            second.byLane.resize(m_lanes.size());
        m_isStale = true;
        updateGeometry();
    }
    count(sample);
    // The axes grow in large steps: small ones would move every dot with each request.
    if (sample.at + 1 > m_span) {
        m_span = std::max(sample.at + 2, m_span * 1.25);
        m_isStale = true;
    }
    if (sample.ms > m_slowest) {
        m_slowest = std::pow(10.0, std::ceil(std::log10(sample.ms)));
        m_isStale = true;
    }
    if (!m_isStale && !m_dots.isNull()) {
        QPainter painter(&m_dots);
        painter.setRenderHint(QPainter::Antialiasing);
        paintDot(painter, sample);
    }
}

void DrillTimeline::setMarks(const DrillMarks &marks, double now)
{
    m_marks = marks;
    m_now = now;
    if (now + 1 > m_span) {
        m_span = std::max(now + 2, m_span * 1.25);
        m_isStale = true;
    }
    update();
}

DrillTimeline::Places DrillTimeline::places() const
{
    Places out;
    const double wide = std::max(50, width() - Gutter - Right);
    // What is left over goes to the two charts.
    const double spare = std::max(0, height() - sizeHint().height()) / 2.0;
    out.lanes = QRectF(Gutter, BandNames, wide, double(m_lanes.size() + 1) * LaneHeight);
    out.shares = QRectF(Gutter, out.lanes.bottom() + Heading, wide, ShareHeight + spare);
    out.latency = QRectF(Gutter, out.shares.bottom() + Heading, wide, LatencyHeight + spare);
    return out;
}

double DrillTimeline::x(double at) const
{
    return Gutter + std::max(50, width() - Gutter - Right) * std::clamp(at / m_span, 0.0, 1.0);
}

double DrillTimeline::laneY(int lane) const
{
    return BandNames + lane * LaneHeight + LaneHeight / 2.0;
}

// Logarithmic: an answer that was asked for twice takes a hundred times as long.
double DrillTimeline::latencyY(double ms) const
{
    const QRectF at = places().latency;
    return at.bottom() - at.height() * std::clamp(std::log10(std::max(1.0, ms)) / std::log10(m_slowest), 0.0, 1.0);
}

void DrillTimeline::paintDot(QPainter &painter, const DrillSample &sample) const
{
    const Tokens &tokens = tokensFor(palette());
    const int lane = laneOf(sample);
    const QColor colour = sample.isOk() ? (lane >= 0 ? m_lanes.at(lane).colour : tokens.muted) : tokens.down;
    const double at = x(sample.at);
    const double y = laneY(lane);
    painter.setPen(Qt::NoPen);
    if (m_samples.size() > ManyDots) {
        painter.fillRect(QRectF(at - 1, y - 4, 2, 8), colour);
        painter.fillRect(QRectF(at - 1, latencyY(sample.ms) - 1, 2, 2), colour);
        return;
    }
    if (sample.isOk() && sample.attempts > 1) {
        // Asked again inside the router: a ring.
        painter.setPen(QPen(colour, 1.6));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(at, y), 3.6, 3.6);
        painter.setPen(Qt::NoPen);
    } else if (!sample.isOk()) {
        painter.setPen(QPen(colour, 2));
        painter.drawLine(QPointF(at - 3.4, y - 3.4), QPointF(at + 3.4, y + 3.4));
        painter.drawLine(QPointF(at - 3.4, y + 3.4), QPointF(at + 3.4, y - 3.4));
        painter.setPen(Qt::NoPen);
    } else {
        painter.setBrush(colour);
        painter.drawEllipse(QPointF(at, y), 3.2, 3.2);
    }
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(at, latencyY(sample.ms)), 1.9, 1.9);
}

void DrillTimeline::redraw()
{
    m_dots = QPixmap(size() * devicePixelRatioF());
    m_dots.setDevicePixelRatio(devicePixelRatioF());
    m_dots.fill(Qt::transparent);
    QPainter painter(&m_dots);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const DrillSample &sample : std::as_const(m_samples))
        paintDot(painter, sample);
    m_isStale = false;
}

void DrillTimeline::paintBands(QPainter &painter, const Places &at) const
{
    const Tokens &tokens = tokensFor(palette());
    const double end = m_now >= 0 ? m_now : m_marks.end.value_or(m_span);
    painter.setFont(typeFont(Type::Label, true));
    const auto band = [&](std::optional<double> from, std::optional<double> to, const QColor &colour, double tint, const QString &name) {
        if (!from)
            return;
        const double left = x(*from);
        const double right = x(std::min(to.value_or(end), end));
        if (right <= left)
            return;
        const QColor fill = mixed(tokens.surface, colour, tint);
        painter.fillRect(QRectF(left, 0, right - left, at.lanes.bottom()), fill);
        painter.fillRect(QRectF(left, at.shares.top(), right - left, at.shares.height()), fill);
        painter.fillRect(QRectF(left, at.latency.top(), right - left, at.latency.height()), fill);
        painter.setPen(colour);
        const QRectF room(left + 6, 0, right - left - 8, BandNames);
        const QString words = painter.fontMetrics().elidedText(name, Qt::ElideRight, int(room.width()));
        if (words.size() > 2)
            painter.drawText(room, int(Qt::AlignLeft | Qt::AlignVCenter), words);
        painter.fillRect(QRectF(left, 0, 1, at.lanes.bottom()), mixed(tokens.surface, colour, 0.6));
    };
    band(0, m_marks.cut ? m_marks.cut : std::optional(end), tokens.muted, 0.06, drillPhaseLabel(DrillPhase::Steady));
    band(m_marks.cut, m_marks.restore, tokens.down, tokens.dark ? 0.15 : 0.09, drillFaultLabel(m_fault));
    band(m_marks.restore, end, tokens.ok, tokens.dark ? 0.12 : 0.09, drillPhaseLabel(DrillPhase::Recovery));
}

void DrillTimeline::paintLanes(QPainter &painter, const Places &at) const
{
    const Tokens &tokens = tokensFor(palette());
    for (int i = 0; i <= m_lanes.size(); ++i) {
        const bool isFailures = i == m_lanes.size();
        const double y = laneY(i);
        painter.setPen(QPen(tokens.border, 1));
        painter.drawLine(QPointF(at.lanes.left(), std::round(y) + 0.5), QPointF(at.lanes.right(), std::round(y) + 0.5));
        painter.setFont(typeFont(Type::Body, i == 0));
        painter.setPen(isFailures ? tokens.down : tokens.text);
        const QString name = isFailures ? tr("Failed") : m_lanes.at(i).label;
        painter.drawText(QRectF(14, y - 10, Gutter - 26, 20), int(Qt::AlignLeft | Qt::AlignVCenter), painter.fontMetrics().elidedText(name, Qt::ElideRight, Gutter - 26));
        painter.fillRect(QRectF(0, y - 9, 4, 18), isFailures ? tokens.down : m_lanes.at(i).colour);
    }
}

void DrillTimeline::paintShares(QPainter &painter, const QRectF &at) const
{
    const Tokens &tokens = tokensFor(palette());
    painter.setFont(typeFont(Type::Label));
    painter.setPen(tokens.muted);
    painter.drawText(QRectF(0, at.top() - Heading, at.width(), Heading), int(Qt::AlignLeft | Qt::AlignVCenter), tr("Share of the answers"));
    painter.setFont(figureFont(Type::Label));
    painter.drawText(QRectF(0, at.top() - 6, Gutter - 10, 14), int(Qt::AlignRight | Qt::AlignVCenter), formatPercent(100));
    painter.drawText(QRectF(0, at.bottom() - 8, Gutter - 10, 14), int(Qt::AlignRight | Qt::AlignVCenter), formatPercent(0));
    for (int second = 0; second < m_seconds.size(); ++second) {
        const Second &one = m_seconds.at(second);
        int all = one.failed;
        for (const int lane : one.byLane)
            all += lane;
        if (all == 0)
            continue;
        const double left = x(second);
        const double wide = std::max(1.0, x(second + 1) - left - (m_span < 120 ? 1 : 0));
        double y = at.bottom();
        const auto bar = [&](int count, const QColor &colour) {
            const double tall = at.height() * count / all;
            if (count > 0)
                painter.fillRect(QRectF(left, y - tall, wide, tall), colour);
            y -= tall;
        };
        for (int lane = 0; lane < one.byLane.size(); ++lane)
            bar(one.byLane.at(lane), mixed(tokens.surface, m_lanes.at(lane).colour, second == m_cursor ? 1.0 : 0.8));
        bar(one.failed, tokens.down);
    }
    painter.setPen(QPen(tokens.border, 1));
    painter.drawLine(QPointF(at.left(), at.bottom() + 0.5), QPointF(at.right(), at.bottom() + 0.5));
}

void DrillTimeline::paintLatency(QPainter &painter, const QRectF &at) const
{
    const Tokens &tokens = tokensFor(palette());
    painter.setFont(typeFont(Type::Label));
    painter.setPen(tokens.muted);
    painter.drawText(QRectF(0, at.top() - Heading, at.width(), Heading), int(Qt::AlignLeft | Qt::AlignVCenter), tr("Time to the answer, logarithmic"));
    painter.setFont(figureFont(Type::Label));
    for (double line = 1; line <= m_slowest * 1.001; line *= 10) {
        const double y = std::round(latencyY(line)) + 0.5;
        painter.setPen(QPen(tokens.border, 1));
        painter.drawLine(QPointF(at.left(), y), QPointF(at.right(), y));
        painter.setPen(tokens.muted);
        painter.drawText(QRectF(0, y - 8, Gutter - 10, 16), int(Qt::AlignRight | Qt::AlignVCenter), formatLatency(line));
    }
}

void DrillTimeline::paintAxis(QPainter &painter, const Places &at) const
{
    const Tokens &tokens = tokensFor(palette());
    const double step = m_span > 900 ? 300 : m_span > 300 ? 60 : m_span > 100 ? 20 : m_span > 40 ? 10 : m_span > 15 ? 5 : 1;
    painter.setFont(figureFont(Type::Label));
    painter.setPen(tokens.muted);
    for (double second = 0; second <= m_span; second += step)
        painter.drawText(QRectF(x(second) - 30, at.latency.bottom() + 5, 60, Axis - 5), int(Qt::AlignHCenter | Qt::AlignTop), tr("%1 s").arg(second));
    if (m_now < 0)
        return;
    painter.setPen(QPen(tokens.accent, 1));
    const double hand = std::round(x(m_now)) + 0.5;
    painter.drawLine(QPointF(hand, 0), QPointF(hand, at.latency.bottom()));
}

void DrillTimeline::paintEvent(QPaintEvent *)
{
    if (m_isStale || m_dots.isNull())
        redraw();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Places at = places();
    paintBands(painter, at);
    paintLanes(painter, at);
    paintShares(painter, at.shares);
    paintLatency(painter, at.latency);
    painter.drawPixmap(0, 0, m_dots);
    paintAxis(painter, at);
}

void DrillTimeline::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_isStale = true;
}

void DrillTimeline::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange || event->type() == QEvent::FontChange)
        m_isStale = true;
    QWidget::changeEvent(event);
}

QString DrillTimeline::readout() const
{
    if (m_cursor < 0 || m_cursor >= m_seconds.size())
        return {};
    const Second &one = m_seconds.at(m_cursor);
    QStringList words;
    for (int lane = 0; lane < one.byLane.size(); ++lane)
        if (one.byLane.at(lane) > 0)
            words.append(QStringLiteral("%1 %2").arg(m_lanes.at(lane).label).arg(one.byLane.at(lane)));
    if (one.failed > 0)
        words.append(tr("failed %1").arg(one.failed));
    for (const DrillSample &sample : m_samples)
        if (!sample.isOk() && int(sample.at) == m_cursor) {
            words.append(sample.cause);
            break;
        }
    return tr("Second %1: %2").arg(m_cursor).arg(words.isEmpty() ? tr("nothing was sent") : words.join(QStringLiteral(", ")));
}

void DrillTimeline::mouseMoveEvent(QMouseEvent *event)
{
    const double wide = std::max(50, width() - Gutter - Right);
    const double at = (event->position().x() - Gutter) / wide * m_span;
    const int second = at >= 0 && at < double(m_seconds.size()) ? int(at) : -1;
    if (second == m_cursor)
        return;
    m_cursor = second;
    setAccessibleDescription(readout());
    update();
}

void DrillTimeline::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_cursor = -1;
    update();
}

bool DrillTimeline::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const QString text = readout();
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace hybridge
