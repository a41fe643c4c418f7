// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/worker.h"

#include "app/lab/http/forward.h"
#include "app/lab/world/random.h"

#include <algorithm>

#include <unistd.h>

namespace hybridge::lab {

std::string WorkerEdge::deploy(const std::string &script, const std::vector<ScriptShare> &shares)
{
    std::vector<Running> next;
    for (const ScriptShare &share : shares) {
        Running running{share.version, nullptr, share.percent};
        {
            // A version that runs already goes on: a deployment of the same version restarts nothing.
            const std::lock_guard lock(m_mutex);
            for (const Running &each : m_running[script]) {
                if (each.version->id == share.version->id)
                    running.instance = each.instance;
            }
        }
        try {
            if (!running.instance && m_runtime)
                running.instance = m_runtime->start(share.version->bundle);
        } catch (const std::exception &error) {
            return error.what();
        }
        next.push_back(std::move(running));
    }
    {
        const std::lock_guard lock(m_mutex);
        std::swap(m_running[script], next);
    }
    return {}; // `next`, the old ones, end here or with their last request
}

void WorkerEdge::withdraw(const std::string &script)
{
    std::vector<Running> old;
    const std::lock_guard lock(m_mutex);
    std::swap(m_running[script], old);
    m_running.erase(script);
}

std::vector<ScriptShare> WorkerEdge::deployed(const std::string &script)
{
    std::vector<ScriptShare> shares;
    const std::lock_guard lock(m_mutex);
    const auto found = m_running.find(script);
    if (found != m_running.end()) {
        for (const Running &running : found->second)
            shares.push_back({running.version, running.percent});
    }
    return shares;
}

void WorkerEdge::stop()
{
    std::map<std::string, std::vector<Running>> old;
    const std::lock_guard lock(m_mutex);
    std::swap(m_running, old);
}

std::optional<WorkerEdge::Running> WorkerEdge::pick(const std::string &script)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_running.find(script);
    if (found == m_running.end() || found->second.empty())
        return std::nullopt;
    double draw = fraction(mix(m_seed, 0x776b + m_draws.fetch_add(1))) * 100;
    for (const Running &running : found->second) {
        draw -= running.percent;
        if (draw < 0)
            return running;
    }
    return found->second.back();
}

std::shared_ptr<WorkerInstance> WorkerEdge::revive(const std::string &script, const Running &dead)
{
    const std::lock_guard only(m_reviving); // the second that finds it dead gets what the first has started
    const auto current = [&]() -> Running * {
        for (Running &running : m_running[script]) {
            if (running.version->id == dead.version->id)
                return &running;
        }
        return nullptr;
    };
    {
        const std::lock_guard lock(m_mutex);
        const Running *running = current();
        if (!running || running->instance != dead.instance)
            return running ? running->instance : nullptr;
    }
    std::shared_ptr<WorkerInstance> started;
    try {
        started = m_runtime->start(dead.version->bundle);
    } catch (const std::exception &) {
        return nullptr;
    }
    const std::lock_guard lock(m_mutex);
    if (Running *running = current())
        running->instance = started;
    return started;
}

void WorkerEdge::serve(const std::string &script, const Request &request, Answer &answer)
{
    std::optional<Running> running = pick(script);
    int fd = running && running->instance ? running->instance->connect() : -1;
    if (fd < 0 && running && running->instance) {
        running->instance = revive(script, *running);
        fd = running->instance ? running->instance->connect() : -1;
    }
    if (fd < 0)
        return sendEdgeError(500, 1101, answer);
    const Forwarded how = forward(fd, request, answer);
    ::close(fd);
    if (how == Forwarded::Unanswered)
        sendEdgeError(500, 1101, answer);
    else if (how == Forwarded::ClientGone)
        answer.cut();
}

Front WorkerEdge::front(std::function<std::string(const Request &)> scriptFor, Front otherwise)
{
    return [this, scriptFor = std::move(scriptFor), otherwise = std::move(otherwise)](
               const Request &request, Answer &answer) {
        const std::string script = scriptFor(request);
        if (script.empty())
            otherwise(request, answer);
        else
            serve(script, request, answer);
    };
}

} // namespace hybridge::lab
