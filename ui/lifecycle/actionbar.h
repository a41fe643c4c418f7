// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/nodeactions.h"

#include <QWidget>

#include <functional>

class QHBoxLayout;
class QMenu;
class QToolButton;

namespace hybridge {

class LifecycleService;

/// What can be done to a node now: the main actions as buttons, the rest in a menu. While an operation runs on the node
/// the bar shows that instead.
class ActionBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActionBar)
public:
    /// @p compact: no buttons, the menu alone (on cards).
    explicit ActionBar(bool compact, QWidget *parent = nullptr);
    void setActions(const QList<NodeAction> &actions);
    /// What @p service allows on @p node now, and what it runs there; nullptr: the bar is not shown.
    void setNode(const LifecycleService *service, const NodeState &node, MonotonicMs now);
    /// Empty: nothing runs.
    void setRunning(const QString &text);

Q_SIGNALS:
    void operationRequested(const hybridge::OperationRequest &request);
    void runningRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    void rebuild();
    void refreshIcon();

    bool m_compact;
    QList<NodeAction> m_actions;
    QString m_running;
    QHBoxLayout *m_row;
    QList<QWidget *> m_buttons;
    QToolButton *m_more;
    QMenu *m_menu;
};

/// The same entries for any menu; @p chosen is called with the one taken.
void addNodeActions(QMenu &menu, const QList<NodeAction> &actions, bool enabled, const std::function<void(const OperationRequest &)> &chosen);

} // namespace hybridge
