// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/scripts.h"
#include "app/lab/edge/edge.h"
#include "app/lab/workerd/runtime.h"

#include <atomic>

namespace hybridge::lab {

/// The Workers as the edge runs them: each deployed version in a workerd of its own. A deployment starts the new ones,
/// waits until they serve, then switches; the old ones end with their last request.
class WorkerEdge {
public:
    /// @p runtime null: this lab has no workerd; scripts can be kept, and are not run.
    WorkerEdge(std::uint64_t seed, std::unique_ptr<WorkerRuntime> runtime) : m_seed(seed), m_runtime(std::move(runtime))
    {
    }

    /// Before the first deployment.
    void useCache(WorkerCache cache)
    {
        if (m_runtime)
            m_runtime->useCache(std::move(cache));
    }
    /// As Scripts::Deploy.
    std::string deploy(const std::string &script, const std::vector<ScriptShare> &shares);
    void withdraw(const std::string &script);
    /// What runs under this name.
    std::vector<ScriptShare> deployed(const std::string &script);

    /// Serves what a route leads to a Worker; the rest goes to @p otherwise. 500 and error 1101 where it cannot run.
    Front front(std::function<std::string(const Request &)> scriptFor, Front otherwise);

    /// Ends what runs; requests that are under way keep theirs.
    void stop();

private:
    struct Running {
        std::shared_ptr<const ScriptVersion> version;
        std::shared_ptr<WorkerInstance> instance;
        double percent = 100;
    };

    std::optional<Running> pick(const std::string &script);
    void serve(const std::string &script, const Request &request, Answer &answer);
    /// Another workerd in the place of one that ended by itself.
    std::shared_ptr<WorkerInstance> revive(const std::string &script, const Running &dead);

    const std::uint64_t m_seed;
    const std::unique_ptr<WorkerRuntime> m_runtime;
    std::atomic<std::uint64_t> m_draws{0};
    std::mutex m_reviving;
    std::mutex m_mutex;
    std::map<std::string, std::vector<Running>> m_running;
};

} // namespace hybridge::lab
