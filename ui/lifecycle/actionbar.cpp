// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/actionbar.h"

#include "backend/lifecycle/lifecycleservice.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

namespace hybridge {

ActionBar::ActionBar(bool compact, QWidget *parent)
    : QWidget(parent), m_compact(compact), m_row(new QHBoxLayout(this)), m_more(new QToolButton(this)), m_menu(new QMenu(this))
{
    m_row->setContentsMargins(0, 0, 0, 0);
    m_row->setSpacing(space::S);
    m_more->setObjectName(QStringLiteral("moreActions"));
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_more->setMenu(m_menu);
    m_more->setToolTip(tr("What can be done"));
    m_more->setAccessibleName(tr("What can be done"));
    m_row->addWidget(m_more);
    refreshIcon();
    rebuild();
}

void ActionBar::setActions(const QList<NodeAction> &actions)
{
    const bool same = actions.size() == m_actions.size()
        && std::equal(actions.begin(), actions.end(), m_actions.begin(), [](const NodeAction &a, const NodeAction &b) {
               return a.text == b.text && a.isMain == b.isMain && a.request.kind == b.request.kind && a.request.service == b.request.service
                   && a.request.node == b.request.node;
           });
    if (same)
        return; // an open menu must not be taken from under the pointer
    m_actions = actions;
    rebuild();
}

void ActionBar::setNode(const LifecycleService *service, const NodeState &node, MonotonicMs now)
{
    if (!service) {
        setRunning({});
        setActions({});
        return;
    }
    const RunningOperation *running = service->runningOn(node.config.id);
    QString text;
    if (running) {
        const int step = running->currentStep();
        text = step < 0 ? tr("Beginning") : tr("Step %1 of %2: %3").arg(step + 1).arg(running->report().steps.size()).arg(running->report().steps.at(step).name);
    }
    setRunning(text);
    setActions(nodeActions(node, now));
}

void ActionBar::setRunning(const QString &text)
{
    if (m_running == text)
        return;
    m_running = text;
    rebuild();
}

void addNodeActions(QMenu &menu, const QList<NodeAction> &actions, bool enabled, const std::function<void(const OperationRequest &)> &chosen)
{
    bool wasMain = true;
    for (const NodeAction &action : actions) {
        if (wasMain && !action.isMain && !menu.isEmpty())
            menu.addSeparator();
        wasMain = action.isMain;
        QAction *entry = menu.addAction(action.shortText);
        entry->setEnabled(enabled);
        QObject::connect(entry, &QAction::triggered, &menu, [chosen, request = action.request] { chosen(request); });
    }
}

void ActionBar::rebuild()
{
    for (QWidget *button : std::exchange(m_buttons, {})) {
        m_row->removeWidget(button);
        button->hide();
        button->deleteLater(); // it may be the one whose click led here
    }
    m_menu->clear();
    addNodeActions(*m_menu, m_actions, m_running.isEmpty(), [this](const OperationRequest &request) { Q_EMIT operationRequested(request); });
    m_more->setVisible(!m_actions.isEmpty());
    if (!m_running.isEmpty() && !m_compact) {
        auto *running = new QPushButton(m_running, this);
        running->setObjectName(QStringLiteral("runningOperation"));
        connect(running, &QPushButton::clicked, this, &ActionBar::runningRequested);
        m_row->insertWidget(0, running);
        m_buttons.append(running);
    } else if (!m_compact) {
        int at = 0;
        for (const NodeAction &action : m_actions) {
            if (!action.isMain)
                continue;
            auto *button = new QPushButton(action.shortText, this);
            button->setObjectName(QStringLiteral("action:%1").arg(operationName(action.request.kind)));
            button->setAccessibleName(action.text);
            button->setToolTip(action.text);
            if (!action.endsService && at == 0)
                button->setProperty("kind", QStringLiteral("primary"));
            const OperationRequest request = action.request;
            connect(button, &QPushButton::clicked, this, [this, request] { Q_EMIT operationRequested(request); });
            m_row->insertWidget(at++, button);
            m_buttons.append(button);
        }
    }
    setVisible(!m_actions.isEmpty() || !m_running.isEmpty());
}

void ActionBar::refreshIcon()
{
    m_more->setIcon(tintedIcon(QStringLiteral("more"), tokensFor(palette()).muted, 18));
}

void ActionBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

} // namespace hybridge
