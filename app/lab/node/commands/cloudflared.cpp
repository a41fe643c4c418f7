// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"
#include "app/lab/node/loopback.h"

#include <cerrno>
#include <cstring>

// cloudflared's own commands. Facts on Cloudflare, 7.4 and 7.6.
namespace hybridge::lab {

namespace {

constexpr int kUsageExit = 255;

/// Empty when something listens there, else the error as Go words it.
std::string dialError(const std::string &address)
{
    const std::size_t colon = address.rfind(':');
    const auto port
        = colon == std::string::npos ? std::nullopt : wholeNumber(std::string_view(address).substr(colon + 1));
    if (!port)
        return "dial tcp: address " + address + ": missing port in address";
    if (connectToLoopback(address.substr(0, colon), static_cast<int>(*port)))
        return {};
    return "dial tcp " + address
        + ": connect: " + (errno == ECONNREFUSED ? "connection refused" : std::strerror(errno));
}

int ready(const CommandRequest &request, const std::string &metrics, CommandOutput &output)
{
    if (metrics.empty()) {
        output.err = "--metrics has to be provided\n";
        return 1;
    }
    const std::string url = "http://" + metrics + "/ready";
    if (const std::string error = dialError(metrics); !error.empty()) {
        output.err = "Get \"" + url + "\": " + error + '\n';
        return 1;
    }
    const ConnectorState connector = request.world.connector(request.node.id);
    if (connector.connections.empty()) {
        output.err = "http endpoint returned status code 503\n{\"status\":503,\"readyConnections\":0,\"connectorId\":\""
            + connector.connectorId + "\"}\n";
        return 1;
    }
    return 0;
}

/// Always exits 0. The lab makes no zip file.
int diag(const CommandRequest &request, CommandOutput &output)
{
    const ConnectorState connector = request.world.connector(request.node.id);
    if (!connector.running) {
        output.err = "No instances found\n";
        return 0;
    }
    output.out = "Selected server tunnelID=" + request.node.tunnelId + " connectorID=" + connector.connectorId
        + " metrics\nsystem information: Success\ntunnel state: Success\nregistered connections: "
        + std::to_string(connector.connections.size()) + "\nDiagnostics: incomplete, this is hybridge-lab\n";
    return 0;
}

int cloudflared(const CommandRequest &request, CommandOutput &output)
{
    std::vector<std::string> words;
    std::string metrics;
    bool version = false;
    const std::vector<std::string> arguments = request.arguments();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (const auto address = optionValue(arguments, i, "--metrics"))
            metrics = *address;
        else if (arguments[i] == "--version" || arguments[i] == "-v" || arguments[i] == "-V")
            version = true;
        else if (!arguments[i].starts_with("-"))
            words.push_back(arguments[i]);
    }
    if (version || (!words.empty() && words.front() == "version")) {
        output.out = request.world.hasFault(request.node.id, "connector-old")
            ? "cloudflared version 2025.2.1 (built 2025-02-25-16:21 UTC)\n"
            : std::string("cloudflared version ") + CloudflaredVersion + " (built 2026-08-20-10:00 UTC)\n";
        return 0;
    }
    const std::string verb = words.size() == 2 && words[0] == "tunnel" ? words[1] : std::string();
    if (verb == "ready")
        return ready(request, metrics, output);
    if (verb == "diag")
        return diag(request, output);
    output.err = "Incorrect Usage. The lab knows: cloudflared --version, cloudflared tunnel ready --metrics HOST:PORT, "
                 "cloudflared tunnel diag.\n";
    return kUsageExit;
}

} // namespace

std::unique_ptr<Command> makeCloudflared(CommandRequest request)
{
    return std::make_unique<ImmediateCommand>(std::move(request), cloudflared);
}

} // namespace hybridge::lab
