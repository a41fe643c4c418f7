// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/reply.h"
#include "app/lab/identity/identity.h"

#include <mutex>

namespace hybridge::lab {

/// The one zone of the account: its plan, and which hostnames lead to a Worker.
class Zone {
public:
    /// @p plan: "free" or "pro".
    Zone(const Identity &identity, std::uint64_t seed, std::string plan)
        : m_identity(identity)
        , m_seed(seed)
        , m_plan(std::move(plan))
    {
    }

    static constexpr const char *Name = "example.com";

    ApiReply list(const Request &request) const;
    ApiReply get() const { return given(object()); }
    /// …/workers/routes[/{id}]; @p path begins after "routes". @p knows a script's name.
    ApiReply routes(const Request &request, const std::vector<std::string> &path,
        const std::function<bool(const std::string &)> &knows);

    /// Adds one, as the API does; gives its id.
    std::string addRoute(const std::string &pattern, const std::string &script);
    /// The script that the longest fitting pattern names; empty: none.
    std::string scriptFor(const std::string &host, const std::string &path) const;

private:
    nlohmann::json object() const;

    const Identity &m_identity;
    const std::uint64_t m_seed;
    const std::string m_plan;
    mutable std::mutex m_mutex;
    nlohmann::json m_routes = nlohmann::json::array();
    std::uint64_t m_nextRoute = 1;
};

} // namespace hybridge::lab
