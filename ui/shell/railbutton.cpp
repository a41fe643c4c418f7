// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/railbutton.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QEvent>
#include <QPainter>
#include <QStyle>

namespace hybridge {

RailButton::RailButton(const QString &icon, const QString &words, QWidget *parent) : QAbstractButton(parent), m_icon(icon)
{
    setText(words);
    setAccessibleName(words);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFixedHeight(40);
}

void RailButton::setIconName(const QString &icon)
{
    m_icon = icon;
    update();
}

void RailButton::setCollapsed(bool collapsed)
{
    m_collapsed = collapsed;
    update();
}

void RailButton::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 1.5, -0.5, -1.5);
    const QColor back = isChecked() ? tokens.selection : underMouse() || isDown() ? tokens.raised : QColor(Qt::transparent);
    painter.setBrush(back);
    painter.setPen(hasFocus() ? QPen(tokens.accent, 1) : QPen(Qt::NoPen));
    painter.drawRoundedRect(frame, radius::Control, radius::Control);
    const QColor ink = isChecked() ? tokens.accent : tokens.muted;
    constexpr int Side = 20;
    const int iconLeft = m_collapsed ? (width() - Side) / 2
        : layoutDirection() == Qt::RightToLeft ? width() - 12 - Side
                                               : 12;
    painter.drawPixmap(QPointF(iconLeft, (height() - Side) / 2.0), iconPixmap(m_icon, ink, Side, devicePixelRatioF()));
    if (m_collapsed)
        return;
    painter.setPen(isChecked() ? tokens.text : mixed(tokens.muted, tokens.text, 0.5));
    painter.setFont(typeFont(Type::Body, isChecked()));
    const QRect room = rect().adjusted(12 + Side + 10, 0, -8, 0);
    painter.drawText(QStyle::visualRect(layoutDirection(), rect(), room),
        int(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft | Qt::AlignVCenter)) | Qt::TextSingleLine,
        painter.fontMetrics().elidedText(text(), Qt::ElideRight, room.width()));
}

bool RailButton::event(QEvent *event)
{
    if (event->type() == QEvent::Enter || event->type() == QEvent::Leave)
        update();
    return QAbstractButton::event(event);
}

} // namespace hybridge
