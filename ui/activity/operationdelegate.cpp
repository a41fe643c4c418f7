// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/operationdelegate.h"

#include "backend/base/units.h"
#include "ui/activity/activitylistmodel.h"
#include "ui/widgets/lamppainter.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>

namespace hybridge {

namespace {
constexpr int Side = 16; // margin at both ends
constexpr int Lamp = 16;
constexpr int Stripe = 4; // a node's colour
} // namespace

void OperationDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const auto *model = qobject_cast<const ActivityListModel *>(index.model());
    if (!model)
        return;
    const OperationSummary &summary = model->at(index.row());
    const Tokens &tokens = tokensFor(option.palette);
    const QRect area = option.rect;
    const auto visual = [&option](const QRect &r) { return QStyle::visualRect(option.direction, option.rect, r); };
    const int start = int(QStyle::visualAlignment(option.direction, Qt::AlignLeft) | Qt::AlignVCenter) | Qt::TextSingleLine;
    const int end = int(QStyle::visualAlignment(option.direction, Qt::AlignRight) | Qt::AlignVCenter) | Qt::TextSingleLine;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillRect(area,
        option.state & QStyle::State_Selected        ? tokens.selection
            : option.state & QStyle::State_MouseOver ? tokens.raised
                                                     : tokens.surface);
    painter->fillRect(QRect(area.left(), area.bottom(), area.width(), 1), tokens.border);
    if (option.state & QStyle::State_HasFocus) {
        painter->setPen(tokens.accent);
        painter->drawRect(QRectF(area).adjusted(1.5, 0.5, -1.5, -1.5));
    }
    const auto look = m_looks.constFind(summary.target);
    if (look != m_looks.cend() && look->colour.isValid())
        painter->fillRect(visual(QRect(area.left(), area.top(), Stripe, area.height() - 1)), drawable(look->colour, tokens));
    paintLamp(*painter, visual(QRect(area.left() + Side, area.top() + 11, Lamp, Lamp)), lampOf(summary), tokens);

    const int left = area.left() + Side + Lamp + 12;
    const int right = area.right() - Side;
    painter->setFont(figureFont(Type::Label));
    const QString time = shortMoment(summary.begun, m_now);
    const int timeWidth = painter->fontMetrics().horizontalAdvance(time) + 2;
    painter->setPen(tokens.muted);
    painter->drawText(visual(QRect(right - timeWidth, area.top() + 9, timeWidth, 20)), end, time);
    painter->setFont(typeFont(Type::Body, true));
    painter->setPen(tokens.text);
    const int titleWidth = right - timeWidth - 12 - left;
    painter->drawText(visual(QRect(left, area.top() + 9, titleWidth, 20)), start,
        painter->fontMetrics().elidedText(activityTitle(summary, m_looks), Qt::ElideRight, titleWidth));

    // Who did it steps aside where there is no room for both.
    painter->setFont(typeFont(Type::Label));
    const QString who = safeText(summary.who, 60);
    int whoWidth = painter->fontMetrics().horizontalAdvance(who) + 2;
    if (right - left < 3 * whoWidth)
        whoWidth = 0;
    painter->setPen(tokens.muted);
    if (whoWidth > 0)
        painter->drawText(visual(QRect(right - whoWidth, area.top() + 30, whoWidth, 18)), end, who);
    const int room = right - left - (whoWidth > 0 ? whoWidth + 12 : 0);
    const NodeCondition lamp = lampOf(summary);
    painter->setPen(lamp == NodeCondition::Down || lamp == NodeCondition::Degraded ? conditionColour(lamp, tokens) : tokens.muted);
    painter->setFont(typeFont(Type::Body));
    painter->drawText(visual(QRect(left, area.top() + 29, room, 20)), start,
        painter->fontMetrics().elidedText(outcomeSentence(summary), Qt::ElideRight, room));
    painter->restore();
}

QSize OperationDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    return {200, RowHeight};
}

} // namespace hybridge
