// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleettable.h"

#include "ui/fleet/fleetdelegate.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetsort.h"
#include "ui/widgets/typography.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>

#include <algorithm>
#include <array>

namespace hybridge {

namespace {

// The widest text that a column has to hold; a column is as wide as that or its title.
struct ColumnRoom {
    int column;
    const char *widest;
    int least;
};
constexpr std::array Rooms {ColumnRoom {FleetModel::Gpu, "100 %", 84}, ColumnRoom {FleetModel::Memory, "88.8 / 88.8 GiB", 0},
    ColumnRoom {FleetModel::Temperature, "100 °C", 0}, ColumnRoom {FleetModel::Power, "8888 W", 0},
    ColumnRoom {FleetModel::Queue, "88 / 888", 0}, ColumnRoom {FleetModel::Rate, "8888.8", 0}, ColumnRoom {FleetModel::Trend, "", 104},
    ColumnRoom {FleetModel::Models, "", 160}, ColumnRoom {FleetModel::Weight, "100 %", 0},
    ColumnRoom {FleetModel::Cost, "88.88 USD/h", 0}, ColumnRoom {FleetModel::Age, "59 min", 0}};
constexpr int NodeRoom = 160;
constexpr int LeastState = 180;
// Who steps aside first when the window is narrow.
constexpr std::array StepAside {FleetModel::Models, FleetModel::Cost, FleetModel::Power, FleetModel::Weight, FleetModel::Trend,
    FleetModel::Rate, FleetModel::Temperature, FleetModel::Queue, FleetModel::Memory, FleetModel::Age};

} // namespace

FleetTable::FleetTable(FleetModel &model, FleetSort &sort, QWidget *parent) : QTableView(parent), m_model(model), m_sort(sort)
{
    setObjectName(QStringLiteral("fleetTable"));
    setAccessibleName(tr("Nodes"));
    setModel(&sort);
    setItemDelegate(new FleetDelegate(this));
    setSortingEnabled(true);
    sortByColumn(FleetModel::State, Qt::AscendingOrder);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false); // Tab leaves the table
    setShowGrid(false);
    setMouseTracking(true);
    setFrameShape(NoFrame);
    setWordWrap(false);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(44);
    horizontalHeader()->setFixedHeight(34);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setMinimumSectionSize(40);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    horizontalHeader()->setFont(typeFont(Type::Label));
    connect(this, &QTableView::clicked, this, [this](const QModelIndex &index) { Q_EMIT nodeActivated(idAt(index)); });
    connect(&model, &QAbstractItemModel::modelReset, this, &FleetTable::fitColumns);
}

int FleetTable::heightOf(int rows) const
{
    return horizontalHeader()->height() + rows * verticalHeader()->defaultSectionSize() + 2;
}

QString FleetTable::idAt(const QModelIndex &index) const
{
    return index.data(FleetModel::IdRole).toString();
}

void FleetTable::fitColumns()
{
    const QFontMetrics cells(figureFont(Type::Body));
    const QFontMetrics titles(typeFont(Type::Label));
    std::array<int, FleetModel::ColumnCount> width {};
    width[FleetModel::Node] = NodeRoom;
    width[FleetModel::State] = LeastState;
    for (const ColumnRoom &room : Rooms) {
        const QString title = m_model.headerData(room.column, Qt::Horizontal, Qt::DisplayRole).toString();
        width[std::size_t(room.column)] = std::max(
            {room.least, cells.horizontalAdvance(QString::fromUtf8(room.widest)) + 22, titles.horizontalAdvance(title) + 26});
    }
    for (const FleetModel::Column column : {FleetModel::Weight, FleetModel::Cost})
        if (!m_model.isAnyKnown(column))
            width[column] = 0;
    const auto total = [&width] {
        int sum = 0;
        for (const int each : width)
            sum += each;
        return sum;
    };
    const int available = viewport()->width();
    for (const FleetModel::Column column : StepAside) {
        if (total() <= available)
            break;
        width[column] = 0;
    }
    // What is left over goes to the sentence first, a part of it to long names.
    const int spare = std::max(0, available - total());
    const int toNode = std::min(120, spare / 4);
    width[FleetModel::Node] += toNode;
    width[FleetModel::State] += spare - toNode;
    for (int column = 0; column < FleetModel::ColumnCount; ++column) {
        const int wide = width[std::size_t(column)];
        setColumnHidden(column, wide == 0);
        if (wide > 0 && columnWidth(column) != wide)
            setColumnWidth(column, wide);
    }
}

void FleetTable::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

void FleetTable::enterEvent(QEnterEvent *event)
{
    QTableView::enterEvent(event);
    m_pointerInside = true;
    updateFrozen();
}

void FleetTable::leaveEvent(QEvent *event)
{
    QTableView::leaveEvent(event);
    m_pointerInside = false;
    updateFrozen();
}

void FleetTable::focusInEvent(QFocusEvent *event)
{
    QTableView::focusInEvent(event);
    if (!currentIndex().isValid() && m_sort.rowCount() > 0)
        setCurrentIndex(m_sort.index(0, FleetModel::Node));
    updateFrozen();
}

void FleetTable::focusOutEvent(QFocusEvent *event)
{
    QTableView::focusOutEvent(event);
    updateFrozen();
}

void FleetTable::keyPressEvent(QKeyEvent *event)
{
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        Q_EMIT nodeActivated(idAt(currentIndex()));
        return;
    }
    QTableView::keyPressEvent(event);
}

void FleetTable::updateFrozen()
{
    m_sort.setFrozen(m_pointerInside || hasFocus());
}

void FleetTable::contextMenuEvent(QContextMenuEvent *event)
{
    // By the keyboard it is about the row that is selected, and opens there.
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    const QModelIndex index = byKey ? currentIndex() : indexAt(event->pos());
    if (!index.isValid())
        return;
    const QPoint at = byKey ? viewport()->mapToGlobal(visualRect(index).bottomLeft()) : event->globalPos();
    Q_EMIT menuRequested(idAt(index), at);
}

} // namespace hybridge
