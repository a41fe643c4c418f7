// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/control/control.h"

#include "app/lab/faults/catalogue.h"
#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace hybridge::lab {

namespace {

using nlohmann::json;

void reply(Answer &answer, int status, const json &body)
{
    answer.sendJson(status, body.dump(-1, ' ', false, json::error_handler_t::replace) + '\n');
}

void refuse(Answer &answer, int status, const std::string &sentence)
{
    reply(answer, status, {{"error", sentence}});
}

bool loopbackHost(const std::string &host)
{
    const std::string name
        = host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
    return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

json toJson(const ActiveFault &fault)
{
    return {{"id", fault.id}, {"node", fault.node}, {"fault", fault.fault}, {"since", rfc3339(fault.since)}};
}

json faultsJson(const World &world)
{
    json available = json::array();
    for (const FaultKind &kind : faultCatalogue()) {
        json nodes = json::array();
        for (const NodeSpec &node : world.nodes()) {
            if (faultFits(kind, node))
                nodes.push_back(node.id);
        }
        available.push_back({{"fault", kind.name}, {"group", kind.group}, {"description", kind.description}, {"fits", fitsText(kind.fits)},
            {"nodes", nodes}, {"state", kind.state.empty() ? json() : json(kind.state)},
            {"layer", kind.layer.empty() ? json() : json(kind.layer)}});
    }
    json active = json::array();
    for (const ActiveFault &fault : world.faults())
        active.push_back(toJson(fault));
    return {{"available", available}, {"active", active}};
}

json stateJson(const World &world)
{
    json nodes = json::array();
    for (const NodeSpec &node : world.nodes()) {
        const MachineState machine = world.machine(node.id);
        const ConnectorState connector = world.connector(node.id);
        const EngineState engine = world.engine(node.id);
        json services = json::array();
        for (const Service &service : world.services(node.id))
            services.push_back({{"service", service.name}, {"state", toText(service.state)},
                {"since", rfc3339(service.since)}, {"restarts", service.restarts}});
        json gpus = json::array();
        for (const GpuSample &gpu : world.gpus(node.id)) {
            gpus.push_back({{"index", gpu.gpu.index}, {"name", gpu.gpu.name}, {"uuid", gpu.gpu.uuid},
                {"utilization", gpu.utilization}, {"memoryUsedMiB", gpu.memoryUsedMiB},
                {"memoryTotalMiB", gpu.gpu.memoryTotalMiB}, {"temperatureC", gpu.temperatureC},
                {"powerW", gpu.powerW}});
        }
        nodes.push_back({{"id", node.id}, {"label", node.label},
            {"machine", {{"kind", toText(node.machine)}, {"status", machine.status}, {"up", machine.up}}},
            {"tunnel",
                {{"id", node.tunnelId}, {"status", world.tunnelStatus(node.id)},
                    {"connections", connector.connections.size()}}},
            {"services", services},
            {"engine",
                {{"kind", toText(node.engine)}, {"listening", engine.listening}, {"loading", engine.loading},
                    {"hung", engine.hung}, {"models", engine.models}, {"loadedModel", engine.loadedModel},
                    {"running", engine.running}, {"waiting", engine.waiting}}},
            {"gpus", gpus}});
    }
    return {{"lab", true}, {"seed", world.seed()}, {"nodes", nodes}};
}

void addFault(World &world, const Request &request, Answer &answer)
{
    if (request.mediaType() != "application/json")
        return refuse(answer, 415, "The body has to be JSON: send Content-Type: application/json.");
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object() || !body.contains("node") || !body["node"].is_string() || !body.contains("fault")
        || !body["fault"].is_string())
        return refuse(answer, 400, R"(The body has to be like {"node": "gcp", "fault": "engine-dead"}.)");
    const auto id = body["node"].get<std::string>();
    const auto name = body["fault"].get<std::string>();
    const NodeSpec *node = world.find(id);
    const FaultKind *kind = findFault(name);
    if (!node)
        return refuse(answer, 404, "There is no node '" + id + "' in this lab.");
    if (!kind)
        return refuse(answer, 404, "There is no fault '" + name + "'; GET /faults lists them.");
    if (!faultFits(*kind, *node))
        return refuse(answer, 409, "The fault '" + name + "' strikes only " + std::string(fitsText(kind->fits)) + '.');
    const std::vector<ActiveFault> before = world.faults();
    const auto added = world.addFault(id, name);
    if (!added)
        return refuse(answer, 409, "The fault '" + name + "' could not be set on node '" + id + "'.");
    const bool already
        = std::any_of(before.begin(), before.end(), [&](const ActiveFault &fault) { return fault.id == added->id; });
    reply(answer, already ? 200 : 201, toJson(*added));
}

json logJson(const World &world, const Request &request)
{
    const auto number = [&](const char *name, std::uint64_t otherwise) {
        const auto text = request.queryValue(name);
        std::uint64_t value = otherwise;
        if (text && std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc())
            value = otherwise;
        return value;
    };
    json entries = json::array();
    for (const LogEntry &entry :
        world.log(number("after", 0), std::min<std::uint64_t>(number("limit", 1000), 10'000))) {
        entries.push_back({{"seq", entry.seq}, {"at", rfc3339(entry.at)}, {"room", entry.room},
            {"node", entry.node.empty() ? json() : json(entry.node)}, {"what", entry.what}, {"status", entry.status},
            {"credentials", entry.credentials.empty() ? json() : json(entry.credentials)}});
    }
    return {{"entries", entries}};
}

} // namespace

Handler controlHandler(World &world)
{
    return [&world](const Request &request, Answer &answer) {
        if (!loopbackHost(request.headers.value("host")))
            return refuse(answer, 421,
                "This is the control port of a lab on the loopback; the Host has to be 127.0.0.1 or localhost.");
        if (request.headers.has("origin"))
            return refuse(answer, 403, "Web pages may not steer the lab: a request with an Origin is refused.");
        const std::vector<std::string> path = request.segments();
        const bool get = request.method == "GET";
        const std::string room = path.empty() ? std::string() : path[0];
        if (room == "state" && path.size() == 1)
            return get ? reply(answer, 200, stateJson(world)) : refuse(answer, 405, "/state can only be read.");
        if (room == "log" && path.size() == 1)
            return get ? reply(answer, 200, logJson(world, request)) : refuse(answer, 405, "/log can only be read.");
        if (room == "faults" && path.size() == 1 && get)
            return reply(answer, 200, faultsJson(world));
        if (room == "faults" && path.size() == 1 && request.method == "POST")
            return addFault(world, request, answer);
        if (room == "faults" && path.size() == 1 && request.method == "DELETE")
            return reply(answer, 200, {{"removed", world.removeAllFaults()}});
        if (room == "faults" && path.size() == 2 && request.method == "DELETE") {
            if (world.removeFault(path[1]))
                return reply(answer, 200, {{"removed", 1}});
            return refuse(answer, 404, "No fault with the id '" + path[1] + "' is on.");
        }
        if (room == "faults" && path.size() <= 2)
            return refuse(answer, 405, "/faults takes GET, POST and DELETE.");
        refuse(answer, 404, "The control API has /faults, /log and /state.");
    };
}

} // namespace hybridge::lab
