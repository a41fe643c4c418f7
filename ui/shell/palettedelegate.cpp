// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/palettedelegate.h"

#include "ui/shell/commandpalette.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/lamppainter.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>

namespace hybridge {

void PaletteDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto *model = qobject_cast<const PaletteModel *>(index.model());
    if (!model)
        return;
    const PaletteItem &item = model->item(index.row());
    const Tokens &tokens = tokensFor(option.palette);
    const bool selected = option.state & QStyle::State_Selected;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRect line = option.rect.adjusted(8, 1, -8, -1);
    if (selected) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(tokens.selection);
        painter->drawRoundedRect(line, radius::Control, radius::Control);
    }
    const auto visual = [&](const QRect &r) { return QStyle::visualRect(option.direction, line, r); };
    const QRect mark = visual(QRect(line.left() + 10, line.center().y() - 8, 16, 16));
    if (item.condition)
        paintLamp(*painter, mark, *item.condition, tokens);
    else if (!item.icon.isEmpty())
        painter->drawPixmap(mark.topLeft(), iconPixmap(item.icon, selected ? tokens.accent : tokens.muted, 16, painter->device()->devicePixelRatioF()));
    painter->setFont(typeFont(Type::Body));
    const int half = line.width() * 55 / 100;
    const auto start = QStyle::visualAlignment(option.direction, Qt::AlignLeft) | Qt::AlignVCenter;
    const auto end = QStyle::visualAlignment(option.direction, Qt::AlignRight) | Qt::AlignVCenter;
    painter->setPen(tokens.text);
    painter->drawText(visual(QRect(line.left() + 38, line.top(), half - 38, line.height())), int(start) | Qt::TextSingleLine,
        painter->fontMetrics().elidedText(item.title, Qt::ElideRight, half - 38));
    painter->setPen(tokens.muted);
    painter->setFont(typeFont(Type::Label));
    const QString hint = item.hint.isEmpty() ? item.group : item.hint;
    const int room = line.width() - half - 12;
    painter->drawText(visual(QRect(line.left() + half, line.top(), room, line.height())), int(end) | Qt::TextSingleLine,
        painter->fontMetrics().elidedText(hint, Qt::ElideRight, room));
    painter->restore();
}

QSize PaletteDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    return {200, 38};
}

} // namespace hybridge
