// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/balancingapi.h"
#include "app/lab/cloudflare/ratelimit.h"
#include "app/lab/cloudflare/scripts.h"
#include "app/lab/cloudflare/zone.h"
#include "app/lab/connector/configurations.h"
#include "app/lab/edge/balancedcounts.h"
#include "app/lab/http/answer.h"
#include "app/lab/identity/identity.h"

namespace hybridge::lab {

class World;

/// Cloudflare's management API below /client/v4: token verification, tunnels with their connections and configurations,
/// and what other rooms keep of it, in the real envelope, with the real error codes and limits.
class CloudflareApi {
public:
    struct Rooms {
        BalancingApi &balancing;
        Zone &zone;
        Scripts &scripts;
        const BalancedCounts *analytics; ///< null: the zone's plan has none
    };

    /// All of them must outlive this.
    CloudflareApi(World &world, Configurations &configurations, const Identity &identity, Rooms rooms)
        : m_world(world)
        , m_configurations(configurations)
        , m_identity(identity)
        , m_rooms(rooms)
    {
    }

    static constexpr const char *BasePath = "/client/v4";
    void serve(const Request &request, Answer &answer);

private:
    ApiReply account(const Request &request, const std::vector<std::string> &path);
    ApiReply zone(const Request &request, const std::vector<std::string> &path);
    bool known(const std::string &token) const;
    bool struckByFault(const std::string &tunnel, Answer &answer) const;
    void verifyToken(const std::string &token, bool accountOwned, Answer &answer) const;
    void serveTunnels(const Request &request, const std::vector<std::string> &path, Answer &answer);
    void listTunnels(const Request &request, Answer &answer) const;
    void serveConfiguration(const Request &request, const NodeSpec &node, Answer &answer);
    nlohmann::json tunnel(const NodeSpec &node) const;
    nlohmann::json connectors(const NodeSpec &node) const;

    World &m_world;
    Configurations &m_configurations;
    const Identity &m_identity;
    const Rooms m_rooms;
    RateLimit m_limit;
};

} // namespace hybridge::lab
