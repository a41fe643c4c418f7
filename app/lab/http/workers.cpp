// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/workers.h"

#include <chrono>
#include <thread>

namespace hybridge::lab {

void Workers::run(std::function<void()> work)
{
    const std::lock_guard lock(m_mutex);
    if (m_stopping)
        return;
    m_queue.push_back(std::move(work));
    if (m_idle < static_cast<int>(m_queue.size()) && m_threads < m_limit) {
        ++m_threads;
        std::thread([this] { loop(); }).detach(); // counted, and waited for in stop()
    } else {
        m_wake.notify_one();
    }
}

void Workers::loop()
{
    static constexpr std::chrono::seconds Linger(5);
    std::unique_lock lock(m_mutex);
    for (;;) {
        if (m_queue.empty()) {
            ++m_idle;
            m_wake.wait_for(lock, Linger, [this] { return m_stopping || !m_queue.empty(); });
            --m_idle;
            if (m_queue.empty())
                break;
        }
        const std::function<void()> work = std::move(m_queue.front());
        m_queue.pop_front();
        lock.unlock();
        work();
        lock.lock();
    }
    --m_threads;
    // Still under the lock: after it, stop() may return and this object go.
    m_ended.notify_all();
}

void Workers::stop()
{
    std::unique_lock lock(m_mutex);
    m_stopping = true;
    m_wake.notify_all();
    m_ended.wait(lock, [this] { return m_threads == 0; });
}

} // namespace hybridge::lab
