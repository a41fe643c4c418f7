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
    const std::string &ray() const { return m_ray; }

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

/// Holds a streamed answer back until it is whole, as a proxy does that rebuilds what passes.
class Held : public Answer {
public:
    explicit Held(Answer &client) : m_client(client) { }

    void send(int status, Headers headers, std::string body) override
    {
        m_client.send(status, std::move(headers), std::move(body));
    }
    bool begin(int status, Headers headers) override
    {
        m_status = status;
        m_headers = std::move(headers);
        return !m_client.gone();
    }
    bool write(std::string_view bytes) override
    {
        m_body += bytes;
        return !m_client.gone();
    }
    void end() override { m_client.send(m_status, std::move(m_headers), std::move(m_body)); }
    bool gone() override { return m_client.gone(); }
    void cut() override { m_client.cut(); }

private:
    Answer &m_client;
    int m_status = 200;
    Headers m_headers;
    std::string m_body;
};

} // namespace

std::string hostnameOf(const World &world, const NodeSpec &node)
{
    const auto index = static_cast<std::size_t>(&node - world.nodes().data());
    return "127.81." + std::to_string(index / 250) + '.' + std::to_string(index % 250 + 1);
}

std::string Edge::nextRay()
{
    return Random(mix(m_world.seed(), 0x726179 + m_rays.fetch_add(1))).hex(16) + "-FRA";
}

Handler Edge::endpoint(Front front)
{
    return [this, front = std::move(front)](const Request &request, Answer &answer) {
        Stamped stamped(answer, nextRay());
        if (!letIn(m_world, m_identity, {}, request, stamped))
            return;
        Request inside = request;
        for (const char *name : {"cf-access-client-id", "cf-access-client-secret"}) // Access consumes them
            inside.headers.remove(name);
        inside.headers.set("CF-Ray", stamped.ray());
        inside.headers.set("CF-Connecting-IP", "127.0.0.1");
        inside.headers.set("X-Forwarded-Proto", "https");
        front(inside, stamped);
    };
}

Handler Edge::node(const NodeSpec &node, std::string hostname)
{
    return [this, &node, hostname = std::move(hostname)](const Request &request, Answer &answer) {
        Stamped stamped(answer, nextRay());
        if (!letIn(m_world, m_identity, node.id, request, stamped))
            return;
        Held held(stamped);
        Answer &to = m_world.hasFault(node.id, "stream-held") ? static_cast<Answer &>(held) : stamped;
        m_path.pass(node, hostname, request, to);
    };
}

} // namespace hybridge::lab
