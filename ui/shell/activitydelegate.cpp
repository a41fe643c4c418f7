// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/activitydelegate.h"

#include "ui/shell/activitypanel.h"
#include "ui/widgets/lamppainter.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QLocale>
#include <QPainter>

namespace hybridge {

namespace {
constexpr int Left = 24 + 16 + 12; // margin, lamp, gap
constexpr int Right = 24;
} // namespace

void ActivityDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto *model = qobject_cast<const ActivityModel *>(index.model());
    if (!model)
        return;
    const ActivityEntry &entry = model->entry(index.row());
    const Tokens &tokens = tokensFor(option.palette);
    painter->save();
    painter->fillRect(option.rect,
        option.state & QStyle::State_Selected        ? tokens.selection
            : option.state & QStyle::State_MouseOver ? tokens.raised
                                                     : tokens.surface);
    const auto visual = [&option](const QRect &r) { return QStyle::visualRect(option.direction, option.rect, r); };
    const QRect area = option.rect;
    paintLamp(*painter, visual(QRect(area.left() + 24, area.top() + 10, 16, 16)), entry.condition, tokens);
    painter->setFont(figureFont(Type::Label));
    const QString time = QLocale::c().toString(entry.at.toLocalTime(), QStringLiteral("HH:mm:ss"));
    const int timeWidth = painter->fontMetrics().horizontalAdvance(time) + 2;
    painter->setPen(tokens.muted);
    painter->drawText(visual(QRect(area.right() - Right - timeWidth, area.top() + 9, timeWidth, 18)), int(Qt::AlignRight | Qt::AlignVCenter), time);
    painter->setFont(typeFont(Type::Body));
    painter->setPen(tokens.text);
    const int room = area.width() - Left - Right - timeWidth - 12;
    const auto start = QStyle::visualAlignment(option.direction, Qt::AlignLeft);
    QRect sentence(area.left() + Left, area.top() + 9, room, area.height() - 18);
    if (!entry.detail.isEmpty())
        sentence.setHeight(sentence.height() - painter->fontMetrics().height() - 1);
    painter->drawText(visual(sentence), int(start | Qt::AlignTop) | Qt::TextWordWrap, entry.text);
    if (!entry.detail.isEmpty()) {
        painter->setFont(typeFont(Type::Label));
        painter->setPen(tokens.muted);
        const int wide = area.width() - Left - Right;
        const QRect second(area.left() + Left, sentence.bottom() + 1, wide, painter->fontMetrics().height() + 2);
        painter->drawText(visual(second), int(start | Qt::AlignVCenter) | Qt::TextSingleLine,
            painter->fontMetrics().elidedText(entry.detail, Qt::ElideRight, wide));
    }
    painter->restore();
}

QSize ActivityDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto *model = qobject_cast<const ActivityModel *>(index.model());
    if (!model)
        return {};
    const ActivityEntry &entry = model->entry(index.row());
    const QFontMetrics body(typeFont(Type::Body));
    const int timeWidth = QFontMetrics(figureFont(Type::Label)).horizontalAdvance(QStringLiteral("00:00:00")) + 14;
    const int wide = option.widget ? option.widget->width() - 14 : option.rect.width();
    const int room = std::max(80, wide - Left - Right - timeWidth);
    int height = body.boundingRect(QRect(0, 0, room, 1000), Qt::TextWordWrap, entry.text).height() + 18;
    if (!entry.detail.isEmpty())
        height += body.height() + 1;
    return {100, std::max(36, height)};
}

} // namespace hybridge
