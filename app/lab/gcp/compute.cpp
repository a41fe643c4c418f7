// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/compute.h"

#include "app/lab/gcp/filter.h"
#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace hybridge::lab {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

void refuse(Answer &answer, int status, const char *reason, const std::string &message, const char *word)
{
    const json body{{"error",
        {{"code", status}, {"message", message},
            {"errors", json::array({{{"message", message}, {"domain", "global"}, {"reason", reason}}})},
            {"status", word}}}};
    answer.send(status, {{"Content-Type", "application/json; charset=UTF-8"}},
        body.dump(-1, ' ', false, json::error_handler_t::replace));
}

void reply(Answer &answer, const json &body)
{
    answer.send(200, {{"Content-Type", "application/json; charset=UTF-8"}},
        body.dump(-1, ' ', false, json::error_handler_t::replace));
}

void notFound(Answer &answer, const std::string &resource)
{
    refuse(answer, 404, "notFound", "The resource '" + resource + "' was not found", "NOT_FOUND");
}

} // namespace

struct ComputeApi::Call {
    const Request &request;
    Answer &answer;
    std::string user;
    std::vector<std::string> path; ///< below projects/P
    std::string zone;

    /// One page of @p items as maxResults and pageToken (a plain index) ask; sets @p next.
    std::vector<json> page(const std::vector<json> &items, std::string &next) const
    {
        std::size_t size = 500;
        std::size_t from = 0;
        const auto read = [&](const char *name, std::size_t &number) {
            const auto text = request.queryValue(name);
            if (text)
                std::from_chars(text->data(), text->data() + text->size(), number);
        };
        read("maxResults", size);
        read("pageToken", from);
        size = std::clamp<std::size_t>(size, 1, 500);
        from = std::min(from, items.size());
        const std::size_t to = std::min(items.size(), from + size);
        if (to < items.size())
            next = std::to_string(to);
        return {items.begin() + static_cast<std::ptrdiff_t>(from), items.begin() + static_cast<std::ptrdiff_t>(to)};
    }

    /// False: the filter is not understood, and answered.
    bool keepFiltered(std::vector<json> &items) const
    {
        const std::string filter = request.queryValue("filter").value_or(std::string());
        bool bad = false;
        if (!filter.empty())
            std::erase_if(items, [&](const json &item) { return !passesFilter(filter, item, bad); });
        if (bad)
            refuse(answer, 400, "invalid",
                "Invalid value for field 'filter': '" + filter + "'. Invalid list filter expression.",
                "INVALID_ARGUMENT");
        return !bad;
    }
};

std::string ComputeApi::zoneUrl(const std::string &zone) const
{
    return m_base + "/projects/" + m_identity.project + "/zones/" + zone;
}

void ComputeApi::serve(const Request &request, Answer &answer)
{
    std::vector<std::string> path = request.segments();
    if (path.size() < 4 || path[0] != "compute" || path[1] != "v1" || path[2] != "projects")
        return answer.sendText(404, "Not Found");
    const std::string user = m_auth.userOf(request);
    if (user.empty()) {
        return refuse(answer, 401, "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential.",
            "UNAUTHENTICATED");
    }
    if (struckByFault(answer))
        return;
    if (path[3] != m_identity.project)
        return notFound(answer, "projects/" + path[3]);
    Call call{request, answer, user, {path.begin() + 4, path.end()}, {}};
    const bool get = request.method == "GET";
    if (call.path.empty() && get)
        return reply(
            answer, {{"kind", "compute#project"}, {"name", m_identity.project}, {"id", m_identity.projectNumber}});
    if (call.path == std::vector<std::string>{"aggregated", "instances"} && get)
        return aggregated(call);
    if (call.path.size() < 3 || call.path[0] != "zones")
        return notFound(answer, request.path);
    call.zone = call.path[1];
    if (call.path[2] == "operations")
        return serveOperations(call);
    if (call.path[2] == "instances" && call.path.size() == 3 && get)
        return listInstances(call);
    if (call.path[2] == "instances" && call.path.size() > 3)
        return serveInstance(call);
    notFound(answer, request.path);
}

bool ComputeApi::struckByFault(Answer &answer) const
{
    for (const ActiveFault &fault : m_world.faults()) {
        const NodeSpec *node = m_world.find(fault.node);
        if (!node || node->machine != MachineKind::Gce)
            continue;
        if (fault.fault == "api-429") {
            refuse(answer, 429, "rateLimitExceeded",
                "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'.",
                "RESOURCE_EXHAUSTED");
            return true;
        }
        if (fault.fault == "api-500") {
            refuse(answer, 500, "backendError", "Internal error encountered.", "INTERNAL");
            return true;
        }
    }
    return false;
}

json ComputeApi::instance(const NodeSpec &node) const
{
    const MachineState machine = m_world.machine(node.id);
    const std::string zone = zoneUrl(node.zone);
    json network{{"name", "nic0"}, {"network", m_base + "/projects/" + m_identity.project + "/global/networks/default"},
        {"networkIP", "10.128.0.2"}};
    json access{{"kind", "compute#accessConfig"}, {"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}};
    if (machine.up)
        access["natIP"] = "127.0.0.1"; // where its SSH port is, and nowhere off this machine
    network["accessConfigs"] = json::array({access});
    json item{{"kind", "compute#instance"}, {"id", node.instanceId}, {"name", node.instance},
        {"status", machine.status}, {"zone", zone}, {"selfLink", zone + "/instances/" + node.instance},
        {"machineType", zone + "/machineTypes/" + node.machineType},
        {"creationTimestamp", "2026-01-02T01:30:00.000-08:00"}, {"lastStartTimestamp", rfc3339(machine.lastStart)},
        {"networkInterfaces", json::array({network})},
        {"guestAccelerators",
            json::array(
                {{{"acceleratorType", zone + "/acceleratorTypes/nvidia-l4"}, {"acceleratorCount", node.gpus.size()}}})},
        {"scheduling",
            {{"provisioningModel", "SPOT"}, {"preemptible", true}, {"automaticRestart", false},
                {"onHostMaintenance", "TERMINATE"}, {"instanceTerminationAction", "STOP"}}},
        {"disks",
            json::array({{{"boot", true}, {"type", "PERSISTENT"}, {"diskSizeGb", "200"}, {"deviceName", "boot"}}})},
        {"labels", {{"role", "inference"}}}, {"labelFingerprint", "p1J3rjo2vBs="},
        {"metadata",
            {{"fingerprint", "b8cIXyC3Jxw="},
                {"items", json::array({{{"key", "enable-guest-attributes"}, {"value", "TRUE"}}})}}},
        {"deletionProtection", false}};
    if (machine.lastStop)
        item["lastStopTimestamp"] = rfc3339(*machine.lastStop);
    return item;
}

json ComputeApi::operation(const Operation &operation) const
{
    const NodeSpec *node = m_world.find(operation.node);
    const std::string zone = zoneUrl(operation.zone);
    json item{{"kind", "compute#operation"}, {"id", operation.numericId}, {"name", operation.name},
        {"operationType", operation.type}, {"status", operation.status},
        {"progress",
            operation.status == "DONE"          ? 100
                : operation.status == "RUNNING" ? 50
                                                : 0},
        {"zone", zone}, {"selfLink", zone + "/operations/" + operation.name},
        {"targetLink", zone + "/instances/" + (node ? node->instance : "")}, {"targetId", node ? node->instanceId : ""},
        {"user", operation.user}, {"insertTime", rfc3339(operation.insertTime)}};
    if (!operation.requestId.empty())
        item["clientOperationId"] = operation.requestId;
    if (operation.startTime)
        item["startTime"] = rfc3339(*operation.startTime);
    if (operation.endTime)
        item["endTime"] = rfc3339(*operation.endTime);
    if (!operation.errorCode.empty()) {
        item["error"]
            = {{"errors", json::array({{{"code", operation.errorCode}, {"message", operation.errorMessage}}})}};
        item["httpErrorStatusCode"] = 503;
        item["httpErrorMessage"] = "SERVICE UNAVAILABLE";
    }
    return item;
}

void ComputeApi::aggregated(const Call &call) const
{
    std::vector<json> items;
    for (const NodeSpec &node : m_world.nodes()) {
        if (node.machine == MachineKind::Gce)
            items.push_back(instance(node));
    }
    if (!call.keepFiltered(items))
        return;
    std::string next;
    const std::vector<json> page = call.page(items, next);
    json scopes = json::object();
    // A zone without an instance holds only a warning.
    for (const char *zone : {"us-central1-a", "us-central1-b"}) {
        scopes[std::string("zones/") + zone] = {{"warning",
            {{"code", "NO_RESULTS_ON_PAGE"},
                {"message", std::string("There are no results for scope 'zones/") + zone + "' on this page."}}}};
    }
    for (const json &item : page) {
        const std::string url = item["zone"].get<std::string>();
        json &scope = scopes["zones/" + url.substr(url.rfind('/') + 1)];
        scope.erase("warning");
        scope["instances"].push_back(item);
    }
    json body{{"kind", "compute#instanceAggregatedList"},
        {"id", "projects/" + m_identity.project + "/aggregated/instances"}, {"items", scopes}};
    if (!next.empty())
        body["nextPageToken"] = next;
    reply(call.answer, body);
}

void ComputeApi::listInstances(const Call &call) const
{
    std::vector<json> items;
    for (const NodeSpec &node : m_world.nodes()) {
        if (node.machine == MachineKind::Gce && node.zone == call.zone)
            items.push_back(instance(node));
    }
    if (!call.keepFiltered(items))
        return;
    std::string next;
    json body{{"kind", "compute#instanceList"},
        {"id", "projects/" + m_identity.project + "/zones/" + call.zone + "/instances"},
        {"items", call.page(items, next)}};
    if (!next.empty())
        body["nextPageToken"] = next;
    reply(call.answer, body);
}

void ComputeApi::serveInstance(const Call &call) const
{
    const auto &nodes = m_world.nodes();
    const std::string &name = call.path[3];
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeSpec &node) {
        return node.machine == MachineKind::Gce && node.zone == call.zone
            && (node.instance == name || node.instanceId == name);
    });
    if (found == nodes.end())
        return notFound(call.answer, "projects/" + m_identity.project + "/zones/" + call.zone + "/instances/" + name);
    const bool get = call.request.method == "GET";
    const std::string verb = call.path.size() > 4 ? call.path[4] : std::string();
    if (call.path.size() == 4 && get)
        return reply(call.answer, instance(*found));
    if (call.path.size() == 5 && get && verb == "getGuestAttributes") {
        const std::string key = m_hostKey ? m_hostKey(found->id) : std::string();
        const std::size_t blank = key.find(' ');
        if (call.request.queryValue("queryPath") != "hostkeys/" || blank == std::string::npos)
            return notFound(call.answer, "hostkeys/");
        const std::string value = key.substr(blank + 1);
        return reply(call.answer,
            {{"kind", "compute#guestAttributes"}, {"queryPath", "hostkeys/"},
                {"queryValue",
                    {{"items",
                        json::array({{{"namespace", "hostkeys"}, {"key", key.substr(0, blank)},
                            {"value", value.substr(0, value.find(' '))}}})}}}});
    }
    if (call.path.size() == 5 && get && verb == "serialPort") {
        std::string contents;
        for (const JournalLine &line : m_world.journal(found->id, {}))
            contents += line.message + "\r\n";
        std::size_t start = 0;
        const std::string asked = call.request.queryValue("start").value_or("0");
        std::from_chars(asked.data(), asked.data() + asked.size(), start);
        start = std::min(start, contents.size());
        return reply(call.answer,
            {{"kind", "compute#serialPortOutput"}, {"contents", contents.substr(start)},
                {"start", std::to_string(start)}, {"next", std::to_string(contents.size())}});
    }
    if (call.path.size() == 5 && call.request.method == "POST")
        return changeInstance(call, *found);
    notFound(call.answer, call.request.path);
}

void ComputeApi::changeInstance(const Call &call, const NodeSpec &node) const
{
    const std::string &verb = call.path[4];
    const std::string requestId = call.request.queryValue("requestId").value_or(std::string());
    const std::string status = m_world.machine(node.id).status;
    if (verb != "start" && verb != "stop" && verb != "reset")
        return notFound(call.answer, call.request.path);
    const bool moving = status != "RUNNING" && status != "TERMINATED";
    // The same request again gets its first operation, whatever the machine does meanwhile.
    const std::vector<Operation> known = m_world.operations(node.zone);
    const bool repeated = !requestId.empty()
        && std::any_of(known.begin(), known.end(), [&](const Operation &made) { return made.requestId == requestId; });
    if ((moving || (verb == "reset" && status != "RUNNING")) && !repeated)
        return refuse(call.answer, 400, "resourceNotReady",
            "The resource 'projects/" + m_identity.project + "/zones/" + node.zone + "/instances/" + node.instance
                + "' is not ready",
            "FAILED_PRECONDITION");
    const auto accepted = verb == "start" ? m_world.startMachine(node.id, requestId, call.user)
        : verb == "stop"                  ? m_world.stopMachine(node.id, requestId, call.user)
                                          : m_world.resetMachine(node.id, requestId, call.user);
    if (accepted)
        reply(call.answer, operation(*accepted));
}

void ComputeApi::serveOperations(const Call &call) const
{
    const bool get = call.request.method == "GET";
    if (call.path.size() == 3 && get) {
        std::vector<json> items;
        for (const Operation &made : m_world.operations(call.zone))
            items.push_back(operation(made));
        if (!call.keepFiltered(items))
            return;
        std::string next;
        json body{{"kind", "compute#operationList"},
            {"id", "projects/" + m_identity.project + "/zones/" + call.zone + "/operations"},
            {"items", call.page(items, next)}};
        if (!next.empty())
            body["nextPageToken"] = next;
        return reply(call.answer, body);
    }
    const auto found = call.path.size() >= 4 ? m_world.operation(call.path[3]) : std::nullopt;
    if (!found || found->zone != call.zone)
        return notFound(call.answer,
            "projects/" + m_identity.project + "/zones/" + call.zone + "/operations/"
                + (call.path.size() > 3 ? call.path[3] : ""));
    if (call.path.size() == 4 && get)
        return reply(call.answer, operation(*found));
    if (call.path.size() != 5 || call.path[4] != "wait" || call.request.method != "POST")
        return notFound(call.answer, call.request.path);
    // Returns when it is done, or after about two minutes (facts: gcp 2.3).
    const Monotonic::time_point deadline = Monotonic::now() + 2min;
    for (;;) {
        const std::uint64_t seen = m_world.revision();
        const auto now = m_world.operation(found->name);
        if (!now || now->status == "DONE" || Monotonic::now() >= deadline || m_world.stopped() || call.answer.gone())
            return reply(call.answer, operation(now.value_or(*found)));
        m_world.waitChange(seen, std::min(deadline, Monotonic::now() + 250ms));
    }
}

} // namespace hybridge::lab
