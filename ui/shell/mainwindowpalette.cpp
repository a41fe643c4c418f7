// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the palette of the main window finds: pages, nodes, actions.
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/nodeactions.h"
#include "ui/fleet/fleetpage.h"
#include "ui/shell/commandpalette.h"
#include "ui/shell/fleetwords.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/theme.h"

#include <QKeySequence>

namespace hybridge {

QString MainWindow::themeWords(int choice)
{
    switch (Theme::Choice(choice)) {
    case Theme::Choice::Light:
        return tr("Theme: light");
    case Theme::Choice::Dark:
        return tr("Theme: dark");
    case Theme::Choice::System:
        break;
    }
    return tr("Theme: system");
}

QList<PaletteItem> MainWindow::paletteItems()
{
    QList<PaletteItem> items;
    const auto key = [](QKeyCombination keys) { return QKeySequence(keys).toString(QKeySequence::NativeText); };
    for (const WindowPage &page : windowPages())
        items.append({page.words(), tr("Page"), page.shortcutText(), page.iconName(), {}, [this, id = page.idText()] { showPage(id); }});
    for (int i = 0; i < m_fleet->nodeCount(); ++i) {
        const NodeState &node = m_fleet->at(i);
        items.append({labelOf(node), tr("Node %1").arg(node.config.id), node.diagnosis.summary, {}, node.diagnosis.condition,
            [this, id = node.config.id] { showNode(id); }});
    }
    for (int i = 0; m_lifecycle && i < m_fleet->nodeCount(); ++i) {
        // It only asks: the dialog with guards and plan comes before anything is done.
        for (const NodeAction &action : nodeActions(m_fleet->at(i), m_fleet->clock().monotonic()))
            items.append({action.text, tr("Action"), {}, QStringLiteral("power"), {}, [this, request = action.request] { Q_EMIT operationRequested(request); }});
    }
    items.append({tr("Show operations"), tr("Action"), key(Qt::CTRL | Qt::Key_J), QStringLiteral("power"), {}, [this] { showOperations(); }});
    items.append({tr("Show events of this session"), tr("Action"), key(Qt::CTRL | Qt::Key_H), QStringLiteral("activity"), {}, [this] { showActivity(); }});
    items.append({tr("Show fleet as cards"), tr("Action"), {}, QStringLiteral("cards"), {}, [this] {
                      showFleet();
                      m_fleetPage->setView(FleetPage::View::Cards);
                  }});
    items.append({tr("Show fleet as a table"), tr("Action"), {}, QStringLiteral("table"), {}, [this] {
                      showFleet();
                      m_fleetPage->setView(FleetPage::View::Table);
                  }});
    for (const Theme::Choice choice : {Theme::Choice::Light, Theme::Choice::Dark, Theme::Choice::System})
        items.append({themeWords(int(choice)), tr("Action"), {}, QStringLiteral("theme"), {}, [this, choice] { m_theme->setChoice(choice); }});
    items.append({tr("Open a fleet file"), tr("Action"), key(Qt::CTRL | Qt::Key_O), QStringLiteral("file"), {}, [this] { chooseFile(); }});
    if (!m_fleet->config().isLab())
        items.append({tr("Open the demo cloud"), tr("Action"), {}, QStringLiteral("flask"), {}, [this] { Q_EMIT demoRequested(); }});
    items.append({tr("List the keyboard shortcuts"), tr("Action"), QStringLiteral("?"), QStringLiteral("help"), {}, [this] { showShortcuts(); }});
    return items;
}

} // namespace hybridge
