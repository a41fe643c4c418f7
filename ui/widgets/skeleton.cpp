// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/skeleton.h"

#include "ui/widgets/tokens.h"

#include <QPainter>
#include <QTimerEvent>

namespace hybridge {

Skeleton::Skeleton(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("Loading"));
}

void Skeleton::reveal()
{
    m_timer.stop();
    m_revealed = true;
    update();
}

void Skeleton::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (!m_revealed)
        m_timer.start(DelayMs, this);
}

void Skeleton::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_timer.timerId())
        reveal();
    else
        QWidget::timerEvent(event);
}

void Skeleton::paintEvent(QPaintEvent *)
{
    if (!m_revealed)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokensFor(palette()).track);
    constexpr double Widths[] {0.62, 0.9, 0.8, 0.45};
    int y = 0;
    for (const double share : Widths) {
        if (y + 10 > height())
            break;
        painter.drawRoundedRect(QRectF(0, y, width() * share, 10), 5, 5);
        y += 26;
    }
}

} // namespace hybridge
