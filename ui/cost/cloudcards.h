// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costsource.h"

#include <QObject>
#include <QPointer>

#include <stop_token>

class QWidget;

namespace hybridge {

class BudgetDialog;
class BudgetsCard;
class FleetState;
class ScheduleDialog;
class SchedulesCard;

/// What the cloud itself does about cost: the cards of its budgets and schedules. Reads both, and carries out what their
/// dialogs ask for; shows only what was read back. GUI thread.
class CloudCards final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CloudCards)
public:
    /// @p home: in which the cards lie; their dialogs open over @p page, which owns this.
    CloudCards(QWidget *home, QWidget *page);
    ~CloudCards() override;

    [[nodiscard]] BudgetsCard &budgets() { return *m_budgets; }
    [[nodiscard]] SchedulesCard &schedules() { return *m_schedules; }
    /// Both may go before this; nullptr: nothing can be read.
    void setSource(CostSource *source, FleetState *fleet);
    /// Once for each source.
    void read();
    void readAgain();

private:
    void askBudget();
    void createBudget(BudgetDialog *dialog);
    void askSchedules();
    void changeSchedules(ScheduleDialog *dialog);
    void readBudgets();
    void readSchedules();
    void showSchedules();

    QWidget *m_page;
    BudgetsCard *m_budgets;
    SchedulesCard *m_schedules;
    QPointer<CostSource> m_source;
    QPointer<FleetState> m_fleet;
    QList<ScheduleState> m_found; ///< as read last
    std::stop_source m_stop;
    bool m_isRead = false;
};

} // namespace hybridge
