// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/reply.h"
#include "app/lab/edge/steering.h"
#include "app/lab/world/types.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace hybridge::lab {

/// The account's monitors and pools and the zone's load balancers, as the API keeps them and gives them back. Every
/// change makes a new state; whoever holds one keeps it. Any thread.
class Balancing {
public:
    using Objects = std::map<std::string, nlohmann::json>;
    struct State {
        Objects monitors;
        Objects pools;
        Objects balancers;
        std::vector<BalancerPlan> plans; ///< one a load balancer
        std::uint64_t revision = 0;
    };
    enum class Kind { Monitor, Pool, Balancer };

    /// Ids and times of what the lab makes itself follow @p seed. An account without the add-on (@p entitled false) has
    /// no load balancing: everything can be read, nothing is there, and making something is refused.
    Balancing(std::uint64_t seed, bool entitled);

    std::shared_ptr<const State> state() const;
    /// Called after each change, without the lock, on the thread that made it.
    void onChange(std::function<void()> listener);

    /// POST (@p id empty), PUT, PATCH and DELETE. PATCH replaces the given top-level properties, each whole; PUT
    /// replaces the object (facts: cloudflare 3).
    ApiReply create(Kind kind, const nlohmann::json &body, std::string id = {});
    ApiReply replace(Kind kind, const std::string &id, const nlohmann::json &body);
    ApiReply patch(Kind kind, const std::string &id, const nlohmann::json &body);
    ApiReply remove(Kind kind, const std::string &id);
    /// What names this object, as …/references tells.
    nlohmann::json references(Kind kind, const std::string &id) const;

private:
    std::string refusalOf(Kind kind, const nlohmann::json &object, const State &state) const;
    void publish(State state, std::unique_lock<std::mutex> &lock);

    const bool m_entitled;
    mutable std::mutex m_mutex;
    std::shared_ptr<const State> m_state;
    std::vector<std::function<void()>> m_listeners;
    std::uint64_t m_nextId;
};

} // namespace hybridge::lab
