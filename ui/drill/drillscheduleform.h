// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillschedule.h"
#include "ui/widgets/card.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;

namespace hybridge {

class Text;

/// Drills that begin by themselves while the panel runs: which node and fault, when, and when not. Shows when the next one is
/// due. Nothing counts before it is saved. GUI thread.
class DrillScheduleForm final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillScheduleForm)
public:
    explicit DrillScheduleForm(QWidget *parent = nullptr);
    void setFleet(const FleetState *fleet);
    /// The one that counts.
    void setSchedule(const DrillSchedule &schedule);
    /// "The next one is due at …".
    void setWords(const QString &words);

Q_SIGNALS:
    /// Not enabled: it is taken away.
    void scheduleChosen(const hybridge::DrillSchedule &schedule);

private:
    /// What is asked for now; empty: it cannot be understood, and the form says why.
    [[nodiscard]] std::optional<DrillSchedule> wish() const;
    void fill(const DrillSchedule &schedule);
    void refresh();

    DrillSchedule m_schedule;
    QString m_words;
    QComboBox *m_node;
    QComboBox *m_fault;
    QComboBox *m_every;
    QLineEdit *m_at;
    QLineEdit *m_not;
    QList<QCheckBox *> m_days; ///< Monday first
    Text *m_state;
    Text *m_problem;
    QPushButton *m_remove;
    QPushButton *m_save;
};

} // namespace hybridge
