// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/statelamp.h"

#include "ui/widgets/lamppainter.h"

#include <QCoreApplication>
#include <QPainter>
#include <QTimerEvent>

#include <cmath>

namespace hybridge {

namespace {
constexpr int FrameMs = 66;
constexpr double TurnPerFrame = FrameMs / 1400.0;
constexpr const char *StillProperty = "hybridgeMotionReduced";
} // namespace

StateLamp::StateLamp(int size, QWidget *parent) : QWidget(parent), m_size(size)
{
    setFixedSize(size, size);
    setAccessibleName(conditionLabel(m_condition));
    setToolTip(conditionLabel(m_condition));
}

void StateLamp::setCondition(NodeCondition condition)
{
    if (condition == m_condition)
        return;
    m_condition = condition;
    setAccessibleName(conditionLabel(condition));
    setToolTip(conditionLabel(condition));
    updateMotion();
    update();
}

// The wish lives on the application object: there is no other state that every lamp could share.
void StateLamp::setMotionReduced(bool reduced)
{
    qApp->setProperty(StillProperty, reduced);
}

bool StateLamp::isMotionReduced()
{
    return qApp->property(StillProperty).toBool();
}

void StateLamp::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paintLamp(painter, rect(), m_condition, tokensFor(palette()), isMotionReduced() ? 0.0 : m_turn);
}

void StateLamp::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId()) {
        QWidget::timerEvent(event);
        return;
    }
    m_turn = std::fmod(m_turn + TurnPerFrame, 1.0);
    update();
}

void StateLamp::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    updateMotion();
}

void StateLamp::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_timer.stop();
}

void StateLamp::updateMotion()
{
    const bool turning = m_condition == NodeCondition::Starting && isVisible() && !isMotionReduced();
    if (turning && !m_timer.isActive())
        m_timer.start(FrameMs, this);
    else if (!turning)
        m_timer.stop();
}

} // namespace hybridge
