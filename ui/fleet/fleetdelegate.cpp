// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleetdelegate.h"

#include "ui/fleet/fleetmodel.h"
#include "ui/widgets/lamppainter.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/sparkline.h"
#include "ui/widgets/typography.h"

#include <QPainter>

namespace hybridge {

namespace {

void drawElided(QPainter *painter, const QRect &rect, Qt::Alignment alignment, const QString &text, Qt::LayoutDirection direction)
{
    const QString line = painter->fontMetrics().elidedText(text, Qt::ElideRight, rect.width());
    painter->drawText(rect, int(QStyle::visualAlignment(direction, alignment)) | Qt::TextSingleLine, line);
}

/// A sentence in at most two lines; what does not fit ends in an ellipsis.
void drawTwoLines(QPainter *painter, const QRect &rect, const QString &text, Qt::LayoutDirection direction)
{
    const QFontMetrics metrics = painter->fontMetrics();
    const auto alignment = QStyle::visualAlignment(direction, Qt::AlignLeft) | Qt::AlignVCenter;
    if (metrics.horizontalAdvance(text) <= rect.width()) {
        painter->drawText(rect, int(alignment) | Qt::TextSingleLine, text);
        return;
    }
    qsizetype end = text.size();
    while (end > 0 && metrics.horizontalAdvance(text.left(end)) > rect.width())
        end = text.lastIndexOf(QLatin1Char(' '), end - 1);
    if (end <= 0) {
        drawElided(painter, rect, Qt::AlignLeft | Qt::AlignVCenter, text, direction);
        return;
    }
    const int line = metrics.height();
    const QRect first(rect.left(), rect.center().y() - line + 1, rect.width(), line);
    painter->drawText(first, int(alignment) | Qt::TextSingleLine, text.left(end));
    drawElided(painter, first.translated(0, line), Qt::AlignLeft | Qt::AlignVCenter, text.mid(end + 1), direction);
}

void paintBar(QPainter *painter, const QRect &cell, const QModelIndex &index, bool stale, const Tokens &tokens,
    Qt::LayoutDirection direction)
{
    const QVariant fraction = index.data(FleetModel::FractionRole);
    const std::optional<double> share = fraction.isValid() ? std::optional<double>(fraction.toDouble()) : std::nullopt;
    const int middle = cell.center().y();
    drawElided(painter, QRect(cell.left(), middle - 15, cell.width(), 18), Qt::AlignRight | Qt::AlignVCenter,
        index.data(Qt::DisplayRole).toString(), direction);
    paintMeter(*painter, QRectF(cell.left(), middle + 7, cell.width(), 4), share, stale, tokens, direction);
}

} // namespace

void FleetDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Tokens &tokens = tokensFor(option.palette);
    const bool selected = option.state & QStyle::State_Selected;
    const bool hovered = option.state & QStyle::State_MouseOver;
    const bool stale = index.data(FleetModel::StaleRole).toBool();
    const bool mirrored = option.direction == Qt::RightToLeft;
    const QRect cell = option.rect.adjusted(10, 0, -10, -1);
    painter->save();
    painter->fillRect(option.rect, selected ? tokens.selection : hovered ? tokens.raised : tokens.surface);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), tokens.border);
    painter->setFont(figureFont(Type::Body));
    const QString text = index.data(Qt::DisplayRole).toString();
    const bool unknown = !index.data(FleetModel::SortRole).isValid();
    painter->setPen(stale || unknown ? tokens.muted : tokens.text);
    const auto condition = NodeCondition(index.data(FleetModel::ConditionRole).toInt());
    const auto alignment = Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt());

    switch (index.column()) {
    case FleetModel::Node: {
        const int left = mirrored ? option.rect.right() - 3 : option.rect.left();
        const int source = index.data(FleetModel::SourceRowRole).toInt();
        painter->fillRect(QRect(left, option.rect.top() + 6, 4, option.rect.height() - 13),
            nodeColour(index.data(FleetModel::ColourRole).toString(), source, tokens));
        const QRect room = cell.adjusted(mirrored ? 0 : 6, 0, mirrored ? -6 : 0, 0);
        const int lampLeft = mirrored ? room.right() - 15 : room.left();
        paintLamp(*painter, QRectF(lampLeft, room.center().y() - 7.5, 16, 16), condition, tokens);
        QFont bold = painter->font();
        bold.setWeight(QFont::DemiBold);
        painter->setFont(bold);
        drawElided(painter, room.adjusted(mirrored ? 0 : 26, 0, mirrored ? -26 : 0, 0), alignment, text, option.direction);
        break;
    }
    case FleetModel::State:
        painter->setPen(condition == NodeCondition::Healthy ? tokens.muted : tokens.text);
        drawTwoLines(painter, cell, text, option.direction);
        break;
    case FleetModel::Gpu:
    case FleetModel::Memory:
        paintBar(painter, cell, index, stale, tokens, option.direction);
        break;
    case FleetModel::Trend: {
        const auto samples = index.data(FleetModel::TrendRole).value<SampleRing>();
        paintSparkline(*painter, QRectF(cell).adjusted(0, 8, 0, -7), samples, samples.capacity(), 100.0, stale, tokens);
        break;
    }
    default:
        drawElided(painter, cell, alignment, text, option.direction);
        break;
    }
    painter->restore();
}

QSize FleetDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    return {80, 44};
}

} // namespace hybridge
