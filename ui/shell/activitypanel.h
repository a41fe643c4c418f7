// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shelltypes.h"

#include <QAbstractListModel>
#include <QWidget>

class QListView;
class QStackedWidget;

namespace hybridge {

/// The list of what happened, newest first, at most 500 entries of this session.
class ActivityModel final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActivityModel)
public:
    static constexpr int Most = 500;
    enum Role { EntryRole = Qt::UserRole + 1 };
    using QAbstractListModel::QAbstractListModel;
    void add(const ActivityEntry &entry);
    void clear();
    [[nodiscard]] const ActivityEntry &entry(int row) const { return m_entries.at(row); }
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

private:
    QList<ActivityEntry> m_entries;
};

/// What happened in this session, in the drawer. A click on an entry opens its node; below it leads to the whole log.
class ActivityPanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActivityPanel)
public:
    explicit ActivityPanel(QWidget *parent = nullptr);
    void add(const ActivityEntry &entry);
    void clear();
    [[nodiscard]] ActivityModel &model() { return *m_model; }

Q_SIGNALS:
    void nodeRequested(const QString &id);
    void logRequested();

private:
    ActivityModel *m_model;
    QStackedWidget *m_stack;
    QListView *m_list;
};

} // namespace hybridge
