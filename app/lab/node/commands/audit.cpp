// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

// What an operator looks around a node with: ss, nc, timedatectl, df, firewall-cmd; and what puts things right: install, apt-get, dnf.
namespace hybridge::lab {

namespace {

constexpr int kNotFound = 127;

/// The address that stands for the node's loopback (lab.cpp), as /proc/net/tcp writes it: "0100527F".
std::string insideAddress(const CommandRequest &request)
{
    const auto index = static_cast<std::size_t>(&request.node - request.world.nodes().data());
    char text[40];
    std::snprintf(text, sizeof text, "%02zX%02zX527F", index % 250 + 1, index / 250);
    return text;
}

std::string dotted(const CommandRequest &request)
{
    const auto index = static_cast<std::size_t>(&request.node - request.world.nodes().data());
    return "127.82." + std::to_string(index / 250) + '.' + std::to_string(index % 250 + 1);
}

/// The ports at which engine and connector of this node really wait.
std::vector<int> listeningPorts(const CommandRequest &request)
{
    std::vector<int> ports;
    const std::string inside = insideAddress(request);
    std::ifstream table("/proc/net/tcp");
    std::string line;
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string slot;
        std::string local;
        std::string remote;
        std::string state;
        words >> slot >> local >> remote >> state;
        if (state == "0A" && local.starts_with(inside + ':'))
            ports.push_back(static_cast<int>(std::stoul(local.substr(inside.size() + 1), nullptr, 16)));
    }
    std::sort(ports.begin(), ports.end());
    return ports;
}

int ss(const CommandRequest &request, CommandOutput &output)
{
    const bool exposed = request.world.hasFault(request.node.id, "engine-exposed");
    output.out = "LISTEN 0      128          0.0.0.0:22        0.0.0.0:*\n";
    for (const int port : listeningPorts(request))
        output.out += "LISTEN 0      4096   " + (exposed ? std::string("0.0.0.0") : dotted(request)) + ':' + std::to_string(port) + "      0.0.0.0:*\n";
    return 0;
}

int nc(const CommandRequest &request, CommandOutput &)
{
    return request.world.hasFault(request.node.id, "tunnel-down") ? 1 : 0;
}

int timedatectl(const CommandRequest &request, CommandOutput &output)
{
    const bool skewed = request.world.hasFault(request.node.id, "clock-skewed");
    const Wall::time_point at = Wall::now() - (skewed ? std::chrono::minutes(3) : std::chrono::minutes(0));
    char text[40];
    const std::time_t seconds = Wall::to_time_t(at);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::strftime(text, sizeof text, "%a %Y-%m-%d %H:%M:%S UTC", &utc);
    output.out = std::string("NTPSynchronized=") + (skewed ? "no" : "yes") + "\nTimeUSec=" + text + '\n';
    return 0;
}

int df(const CommandRequest &request, CommandOutput &output)
{
    const bool full = request.world.hasFault(request.node.id, "disk-full");
    output.out = "Filesystem     1024-blocks      Used Available Capacity Mounted on\n/dev/sda1        202051056 ";
    output.out += full ? "199003120   3047936      99% /\n" : "118804592  83246464      59% /\n";
    return 0;
}

int firewall(const CommandRequest &request, CommandOutput &output)
{
    const std::vector<std::string> words = request.arguments();
    if (request.node.machine != MachineKind::Host) {
        output.err = "/bin/sh: 1: firewall-cmd: not found\n";
        return kNotFound;
    }
    const bool open = request.world.hasFault(request.node.id, "inbound-open");
    const auto says = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
    if (says("--list-ports")) {
        output.out = open ? "7844/udp\n" : "\n";
        return 0;
    }
    if (!request.root) {
        output.err = "Authorization failed.\n    Make sure polkit agent is running or run the application as superuser.\n";
        return 253;
    }
    if (says("--remove-port=7844/udp"))
        for (const ActiveFault &fault : request.world.faults())
            if (fault.node == request.node.id && fault.fault == "inbound-open")
                request.world.removeFault(fault.id);
    output.out = "success\n";
    return 0;
}

/// Puts a drop-in of the connector in place; the lab takes each for the one that says Restart=always. Nothing is written on
/// this computer.
int install(const CommandRequest &request, CommandOutput &output)
{
    const std::string target = request.argv.back();
    if (!request.root || !target.starts_with("/etc/systemd/system/cloudflared.service.d/")) {
        output.err = "install: cannot create regular file '" + target + "': Permission denied\n";
        return 1;
    }
    for (const ActiveFault &fault : request.world.faults())
        if (fault.node == request.node.id && fault.fault == "restart-on-failure")
            request.world.removeFault(fault.id);
    return 0;
}

int packages(const CommandRequest &request, CommandOutput &output)
{
    const bool dnf = request.argv.front() == "dnf";
    if (dnf != (request.node.machine == MachineKind::Host)) {
        output.err = "/bin/sh: 1: " + request.argv.front() + ": not found\n";
        return kNotFound;
    }
    if (!request.root) {
        output.err = dnf ? "Error: This command has to be run with superuser privileges (under the root user on most systems).\n"
                         : "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n";
        return dnf ? 1 : 100;
    }
    for (const ActiveFault &fault : request.world.faults())
        if (fault.node == request.node.id && fault.fault == "connector-old")
            request.world.removeFault(fault.id);
    output.out = dnf ? "Dependencies resolved.\nNothing to do.\nComplete!\n"
                     : std::string("cloudflared is already the newest version (") + CloudflaredVersion + ").\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n";
    return 0;
}

} // namespace

std::unique_ptr<Command> makeAudit(CommandRequest request)
{
    static constexpr std::pair<std::string_view, ImmediateCommand::Body> bodies[]{{"ss", ss}, {"nc", nc}, {"timedatectl", timedatectl}, {"df", df},
        {"firewall-cmd", firewall}, {"install", install}, {"apt-get", packages}, {"dnf", packages}};
    for (const auto &[name, body] : bodies)
        if (name == request.argv.front())
            return std::make_unique<ImmediateCommand>(std::move(request), body);
    return nullptr;
}

} // namespace hybridge::lab
