// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/async.h"

#include <QCoroSignal>
#include <QTimer>

namespace hybridge {

Task<bool> pause(std::chrono::milliseconds duration, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return false;
    Latch latch;
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &latch, &Latch::release);
    const std::stop_callback wake(stop, [&latch] { latch.release(); });
    timer.start(duration);
    if (!latch.isReleased())
        co_await qCoro(&latch, &Latch::released);
    co_return !stop.stop_requested();
}

} // namespace hybridge
