// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The window's page for the verification checklist.
#include "backend/lifecycle/lifecycletypes.h"
#include "ui/checklist/checklistpage.h"
#include "ui/shell/drawer.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/rail.h"

#include <QStackedWidget>

namespace hybridge {

void MainWindow::buildChecklist()
{
    m_checklistPage = new ChecklistPage;
    m_pages->addWidget(m_checklistPage);
    connect(m_checklistPage, &ChecklistPage::operationRequested, this, &MainWindow::operationRequested);
}

void MainWindow::setCheckSource(CheckSource *source)
{
    if (m_checklistPage)
        m_checklistPage->setSource(source, source ? m_fleet : nullptr);
}

void MainWindow::showChecklist()
{
    if (!m_fleet)
        return;
    m_rail->show();
    m_pages->setCurrentWidget(m_checklistPage);
    m_checklistPage->setFocus();
    m_drawer->close();
    m_rail->setCurrent(QStringLiteral("check"));
}

} // namespace hybridge
