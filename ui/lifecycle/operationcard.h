// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/card.h"

#include <QBasicTimer>
#include <QPointer>

class QPushButton;

namespace hybridge {

class Clock;
class RunningOperation;
class StateLamp;
class StepList;
class Text;

/// One operation in the drawer: its title in the stripe of its node, how far it is, each step, and the way to stop it.
class OperationCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OperationCard)
public:
    /// @p operation may go first; the card then stands still. @p clock tells how long it runs, and outlives the card.
    OperationCard(RunningOperation *operation, const QString &label, const QString &colour, int index, const Clock &clock, QWidget *parent = nullptr);
    [[nodiscard]] RunningOperation *operation() const { return m_operation; }

Q_SIGNALS:
    void dismissRequested(hybridge::RunningOperation *operation);
    void nodeRequested(const QString &id);

protected:
    void timerEvent(QTimerEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void refresh();

    QPointer<RunningOperation> m_operation;
    const Clock &m_clock;
    QString m_colour;
    int m_index;
    StateLamp *m_lamp;
    Text *m_title;
    Text *m_state;
    StepList *m_steps;
    Text *m_what;
    Text *m_why;
    Text *m_remedy;
    QPushButton *m_stop;
    QPushButton *m_dismiss;
    QBasicTimer m_second;
};

} // namespace hybridge
