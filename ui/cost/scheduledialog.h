// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/lifecycle/offpeak.h"

#include <QDialog>

#include <functional>

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace hybridge {

class Text;

/// Makes a schedule, attaches it to machines, takes it off or removes it. Shows when it acts next and each call that will
/// leave before anything does. Stays open, with the reason, when something could not be done.
class ScheduleDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ScheduleDialog)
public:
    struct Machine {
        QString node; ///< id
        QString label;
        QString region;
    };
    using CallsOf = std::function<QStringList(const ScheduleWish &wish)>;
    /// @p clock must outlive this.
    ScheduleDialog(QList<ScheduleState> schedules, QList<Machine> machines, const Clock &clock, CallsOf callsOf, QWidget *parent = nullptr);
    /// What is asked for now.
    [[nodiscard]] ScheduleWish wish() const;
    /// It is being done; nothing can be changed meanwhile.
    void setBusy(bool busy);
    void showError(const Error &error);

Q_SIGNALS:
    void applyRequested();

private:
    [[nodiscard]] const ScheduleState *chosen() const; ///< nullptr: a new one
    void choose();
    void refresh();
    void showRuns(const gcp::InstanceSchedule &schedule, bool isGood);

    QList<ScheduleState> m_schedules;
    QList<Machine> m_machines;
    const Clock &m_clock;
    CallsOf m_callsOf;
    QComboBox *m_choice;
    QComboBox *m_region;
    QLineEdit *m_name;
    QLineEdit *m_stopAt;
    QLineEdit *m_startAt;
    QLineEdit *m_zone;
    QList<QCheckBox *> m_boxes; ///< one a machine
    QCheckBox *m_remove;
    Text *m_runs;
    Text *m_calls;
    Text *m_problem;
    QPushButton *m_apply;
    bool m_isBusy = false;
};

} // namespace hybridge
