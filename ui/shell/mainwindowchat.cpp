// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The chat page in the main window.
#include "backend/fleet/fleetstate.h"
#include "ui/chat/chatpage.h"
#include "ui/shell/drawer.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/rail.h"

#include <QStackedWidget>

namespace hybridge {

void MainWindow::buildChat()
{
    m_chatPage = new ChatPage;
    m_pages->addWidget(m_chatPage);
    connect(m_chatPage, &ChatPage::nodeRequested, this, &MainWindow::showNode);
}

void MainWindow::setChat(ChatSource *source, ChatHistory *history)
{
    if (!m_chatPage)
        return;
    NodeLabels labels;
    for (int i = 0; source && m_fleet && i < m_fleet->nodeCount(); ++i)
        labels.insert(m_fleet->at(i).config.id, m_fleet->at(i).config.label);
    m_chatPage->setLabels(labels);
    m_chatPage->setBackends(source, history, source && m_fleet ? &m_fleet->clock() : nullptr);
}

void MainWindow::showChat()
{
    if (!m_fleet)
        return;
    m_rail->show();
    m_pages->setCurrentWidget(m_chatPage);
    m_chatPage->setFocus();
    m_drawer->close();
    m_rail->setCurrent(QStringLiteral("chat"));
}

} // namespace hybridge
