// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/secret.h"
#include "ui/routing/accessheadersource.h"
#include "ui/shell/shelltypes.h"
#include "ui/shell/windowpages.h"

#include <QHash>
#include <QMainWindow>

#include <functional>

class QStackedWidget;
class QSystemTrayIcon;
class QVBoxLayout;

namespace hybridge {

class ActivityLog;
class ActivityLogPage;
class ActivityPanel;
class ChatHistory;
class ChatPage;
class ChatSource;
class CheckSource;
class ChecklistPage;
class CommandPalette;
class CostPage;
class CostSource;
class DrillPage;
class Drawer;
class FirstStartPage;
class FleetPage;
class FleetState;
class LabBanner;
class LifecycleService;
class NodePage;
class FleetHistory;
class NoticeStack;
class OperationsPanel;
class Rail;
class MonitorService;
class RoutingPage;
class RoutingService;
class SecretForm;
class Theme;
class TopBar;
struct OperationProposal;
struct OperationRequest;
struct OperationSummary;
struct PaletteItem;

/// The window: rail, top bar, pages, drawer, palette. Shows a FleetState and reports the operator's wishes; decides and
/// fetches nothing. GUI thread.
class MainWindow final : public QMainWindow {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MainWindow)
public:
    explicit MainWindow(QWidget *parent = nullptr);
    ~MainWindow() override;

    /// Shows @p fleet from now on; it must outlive the window or be replaced first. nullptr: the first-start page.
    void setFleet(FleetState *fleet);
    [[nodiscard]] FleetState *fleet() const { return m_fleet; }
    /// What operations of the open fleet did. Call after setFleet(); @p log may go first.
    void setActivityLog(ActivityLog *log);
    /// What the open fleet costs. Call after setFleet(); @p source may go first.
    void setCostSource(CostSource *source);
    /// How requests are shared out. Call after setFleet(); as RoutingPage::setSource.
    void setRouting(RoutingService *service, MonitorService *monitors, AccessHeaderSource access);
    /// What the chat page speaks through and where it keeps what was said; as setCostSource().
    void setChat(ChatSource *source, ChatHistory *history);
    /// The verification checklist of the open fleet. Call after setFleet(); @p source may go first.
    void setCheckSource(CheckSource *source);
    [[nodiscard]] Theme &theme() { return *m_theme; }

    /// What runs operations on the nodes of the fleet that is shown; as setFleet(), after it. nullptr: nothing can be done.
    void setLifecycle(LifecycleService *service);
    /// Shows what an operation will do and what speaks against it, and asks; @p answer is called with the request as
    /// answered when the operator goes on, and not at all when he does not.
    void askOperation(const OperationProposal &proposal, std::function<void(const OperationRequest &request)> answer);
    /// Operations that an earlier run of the program left half done.
    void setInterrupted(const QList<OperationSummary> &operations);

    /// What the demo cloud can break; empty: the menu says that it is not connected. Only shown for a lab's fleet.
    void setLabFaults(const QList<LabFault> &faults);

    /// Asks without blocking; @p answer is called exactly once, with false when the window goes first.
    void askHostKey(const HostKeyPrompt &question, std::function<void(bool accept)> answer);
    void askTrust(const TrustQuestion &question, std::function<void(bool trust)> answer);

    [[nodiscard]] QStringList nodeIds() const;
    /// Id of the node whose page is shown; empty on other pages.
    [[nodiscard]] QString currentNode() const;
    [[nodiscard]] FleetPage *fleetPage() const { return m_fleetPage; }
    [[nodiscard]] NodePage *nodePage() const { return m_nodePage; }
    [[nodiscard]] ActivityLogPage *activityPage() const { return m_activityPage; }
    [[nodiscard]] CostPage *costPage() const { return m_costPage; }
    [[nodiscard]] RoutingPage *routingPage() const { return m_routingPage; }
    [[nodiscard]] ChatPage *chatPage() const { return m_chatPage; }
    [[nodiscard]] DrillPage *drillPage() const { return m_drillPage; }
    [[nodiscard]] ChecklistPage *checklistPage() const { return m_checklistPage; }
    [[nodiscard]] CommandPalette *palettePopup() const { return m_palette; }

public Q_SLOTS:
    void showFirstStart();
    /// On the first-start page: a fleet or the demo is being opened; @p what is one sentence.
    void showOpening(const QString &what);
    /// The fleet file @p path was refused; every error carries its pointer in its text. Shown on the first-start page,
    /// or as a notice when a fleet is open.
    void showFleetFileErrors(const QString &path, const QList<hybridge::Error> &errors);
    /// One of windowPages(), by its id; anything else, or no open fleet: nothing happens.
    void showPage(const QString &id);
    void showFleet() { showPage(QLatin1String(Page::Fleet)); }
    void showNode(const QString &id);
    void showPalette();
    /// The drawer with what happened in this session.
    void showActivity();
    void showOperations();
    /// The page with everything that operations did.
    void showActivityLog() { showPage(QLatin1String(Page::Activity)); }
    void showCost() { showPage(QLatin1String(Page::Cost)); }
    void showRouting() { showPage(QLatin1String(Page::Routing)); }
    void showChat() { showPage(QLatin1String(Page::Chat)); }
    void showDrill() { showPage(QLatin1String(Page::Drill)); }
    void showChecklist() { showPage(QLatin1String(Page::Checklist)); }
    void showShortcuts();
    void showNotice(const hybridge::Notice &notice);
    void withdrawNotice(const QString &id);
    void addActivity(const hybridge::ActivityEntry &entry);
    /// A notification of the desktop, where it has a place for them and the window is not in front.
    void notifyDesktop(const QString &title, const QString &text);
    /// Asks for a secret in place, above the page. A second request of the same name replaces the first.
    void requestSecret(const hybridge::SecretRequest &request);
    void withdrawSecretRequest(const QString &name);
    /// Number and newest text of running operations for the slot in the top bar; 0 hides it.
    void setRunningOperations(int count, const QString &text);

Q_SIGNALS:
    void demoRequested();
    void fleetFileChosen(const QString &path);
    void secretProvided(const QString &name, const hybridge::Secret &value);
    /// The operator goes on without it; the form does not come back in this session.
    void secretDeclined(const QString &name);
    void faultToggled(const QString &node, const QString &fault, bool on);
    void repairAllRequested();
    /// A wish: nothing has been looked at yet.
    void operationRequested(const hybridge::OperationRequest &request);
    void continueRequested(const hybridge::OperationSummary &operation);
    void putAsideRequested(const QString &operation);

protected:
    void closeEvent(QCloseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void buildActions();
    template<typename T> T *addPage(const char *id, T *page);
    void restoreWindow();
    void placeOverlays();
    void refreshTop();
    void chooseFile();
    void askSecretNow();
    [[nodiscard]] QList<PaletteItem> paletteItems();
    /// "Theme: dark"; @p choice is a Theme::Choice.
    [[nodiscard]] static QString themeWords(int choice);

    Theme *m_theme;
    FleetState *m_fleet = nullptr;
    FleetHistory *m_history = nullptr;
    Rail *m_rail;
    TopBar *m_topBar;
    LabBanner *m_labBanner;
    NoticeStack *m_notices;
    QVBoxLayout *m_inline;
    QStackedWidget *m_pages;
    QHash<QString, QWidget *> m_pageOf; ///< windowPages()' ids
    FirstStartPage *m_firstStart;
    FleetPage *m_fleetPage = nullptr;
    NodePage *m_nodePage = nullptr;
    ActivityLogPage *m_activityPage = nullptr;
    CostPage *m_costPage = nullptr;
    RoutingPage *m_routingPage = nullptr;
    ChatPage *m_chatPage = nullptr;
    DrillPage *m_drillPage = nullptr;
    ChecklistPage *m_checklistPage = nullptr;
    Drawer *m_drawer;
    QSystemTrayIcon *m_tray = nullptr; ///< made for the first notification
    ActivityPanel *m_activity;
    OperationsPanel *m_operations;
    LifecycleService *m_lifecycle = nullptr;
    CommandPalette *m_palette;
    QList<SecretRequest> m_secretRequests;
    SecretForm *m_secretForm = nullptr;
};

} // namespace hybridge
