// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillschedule.h"
#include "backend/drill/drillservice.h"

#include <QBasicTimer>
#include <QWidget>

class QPushButton;
class QScrollArea;

namespace hybridge {

class Banner;
class Card;
class DrillForm;
class DrillHistory;
class DrillResult;
class DrillScheduleForm;
class DrillTimeline;
class FleetState;
class StepList;
class Text;

/// Failover drills: the plan with everything that must hold, the drill as it runs, its report, and those so far. Shows what
/// it is given and reports wishes; decides and fetches nothing. GUI thread.
class DrillPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillPage)
public:
    enum class View { Plan, Running, Report };

    explicit DrillPage(QWidget *parent = nullptr);
    /// Call first; null: nothing can be drilled. @p fleet must outlive the page or be replaced.
    void setFleet(FleetState *fleet);
    void setPlan(const DrillPlan &plan);
    void setHistory(const QList<DrillReport> &reports);
    /// A drill that could not be restored, or was cut off: stays until it is. Null: there is none.
    void setUnrestored(const DrillReport *report);
    /// The drill that runs: call at each change of it, and every so often for the countdown.
    void setLive(const DrillLive &live, double now, std::optional<std::chrono::seconds> left);
    void addSample(const DrillSample &sample);
    void showReport(const DrillReport &report);
    /// Back to the plan, with this node chosen; empty: as it was.
    void showPlan(const QString &node = {});
    /// The schedule that counts, and what it says: "The next one is due at …".
    void setSchedule(const DrillSchedule &schedule);
    void setScheduleWords(const QString &words);
    [[nodiscard]] View view() const { return m_view; }
    [[nodiscard]] DrillForm &form() { return *m_form; }
    [[nodiscard]] DrillTimeline &timeline() { return *m_timeline; }
    [[nodiscard]] DrillHistory &history() { return *m_history; }
    void scrollTo(int y);

Q_SIGNALS:
    void planRequested(const hybridge::DrillRequest &request);
    void runRequested(const hybridge::DrillPlan &plan);
    void abortRequested();
    void reportRequested(const QString &id);
    void restoreRequested();
    /// Not enabled: it is taken away.
    void scheduleChosen(const hybridge::DrillSchedule &schedule);
    /// @p path as chosen; its ending says what is wanted: .html, .md, .json.
    void exportRequested(const hybridge::DrillReport &report, const QString &path);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void timerEvent(QTimerEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QWidget *buildHead();
    QWidget *buildRunning();
    void setView(View view);
    void beginTimeline(const DrillReport &report, double seconds);
    void askFile();

    FleetState *m_fleet = nullptr;
    View m_view = View::Plan;
    QString m_shown; ///< id of the drill that the timeline holds
    DrillReport m_report; ///< of View::Report
    Text *m_title;
    Text *m_sub;
    QPushButton *m_back;
    QPushButton *m_export;
    Banner *m_trouble;
    QScrollArea *m_scroll;
    DrillForm *m_form;
    DrillHistory *m_history;
    DrillScheduleForm *m_schedule;
    Card *m_running;
    Text *m_phase;
    Text *m_doing;
    Text *m_countdown;
    Text *m_countdownWords;
    Text *m_counts;
    QPushButton *m_abort;
    DrillResult *m_result;
    Card *m_timelineCard;
    DrillTimeline *m_timeline;
    Card *m_stepsCard;
    StepList *m_steps;
    QBasicTimer m_look; ///< while the plan is seen
    qint64 m_sent = 0;
    qint64 m_failed = 0;
    qint64 m_retried = 0;
};

} // namespace hybridge
