// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/lamppainter.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hybridge {

namespace {

// All shapes are drawn in a square of 16 units and scaled: one set of numbers for every size.
constexpr double Unit = 16.0;

void strokePath(QPainter &painter, const QPainterPath &path, const QColor &colour, double width)
{
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
}

QPolygonF octagon(double radius)
{
    QPolygonF out;
    for (int i = 0; i < 8; ++i) {
        const double angle = std::numbers::pi * (0.125 + 0.25 * i);
        out << QPointF(8 + radius * std::cos(angle), 8 + radius * std::sin(angle));
    }
    return out;
}

void paintHealthy(QPainter &painter, const QColor &colour, const QColor &mark)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(8, 8), 7, 7);
    QPainterPath tick(QPointF(4.9, 8.3));
    tick.lineTo(7.1, 10.5);
    tick.lineTo(11.2, 5.9);
    strokePath(painter, tick, mark, 1.7);
}

void paintDegraded(QPainter &painter, const QColor &colour, const QColor &mark)
{
    QPainterPath triangle(QPointF(8, 2.0));
    triangle.lineTo(14.6, 13.6);
    triangle.lineTo(1.4, 13.6);
    triangle.closeSubpath();
    painter.setBrush(colour);
    painter.setPen(QPen(colour, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(triangle);
    QPainterPath bar(QPointF(8, 6.2));
    bar.lineTo(8, 9.2);
    strokePath(painter, bar, mark, 1.7);
    painter.setPen(Qt::NoPen);
    painter.setBrush(mark);
    painter.drawEllipse(QPointF(8, 11.8), 1.0, 1.0);
}

void paintDown(QPainter &painter, const QColor &colour, const QColor &mark)
{
    painter.setBrush(colour);
    painter.setPen(QPen(colour, 0.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPolygon(octagon(7.2));
    QPainterPath cross(QPointF(5.5, 5.5));
    cross.lineTo(10.5, 10.5);
    cross.moveTo(10.5, 5.5);
    cross.lineTo(5.5, 10.5);
    strokePath(painter, cross, mark, 1.8);
}

void paintUnknown(QPainter &painter, const QColor &colour)
{
    QPen pen(colour, 1.4, Qt::CustomDashLine, Qt::FlatCap);
    // Twelve equal dashes: the ring is 2π · 6.5 / 1.4 = 29.17 pen widths long.
    pen.setDashPattern({1.5, 29.17 / 12 - 1.5});
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(QPointF(8, 8), 6.5, 6.5);
    QPainterPath mark;
    mark.moveTo(6.1, 6.5);
    mark.cubicTo(6.1, 3.9, 9.9, 3.9, 9.9, 6.4);
    mark.cubicTo(9.9, 7.9, 8.0, 7.9, 8.0, 9.4);
    strokePath(painter, mark, colour, 1.4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(8, 11.6), 0.95, 0.95);
}

} // namespace

void paintLamp(QPainter &painter, const QRectF &rect, NodeCondition condition, const Tokens &tokens, double turn)
{
    const double side = std::min(rect.width(), rect.height());
    const QColor colour = conditionColour(condition, tokens);
    const QColor mark = tokens.dark ? tokens.background : tokens.surface;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.center().x() - side / 2, rect.center().y() - side / 2);
    painter.scale(side / Unit, side / Unit);
    switch (condition) {
    case NodeCondition::Healthy:
        paintHealthy(painter, colour, mark);
        break;
    case NodeCondition::Degraded:
        paintDegraded(painter, colour, mark);
        break;
    case NodeCondition::Down:
        paintDown(painter, colour, mark);
        break;
    case NodeCondition::Stopped:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour, 1.8));
        painter.drawEllipse(QPointF(8, 8), 6.2, 6.2);
        break;
    case NodeCondition::Starting:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(mixed(tokens.surface, colour, 0.3), 2.0));
        painter.drawEllipse(QPointF(8, 8), 6.2, 6.2);
        painter.setPen(QPen(colour, 2.0, Qt::SolidLine, Qt::RoundCap));
        painter.drawArc(QRectF(1.8, 1.8, 12.4, 12.4), int((90 - 360 * turn) * 16), -int(110 * 16));
        break;
    case NodeCondition::Unknown:
        paintUnknown(painter, colour);
        break;
    }
    painter.restore();
}

} // namespace hybridge
