// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the window's pages are about: each gets its source of the open fleet.
#include "backend/fleet/fleetstate.h"
#include "ui/activity/activitylogpage.h"
#include "ui/chat/chatpage.h"
#include "ui/checklist/checklistpage.h"
#include "ui/cost/costpage.h"
#include "ui/routing/routingpage.h"
#include "ui/shell/mainwindow.h"

namespace hybridge {

void MainWindow::setActivityLog(ActivityLog *log)
{
    if (m_activityPage)
        m_activityPage->setSource(log, m_fleet);
}

void MainWindow::setCostSource(CostSource *source)
{
    if (m_costPage)
        m_costPage->setSource(source, source ? m_fleet : nullptr);
}

void MainWindow::setRouting(RoutingService *service, MonitorService *monitors, AccessHeaderSource access)
{
    if (m_routingPage)
        m_routingPage->setSource(service, monitors, service ? m_fleet : nullptr, std::move(access));
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

void MainWindow::setCheckSource(CheckSource *source)
{
    if (m_checklistPage)
        m_checklistPage->setSource(source, source ? m_fleet : nullptr);
}

} // namespace hybridge
