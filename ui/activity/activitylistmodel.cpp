// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/activitylistmodel.h"

#include "backend/activity/activitylog.h"
#include "ui/activity/operationwords.h"

#include <utility>

namespace hybridge {

void ActivityListModel::setLog(ActivityLog *log)
{
    m_log = log;
    reload();
}

void ActivityListModel::setFilter(const ActivityFilter &filter)
{
    if (filter == m_filter)
        return;
    m_filter = filter;
    reload();
}

void ActivityListModel::reload()
{
    ++m_round;
    beginResetModel();
    m_rows.clear();
    m_hasMore = false;
    endResetModel();
    m_isFetching = false;
    m_isReading = false;
    m_again = false;
    setState(State::Loading);
    readTop(true);
}

void ActivityListModel::refresh()
{
    if (m_state == State::Failed)
        setState(State::Loading);
    if (m_isReading)
        m_again = true;
    else
        readTop(m_state == State::Loading);
}

void ActivityListModel::readTop(bool fresh)
{
    if (!m_log)
        return;
    m_isReading = true;
    QCoro::connect(m_log->operations(m_filter, fromNewest, PageSize), this, [this, round = m_round, fresh](const Result<OperationPage> &page) {
        if (round != m_round)
            return;
        m_isReading = false;
        if (!page) {
            m_error = page.error();
            setState(State::Failed);
        } else if (fresh || m_rows.isEmpty()) {
            take(page);
        } else {
            merge(*page);
        }
        if (std::exchange(m_again, false))
            readTop(false);
    });
}

void ActivityListModel::take(const Result<OperationPage> &page)
{
    if (!m_rows.isEmpty()) {
        merge(*page);
        setState(State::Ready);
        return;
    }
    if (!page->operations.isEmpty()) {
        beginInsertRows({}, 0, int(page->operations.size()) - 1);
        m_rows = page->operations;
        endInsertRows();
    }
    m_hasMore = page->hasMore;
    setState(State::Ready);
}

void ActivityListModel::merge(const OperationPage &page)
{
    // Newest first on both sides: what stands before the first known row is new.
    QList<OperationSummary> fresh;
    for (const OperationSummary &summary : page.operations)
        if (summary.begunSeq > m_rows.first().begunSeq)
            fresh.append(summary);
    if (fresh.size() == page.operations.size() && page.hasMore) {
        reload(); // more than a page has come meanwhile: the rows between are not known
        return;
    }
    if (!fresh.isEmpty()) {
        beginInsertRows({}, 0, int(fresh.size()) - 1);
        m_rows = fresh + m_rows;
        endInsertRows();
    }
    for (const OperationSummary &summary : page.operations) {
        const int row = rowOf(summary.id);
        if (row < 0 || m_rows.at(row) == summary)
            continue;
        m_rows[row] = summary;
        Q_EMIT dataChanged(index(row), index(row));
    }
}

void ActivityListModel::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged();
}

int ActivityListModel::rowOf(const QString &id) const
{
    for (int row = 0; row < m_rows.size(); ++row)
        if (m_rows.at(row).id == id)
            return row;
    return -1;
}

int ActivityListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

QVariant ActivityListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const OperationSummary &summary = m_rows.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return activityTitle(summary, {});
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2, %3").arg(activityTitle(summary, {}), outcomeSentence(summary), shortMoment(summary.begun, summary.begun));
    case IdRole:
        return summary.id;
    default:
        return {};
    }
}

bool ActivityListModel::canFetchMore(const QModelIndex &parent) const
{
    return !parent.isValid() && m_hasMore && !m_isFetching && m_log;
}

void ActivityListModel::fetchMore(const QModelIndex &parent)
{
    if (!canFetchMore(parent) || m_rows.isEmpty())
        return;
    m_isFetching = true;
    QCoro::connect(m_log->operations(m_filter, m_rows.last().begunSeq, PageSize), this, [this, round = m_round](const Result<OperationPage> &page) {
        if (round != m_round)
            return;
        m_isFetching = false;
        if (!page) {
            m_hasMore = false; // what is shown stays; refresh() asks again
            return;
        }
        m_hasMore = page->hasMore;
        if (page->operations.isEmpty())
            return;
        const int first = int(m_rows.size());
        beginInsertRows({}, first, first + int(page->operations.size()) - 1);
        m_rows += page->operations;
        endInsertRows();
    });
}

} // namespace hybridge
