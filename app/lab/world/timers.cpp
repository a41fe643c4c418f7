// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

World::TimerId World::scheduleLocked(
    Monotonic::duration delay, std::function<void()> action, const Node *node, bool locked)
{
    const TimerId id = m_nextTimer++;
    m_timers.emplace(Monotonic::now() + delay, Timer{id, std::move(action), node, locked});
    m_timersChanged.notify_all();
    return id;
}

World::TimerId World::after(Monotonic::duration delay, std::function<void()> action, std::string_view node)
{
    const std::lock_guard lock(m_mutex);
    return scheduleLocked(delay, std::move(action), nodeFor(node), false);
}

bool World::cancel(TimerId id)
{
    const std::lock_guard lock(m_mutex);
    const auto found
        = std::find_if(m_timers.begin(), m_timers.end(), [id](const auto &entry) { return entry.second.id == id; });
    if (found == m_timers.end())
        return false;
    m_timers.erase(found);
    return true;
}

std::optional<Monotonic::duration> World::remaining(TimerId id) const
{
    const std::lock_guard lock(m_mutex);
    const auto found
        = std::find_if(m_timers.begin(), m_timers.end(), [id](const auto &entry) { return entry.second.id == id; });
    if (found == m_timers.end())
        return std::nullopt;
    return std::max(found->first - Monotonic::now(), Monotonic::duration::zero());
}

void World::runTimers(std::stop_token stop)
{
    std::unique_lock lock(m_mutex);
    while (!stop.stop_requested() && !m_stopped) {
        if (m_timers.empty()) {
            m_timersChanged.wait(lock, stop, [this] { return m_stopped || !m_timers.empty(); });
            continue;
        }
        const Monotonic::time_point due = m_timers.begin()->first;
        if (due > Monotonic::now()) {
            m_timersChanged.wait_until(
                lock, stop, due, [&] { return m_stopped || m_timers.empty() || m_timers.begin()->first < due; });
            continue;
        }
        const Timer timer = std::move(m_timers.begin()->second);
        m_timers.erase(m_timers.begin());
        if (timer.locked) {
            timer.action();
            changed(lock); // unlocks
        } else {
            lock.unlock();
            timer.action();
        }
        lock.lock();
    }
}

} // namespace hybridge::lab
