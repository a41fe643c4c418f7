// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the window does about operations: the question before, the drawer while they run, the top bar's count.
#include "backend/lifecycle/lifecycleservice.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/nodepage.h"
#include "ui/lifecycle/operationdialog.h"
#include "ui/lifecycle/operationspanel.h"
#include "ui/shell/desktopnotices.h"
#include "ui/shell/drawer.h"
#include "ui/shell/fleetwords.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QSystemTrayIcon>

namespace hybridge {

void MainWindow::setLifecycle(LifecycleService *service)
{
    if (m_lifecycle)
        m_lifecycle->disconnect(this);
    m_lifecycle = service;
    if (m_fleetPage) {
        m_fleetPage->setLifecycle(service);
        m_nodePage->setLifecycle(service);
    }
    m_operations->setService(service, m_fleet);
    const auto count = [this] {
        const int running = m_lifecycle ? m_lifecycle->runningCount() : 0;
        QString text;
        if (running > 0) {
            for (const RunningOperation *operation : m_lifecycle->operations())
                if (operation->isRunning())
                    text = operationTitle(operation->request().kind, labelOf(*m_fleet->node(operation->report().node)), operation->request().service);
        }
        setRunningOperations(running, text);
    };
    count();
    if (!service)
        return;
    connect(service, &LifecycleService::operationStarted, this, count);
    connect(service, &LifecycleService::operationFinished, this, count);
    connect(service, &LifecycleService::operationStarted, this, &MainWindow::showOperations);
}

void MainWindow::askOperation(const OperationProposal &proposal, std::function<void(const OperationRequest &)> answer)
{
    const NodeState *node = m_fleet ? m_fleet->node(proposal.request.node) : nullptr;
    if (!node)
        return;
    const QColor colour = nodeColour(node->config.colour, m_fleet->indexOf(proposal.request.node), tokensFor(QApplication::palette()));
    auto *dialog = new OperationDialog(proposal, labelOf(*node), colour, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [dialog, answer = std::move(answer)] { answer(dialog->request()); });
    dialog->open();
}

void MainWindow::setInterrupted(const QList<OperationSummary> &operations)
{
    m_operations->setInterrupted(operations);
    if (operations.isEmpty()) {
        withdrawNotice(QStringLiteral("interrupted"));
        return;
    }
    Notice notice;
    notice.id = QStringLiteral("interrupted");
    notice.tone = Notice::Tone::Warning;
    notice.what = operations.size() == 1 ? tr("An operation was cut off half done.") : tr("%1 operations were cut off half done.").arg(operations.size());
    notice.why = tr("The program that ran them ended before they did.");
    notice.remedy = tr("Open Operations (Ctrl+J) to go on with each or to put it aside.");
    showNotice(notice);
}

void MainWindow::notifyDesktop(const QString &title, const QString &text)
{
    if (isActiveWindow())
        return;
    const auto toFront = [this] {
        raise();
        activateWindow();
        showOperations();
    };
    const auto throughTray = [this, toFront](const QString &what, const QString &more) {
        if (!QSystemTrayIcon::isSystemTrayAvailable() || !QSystemTrayIcon::supportsMessages())
            return;
        if (!m_tray) {
            m_tray = new QSystemTrayIcon(windowIcon().isNull() ? tintedIcon(QStringLiteral("bridge"), tokensFor(palette()).accent, 22) : windowIcon(), this);
            connect(m_tray, &QSystemTrayIcon::messageClicked, this, toFront);
        }
        m_tray->show();
        m_tray->showMessage(what, more);
    };
    auto *notices = findChild<DesktopNotices *>(QString(), Qt::FindDirectChildrenOnly);
    if (!notices && DesktopNotices::hasSessionBus() && QDBusConnection::sessionBus().isConnected()) {
        notices = new DesktopNotices(QDBusConnection::sessionBus(), this);
        connect(notices, &DesktopNotices::activated, this, toFront);
        connect(notices, &DesktopNotices::refused, this, throughTray);
    }
    if (notices)
        notices->show(title, text);
    else
        throughTray(title, text);
}

void MainWindow::showOperations()
{
    m_drawer->open(m_operations);
}

} // namespace hybridge
