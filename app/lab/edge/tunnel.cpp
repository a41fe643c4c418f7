// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/tunnel.h"

#include "app/lab/world/world.h"

namespace hybridge::lab {

namespace {

/// Stands between an engine and the client: what the engine cuts before its first byte becomes a 502.
class Passage : public Answer {
public:
    Passage(const World &world, const NodeSpec &node, Answer &client, std::chrono::seconds patience)
        : m_world(world)
        , m_node(node)
        , m_client(client)
        , m_patience(patience)
    {
    }

    void send(int status, Headers headers, std::string body) override
    {
        if (!connected())
            return m_client.cut();
        m_answered = true;
        m_client.send(status, std::move(headers), std::move(body));
    }
    bool begin(int status, Headers headers) override
    {
        m_answered = true;
        return connected() && m_client.begin(status, std::move(headers));
    }
    bool write(std::string_view bytes) override { return connected() && m_client.write(bytes); }
    void end() override { m_client.end(); }
    bool gone() override { return !connected() || timedOut() || m_client.gone(); }
    void cut() override
    {
        m_cut = true;
        if (m_answered)
            m_client.cut();
    }
    bool unanswered() const { return m_cut && !m_answered; }
    bool timedOut() const { return !m_answered && Monotonic::now() - m_begun > m_patience; }
    bool connected() const { return !m_world.connector(m_node.id).connections.empty(); }

private:
    const World &m_world;
    const NodeSpec &m_node;
    Answer &m_client;
    const std::chrono::seconds m_patience;
    const Monotonic::time_point m_begun = Monotonic::now();
    bool m_answered = false;
    bool m_cut = false;
};

} // namespace

void sendEdgeError(int status, int code, Answer &answer)
{
    answer.sendText(status, "error code: " + std::to_string(code), "text/plain; charset=UTF-8");
}

void TunnelPath::pass(const NodeSpec &node, const std::string &hostname, const Request &request, Answer &answer) const
{
    if (m_world.connector(node.id).connections.empty())
        return sendEdgeError(530, 1033, answer);
    const nlohmann::json rule = m_configurations.rule(node.tunnelId, hostname, request.path);
    if (rule.is_null())
        return sendEdgeError(503, 503, answer);
    const std::string service = rule.value("service", std::string());
    if (service.starts_with("http_status:")) {
        m_world.countEdgeRequest(node.id, false);
        return answer.send(std::atoi(service.c_str() + std::string_view("http_status:").size()), {}, {});
    }
    if (!m_world.engine(node.id).listening) {
        m_world.countEdgeRequest(node.id, true);
        m_world.appendJournal(node.id, ConnectorService, 3,
            "ERR  error=\"Unable to reach the origin service. The service may be down or it may not be responding to "
            "traffic from cloudflared: dial tcp "
            "127.0.0.1: connect: connection refused\" originService="
                + service);
        return sendEdgeError(502, 502, answer);
    }

    Request origin = request;
    for (const char *name :
        {"cf-access-client-id", "cf-access-client-secret", "connection", "keep-alive", "transfer-encoding", "upgrade"})
        origin.headers.remove(name);
    // Without httpHostHeader the origin sees the public name. An address stands for that name here, and Ollama would
    // let an address in: so it is given the name back, or the commonest mistake with Ollama could not be made in the
    // lab.
    const nlohmann::json settings = rule.value("originRequest", nlohmann::json::object());
    const std::string host = settings.value("httpHostHeader", std::string());
    origin.headers.set("Host", host.empty() ? node.id + "-llm.example.com" : host);
    origin.headers.set("X-Forwarded-Proto", "https");
    Passage passage(m_world, node, answer, m_readTimeout);
    m_world.carry(node.id, 1);
    m_engines.at(node.id)(origin, passage);
    m_world.carry(node.id, -1);
    m_world.countEdgeRequest(node.id, passage.unanswered());
    if (!passage.unanswered())
        return;
    if (!passage.connected() || answer.gone())
        answer.cut();
    else if (passage.timedOut())
        sendEdgeError(524, 524, answer);
    else
        sendEdgeError(502, 502, answer);
}

} // namespace hybridge::lab
