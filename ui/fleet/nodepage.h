// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QWidget>

#include <array>
#include <functional>

class QPushButton;
class QScrollArea;

namespace hybridge {

class FactCard;
class FleetHistory;
class FleetState;
class IdleCard;
class LogCard;
class NodeCharts;
class LifecycleService;
class NodeHead;
class SpotCard;
struct OperationRequest;
struct SpotOutlook;

/// One node whole: head, the last hour, and every fact that is known, each with its age.
class NodePage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NodePage)
public:
    explicit NodePage(QWidget *parent = nullptr);
    ~NodePage() override;

    /// Both must outlive the page or be replaced first; nullptr: empty.
    void setFleet(FleetState *fleet, FleetHistory *history);
    void setNode(const QString &id);
    /// What runs operations on nodes; nullptr: nothing can be done from here. As setFleet().
    void setLifecycle(LifecycleService *service);
    [[nodiscard]] QString node() const { return m_id; }
    [[nodiscard]] NodeCharts &charts() { return *m_charts; }
    /// Live logs of the node's services, and its idle stop.
    [[nodiscard]] LogCard &log() { return *m_log; }
    [[nodiscard]] IdleCard &idle() { return *m_idle; }
    /// What is known of the automatic restart of a node's Spot machine; asked once a second. Empty: nothing restarts any.
    using SpotOf = std::function<SpotOutlook(const QString &node)>;
    void setSpot(SpotOf spotOf);
    void refreshNow();
    /// The whole content, also what lies below the fold; screenshots render it.
    [[nodiscard]] QWidget *content() const { return m_content; }
    void scrollTo(int y);

Q_SIGNALS:
    void backRequested();
    void nodeRequested(const QString &id);
    void operationRequested(const hybridge::OperationRequest &request);
    void runningRequested();

protected:
    void timerEvent(QTimerEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void step(int by);
    void refreshBack();
    void refreshCharts();

    enum Section { Accelerators, Services, Engine, Tunnel, Connector, Edge, Machine, Link, SectionCount };
    FleetState *m_fleet = nullptr;
    FleetHistory *m_history = nullptr;
    LifecycleService *m_lifecycle = nullptr;
    QString m_id;
    QPushButton *m_back;
    QScrollArea *m_scroll;
    QWidget *m_content;
    NodeHead *m_head;
    NodeCharts *m_charts;
    LogCard *m_log;
    IdleCard *m_idle;
    SpotCard *m_spot;
    SpotOf m_spotOf;
    std::array<FactCard *, SectionCount> m_cards {};
    QBasicTimer m_soon; ///< gathers changes of one turn, at most two rounds a second
    QBasicTimer m_second; ///< ages
    bool m_pending = false;
};

} // namespace hybridge
