// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillplan.h"
#include "ui/widgets/card.h"

class QButtonGroup;
class QComboBox;
class QPushButton;

namespace hybridge {

class CheckList;
class FleetState;
class Text;

/// What shall be taken from whom, for how long, and what is asked meanwhile; beside it everything that must hold, looked at
/// again while the form is seen. The button lives only when nothing speaks against it.
class DrillForm final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillForm)
public:
    explicit DrillForm(QWidget *parent = nullptr);
    /// Its nodes can be chosen; null: none.
    void setFleet(FleetState *fleet);
    [[nodiscard]] DrillRequest request() const;
    void setNode(const QString &node);
    /// What became of the newest planRequested(); of another wish it is ignored.
    void setPlan(const DrillPlan &plan);
    [[nodiscard]] QPushButton &start() { return *m_start; }

Q_SIGNALS:
    /// The wish has changed, or time has passed: what holds?
    void planRequested(const hybridge::DrillRequest &request);
    void runRequested(const hybridge::DrillPlan &plan);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *buildWish();
    QWidget *buildHolds();
    void wishChanged();
    void refreshButton();
    [[nodiscard]] QString labelOf(const QString &node) const;

    FleetState *m_fleet = nullptr;
    class QBoxLayout *m_columns;
    QComboBox *m_node;
    QButtonGroup *m_faults;
    QComboBox *m_duration;
    QComboBox *m_rate;
    QComboBox *m_probe;
    QPushButton *m_start;
    Text *m_consequence;
    CheckList *m_checks;
    Text *m_state;
    Text *m_expected;
    std::optional<DrillPlan> m_plan; ///< of the present wish; empty: not looked at yet
};

} // namespace hybridge
