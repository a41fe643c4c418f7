// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/mainwindow.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/activity/activitylogpage.h"
#include "ui/chat/chatpage.h"
#include "ui/checklist/checklistpage.h"
#include "ui/cost/costpage.h"
#include "ui/drill/drillpage.h"
#include "ui/fleet/fleethistory.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/nodepage.h"
#include "ui/fleet/nodesummary.h"
#include "ui/lifecycle/operationspanel.h"
#include "ui/routing/routingpage.h"
#include "ui/shell/activitypanel.h"
#include "ui/shell/commandpalette.h"
#include "ui/shell/drawer.h"
#include "ui/shell/firststartpage.h"
#include "ui/shell/fleetwords.h"
#include "ui/shell/labbanner.h"
#include "ui/shell/noticestack.h"
#include "ui/shell/rail.h"
#include "ui/shell/shortcutspanel.h"
#include "ui/shell/topbar.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QScreen>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>

namespace hybridge {

namespace {

constexpr int NarrowWindow = 960;

Theme::Choice storedTheme()
{
    const int value = QSettings().value(QStringLiteral("window/theme"), 0).toInt();
    return value == 1 ? Theme::Choice::Light : value == 2 ? Theme::Choice::Dark : Theme::Choice::System;
}

} // namespace

MainWindow::MainWindow(QWidget *parent)
    : QMainWindow(parent), m_theme(new Theme(*qApp, storedTheme(), this)), m_rail(new Rail), m_topBar(new TopBar), m_labBanner(new LabBanner),
      m_notices(new NoticeStack), m_inline(new QVBoxLayout), m_pages(new QStackedWidget), m_firstStart(new FirstStartPage)
{
    setWindowTitle(QStringLiteral("Hybridge"));
    setMinimumSize(720, 480);
    auto *middle = new QWidget;
    auto *column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_topBar);
    column->addWidget(m_labBanner);
    column->addWidget(m_notices);
    m_inline->setContentsMargins(24, 0, 24, 0);
    column->addLayout(m_inline);
    column->addWidget(m_pages, 1);
    auto *whole = new QWidget;
    auto *row = new QHBoxLayout(whole);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_rail);
    row->addWidget(middle, 1);
    setCentralWidget(whole);
    m_pages->addWidget(m_firstStart);

    m_drawer = new Drawer(whole);
    m_activity = new ActivityPanel(m_drawer);
    m_drawer->addPanel(m_activity, tr("Events"));
    m_operations = new OperationsPanel(m_drawer);
    m_drawer->addPanel(m_operations, tr("Operations"));
    auto *shortcuts = new ShortcutsPanel(m_drawer);
    m_drawer->addPanel(shortcuts, tr("Keyboard"));
    m_palette = new CommandPalette(whole);

    const auto key = [](QKeyCombination keys) { return QKeySequence(keys).toString(QKeySequence::NativeText); };
    for (const WindowPage &page : windowPages())
        m_rail->addPage(page.idText(), page.iconName(), page.words(), page.shortcutText());
    m_rail->addTool(QStringLiteral("activity"), QStringLiteral("activity"), tr("Events"), key(Qt::CTRL | Qt::Key_H));
    m_rail->addTool(QStringLiteral("theme"), QStringLiteral("theme"), themeWords(int(m_theme->choice())), {});
    m_rail->addTool(QStringLiteral("help"), QStringLiteral("help"), tr("Keyboard"), QStringLiteral("?"));
    connect(m_rail, &Rail::chosen, this, [this](const QString &id) {
        if (id == QLatin1String("activity"))
            showActivity();
        else if (id == QLatin1String("theme"))
            m_theme->cycle();
        else if (id == QLatin1String("help"))
            showShortcuts();
        else
            showPage(id);
    });
    connect(m_theme, &Theme::changed, this, [this] {
        m_rail->setToolWords(QStringLiteral("theme"), themeWords(int(m_theme->choice())));
        QSettings().setValue(QStringLiteral("window/theme"), int(m_theme->choice()));
    });
    connect(m_rail, &Rail::collapsedChanged, this, [this](bool collapsed) {
        QSettings().setValue(QStringLiteral("window/railCollapsed"), collapsed);
        placeOverlays();
    });
    connect(m_topBar, &TopBar::searchRequested, this, &MainWindow::showPalette);
    connect(m_topBar, &TopBar::runningRequested, this, &MainWindow::showOperations);
    connect(m_operations, &OperationsPanel::continueRequested, this, &MainWindow::continueRequested);
    connect(m_operations, &OperationsPanel::putAsideRequested, this, &MainWindow::putAsideRequested);
    connect(m_labBanner, &LabBanner::faultToggled, this, &MainWindow::faultToggled);
    connect(m_labBanner, &LabBanner::repairAllRequested, this, &MainWindow::repairAllRequested);
    connect(m_firstStart, &FirstStartPage::demoRequested, this, &MainWindow::demoRequested);
    connect(m_firstStart, &FirstStartPage::fileRequested, this, &MainWindow::chooseFile);
    connect(m_activity, &ActivityPanel::nodeRequested, this, &MainWindow::showNode);
    connect(m_activity, &ActivityPanel::logRequested, this, &MainWindow::showActivityLog);
    m_labBanner->hide();
    buildActions();
    restoreWindow();
    showFirstStart();
}

MainWindow::~MainWindow()
{
    // Pages hold the fleet; it may go right after this window.
    if (m_fleet)
        m_fleet->disconnect(this);
}

void MainWindow::buildActions()
{
    const auto bind = [this](const QKeySequence &keys, auto &&action) {
        auto *shortcut = new QShortcut(keys, this);
        connect(shortcut, &QShortcut::activated, this, action);
    };
    for (const WindowPage &page : windowPages())
        bind(page.shortcut(), [this, id = page.idText()] { showPage(id); });
    bind(Qt::CTRL | Qt::Key_K, [this] { showPalette(); });
    bind(Qt::CTRL | Qt::Key_H, [this] { showActivity(); });
    bind(Qt::CTRL | Qt::Key_J, [this] { showOperations(); });
    bind(Qt::CTRL | Qt::Key_O, [this] { chooseFile(); });
    bind(Qt::CTRL | Qt::Key_Q, [this] { QMainWindow::close(); });
    bind(Qt::CTRL | Qt::SHIFT | Qt::Key_L, [this] { m_theme->cycle(); });
    bind(Qt::CTRL | Qt::Key_B, [this] {
        m_rail->setCollapsed(!m_rail->isCollapsed());
        Q_EMIT m_rail->collapsedChanged(m_rail->isCollapsed());
    });
    bind(Qt::CTRL | Qt::Key_F, [this] {
        if (m_activityPage && m_pages->currentWidget() == m_activityPage) {
            m_activityPage->focusFilter();
            return;
        }
        showFleet();
        if (auto *field = findChild<QLineEdit *>(QStringLiteral("fleetFilter")))
            field->setFocus();
    });
    // Some layouts need Shift for it, and some platforms tell that.
    auto *help = new QShortcut(this);
    help->setKeys({QKeySequence(Qt::Key_Question), QKeySequence(Qt::SHIFT | Qt::Key_Question)});
    connect(help, &QShortcut::activated, this, &MainWindow::showShortcuts);
}

void MainWindow::restoreWindow()
{
    QSettings settings;
    if (!restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray())) {
        resize(1280, 800);
        if (const QScreen *at = screen())
            resize(size().boundedTo(at->availableGeometry().size()));
    }
    m_rail->setCollapsed(settings.value(QStringLiteral("window/railCollapsed"), false).toBool());
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    QSettings().setValue(QStringLiteral("window/geometry"), saveGeometry());
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    // A narrow window has no room for words in the rail, whatever was chosen.
    m_rail->setSqueezed(width() < NarrowWindow);
    placeOverlays();
}

void MainWindow::placeOverlays()
{
    const QWidget *whole = centralWidget();
    // Below the banner of the demo cloud: it stands on every screen.
    const int top = m_topBar->height() + (m_labBanner->isHidden() ? 0 : m_labBanner->height());
    const int side = m_rail->isHidden() ? 0 : m_rail->width();
    const int left = layoutDirection() == Qt::RightToLeft ? 0 : side;
    m_drawer->place(QRect(left, top, whole->width() - side, whole->height() - top));
    if (m_palette->isVisible())
        m_palette->place();
}

template<typename T> T *MainWindow::addPage(const char *id, T *page)
{
    m_pages->addWidget(page);
    m_pageOf.insert(QLatin1String(id), page);
    return page;
}

void MainWindow::setFleet(FleetState *fleet)
{
    if (m_fleet)
        m_fleet->disconnect(this);
    m_palette->close();
    m_drawer->close();
    setLifecycle(nullptr);
    if (!m_fleetPage && fleet) {
        m_nodePage = new NodePage; // reached from the others: neither in the rail nor in the table
        m_pages->addWidget(m_nodePage);
        m_fleetPage = addPage(Page::Fleet, new FleetPage);
        m_activityPage = addPage(Page::Activity, new ActivityLogPage);
        m_costPage = addPage(Page::Cost, new CostPage);
        m_routingPage = addPage(Page::Routing, new RoutingPage);
        m_chatPage = addPage(Page::Chat, new ChatPage);
        m_drillPage = addPage(Page::Drill, new DrillPage);
        m_checklistPage = addPage(Page::Checklist, new ChecklistPage);
        connect(m_chatPage, &ChatPage::nodeRequested, this, [this](const QString &id) { id.isEmpty() ? showFleet() : showNode(id); });
        connect(m_checklistPage, &ChecklistPage::operationRequested, this, &MainWindow::operationRequested);
        connect(m_costPage, &CostPage::nodeRequested, this, &MainWindow::showNode);
        connect(m_activityPage, &ActivityLogPage::nodeRequested, this, &MainWindow::showNode);
        connect(m_fleetPage, &FleetPage::nodeRequested, this, &MainWindow::showNode);
        connect(m_fleetPage, &FleetPage::runningRequested, this, &MainWindow::showOperations);
        connect(m_fleetPage, &FleetPage::operationRequested, this, &MainWindow::operationRequested);
        connect(m_nodePage, &NodePage::runningRequested, this, &MainWindow::showOperations);
        connect(m_nodePage, &NodePage::operationRequested, this, &MainWindow::operationRequested);
        connect(m_nodePage, &NodePage::backRequested, this, &MainWindow::showFleet);
        connect(m_nodePage, &NodePage::nodeRequested, this, &MainWindow::showNode);
        connect(m_fleetPage, &FleetPage::viewChosen, this,
            [](FleetPage::View view) { QSettings().setValue(QStringLiteral("fleet/view"), int(view)); });
    }
    if (m_nodePage)
        m_nodePage->setFleet(nullptr, nullptr);
    delete std::exchange(m_history, nullptr);
    m_fleet = fleet;
    if (m_activityPage)
        m_activityPage->setSource(nullptr, nullptr);
    if (m_costPage)
        m_costPage->setSource(nullptr, nullptr);
    if (m_routingPage)
        m_routingPage->setSource(nullptr, nullptr, nullptr);
    setChat(nullptr, nullptr);
    if (m_drillPage)
        m_drillPage->setFleet(fleet);
    setCheckSource(nullptr);
    m_activity->clear();
    m_secretRequests.clear();
    askSecretNow();
    if (m_fleetPage)
        m_fleetPage->setFleet(fleet);
    if (!fleet) {
        showFirstStart();
        return;
    }
    m_history = new FleetHistory(*fleet, this);
    m_nodePage->setFleet(fleet, m_history);
    const QVariant view = QSettings().value(QStringLiteral("fleet/view"));
    if (view.isValid() && fleet->nodeCount() <= FleetPage::CardsAtFirst)
        m_fleetPage->setView(view.toInt() == int(FleetPage::View::Table) ? FleetPage::View::Table : FleetPage::View::Cards);
    connect(fleet, &FleetState::nodesChanged, this, &MainWindow::refreshTop);
    connect(fleet, &FleetState::diagnosisChanged, this,
        [this](const QString &id, const Diagnosis &before, const Diagnosis &after) {
            const NodeState *node = m_fleet->node(id);
            // The first judgement of a node that has just been opened is no change worth a line.
            if (!node || (before.condition == NodeCondition::Unknown && after.condition == NodeCondition::Healthy))
                return;
            ActivityEntry entry;
            entry.at = m_fleet->clock().now();
            entry.nodeId = id;
            entry.text = tr("%1: %2", "node: sentence").arg(isolated(labelOf(*node)), after.summary);
            entry.detail = after.evidence;
            entry.condition = after.condition;
            addActivity(entry);
            refreshTop();
        });
    m_labBanner->setVisible(fleet->config().isLab());
    setLabFaults({});
    showFleet();
}

void MainWindow::setLabFaults(const QList<LabFault> &faults)
{
    QList<QPair<QString, QString>> labels;
    for (int i = 0; m_fleet && i < m_fleet->nodeCount(); ++i)
        labels.append({m_fleet->at(i).config.id, labelOf(m_fleet->at(i))});
    m_labBanner->setFaults(faults, labels);
}

void MainWindow::refreshTop()
{
    if (!m_fleet) {
        m_topBar->clearFleet();
        return;
    }
    const QString name = safeText(m_fleet->config().name, 60);
    m_topBar->setFleet(name.isEmpty() ? tr("Unnamed fleet") : name, m_fleet->worst(), fleetWords(*m_fleet));
    setWindowTitle(tr("%1 — Hybridge").arg(name));
}

QStringList MainWindow::nodeIds() const
{
    QStringList out;
    for (int i = 0; m_fleet && i < m_fleet->nodeCount(); ++i)
        out.append(m_fleet->at(i).config.id);
    return out;
}

QString MainWindow::currentNode() const
{
    return m_nodePage && m_pages->currentWidget() == m_nodePage ? m_nodePage->node() : QString();
}

void MainWindow::showFirstStart()
{
    m_firstStart->setOpening({});
    m_pages->setCurrentWidget(m_firstStart);
    m_rail->hide();
    m_labBanner->hide();
    refreshTop();
    setWindowTitle(QStringLiteral("Hybridge"));
}

void MainWindow::showOpening(const QString &what)
{
    if (m_fleet)
        return;
    m_firstStart->setOpening(what);
    m_pages->setCurrentWidget(m_firstStart);
}

void MainWindow::showPage(const QString &id)
{
    QWidget *page = m_pageOf.value(id);
    if (!m_fleet || !page)
        return;
    m_rail->show();
    m_pages->setCurrentWidget(page);
    page->setFocus();
    m_drawer->close();
    m_rail->setCurrent(id);
    if (page == m_fleetPage) {
        m_labBanner->setVisible(m_fleet->config().isLab());
        refreshTop();
    }
}

void MainWindow::showNode(const QString &id)
{
    if (!m_fleet || !m_fleet->node(id))
        return;
    m_rail->show();
    m_nodePage->setNode(id);
    m_pages->setCurrentWidget(m_nodePage);
    m_nodePage->setFocus();
    m_drawer->close();
    m_rail->setCurrent(QLatin1String(Page::Fleet));
}

void MainWindow::showPalette()
{
    if (!m_fleet)
        return;
    if (m_palette->isVisible()) {
        m_palette->close();
        return;
    }
    m_palette->open(paletteItems());
}

void MainWindow::showActivity()
{
    if (m_drawer->current() == m_activity) {
        m_drawer->close();
        return;
    }
    placeOverlays();
    m_drawer->open(m_activity);
}

void MainWindow::showShortcuts()
{
    auto *panel = m_drawer->findChild<ShortcutsPanel *>();
    if (m_drawer->current() == panel) {
        m_drawer->close();
        return;
    }
    placeOverlays();
    m_drawer->open(panel);
}

void MainWindow::showNotice(const Notice &notice)
{
    m_notices->put(notice);
}

void MainWindow::withdrawNotice(const QString &id)
{
    m_notices->withdraw(id);
}

void MainWindow::addActivity(const ActivityEntry &entry)
{
    m_activity->add(entry);
}

void MainWindow::setRunningOperations(int count, const QString &text)
{
    m_topBar->setRunning(count, text);
}

} // namespace hybridge
