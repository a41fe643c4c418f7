// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillservice.h"

#include <QColor>
#include <QDialog>

#include <functional>

namespace hybridge {

/// Asks, in the frame of the drilled node, what becomes of a running drill when the window closes.
class DrillCloseQuestion final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillCloseQuestion)
public:
    /// @p left: until the node gives back by itself; empty: nothing is away.
    DrillCloseQuestion(const DrillLive &live, std::optional<std::chrono::seconds> left, QWidget *parent = nullptr);

Q_SIGNALS:
    void giveBackChosen();
    void leaveChosen();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QColor m_colour;
};

/// Keeps @p window open while a drill runs, until the operator has said what is to become of it: given back first, left to
/// its lease, or gone on with. GUI thread.
class DrillCloseGuard final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillCloseGuard)
public:
    /// Null, or not running: the window closes as ever.
    using Running = std::function<const DrillLive *()>;
    using Left = std::function<std::optional<std::chrono::seconds>()>;
    DrillCloseGuard(QWidget &window, Running running, Left left, QObject *parent = nullptr);
    /// The drill has ended, given back or not: closes the window if that is what was waited for. One that could not be
    /// restored keeps it open: it has something to say.
    void drillEnded(bool restored);

Q_SIGNALS:
    void giveBackRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget &m_window;
    Running m_running;
    Left m_left;
    QPointer<DrillCloseQuestion> m_question;
    bool m_closesAfter = false;
    bool m_isLeft = false;
};

} // namespace hybridge
