// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/tpu.h"

#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

using nlohmann::json;

namespace {
const char *stateOf(const std::string &status)
{
    return status == "RUNNING"                            ? "READY"
        : status == "TERMINATED"                          ? "STOPPED"
        : status == "PROVISIONING" || status == "STAGING" ? "STARTING"
        : status == "STOPPING"                            ? "STOPPING"
                                                          : "UNKNOWN";
}
} // namespace

std::string TpuApi::place(const std::string &zone) const
{
    return "projects/" + m_identity.project + "/locations/" + zone;
}

void TpuApi::serve(const Request &request, Answer &answer)
{
    std::vector<std::string> path = request.segments(); // tpu, v2, projects, P, locations, Z, …
    GoogleCall call{request, answer, m_auth.userOf(request), {}, {}};
    if (call.user.empty())
        return call.refuse(401, "unauthorized",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential.",
            "UNAUTHENTICATED");
    if (path.size() < 7 || path[2] != "projects" || path[4] != "locations")
        return call.notFound(request.path);
    if (path[3] != m_identity.project)
        return call.refuse(403, "forbidden", "Permission denied on resource project " + path[3] + '.',
            "PERMISSION_DENIED");
    call.place = path[5];
    call.path = {path.begin() + 6, path.end()};
    if (call.path[0] == "nodes")
        return serveNodes(call);
    const auto found = call.path[0] == "operations" && call.path.size() == 2 ? m_world.operation(call.path[1])
                                                                             : std::nullopt;
    if (!found || found->zone != call.place || !call.is("GET"))
        return call.notFound(request.path);
    call.reply(operation(*found));
}

void TpuApi::serveNodes(const GoogleCall &call) const
{
    if (call.path.size() == 1 && call.is("GET")) {
        std::vector<json> items;
        for (const NodeSpec &spec : m_world.nodes()) {
            if (spec.machine == MachineKind::Tpu && (spec.zone == call.place || call.place == "-"))
                items.push_back(node(spec));
        }
        std::string next;
        json body{{"nodes", call.page(items, next)}};
        if (!next.empty())
            body["nextPageToken"] = next;
        return call.reply(body);
    }
    const std::string asked = call.path.size() == 2 ? call.path[1] : std::string();
    const std::string name = asked.substr(0, asked.find(':'));
    const std::string verb = name.size() < asked.size() ? asked.substr(name.size() + 1) : std::string();
    const auto &nodes = m_world.nodes();
    const auto spec = std::find_if(nodes.begin(), nodes.end(), [&](const NodeSpec &candidate) {
        return candidate.machine == MachineKind::Tpu && candidate.zone == call.place && candidate.instance == name;
    });
    if (spec == nodes.end())
        return call.notFound(place(call.place) + "/nodes/" + name);
    if (verb.empty() && call.is("GET"))
        return call.reply(node(*spec));
    if (!call.is("POST") || (verb != "start" && verb != "stop"))
        return call.notFound(call.request.path);
    const std::string state = node(*spec)["state"].get<std::string>();
    if (state != (verb == "start" ? "STOPPED" : "READY"))
        return call.refuse(400, "failedPrecondition",
            "Cloud TPU received a bad request. Cannot " + verb + " TPU node in state " + state + '.',
            "FAILED_PRECONDITION");
    const auto accepted = verb == "start" ? m_world.startMachine(spec->id, {}, call.user)
                                          : m_world.stopMachine(spec->id, {}, call.user);
    if (accepted)
        call.reply(operation(*accepted));
}

json TpuApi::node(const NodeSpec &spec) const
{
    const MachineState machine = m_world.machine(spec.id);
    const bool preempted = m_world.hasFault(spec.id, "tpu-preempted");
    json endpoint{{"ipAddress", "10.128.0.8"}, {"port", 8470}};
    endpoint["accessConfig"] = json::object();
    if (machine.up)
        endpoint["accessConfig"]["externalIp"] = "127.0.0.1"; // where its SSH port is
    return {{"name", place(spec.zone) + "/nodes/" + spec.instance}, {"acceleratorType", spec.machineType},
        {"state", preempted ? "PREEMPTED" : stateOf(machine.status)}, {"health", "HEALTHY"}, {"id", spec.instanceId},
        {"runtimeVersion", "v2-alpha-tpuv5-lite"}, {"networkEndpoints", json::array({endpoint})},
        {"schedulingConfig", {{"spot", true}}}, {"createTime", "2026-01-02T09:30:00.000Z"}, {"apiVersion", "V2"},
        {"networkConfig", {{"network", "projects/" + m_identity.project + "/global/networks/default"}}}};
}

json TpuApi::operation(const Operation &operation) const
{
    const NodeSpec *spec = m_world.find(operation.node);
    const std::string target = place(operation.zone) + "/nodes/" + (spec ? spec->instance : "");
    json item{{"name", place(operation.zone) + "/operations/" + operation.name},
        {"metadata",
            {{"@type", "type.googleapis.com/google.cloud.tpu.v2.OperationMetadata"},
                {"createTime", rfc3339(operation.insertTime)}, {"target", target}, {"verb", operation.type},
                {"apiVersion", "v2"}}},
        {"done", operation.status == "DONE"}};
    if (operation.endTime)
        item["metadata"]["endTime"] = rfc3339(*operation.endTime);
    if (operation.status == "DONE" && !operation.failure.code.empty()) {
        item["error"] = {{"code", operation.failure.code == "RESOURCE_EXHAUSTED" ? 8 : 2},
            {"message", operation.failure.message}};
    } else if (operation.status == "DONE" && spec) {
        item["response"] = node(*spec);
        item["response"]["@type"] = "type.googleapis.com/google.cloud.tpu.v2.Node";
    }
    return item;
}

} // namespace hybridge::lab
