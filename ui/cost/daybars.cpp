// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/daybars.h"

#include "ui/widgets/ticks.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {
constexpr int TopRoom = 8; // half a label above the top line
constexpr int StripHeight = 4;
constexpr int DateStrip = 30; // coverage and dates below the plot
constexpr double MostBar = 26;
} // namespace

double DayBars::Day::sum() const
{
    double sum = 0;
    for (const double part : parts)
        sum += part;
    return sum;
}

DayBars::DayBars(Format format, QWidget *parent) : QWidget(parent), m_format(std::move(format))
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
}

void DayBars::setDays(const QList<Series> &series, const QList<Day> &days, QDate today)
{
    if (m_series == series && m_days == days && m_today == today)
        return;
    m_series = series;
    m_days = days;
    m_today = today;
    if (m_cursor >= m_days.size())
        setCursorDay(-1);
    update();
}

double DayBars::greatest() const
{
    double greatest = 0;
    for (const Day &day : m_days)
        greatest = std::max(greatest, day.sum());
    return greatest;
}

QRectF DayBars::plot() const
{
    const ValueTicks ticks = valueTicks(greatest(), 4);
    const QFontMetrics metrics(figureFont(Type::Label));
    const int left = metrics.horizontalAdvance(QLocale().toString(ticks.top, 'f', ticks.decimals)) + 12;
    return {double(left), TopRoom, std::max(10.0, double(width() - left - 4)), std::max(10.0, double(height() - TopRoom - DateStrip))};
}

QRectF DayBars::placeOf(int index) const
{
    const QRectF area = plot();
    const double each = area.width() / double(std::max<qsizetype>(1, m_days.size()));
    // Time runs to the right in every language, as in the other charts.
    return {area.left() + each * index, area.top(), each, area.height()};
}

void DayBars::paintStrip(QPainter &painter, const QRectF &at, const Day &day) const
{
    const Tokens &tokens = tokensFor(palette());
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.track);
    painter.drawRoundedRect(at, 2, 2);
    QPainterPath inside;
    inside.addRoundedRect(at, 2, 2);
    painter.save();
    painter.setClipPath(inside);
    const double watched = std::clamp(day.watched, 0.0, 1.0) * at.width();
    const double told = std::clamp(day.told, 0.0, 1.0) * at.width();
    painter.fillRect(QRectF(at.left(), at.top(), watched, at.height()), tokens.muted);
    painter.fillRect(QRectF(at.left() + watched, at.top(), told, at.height()), mixed(tokens.track, tokens.muted, 0.45));
    painter.restore();
}

void DayBars::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens &tokens = tokensFor(palette());
    const QRectF area = plot();
    const bool hasValues = greatest() > 0;
    const ValueTicks ticks = valueTicks(greatest(), 4);
    painter.setFont(figureFont(Type::Label));
    const QFontMetrics metrics(painter.font());
    const auto yOf = [&](double value) { return area.bottom() - area.height() * value / ticks.top; };
    for (double value = 0; value <= ticks.top * 1.0001; value += ticks.step) {
        const double y = std::round(yOf(value)) + 0.5;
        painter.setPen(QPen(value == 0 ? mixed(tokens.border, tokens.muted, 0.4) : tokens.border, 1));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        if (!hasValues)
            break; // an axis without values has no numbers
        painter.setPen(tokens.muted);
        painter.drawText(QRectF(0, y - metrics.height() / 2.0, area.left() - 8, metrics.height()), int(Qt::AlignRight | Qt::AlignVCenter),
            QLocale().toString(value, 'f', ticks.decimals));
    }
    const double each = area.width() / double(std::max<qsizetype>(1, m_days.size()));
    const double bar = std::min(MostBar, each * 0.68);
    const int label = metrics.horizontalAdvance(QStringLiteral("30")) + 8;
    const int every = std::max(1, int(std::ceil(label / each)));
    for (int i = 0; i < m_days.size(); ++i) {
        const Day &day = m_days.at(i);
        const QRectF place = placeOf(i);
        const double left = place.center().x() - bar / 2;
        if (i == m_cursor)
            painter.fillRect(place.adjusted(0, -TopRoom, 0, DateStrip), tokens.raised);
        // Rounded at the top of the whole bar alone; a hairline of the surface between two parts.
        const double top = yOf(day.sum());
        if (area.bottom() - top >= 0.5) {
            QPainterPath outline;
            outline.addRoundedRect(QRectF(left, top, bar, area.bottom() - top + 3), 3, 3);
            painter.save();
            painter.setClipRect(QRectF(left, top - 1, bar, area.bottom() - top + 1));
            painter.setClipPath(outline, Qt::IntersectClip);
            double base = 0;
            for (qsizetype part = 0; part < day.parts.size() && part < m_series.size(); ++part) {
                const double upper = yOf(base + day.parts.at(part));
                const double lower = yOf(base);
                painter.fillRect(QRectF(left, upper, bar, lower - upper), m_series.at(part).colour);
                if (part > 0 && lower - upper > 2)
                    painter.fillRect(QRectF(left, lower - 0.5, bar, 1), tokens.surface);
                base += day.parts.at(part);
            }
            painter.restore();
        }
        if (day.date <= m_today)
            paintStrip(painter, QRectF(left, area.bottom() + 5, bar, StripHeight), day);
        const bool isToday = day.date == m_today;
        const qint64 toToday = std::abs(day.date.daysTo(m_today)); // its label makes room for itself
        if (isToday || (i % every == 0 && toToday >= every)) {
            painter.setPen(isToday ? tokens.text : tokens.muted);
            painter.setFont(figureFont(Type::Label, isToday));
            painter.drawText(QRectF(place.center().x() - 20, area.bottom() + 11, 40, metrics.height()), int(Qt::AlignHCenter | Qt::AlignTop),
                QLocale().toString(day.date.day()));
            painter.setFont(figureFont(Type::Label));
        }
    }
    if (hasFocus()) {
        painter.setPen(QPen(tokens.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Control, radius::Control);
    }
}

QString DayBars::readout() const
{
    if (m_cursor < 0 || m_cursor >= m_days.size())
        return {};
    const Day &day = m_days.at(m_cursor);
    const QString date = QLocale().toString(day.date, QStringLiteral("d MMMM"));
    if (day.date > m_today)
        return date;
    const bool isKnown = day.watched > 0 || day.told > 0 || day.sum() > 0;
    QStringList words {QStringLiteral("%1: %2").arg(date, m_format(isKnown ? std::optional(day.sum()) : std::nullopt))};
    if (isKnown && m_series.size() > 1)
        for (qsizetype i = 0; i < day.parts.size() && i < m_series.size(); ++i)
            words.append(QStringLiteral("%1 %2").arg(m_series.at(i).name, m_format(day.parts.at(i))));
    if (!day.detail.isEmpty())
        words.append(day.detail);
    return words.join(QStringLiteral("  ·  "));
}

void DayBars::setCursorDay(int index)
{
    if (index == m_cursor)
        return;
    m_cursor = index;
    setAccessibleDescription(readout());
    Q_EMIT readoutChanged(readout());
    update();
}

void DayBars::mouseMoveEvent(QMouseEvent *event)
{
    int found = -1;
    for (int i = 0; i < m_days.size(); ++i)
        if (event->position().x() >= placeOf(i).left() && event->position().x() < placeOf(i).right())
            found = i;
    setCursorDay(found);
}

void DayBars::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    setCursorDay(-1);
}

void DayBars::keyPressEvent(QKeyEvent *event)
{
    const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (step == 0 || m_days.isEmpty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    int from = m_cursor;
    if (from < 0)
        for (int i = 0; i < m_days.size(); ++i)
            if (m_days.at(i).date == m_today)
                from = i - step;
    setCursorDay(std::clamp(from + step, 0, int(m_days.size()) - 1));
}

void DayBars::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    setCursorDay(-1);
}

bool DayBars::event(QEvent *event)
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
