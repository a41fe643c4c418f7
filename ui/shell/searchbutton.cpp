// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/searchbutton.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QEvent>
#include <QKeySequence>
#include <QPainter>
#include <QStyle>

namespace hybridge {

SearchButton::SearchButton(QWidget *parent) : QAbstractButton(parent)
{
    setObjectName(QStringLiteral("searchField"));
    setText(tr("Search nodes, pages, actions"));
    setAccessibleName(text());
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void SearchButton::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hasFocus() ? tokens.accent : underMouse() ? mixed(tokens.border, tokens.muted, 0.5) : tokens.border, 1));
    painter.setBrush(tokens.background);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Control, radius::Control);
    const auto mirrored = [this](const QRect &r) { return QStyle::visualRect(layoutDirection(), rect(), r); };
    const QRect icon = mirrored(QRect(10, (height() - 16) / 2, 16, 16));
    painter.drawPixmap(icon.topLeft(), iconPixmap(QStringLiteral("search"), tokens.muted, 16, devicePixelRatioF()));
    painter.setFont(typeFont(Type::Label));
    const QString key = QKeySequence(Qt::CTRL | Qt::Key_K).toString(QKeySequence::NativeText);
    const int keyWidth = painter.fontMetrics().horizontalAdvance(key) + 12;
    const QRect keyBox = mirrored(QRect(width() - keyWidth - 8, (height() - 20) / 2, keyWidth, 20));
    painter.setBrush(tokens.surface);
    painter.setPen(QPen(tokens.border, 1));
    painter.drawRoundedRect(QRectF(keyBox).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setPen(tokens.muted);
    painter.drawText(keyBox, int(Qt::AlignCenter), key);
    painter.setFont(typeFont(Type::Body));
    const QRect room = mirrored(QRect(34, 0, width() - 34 - keyWidth - 16, height()));
    painter.drawText(room, int(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft | Qt::AlignVCenter)) | Qt::TextSingleLine,
        painter.fontMetrics().elidedText(text(), Qt::ElideRight, room.width()));
}

bool SearchButton::event(QEvent *event)
{
    if (event->type() == QEvent::Enter || event->type() == QEvent::Leave)
        update();
    return QAbstractButton::event(event);
}

} // namespace hybridge
