// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/poll.h"

#include <QCoroSignal>
#include <QTimer>

namespace hybridge {

Poll::Poll(Round round, std::chrono::milliseconds interval, QObject *parent)
    : QObject(parent), m_round(std::move(round)), m_interval(interval)
{
}

Poll::~Poll()
{
    m_stop.request_stop();
}

void Poll::start()
{
    if (m_running)
        return;
    m_running = true;
    m_stop = std::stop_source();
    run(this, m_stop.get_token());
}

void Poll::stop()
{
    m_running = false;
    m_again = false;
    m_pause = nullptr;
    m_stop.request_stop();
}

void Poll::runNow()
{
    if (m_pause)
        m_pause->release();
    else
        m_again = m_running;
}

void Poll::setInterval(std::chrono::milliseconds interval)
{
    const bool shorter = interval < m_interval;
    m_interval = interval;
    if (shorter && m_pause)
        m_pause->release();
}

// static; @p self is valid as long as no stop was requested: the destructor requests it.
Task<void> Poll::run(Poll *self, std::stop_token stop)
{
    while (!stop.stop_requested()) {
        const Round round = self->m_round; // a copy: the loop may outlive the object while a round is in flight
        co_await round(stop);
        if (stop.stop_requested())
            co_return;
        if (std::exchange(self->m_again, false))
            continue;
        Latch pause;
        QTimer timer;
        timer.setSingleShot(true);
        QObject::connect(&timer, &QTimer::timeout, &pause, &Latch::release);
        timer.start(self->m_interval);
        self->m_pause = &pause;
        {
            const std::stop_callback wake(stop, [&pause] { pause.release(); });
            if (!pause.isReleased())
                co_await qCoro(&pause, &Latch::released);
        }
        if (stop.stop_requested())
            co_return;
        self->m_pause = nullptr;
    }
}

} // namespace hybridge
