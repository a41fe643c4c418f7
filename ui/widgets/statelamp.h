// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/diagnosis.h"

#include <QBasicTimer>
#include <QWidget>

namespace hybridge {

/// A lamp as a widget, 12 to 32 px. Its accessible name is the state's word. The ring of Starting turns while it is
/// visible, unless motion is reduced (setMotionReduced).
class StateLamp final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StateLamp)
public:
    explicit StateLamp(int size = 16, QWidget *parent = nullptr);

    [[nodiscard]] NodeCondition condition() const { return m_condition; }
    void setCondition(NodeCondition condition);
    [[nodiscard]] QSize sizeHint() const override { return {m_size, m_size}; }

    /// For the whole program: rings stand still. Follows the desktop's wish; screenshots set it to be repeatable.
    static void setMotionReduced(bool reduced);
    [[nodiscard]] static bool isMotionReduced();

protected:
    void paintEvent(QPaintEvent *event) override;
    void timerEvent(QTimerEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void updateMotion();

    int m_size;
    NodeCondition m_condition = NodeCondition::Unknown;
    QBasicTimer m_timer;
    double m_turn = 0.0;
};

} // namespace hybridge
