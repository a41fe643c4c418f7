// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/workerd/bundle.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include <sys/types.h>

namespace hybridge::lab {

/// One workerd with one version of one Worker. Whoever serves a request by it holds it, so that an old one ends when
/// its last request has; the last holder ends the process.
class WorkerInstance {
public:
    ~WorkerInstance();
    WorkerInstance(const WorkerInstance &) = delete;
    WorkerInstance &operator=(const WorkerInstance &) = delete;

    /// A new connection to it, the caller's to close; -1 when it is gone.
    int connect() const;
    pid_t pid() const { return m_pid; }

private:
    friend class WorkerRuntime;
    WorkerInstance() = default;

    pid_t m_pid = -1;
    std::filesystem::path m_folder; ///< holds its socket and what it prints
};

/// Starts workerds. They end with the object that they belong to, and with this process however it ends.
class WorkerRuntime {
public:
    /// @p program is workerd itself; @p folder is ours alone. Subrequests go to @p networks alone ("127.81.0.0/16").
    WorkerRuntime(std::filesystem::path program, std::filesystem::path folder, std::vector<std::string> networks);
    ~WorkerRuntime();
    WorkerRuntime(const WorkerRuntime &) = delete;
    WorkerRuntime &operator=(const WorkerRuntime &) = delete;

    /// From the next start on.
    void useCache(WorkerCache cache) { m_cache = std::move(cache); }
    /// Returns when it serves. Throws std::runtime_error with workerd's own words when it takes the version for wrong.
    std::shared_ptr<WorkerInstance> start(const WorkerBundle &bundle);

    /// workerd by the variable HYBRIDGE_WORKERD, in PATH, or in node_modules as tests/peers installs them beside a
    /// build in @p binDir or in this project's tree; empty: none. A launcher script of npm is followed to the program.
    static std::filesystem::path find(const std::filesystem::path &binDir);

private:
    void spawn(WorkerInstance &instance, int socket, int control);

    const std::filesystem::path m_program;
    const std::filesystem::path m_folder;
    const std::vector<std::string> m_networks;
    WorkerCache m_cache;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_work;
    bool m_stopping = false;
    unsigned m_started = 0;
    std::thread m_thread; ///< all forks come from it: the kernel ends a child when the thread that forked it ends
};

} // namespace hybridge::lab
