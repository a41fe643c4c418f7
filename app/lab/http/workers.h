// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace hybridge::lab {

/// Threads that come when work waits and go when none came for a while: a stream of tokens holds one for minutes, so a
/// fixed number would stall the lab, and a thread a connection would measure the lab instead of the client.
class Workers {
public:
    explicit Workers(int limit = 1000) : m_limit(limit) { }
    ~Workers() { stop(); }

    void run(std::function<void()> work);
    /// Waits until all work and all threads have ended; later work is dropped. Not from one of those threads.
    void stop();

private:
    using Threads = std::list<std::thread>;
    void loop(Threads::iterator self);

    const int m_limit;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::condition_variable m_noneLeft;
    std::deque<std::function<void()>> m_queue;
    Threads m_threads;
    Threads m_ended; ///< to be joined: behind its work a thread still runs what libraries do at its end
    int m_idle = 0;
    bool m_stopping = false;
};

} // namespace hybridge::lab
