// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/connector/configurations.h"
#include "app/lab/http/answer.h"

#include <chrono>
#include <functional>
#include <map>

namespace hybridge::lab {

class World;

/// The way from the edge through a node's tunnel to its engine: 530 without a connection, 502 without an engine, else
/// the engine's own answer byte for byte as it comes. A cut tunnel cuts what streams through it.
class TunnelPath {
public:
    /// Facts: cloudflare 0.
    static constexpr std::chrono::seconds UsualReadTimeout {125};

    /// @p engines: one handler a node id. Both must outlive this.
    TunnelPath(World &world, const Configurations &configurations, const std::map<std::string, Handler> &engines)
        : m_world(world)
        , m_configurations(configurations)
        , m_engines(engines)
    {
    }

    /// After how long without a byte the edge answers 524; a test has less patience than Cloudflare.
    void setReadTimeout(std::chrono::seconds patience) { m_readTimeout = patience; }

    /// @p hostname is the published one whose ingress rule counts.
    void pass(const NodeSpec &node, const std::string &hostname, const Request &request, Answer &answer) const;

private:
    World &m_world;
    const Configurations &m_configurations;
    const std::map<std::string, Handler> &m_engines;
    std::chrono::seconds m_readTimeout = UsualReadTimeout;
};

/// `error code: NNNN`, as Cloudflare writes it for clients that want no page.
void sendEdgeError(int status, int code, Answer &answer);

} // namespace hybridge::lab
