// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/cardgrid.h"

#include "ui/widgets/tokens.h"

#include <QWidget>

#include <algorithm>

namespace hybridge {

namespace {
int heightOf(QLayoutItem *item, int width)
{
    const int wanted = item->hasHeightForWidth() ? item->heightForWidth(width) : item->sizeHint().height();
    return std::max(wanted, item->minimumSize().height());
}
} // namespace

CardGrid::CardGrid(int least, int most, Fill fill, QWidget *parent) : QLayout(parent), m_least(least), m_most(most), m_fill(fill)
{
    setContentsMargins(0, 0, 0, 0);
    setSpacing(space::L);
}

CardGrid::~CardGrid()
{
    qDeleteAll(m_items);
}

void CardGrid::addItem(QLayoutItem *item)
{
    m_items.append(item);
}

QLayoutItem *CardGrid::takeAt(int index)
{
    return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr;
}

QSize CardGrid::minimumSize() const
{
    const QMargins margins = contentsMargins();
    return {std::min(m_least, 280) + margins.left() + margins.right(), margins.top() + margins.bottom()};
}

void CardGrid::setGeometry(const QRect &rect)
{
    QLayout::setGeometry(rect);
    arrange(rect, Move::Yes);
}

int CardGrid::columnsFor(int width, int items) const
{
    return std::clamp((width + spacing()) / (m_least + spacing()), 1, std::max(1, items));
}

int CardGrid::arrange(const QRect &rect, Move move) const
{
    const QRect area = rect.marginsRemoved(contentsMargins());
    QList<QLayoutItem *> shown;
    for (QLayoutItem *item : m_items)
        if (!item->isEmpty())
            shown.append(item);
    const int columns = columnsFor(area.width(), int(shown.size()));
    int width = (area.width() - (columns - 1) * spacing()) / columns;
    if (m_most > 0)
        width = std::min(width, m_most);
    const bool mirrored = parentWidget() && parentWidget()->layoutDirection() == Qt::RightToLeft;
    QList<int> bottoms(columns, area.top());
    const auto place = [&](QLayoutItem *item, int column, int top, int height) {
        const int offset = column * (width + spacing());
        const int left = mirrored ? area.right() + 1 - width - offset : area.left() + offset;
        if (move == Move::Yes)
            item->setGeometry(QRect(left, top, width, height));
        bottoms[column] = top + height + spacing();
    };
    if (m_fill == Fill::Masonry) {
        for (QLayoutItem *item : std::as_const(shown)) {
            const int column = int(std::min_element(bottoms.cbegin(), bottoms.cend()) - bottoms.cbegin());
            place(item, column, bottoms.at(column), heightOf(item, width));
        }
    } else {
        for (qsizetype first = 0; first < shown.size(); first += columns) {
            const qsizetype end = std::min<qsizetype>(shown.size(), first + columns);
            int height = 0;
            for (qsizetype i = first; i < end; ++i)
                height = std::max(height, heightOf(shown.at(i), width));
            const int top = bottoms.first();
            for (qsizetype i = first; i < end; ++i)
                place(shown.at(i), int(i - first), top, height);
        }
    }
    const int bottom = shown.isEmpty() ? area.top() : *std::max_element(bottoms.cbegin(), bottoms.cend()) - spacing();
    const QMargins margins = contentsMargins();
    return bottom - rect.top() + margins.bottom();
}

} // namespace hybridge
