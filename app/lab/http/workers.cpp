// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/workers.h"

#include <chrono>
#include <system_error>

namespace hybridge::lab {

void Workers::run(std::function<void()> work)
{
    Threads ended;
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping)
            return;
        m_queue.push_back(std::move(work));
        ended.swap(m_ended);
        if (m_idle < static_cast<int>(m_queue.size()) && static_cast<int>(m_threads.size()) < m_limit) {
            const auto self = m_threads.emplace(m_threads.end());
            try {
                *self = std::thread([this, self] { loop(self); });
            } catch (const std::system_error &) { // none to be had: the work waits for one that is there
                m_threads.erase(self);
            }
        } else {
            m_wake.notify_one();
        }
    }
    for (std::thread &thread : ended)
        thread.join();
}

void Workers::loop(Threads::iterator self)
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
    m_ended.splice(m_ended.end(), m_threads, self);
    m_noneLeft.notify_all();
}

void Workers::stop()
{
    Threads ended;
    {
        std::unique_lock lock(m_mutex);
        m_stopping = true;
        m_wake.notify_all();
        m_noneLeft.wait(lock, [this] { return m_threads.empty(); });
        ended.swap(m_ended);
    }
    for (std::thread &thread : ended)
        thread.join();
}

} // namespace hybridge::lab
