// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/costdelegate.h"

#include "backend/base/units.h"
#include "ui/cost/costmodel.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>

#include <algorithm>

namespace hybridge {

namespace {
constexpr int Side = 12;
constexpr int MeterWidth = 64;
constexpr int MeterHeight = 4;
} // namespace

QSize CostDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    return {QStyledItemDelegate::sizeHint(option, index).width(), RowHeight};
}

void CostDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Tokens &tokens = tokensFor(option.palette);
    const bool mirrored = option.direction == Qt::RightToLeft;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool isHovered = (option.state & QStyle::State_MouseOver) != 0;
    const bool isSelected = (option.state & QStyle::State_Selected) != 0;
    painter->fillRect(option.rect, isSelected ? tokens.selection : isHovered ? tokens.raised : tokens.surface);
    if (index.row() + 1 < index.model()->rowCount()) { // the card's own edge closes the last one
        painter->setPen(tokens.border);
        painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    }
    QRect inside = option.rect.adjusted(Side, 0, -Side, 0);
    const bool isNode = index.column() == CostModel::Node;
    if (isNode) {
        const QRect stripe(mirrored ? option.rect.right() - 3 : option.rect.left(), option.rect.top() + 8, 4, option.rect.height() - 16);
        painter->setPen(Qt::NoPen);
        painter->setBrush(index.data(CostModel::ColourRole).value<QColor>());
        painter->drawRoundedRect(stripe, 2, 2);
        inside.adjust(mirrored ? 0 : 6, 0, mirrored ? -6 : 0, 0);
    }
    const QString text = index.data(Qt::DisplayRole).toString();
    const QString sub = index.data(CostModel::SubRole).toString();
    const QVariant fraction = index.data(CostModel::FractionRole);
    const QFont mainFont = isNode ? typeFont(Type::Body, true) : figureFont(Type::Body);
    const QFont subFont = isNode ? typeFont(Type::Label) : figureFont(Type::Label);
    const int mainHeight = QFontMetrics(mainFont).height();
    const int subHeight = QFontMetrics(subFont).height();
    const bool hasMeter = fraction.isValid();
    const int whole = mainHeight + (sub.isEmpty() ? 0 : subHeight + 2) + (hasMeter ? MeterHeight + 4 : 0);
    int y = inside.top() + (inside.height() - whole) / 2;
    const auto side = Qt::AlignVCenter | (isNode != mirrored ? Qt::AlignLeft : Qt::AlignRight);
    const auto line = [&](const QString &words, const QFont &font, const QColor &colour, int height) {
        painter->setFont(font);
        painter->setPen(colour);
        painter->drawText(QRect(inside.left(), y, inside.width(), height), int(side | Qt::AlignAbsolute | Qt::TextSingleLine),
            QFontMetrics(font).elidedText(words, Qt::ElideRight, inside.width()));
        y += height;
    };
    line(text, mainFont, text == unknownText() ? tokens.muted : tokens.text, mainHeight);
    if (hasMeter) {
        y += 3;
        const int width = std::min(MeterWidth, inside.width());
        const QRectF bar(mirrored ? inside.left() : inside.right() + 1 - width, y, width, MeterHeight);
        const double told = index.data(CostModel::ToldRole).toDouble();
        painter->setPen(Qt::NoPen);
        painter->setBrush(tokens.track);
        painter->drawRoundedRect(bar, 2, 2);
        const bool isIdle = index.column() == CostModel::Idle;
        const double filled = std::clamp(fraction.toDouble(), 0.0, 1.0) * width;
        const auto part = [&](double from, double length, const QColor &colour) {
            if (length < 0.5)
                return;
            painter->setBrush(colour);
            painter->drawRoundedRect(QRectF(mirrored ? bar.right() - from - length : bar.left() + from, y, length, MeterHeight), 2, 2);
        };
        part(0, filled, isIdle ? tokens.warn : tokens.muted);
        part(filled, told * width, mixed(tokens.track, tokens.muted, 0.45));
        y += MeterHeight + 1;
    }
    if (!sub.isEmpty()) {
        y += 2;
        line(sub, subFont, tokens.muted, subHeight);
    }
    if ((option.state & QStyle::State_HasFocus) != 0) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(tokens.accent, 1));
        painter->drawRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    painter->restore();
}

} // namespace hybridge
