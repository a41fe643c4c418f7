// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/base/result.h"

#include <QAbstractListModel>
#include <QPointer>

namespace hybridge {

class ActivityLog;

/// The operations of a log, newest first, read page by page as the view asks for them. Rows keep their place when the log
/// grows: new ones come in on top, those that are known change in place.
class ActivityListModel final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActivityListModel)
public:
    enum Role { IdRole = Qt::UserRole + 1 };
    enum class State { Loading, Ready, Failed };
    static constexpr int PageSize = 100;

    using QAbstractListModel::QAbstractListModel;

    /// @p log may go before the model; nullptr: no rows.
    void setLog(ActivityLog *log);
    void setFilter(const ActivityFilter &filter);
    [[nodiscard]] const ActivityFilter &filter() const { return m_filter; }
    /// Reads the newest page again and merges it.
    void refresh();

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] const Error &error() const { return m_error; } ///< of State::Failed
    [[nodiscard]] const OperationSummary &at(int row) const { return m_rows.at(row); }
    [[nodiscard]] int rowOf(const QString &id) const; ///< -1: not among the rows read so far

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex &parent) const override;
    void fetchMore(const QModelIndex &parent) override;

Q_SIGNALS:
    void stateChanged();

private:
    void reload();
    void readTop(bool fresh);
    void take(const Result<OperationPage> &page);
    void merge(const OperationPage &page);
    void setState(State state);

    QPointer<ActivityLog> m_log;
    ActivityFilter m_filter;
    QList<OperationSummary> m_rows;
    Error m_error {Error::Kind::Cancelled, {}};
    State m_state = State::Loading;
    bool m_hasMore = false;
    bool m_isFetching = false; ///< an older page is on its way
    bool m_isReading = false; ///< the newest page is on its way
    bool m_again = false; ///< the log grew meanwhile
    int m_round = 0; ///< answers of an earlier log or filter are dropped
};

} // namespace hybridge
