// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/connector/connector.h"

#include "app/lab/world/world.h"

namespace hybridge::lab {

namespace {

using nlohmann::json;

std::string metricsText(const ConnectorState &connector, int configVersion)
{
    std::string text;
    const auto line = [&text](const std::string &name, const char *type, const std::string &value) {
        const std::string bare = name.substr(0, name.find('{'));
        if (text.find("# TYPE " + bare + ' ') == std::string::npos)
            text += "# TYPE " + bare + ' ' + type + '\n';
        text += name + ' ' + value + '\n';
    };
    line(std::string("build_info{goversion=\"go1.26.1\",revision=\"2026-08-20T10:00:00Z\",type=\"\",version=\"")
            + CloudflaredVersion + "\"}",
        "gauge", "1");
    line("cloudflared_orchestration_config_version", "gauge", std::to_string(configVersion));
    // The real gauge counts attempts in progress too: with no connection at all it still says 1 (facts, 7.2).
    line("cloudflared_tunnel_ha_connections", "gauge",
        std::to_string(std::max<std::size_t>(1, connector.connections.size())));
    line("cloudflared_tunnel_total_requests", "counter", std::to_string(connector.requests));
    line("cloudflared_tunnel_concurrent_requests_per_tunnel", "gauge", std::to_string(connector.concurrent));
    line("cloudflared_tunnel_request_errors", "counter", std::to_string(connector.requestErrors));
    line("cloudflared_tunnel_response_by_code{status_code=\"200\"}", "counter",
        std::to_string(connector.requests - connector.requestErrors));
    line(
        "cloudflared_tunnel_response_by_code{status_code=\"502\"}", "counter", std::to_string(connector.requestErrors));
    for (const EdgeConnection &connection : connector.connections) {
        const std::string index = std::to_string(connection.index);
        line("cloudflared_tunnel_server_locations{connection_id=\"" + index + "\",edge_location=\"" + connection.colo
                + "\"}",
            "gauge", "1");
        line("quic_client_smoothed_rtt{conn_index=\"" + index + "\"}", "gauge",
            std::to_string(11 + 3 * connection.index));
    }
    return text;
}

} // namespace

Handler connectorHandler(World &world, const Configurations &configurations, const NodeSpec &node)
{
    return [&world, &configurations, &node](const Request &request, Answer &answer) {
        const ConnectorState connector = world.connector(node.id);
        const auto ready = static_cast<int>(connector.connections.size());
        if (!connector.running) {
            answer.cut();
        } else if (request.path == "/ready") {
            const int status = ready > 0 ? 200 : 503;
            answer.sendJson(status,
                json{{"status", status}, {"readyConnections", ready}, {"connectorId", connector.connectorId}}.dump());
        } else if (request.path == "/healthcheck") {
            answer.sendText(200, "OK\n");
        } else if (request.path == "/metrics") {
            answer.sendText(200, metricsText(connector, configurations.current(node.tunnelId).number),
                "text/plain; version=0.0.4; charset=utf-8");
        } else if (request.path == "/config") {
            const Configurations::Version version = configurations.current(node.tunnelId);
            answer.sendJson(200, json{{"version", version.number}, {"config", version.config}}.dump());
        } else if (request.path == "/diag/tunnel") {
            json connections = json::array();
            for (const EdgeConnection &connection : connector.connections) {
                json item{{"isConnected", true}, {"edgeAddress", connection.edgeAddress}};
                if (!world.hasFault(node.id, "udp-blocked"))
                    item["protocol"] = 1; // quic; http2 is 0 and left out
                if (connection.index != 0) // Go's omitempty
                    item["index"] = connection.index;
                connections.push_back(item);
            }
            answer.sendJson(200,
                json{{"tunnelID", node.tunnelId}, {"connectorID", connector.connectorId}, {"connections", connections},
                    {"icmp_sources", json::array()}}
                    .dump());
        } else {
            answer.sendText(404, "404 page not found\n");
        }
    };
}

} // namespace hybridge::lab
