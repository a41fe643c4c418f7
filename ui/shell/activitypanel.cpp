// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/activitypanel.h"

#include "ui/shell/activitydelegate.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QListView>
#include <QLocale>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace hybridge {

void ActivityModel::add(const ActivityEntry &entry)
{
    beginInsertRows({}, 0, 0);
    m_entries.prepend(entry);
    endInsertRows();
    if (m_entries.size() > Most) {
        beginRemoveRows({}, Most, int(m_entries.size()) - 1);
        m_entries.resize(Most);
        endRemoveRows();
    }
}

void ActivityModel::clear()
{
    beginResetModel();
    m_entries.clear();
    endResetModel();
}

int ActivityModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_entries.size());
}

QVariant ActivityModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const ActivityEntry &entry = m_entries.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return entry.text;
    case Qt::ToolTipRole:
        return entry.detail;
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2, %3")
            .arg(QLocale().toString(entry.at.toLocalTime(), QLocale::ShortFormat), conditionLabel(entry.condition), entry.text);
    default:
        return {};
    }
}

ActivityPanel::ActivityPanel(QWidget *parent)
    : QWidget(parent), m_model(new ActivityModel(this)), m_stack(new QStackedWidget(this)), m_list(new QListView(m_stack))
{
    setObjectName(QStringLiteral("activityPanel"));
    auto *empty = new EmptyState(QStringLiteral("activity"), tr("Nothing has happened yet"),
        tr("Changes of state are listed here with their times, as long as this window is open."), {}, m_stack);
    m_list->setObjectName(QStringLiteral("activityList"));
    m_list->setAccessibleName(tr("Events of this session"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new ActivityDelegate(m_list));
    m_list->setResizeMode(QListView::Adjust);
    m_list->setVerticalScrollMode(QListView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setMouseTracking(true);
    m_stack->addWidget(empty);
    m_stack->addWidget(m_list);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack, 1);
    auto *log = new QPushButton(tr("Open the activity log"), this);
    log->setObjectName(QStringLiteral("openLog"));
    log->setProperty("kind", QStringLiteral("link"));
    connect(log, &QPushButton::clicked, this, &ActivityPanel::logRequested);
    auto *foot = new QHBoxLayout;
    foot->setContentsMargins(space::Xl, space::M, space::Xl, space::M);
    foot->addWidget(log);
    foot->addStretch(1);
    column->addLayout(foot);
    const auto open = [this](const QModelIndex &index) {
        const QString node = m_model->entry(index.row()).nodeId;
        if (!node.isEmpty())
            Q_EMIT nodeRequested(node);
    };
    connect(m_list, &QListView::clicked, this, open);
    connect(m_list, &QListView::activated, this, open);
}

void ActivityPanel::add(const ActivityEntry &entry)
{
    m_model->add(entry);
    m_stack->setCurrentWidget(m_list);
}

void ActivityPanel::clear()
{
    m_model->clear();
    m_stack->setCurrentIndex(0);
}

} // namespace hybridge
