// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/monitorservice.h"
#include "backend/routing/routingservice.h"
#include "ui/routing/accessheadersource.h"
#include "ui/routing/routelook.h"

#include <QBasicTimer>
#include <QPointer>
#include <QWidget>

#include <functional>
#include <stop_token>

class QBoxLayout;
class QScrollArea;

namespace hybridge {

class Banner;
class ConflictCard;
class EmptyState;
class LeaseStrip;
class MonitorDialog;
class MonitorsCard;
class PlanCard;
class RouteHistoryCard;
class Skeleton;
class SplitCard;
class Text;
class WeightEditor;

/// How requests are shared between the nodes: shown as read back, edited as a draft, sent as a change set with guards,
/// counted, and taken back. All work is RoutingService's. GUI thread.
class RoutingPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RoutingPage)
public:
    explicit RoutingPage(QWidget *parent = nullptr);
    ~RoutingPage() override;

    /// All may go before the page; nullptr: nothing is shown. @p monitors null: the router has no health checks.
    /// @p access null: a check cannot be given this fleet's token from here.
    void setSource(RoutingService *service, MonitorService *monitors, FleetState *fleet, AccessHeaderSource access = {});
    [[nodiscard]] WeightEditor &editor() { return *m_editor; }
    [[nodiscard]] PlanCard &plan() { return *m_plan; }
    [[nodiscard]] SplitCard &split() { return *m_split; }
    [[nodiscard]] RouteHistoryCard &history() { return *m_history; }
    [[nodiscard]] MonitorsCard &checks() { return *m_checks; }
    /// Asks for what the page shows: the router, the history, the checks, the day's budget.
    void readAll();
    /// Takes the newest change back, after a question.
    void takeLastBack();
    void startCount(int samples);
    void scrollTo(int y);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void timerEvent(QTimerEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *buildHead();
    void buildBody();
    void connectCards();
    void refresh();
    void refreshAges();
    void refreshTrouble();
    void noteState();
    void noteOperation(const OperationReport &report);
    void replan();
    [[nodiscard]] RouteChange meant();
    [[nodiscard]] bool isRunning() const;

    void readRouter();
    void readHistory();
    void readBudget();
    void readChecks();
    void applyDraft();
    void endLease();
    void propose(const RouteChange &change, const RouteManner &manner, const QString &kind, const QString &action, bool asksAlways);
    void ask(const RouteProposal &proposal, const RouteManner &manner, const QString &kind, const QString &action);
    void start(const RouteProposal &proposal, const RouteManner &manner, const QString &kind);
    void finish(const RouteOutcome &outcome, bool wasDraft);
    void rollBack(const QString &operation, const PercentMap &percents);
    void finishCount(const Result<SplitReport> &report);
    void showCounted(bool isStopped);
    void installMarks();
    void editCheck(int index);
    void withHeaders(MonitorDialog *dialog, std::function<void(const MonitorEdit &)> go);

    QPointer<RoutingService> m_service;
    QPointer<MonitorService> m_monitors;
    QPointer<FleetState> m_fleet;
    AccessHeaderSource m_access;
    QList<RouteLook> m_looks;
    std::optional<RoutingState> m_base; ///< what the draft was begun from
    QString m_leaseId; ///< of the lease that a draft would become
    QList<RouteHistoryEntry> m_entries;
    std::optional<SplitReport> m_counted;
    QDateTime m_countedAt; ///< UTC
    bool m_isStopped = false;
    bool m_isCounting = false;
    bool m_isLeaseSeen = false; ///< one holds: its end is looked at
    Text *m_about;
    Banner *m_trouble;
    Banner *m_warnings;
    Skeleton *m_loading;
    EmptyState *m_empty;
    QScrollArea *m_scroll;
    QWidget *m_body;
    LeaseStrip *m_lease;
    ConflictCard *m_conflict;
    WeightEditor *m_editor;
    PlanCard *m_plan;
    SplitCard *m_split;
    MonitorsCard *m_checks;
    RouteHistoryCard *m_history;
    QBoxLayout *m_upper = nullptr;
    QBoxLayout *m_middle = nullptr;
    QBasicTimer m_tick; ///< while it is seen
    bool m_isRead = false;
    std::stop_source m_stop; ///< readings
    std::stop_source m_applyStop;
    std::stop_source m_countStop;
};

} // namespace hybridge
