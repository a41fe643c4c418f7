// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversationview.h"

#include "ui/widgets/tokens.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QScrollBar>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int TurnGap = 20; ///< between two messages
constexpr int RowGap = 10; ///< between the rows of one
constexpr int Passes = 6;

int gapBelow(const TurnItem &item, qsizetype row)
{
    if (row + 1 >= item.rows.size())
        return 0;
    const bool isCut = item.rows.at(row).kind == RowKind::Code && item.rows.at(row + 1).kind == RowKind::Code
        && item.blocks->at(item.rows.at(row + 1).block).continues;
    return isCut ? 0 : RowGap;
}

} // namespace

ConversationView::ConversationView(QWidget *parent) : QAbstractScrollArea(parent)
{
    setObjectName(QStringLiteral("conversationView"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    verticalScrollBar()->setSingleStep(36);
}

ConversationView::~ConversationView() = default;

void ConversationView::setLabels(const NodeLabels &labels)
{
    if (labels == m_labels)
        return;
    m_labels = labels;
    for (TurnItem &item : m_items)
        for (TurnRow &row : item.rows)
            row.isDirty = true;
    schedule();
}

void ConversationView::setSideMargin(int margin)
{
    m_margin = margin;
    schedule();
}

TurnItem *ConversationView::item(const QString &id)
{
    const auto it = m_index.constFind(id);
    return it == m_index.cend() ? nullptr : &m_items[*it];
}

void ConversationView::setBranch(const Conversation &conversation)
{
    QList<TurnItem> old = std::exchange(m_items, {});
    const QHash<QString, int> known = std::exchange(m_index, {});
    const QStringList path = conversation.path();
    m_items.reserve(path.size());
    m_index.reserve(path.size());
    for (const QString &id : path) {
        const ChatTurn *turn = conversation.turn(id);
        const auto at = known.constFind(id);
        TurnItem one = at == known.cend() ? TurnItem() : std::move(old[*at]);
        const bool isNew = one.turn.id.isEmpty();
        one.turn = *turn;
        const QStringList siblings = conversation.siblings(id);
        const qsizetype place = siblings.indexOf(id);
        const int branches = int(siblings.size());
        if (isNew || one.branches != branches || one.branch != int(place) + 1)
            for (TurnRow &row : one.rows)
                row.isDirty = true;
        one.branch = int(place) + 1;
        one.branches = branches;
        one.previous = place > 0 ? siblings.at(place - 1) : QString();
        one.next = place + 1 < branches ? siblings.at(place + 1) : QString();
        if (one.rows.isEmpty())
            one.height = guessItem(one);
        m_index.insert(id, int(m_items.size()));
        m_items.append(std::move(one));
    }
    for (TurnItem &left : old)
        dropWidgets(left);
    // Whether "Continue" is offered depends on which is the last.
    for (TurnItem &one : m_items)
        for (TurnRow &row : one.rows)
            if (row.kind == RowKind::Foot)
                row.isDirty = true;
    reckon();
    schedule();
}

void ConversationView::setTurn(const ChatTurn &turn)
{
    TurnItem *one = item(turn.id);
    if (!one)
        return;
    const bool isSame = one->turn.message.text == turn.message.text;
    one->turn = turn;
    one->facts.reset();
    one->isLive = turn.state == ChatTurn::State::Streaming;
    if (one->isLive) {
        // Begun, begun anew or continued: what follows belongs to the last block.
        one->live = {};
        one->sinceMs = 0;
        one->blocks.reset();
    } else if (!isSame) {
        one->blocks.reset(); // the end has the last word on what came
    } else if (one->blocks) {
        one->blocks->finish();
    }
    if (!one->rows.isEmpty())
        buildRows(*one);
    schedule();
}

void ConversationView::grow(const QString &id, const ChatUpdate &update)
{
    TurnItem *one = item(id);
    if (!one)
        return;
    const bool wasWaiting = one->isWaiting();
    const bool hadFoot = one->wantsFoot();
    const bool hadReasoning = !one->turn.message.reasoning.isEmpty();
    one->isLive = true;
    one->live = update;
    one->turn.message.text += update.text;
    one->turn.message.reasoning += update.reasoning;
    if (!update.toolCalls.isEmpty())
        one->turn.message.toolCalls = update.toolCalls;
    if (one->blocks)
        one->blocks->append(update.text);
    const bool isLaidOut = !one->rows.isEmpty();
    if (isLaidOut && (wasWaiting != one->isWaiting() || hadFoot != one->wantsFoot() || hadReasoning == one->turn.message.reasoning.isEmpty() || !update.toolCalls.isEmpty()))
        buildRows(*one);
    else if (isLaidOut)
        syncBlocks(*one);
    schedule();
}

void ConversationView::setLive(const QString &id, double sinceMs, const QString &queue)
{
    TurnItem *one = item(id);
    if (!one)
        return;
    const bool wasWaiting = one->isWaiting();
    one->isLive = true;
    one->sinceMs = sinceMs;
    one->queue = queue;
    if (wasWaiting != one->isWaiting() && !one->rows.isEmpty())
        buildRows(*one);
    for (TurnRow &row : one->rows)
        if (row.kind == RowKind::Waiting)
            row.isDirty = true;
    schedule();
}

void ConversationView::setBusy(bool busy)
{
    if (busy == m_isBusy)
        return;
    m_isBusy = busy;
    for (TurnItem &one : m_items)
        for (TurnRow &row : one.rows)
            if (row.kind == RowKind::Foot)
                row.isDirty = true;
    schedule();
}

void ConversationView::setUnfolded(const QString &id, bool unfolded)
{
    TurnItem *one = item(id);
    if (!one)
        return;
    one->isUnfolded = unfolded;
    for (TurnRow &row : one->rows)
        if (row.kind == RowKind::Foot)
            row.isDirty = true;
    schedule();
}

void ConversationView::scrollToEnd()
{
    if (!std::exchange(m_follows, true))
        Q_EMIT atEndChanged(true);
    layoutNow();
}

int ConversationView::widgetCount() const
{
    int count = 0;
    for (const TurnItem &one : m_items)
        for (const TurnRow &row : one.rows)
            count += row.widget ? 1 : 0;
    return count;
}

void ConversationView::schedule()
{
    // Many changes of one turn of the event loop are one layout.
    if (!std::exchange(m_isScheduled, true))
        QCoreApplication::postEvent(this, new QEvent(QEvent::LayoutRequest), Qt::LowEventPriority);
}

bool ConversationView::event(QEvent *event)
{
    if (event->type() == QEvent::LayoutRequest) {
        layoutNow();
        return true;
    }
    if (event->type() == QEvent::LayoutDirectionChange || event->type() == QEvent::FontChange) {
        m_width = 0;
        schedule();
    }
    return QAbstractScrollArea::event(event);
}

bool ConversationView::viewportEvent(QEvent *event)
{
    // Rows are placed here, not by a layout.
    if (event->type() == QEvent::LayoutRequest) {
        schedule();
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void ConversationView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    layoutNow();
}

void ConversationView::scrollContentsBy(int /*dx*/, int /*dy*/)
{
    if (m_isLayingOut)
        return;
    const QScrollBar *bar = verticalScrollBar();
    const bool follows = bar->value() >= bar->maximum() - 2;
    if (std::exchange(m_follows, follows) != follows)
        Q_EMIT atEndChanged(follows);
    place(bar->value());
    noteAnchor();
    layoutNow();
}

void ConversationView::keyPressEvent(QKeyEvent *event)
{
    QScrollBar *bar = verticalScrollBar();
    switch (event->key()) {
    case Qt::Key_End:
        scrollToEnd();
        return;
    case Qt::Key_Home:
        bar->setValue(0);
        return;
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
        bar->setValue(bar->value() + (event->key() == Qt::Key_PageUp ? -1 : 1) * (viewport()->height() - 48));
        return;
    case Qt::Key_Up:
    case Qt::Key_Down:
        bar->setValue(bar->value() + (event->key() == Qt::Key_Up ? -1 : 1) * bar->singleStep());
        return;
    default:
        QAbstractScrollArea::keyPressEvent(event);
    }
}

int ConversationView::columnWidth() const
{
    return std::clamp(viewport()->width() - 2 * m_margin, 120, MostWidth);
}

int ConversationView::columnLeft() const
{
    return (viewport()->width() - columnWidth()) / 2;
}

void ConversationView::dropWidgets(TurnItem &one)
{
    for (TurnRow &row : one.rows) {
        drop(std::exchange(row.widget, nullptr));
        row.isDirty = true;
    }
}

void ConversationView::reckon(int from)
{
    int top = from > 0 ? m_items.at(from - 1).top + m_items.at(from - 1).height : m_margin;
    for (qsizetype i = from; i < m_items.size(); ++i) {
        TurnItem &one = m_items[i];
        one.top = top;
        if (!one.rows.isEmpty()) {
            one.height = TurnGap;
            for (qsizetype row = 0; row < one.rows.size(); ++row)
                one.height += one.rows.at(row).height + gapBelow(one, row);
        }
        top += one.height;
    }
    m_total = top + space::S;
}

/// Lays out what is near to @p scroll. True when a height is another than it was thought to be.
bool ConversationView::measureNear(int scroll)
{
    const int above = scroll - viewport()->height() / 2;
    const int below = scroll + viewport()->height() * 3 / 2;
    bool isChanged = false;
    auto it = std::partition_point(m_items.begin(), m_items.end(), [&](const TurnItem &one) { return one.top + one.height < above; });
    for (; it != m_items.end() && it->top <= below; ++it) {
        if (it->rows.isEmpty()) {
            buildRows(*it);
            isChanged = true;
        }
        int y = it->top;
        for (qsizetype i = 0; i < it->rows.size(); ++i) {
            TurnRow &row = it->rows[i];
            if (y + row.height >= above && y <= below) {
                ensureWidget(*it, row);
                if (row.isDirty || !row.isMeasured) {
                    const int before = row.height;
                    fill(*it, row);
                    isChanged |= row.height != before;
                }
            }
            y += row.height + gapBelow(*it, i);
        }
    }
    return isChanged;
}

void ConversationView::place(int scroll)
{
    const int keepAbove = scroll - 2 * viewport()->height();
    const int keepBelow = scroll + 3 * viewport()->height();
    const int left = columnLeft();
    const int width = columnWidth();
    for (TurnItem &one : m_items) {
        if (one.rows.isEmpty())
            continue;
        int y = one.top;
        for (qsizetype i = 0; i < one.rows.size(); ++i) {
            TurnRow &row = one.rows[i];
            if (row.widget && (y + row.height < keepAbove || y > keepBelow) && !row.widget->hasFocus()) {
                drop(std::exchange(row.widget, nullptr));
            } else if (row.widget) {
                row.widget->setGeometry(left, y - scroll, width, row.height);
                if (row.widget->isHidden())
                    row.widget->QWidget::show();
            }
            y += row.height + gapBelow(one, i);
        }
    }
}

void ConversationView::layoutNow()
{
    if (m_isLayingOut)
        return;
    m_isLayingOut = true;
    m_isScheduled = false;
    if (columnWidth() != m_width) {
        m_width = columnWidth();
        for (TurnItem &one : m_items) {
            if (one.rows.isEmpty())
                one.height = guessItem(one);
            for (TurnRow &row : one.rows)
                row.isMeasured = false;
        }
    }
    const int view = viewport()->height();
    int scroll = 0;
    for (int pass = 0; pass < Passes; ++pass) {
        reckon();
        const int most = std::max(0, m_total - view);
        scroll = m_follows ? most : std::clamp(anchoredScroll(), 0, most);
        if (!measureNear(scroll))
            break;
    }
    reckon();
    const int most = std::max(0, m_total - view);
    scroll = m_follows ? most : std::clamp(anchoredScroll(), 0, most);
    QScrollBar *bar = verticalScrollBar();
    bar->setPageStep(view);
    bar->setRange(0, most);
    bar->setValue(scroll);
    place(scroll);
    m_isLayingOut = false;
    noteAnchor();
}

/// The row at the top of what is seen: it stays there whatever grows above or below.
void ConversationView::noteAnchor()
{
    const int scroll = verticalScrollBar()->value();
    const auto it = std::partition_point(m_items.cbegin(), m_items.cend(), [&](const TurnItem &one) { return one.top + one.height <= scroll; });
    if (it == m_items.cend()) {
        m_anchor = {};
        return;
    }
    m_anchor = {it->turn.id, 0, it->top - scroll};
    int y = it->top;
    for (qsizetype i = 0; i < it->rows.size(); ++i) {
        if (y > scroll && i > 0)
            break;
        m_anchor.row = int(i);
        m_anchor.offset = y - scroll;
        y += it->rows.at(i).height + gapBelow(*it, i);
    }
}

int ConversationView::anchoredScroll() const
{
    const auto at = m_index.constFind(m_anchor.turn);
    if (at == m_index.cend())
        return verticalScrollBar()->value();
    const TurnItem &one = m_items.at(*at);
    int y = one.top;
    for (int i = 0; i < std::min(m_anchor.row, int(one.rows.size())); ++i)
        y += one.rows.at(i).height + gapBelow(one, i);
    return y - m_anchor.offset;
}

} // namespace hybridge
