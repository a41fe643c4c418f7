// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/sparkline.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace hybridge {

void paintSparkline(QPainter &painter, const QRectF &rect, const SampleRing &samples, int shown, double top, bool stale, const Tokens &tokens)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor colour = stale ? tokens.muted : tokens.accent;
    // The base line says where 0 is and that there is a place for values, also when there are none.
    painter.setPen(QPen(tokens.border, 1.0));
    painter.drawLine(QPointF(rect.left(), rect.bottom() - 0.5), QPointF(rect.right(), rect.bottom() - 0.5));
    if (samples.size() == 0 || shown < 2 || top <= 0) {
        painter.restore();
        return;
    }
    const QRectF area = rect.adjusted(0, 1, 0, -1);
    const double step = area.width() / (shown - 1);
    const auto x = [&](int i) { return area.right() - step * (samples.size() - 1 - i); };
    const auto y = [&](float v) { return area.bottom() - area.height() * std::clamp(double(v) / top, 0.0, 1.0); };
    QColor fill = colour;
    fill.setAlphaF(tokens.dark ? 0.16F : 0.12F);
    int i = 0;
    while (i < samples.size()) {
        if (std::isnan(samples.at(i))) {
            ++i;
            continue;
        }
        const int first = i;
        QPainterPath line(QPointF(x(i), y(samples.at(i))));
        for (++i; i < samples.size() && !std::isnan(samples.at(i)); ++i)
            line.lineTo(x(i), y(samples.at(i)));
        const int last = i - 1;
        if (first == last) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour);
            painter.drawEllipse(QPointF(x(first), y(samples.at(first))), 1.25, 1.25);
            continue;
        }
        QPainterPath below = line;
        below.lineTo(x(last), area.bottom());
        below.lineTo(x(first), area.bottom());
        below.closeSubpath();
        painter.fillPath(below, fill);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPath(line);
    }
    painter.restore();
}

Sparkline::Sparkline(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFixedHeight(36);
}

void Sparkline::setSamples(const SampleRing &samples, double top, bool stale)
{
    m_samples = samples;
    m_top = top;
    m_stale = stale;
    update();
}

int Sparkline::shown() const
{
    const int third = m_samples.capacity() / 3;
    return m_samples.size() > third ? m_samples.capacity() : third;
}

double Sparkline::span() const
{
    return m_samples.capacity() > 0 ? double(shown()) / m_samples.capacity() : 1.0;
}

void Sparkline::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paintSparkline(painter, rect(), m_samples, shown(), m_top, m_stale, tokensFor(palette()));
}

} // namespace hybridge
