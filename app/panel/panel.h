// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/panel/firstpaint.h"
#include "app/panel/labcontrol.h"
#include "app/panel/labprocess.h"
#include "app/panel/panelchat.h"
#include "app/panel/panelquestions.h"
#include "backend/activity/activitylog.h"
#include "backend/checklist/checkservice.h"
#include "backend/drill/sessiondrillways.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetsession.h"
#include "backend/lifecycle/costservice.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "backend/lifecycle/sessionways.h"
#include "backend/lifecycle/spotrestarter.h"
#include "backend/routing/monitorservice.h"
#include "backend/routing/routingwatch.h"
#include "backend/store/lastknown.h"
#include "ui/shell/mainwindow.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <memory>

namespace hybridge {

/// The panel's object graph: opens a fleet file or the demo cloud, holds the session that watches it, and carries wishes
/// from the window to the backend and facts back. GUI thread.
class Panel final : public QObject {
    Q_OBJECT
public:
    Panel(const Clock &clock, QObject *parent = nullptr);
    ~Panel() override;

    [[nodiscard]] MainWindow &window() { return m_window; }
    /// Opens @p path: shows its last known state at once, then the live one. Errors are shown in the window.
    void openFile(const QString &path, bool trusted);
    /// Starts the demo cloud and opens it.
    void openDemo(int nodes);
    /// Ends the demo cloud if one was started, in good order; @p done is called when nothing is left to wait for.
    void leave(const std::function<void()> &done);
    /// The file that a start without arguments opens; empty when there is none yet.
    [[nodiscard]] static QString usualFile();
    /// The session that is open; nullptr before the first.
    [[nodiscard]] FleetSession *session() { return m_session.get(); }
    /// Of the window. The network is asked after it.
    [[nodiscard]] FirstPaint &firstPaint() { return m_firstPaint; }

Q_SIGNALS:
    void opened();
    void openFailed(const QString &why);

private:
    void openTrusted(const FleetFile &file);
    void startSoon();
    void closeSession();
    void connectWindow();
    void connectSession();
    void askSecret(const SecretRef &ref, const SecretPurpose &purpose, const Error &error);
    Task<void> keepSecret(QString name, Secret value);
    void noteDiagnosis(const QString &id, const Diagnosis &before, const Diagnosis &after);
    void saveLastKnown();
    void openLifecycle(const FleetFile &file);
    static Task<void> operate(QPointer<Panel> self, OperationRequest request);
    static Task<void> begin(QPointer<Panel> self, OperationRequest request);
    static Task<void> showInterrupted(QPointer<Panel> self);
    static Task<void> continueOperation(QPointer<Panel> self, OperationSummary operation);
    static Task<void> putAside(QPointer<Panel> self, QString operation);
    void openRouting();
    /// The headers that the endpoint's Access token makes, for a health check.
    static Task<Result<QMap<QString, QString>>> accessHeaders(QPointer<Panel> self, std::stop_token stop);
    void noteOperation(RunningOperation *operation);
    void openDrills(const FleetFile &file);
    static Task<void> planDrill(QPointer<Panel> self, DrillRequest request);
    static Task<void> runDrill(QPointer<Panel> self, DrillPlan plan);
    static Task<void> showDrill(QPointer<Panel> self, QString id);
    static Task<void> showDrills(QPointer<Panel> self, bool mend);
    static Task<void> finishDrills(QPointer<Panel> self);
    static Task<void> beginDueDrill(QPointer<Panel> self);
    void noteDrill(const DrillReport &report);
    void openNodeTools();
    void openChat(const FleetFile &file);
    /// What @p verb says to the idle stop of a node: "status", "pause", "resume".
    static Task<void> idle(QPointer<Panel> self, QString node, QString verb);

    const Clock &m_clock;
    DesktopSecretStore m_store;
    SecretResolver m_resolver;
    LastKnownCache m_lastKnown;
    MainWindow m_window;
    FirstPaint m_firstPaint;
    PanelQuestions m_questions;
    std::unique_ptr<LabProcess> m_lab;
    std::unique_ptr<LabControl> m_labControl;
    std::unique_ptr<FleetSession> m_session;
    // Each uses the one above it and goes first.
    std::unique_ptr<ActivityLog> m_log;
    std::unique_ptr<RoutingService> m_routing;
    std::unique_ptr<RoutingWatch> m_routingWatch;
    std::unique_ptr<MonitorService> m_monitors; ///< null: no Load Balancer
    std::unique_ptr<SessionWays> m_ways;
    std::unique_ptr<LifecycleService> m_lifecycle;
    std::unique_ptr<SpotRestarter> m_spot;
    std::unique_ptr<CostService> m_cost;
    std::unique_ptr<ChatHistory> m_chatHistory;
    std::unique_ptr<PanelChat> m_chat;
    std::unique_ptr<SessionCheckWays> m_checkWays;
    std::unique_ptr<CheckService> m_check;
    std::unique_ptr<SessionDrillWays> m_drillWays;
    std::unique_ptr<DrillService> m_drill;
    QTimer m_drillTick;
    QTimer m_drillSchedule;
    QByteArray m_fileHash;
    QTimer m_save;
    std::stop_source m_stop;
};

} // namespace hybridge
