// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/edge/tunnel.h"
#include "app/lab/identity/identity.h"

#include <atomic>
#include <functional>

namespace hybridge::lab {

class World;

/// What serves the endpoint behind Access: a load balancer or a Worker.
using Front = Handler;

/// Cloudflare's edge for the public hostnames. It adds what Cloudflare adds, and nothing else.
class Edge {
public:
    Edge(const World &world, const Identity &identity, const TunnelPath &path)
        : m_world(world)
        , m_identity(identity)
        , m_path(path)
    {
    }

    Handler endpoint(Front front);
    /// @p hostname is the node's published one: its address here, without the port.
    Handler node(const NodeSpec &node, std::string hostname);

private:
    std::string nextRay();

    const World &m_world;
    const Identity &m_identity;
    const TunnelPath &m_path;
    std::atomic<std::uint64_t> m_rays{0};
};

/// A node's published hostname in the lab.
std::string hostnameOf(const World &world, const NodeSpec &node);

} // namespace hybridge::lab
