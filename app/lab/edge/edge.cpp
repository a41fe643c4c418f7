// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/edge.h"

#include "app/lab/edge/access.h"
#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

namespace hybridge::lab {

namespace {

/// Puts Cloudflare's own headers on whatever goes out.
class Stamped : public Answer {
public:
    Stamped(Answer &client, std::string ray) : m_client(client), m_ray(std::move(ray)) { }

    void send(int status, Headers headers, std::string body) override
    {
        m_client.send(status, stamp(std::move(headers)), std::move(body));
    }
    bool begin(int status, Headers headers) override { return m_client.begin(status, stamp(std::move(headers))); }
    bool write(std::string_view bytes) override { return m_client.write(bytes); }
    void end() override { m_client.end(); }
    bool gone() override { return m_client.gone(); }
    void cut() override { m_client.cut(); }

private:
    Headers stamp(Headers headers) const
    {
        headers.set("Server", "cloudflare");
        headers.set("CF-RAY", m_ray);
        return headers;
    }

    Answer &m_client;
    const std::string m_ray;
};

} // namespace

std::string hostnameOf(const World &world, const NodeSpec &node)
{
    const auto index = static_cast<std::size_t>(&node - world.nodes().data());
    return "127.81." + std::to_string(index / 250) + '.' + std::to_string(index % 250 + 1);
}

Router weightedRouter(const World &world, const TunnelPath &path)
{
    auto counter = std::make_shared<std::atomic<std::uint64_t>>(0);
    return [&world, &path, counter](const Request &) -> const NodeSpec * {
        int total = 0;
        std::vector<const NodeSpec *> candidates;
        for (const NodeSpec &node : world.nodes()) {
            if (node.weight > 0 && path.healthy(node)) {
                candidates.push_back(&node);
                total += node.weight;
            }
        }
        if (candidates.empty())
            return world.nodes().empty() ? nullptr : &world.nodes().front();
        auto draw
            = static_cast<int>(mix(world.seed(), 0x6c62 + counter->fetch_add(1)) % static_cast<std::uint64_t>(total));
        for (const NodeSpec *node : candidates) {
            draw -= node->weight;
            if (draw < 0)
                return node;
        }
        return candidates.back();
    };
}

std::string Edge::nextRay()
{
    return Random(mix(m_world.seed(), 0x726179 + m_rays.fetch_add(1))).hex(16) + "-FRA";
}

Handler Edge::endpoint()
{
    return [this](const Request &request, Answer &answer) {
        Stamped stamped(answer, nextRay());
        if (!letIn(m_world, m_identity, {}, request, stamped))
            return;
        if (const NodeSpec *node = m_router(request))
            m_path.pass(*node, hostnameOf(m_world, *node), request, stamped);
        else
            sendEdgeError(530, 1016, stamped);
    };
}

Handler Edge::node(const NodeSpec &node, std::string hostname)
{
    return [this, &node, hostname = std::move(hostname)](const Request &request, Answer &answer) {
        Stamped stamped(answer, nextRay());
        if (letIn(m_world, m_identity, node.id, request, stamped))
            m_path.pass(node, hostname, request, stamped);
    };
}

} // namespace hybridge::lab
