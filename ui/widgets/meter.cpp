// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/meter.h"

#include <QPainter>

#include <algorithm>

namespace hybridge {

void paintMeter(QPainter &painter, const QRectF &rect, std::optional<double> fraction, bool stale, const Tokens &tokens,
    Qt::LayoutDirection direction)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const double round = rect.height() / 2;
    if (!fraction) {
        QPen pen(mixed(tokens.surface, tokens.muted, 0.6), 1.0, Qt::CustomDashLine);
        pen.setDashPattern({3, 3});
        painter.setPen(pen);
        painter.drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()));
        painter.restore();
        return;
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.track);
    painter.drawRoundedRect(rect, round, round);
    const double share = std::clamp(*fraction, 0.0, 1.0);
    if (share > 0.0) {
        // Never narrower than its own rounding: 1 % must be seen and must not look like a speck of dirt.
        const double width = std::max(rect.height(), rect.width() * share);
        const double left = direction == Qt::RightToLeft ? rect.right() - width : rect.left();
        painter.setBrush(stale ? mixed(tokens.track, tokens.muted, 0.55) : tokens.accent);
        painter.drawRoundedRect(QRectF(left, rect.top(), width, rect.height()), round, round);
    }
    painter.restore();
}

Meter::Meter(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFixedHeight(6);
}

void Meter::setFraction(std::optional<double> fraction, bool stale)
{
    if (fraction == m_fraction && stale == m_stale)
        return;
    m_fraction = fraction;
    m_stale = stale;
    update();
}

void Meter::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paintMeter(painter, rect(), m_fraction, m_stale, tokensFor(palette()), layoutDirection());
}

} // namespace hybridge
