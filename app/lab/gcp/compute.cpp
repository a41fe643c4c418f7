// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/compute.h"

#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace hybridge::lab {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {
constexpr const char *SiblingZone = "us-central1-b";

std::vector<NodeSpec> vmsOf(const std::vector<NodeSpec> &nodes, bool siblings)
{
    std::vector<NodeSpec> vms;
    for (const NodeSpec &node : nodes) {
        if (node.machine != MachineKind::Gce)
            continue;
        vms.push_back(node);
        if (!siblings)
            continue;
        vms.push_back(node);
        vms.back().zone = SiblingZone;
        std::reverse(vms.back().instanceId.begin() + 1, vms.back().instanceId.end()); // as long, and another
    }
    return vms;
}
} // namespace

std::string regionOfZone(const std::string &zone)
{
    return zone.substr(0, zone.rfind('-'));
}

ComputeApi::ComputeApi(
    World &world, const Identity &identity, const GoogleAuth &auth, std::string base, HostKey hostKey, bool siblings)
    : m_world(world)
    , m_identity(identity)
    , m_auth(auth)
    , m_base(std::move(base))
    , m_hostKey(std::move(hostKey))
    , m_vms(vmsOf(world.nodes(), siblings))
    , m_settings(m_vms)
{
}

std::string ComputeApi::zoneUrl(const std::string &zone) const
{
    return m_base + "/projects/" + m_identity.project + "/zones/" + zone;
}

std::string ComputeApi::regionUrl(const std::string &region) const
{
    return m_base + "/projects/" + m_identity.project + "/regions/" + region;
}

const NodeSpec *ComputeApi::vm(const std::string &zone, const std::string &nameOrId) const
{
    const auto found = std::find_if(m_vms.begin(), m_vms.end(), [&](const NodeSpec &node) {
        return node.zone == zone && (node.instance == nameOrId || node.instanceId == nameOrId);
    });
    return found == m_vms.end() || m_world.hasFault(found->id, "gcp-gone") ? nullptr : &*found;
}

/// Of a VM and its sibling one at most is on: they are the same machine in two places, and share a disk.
bool ComputeApi::isPlaced(const NodeSpec &vm) const
{
    const std::string moved = m_places.zoneAt(vm.id, Wall::now());
    return (moved.empty() ? m_world.find(vm.id)->zone : moved) == vm.zone;
}

/// The zone or region in which it is told.
std::string ComputeApi::placeOf(const Operation &operation) const
{
    if (operation.zone.empty())
        return operation.region;
    const std::string noted = m_places.zoneOf(operation.name);
    if (!noted.empty())
        return noted;
    const std::string then = m_places.zoneAt(operation.node, operation.insertTime);
    return then.empty() ? operation.zone : then;
}

std::vector<Operation> ComputeApi::operationsIn(const std::string &place) const
{
    const bool elsewhere = place == SiblingZone && !m_vms.empty();
    std::vector<Operation> found = m_world.operations(elsewhere ? m_vms.front().zone : place);
    std::erase_if(found, [&](const Operation &operation) { return placeOf(operation) != place; });
    return found;
}

void ComputeApi::serve(const Request &request, Answer &answer)
{
    std::vector<std::string> path = request.segments();
    if (path.size() < 4 || path[0] != "compute" || path[1] != "v1" || path[2] != "projects")
        return answer.sendText(404, "Not Found");
    GoogleCall call{request, answer, m_auth.userOf(request), {path.begin() + 4, path.end()}, {}};
    if (call.user.empty()) {
        return call.refuse(401, "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential.",
            "UNAUTHENTICATED");
    }
    if (struckByFault(call))
        return;
    if (path[3] != m_identity.project)
        return call.notFound("projects/" + path[3]);
    route(call);
}

void ComputeApi::route(GoogleCall &call)
{
    const std::vector<std::string> &path = call.path;
    if (path.empty() && call.is("GET"))
        return call.reply(project());
    if (path == std::vector<std::string>{"aggregated", "instances"} && call.is("GET"))
        return aggregated(call);
    if (path == std::vector<std::string>{"global", "firewalls"} && call.is("GET"))
        return call.reply(firewalls());
    if (path.size() < 2 || (path[0] != "zones" && path[0] != "regions"))
        return call.notFound(call.request.path);
    const bool zonal = path[0] == "zones";
    call.place = path[1];
    if (call.place.find("us-central1") != 0)
        return call.notFound("projects/" + m_identity.project + '/' + path[0] + '/' + call.place);
    if (path.size() == 2 && call.is("GET"))
        return call.reply(zonal ? zone(call.place) : region(call.place));
    const std::string what = path.size() > 2 ? path[2] : std::string();
    if (what == "operations")
        return serveOperations(call);
    if (!zonal && what == "resourcePolicies")
        return servePolicies(call);
    if (zonal && what == "instances" && path.size() == 3 && call.is("GET"))
        return listInstances(call);
    if (zonal && what == "instances" && path.size() > 3)
        return serveInstance(call);
    if (zonal && what == "disks" && path.size() == 4 && call.is("GET"))
        return serveDisk(call);
    call.notFound(call.request.path);
}

bool ComputeApi::struckByFault(const GoogleCall &call) const
{
    for (const ActiveFault &fault : m_world.faults()) {
        const NodeSpec *node = m_world.find(fault.node);
        if (!node || node->machine != MachineKind::Gce)
            continue;
        if (fault.fault == "api-429") {
            call.refuse(429, "rateLimitExceeded",
                "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'.",
                "RESOURCE_EXHAUSTED");
            return true;
        }
        if (fault.fault == "api-500") {
            call.refuse(500, "backendError", "Internal error encountered.", "INTERNAL");
            return true;
        }
        if (fault.fault == "gcp-rate-403") {
            call.refuse(403, "userRateLimitExceeded", "User Rate Limit Exceeded", "PERMISSION_DENIED");
            return true;
        }
        if (fault.fault == "gcp-token-rejected") {
            call.refuse(401, "authError", "Invalid Credentials", "UNAUTHENTICATED");
            return true;
        }
        if (fault.fault == "gcp-token-refused" && m_auth.grantedBefore(call.request, fault.since)) {
            call.refuse(401, "authError", "Invalid Credentials", "UNAUTHENTICATED");
            return true;
        }
        if (fault.fault == "gcp-api-off") {
            const std::string link
                = "https://console.developers.google.com/apis/api/compute.googleapis.com/overview?project="
                + m_identity.projectNumber;
            call.refuse(403, "accessNotConfigured",
                "Compute Engine API has not been used in project " + m_identity.projectNumber
                    + " before or it is disabled. Enable it by visiting " + link
                    + " then retry. If you enabled this API recently, wait a few minutes for the action to propagate "
                      "to our systems and retry.",
                "PERMISSION_DENIED",
                json::array({{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", "SERVICE_DISABLED"},
                    {"domain", "googleapis.com"},
                    {"metadata",
                        {{"service", "compute.googleapis.com"},
                            {"consumer", "projects/" + m_identity.projectNumber}}}}}));
            return true;
        }
    }
    return false;
}

json ComputeApi::project() const
{
    return {{"kind", "compute#project"}, {"name", m_identity.project}, {"id", m_identity.projectNumber},
        {"defaultServiceAccount", m_identity.projectNumber + "-compute@developer.gserviceaccount.com"},
        {"selfLink", m_base + "/projects/" + m_identity.project}, {"defaultNetworkTier", "PREMIUM"},
        {"quotas",
            json::array({{{"metric", "GPUS_ALL_REGIONS"}, {"limit", 4.0}, {"usage", 1.0}},
                {{"metric", "NETWORKS"}, {"limit", 5.0}, {"usage", 1.0}}})}};
}

json ComputeApi::region(const std::string &name) const
{
    const auto &nodes = m_world.nodes();
    const auto running = static_cast<double>(std::count_if(nodes.begin(), nodes.end(),
        [&](const NodeSpec &node) { return node.machine == MachineKind::Gce && m_world.machineUp(node.id); }));
    const std::vector<ActiveFault> faults = m_world.faults();
    const bool none = std::any_of(faults.begin(), faults.end(), [](const ActiveFault &fault) { return fault.fault == "quota-zero"; });
    const double granted = none ? 0 : std::max(4.0, running);
    const auto quota = [](const char *metric, double limit, double usage) {
        return json{{"metric", metric}, {"limit", limit}, {"usage", usage}};
    };
    return {{"kind", "compute#region"}, {"id", "1000"}, {"name", name}, {"status", "UP"}, {"description", name},
        {"selfLink", regionUrl(name)}, {"zones", json::array({zoneUrl(name + "-a"), zoneUrl(name + "-b")})},
        {"quotas",
            json::array({quota("CPUS", 72, 8 * running), quota("NVIDIA_L4_GPUS", granted, 0),
                quota("PREEMPTIBLE_NVIDIA_L4_GPUS", granted, running), quota("SSD_TOTAL_GB", 2048, 200)})}};
}

json ComputeApi::firewalls() const
{
    const auto rule = [&](const char *name, const char *source, json allowed) {
        return json{{"kind", "compute#firewall"}, {"name", name}, {"direction", "INGRESS"}, {"disabled", false}, {"priority", 65534}, {"sourceRanges", {source}},
            {"network", m_base + "/projects/" + m_identity.project + "/global/networks/default"}, {"allowed", std::move(allowed)}};
    };
    json items = json::array({rule("default-allow-ssh", "0.0.0.0/0", json::array({{{"IPProtocol", "tcp"}, {"ports", {"22"}}}})),
        rule("default-allow-icmp", "0.0.0.0/0", json::array({{{"IPProtocol", "icmp"}}})),
        rule("default-allow-internal", "10.128.0.0/9", json::array({{{"IPProtocol", "tcp"}, {"ports", {"0-65535"}}}, {{"IPProtocol", "udp"}, {"ports", {"0-65535"}}}}))});
    for (const ActiveFault &fault : m_world.faults()) {
        const NodeSpec *node = m_world.find(fault.node);
        if (fault.fault == "inbound-open" && node && node->machine == MachineKind::Gce) {
            items.push_back(rule("allow-vllm", "0.0.0.0/0", json::array({{{"IPProtocol", "tcp"}, {"ports", {"8000"}}}})));
            break;
        }
    }
    return {{"kind", "compute#firewallList"}, {"items", items}};
}

json ComputeApi::zone(const std::string &name) const
{
    return {{"kind", "compute#zone"}, {"id", "2000"}, {"name", name}, {"status", "UP"}, {"description", name},
        {"selfLink", zoneUrl(name)}, {"region", regionUrl(regionOfZone(name))}};
}

json ComputeApi::instance(const NodeSpec &node) const
{
    MachineState machine = m_world.machine(node.id);
    if (!isPlaced(node)) {
        machine.status = "TERMINATED";
        machine.up = false;
        machine.endsAt.reset();
    }
    if (machine.lastStop) { // which of the two has stopped then?
        const std::string then = m_places.zoneAt(node.id, *machine.lastStop);
        if ((then.empty() ? m_world.find(node.id)->zone : then) != node.zone)
            machine.lastStop.reset();
    }
    const VmSettings::Vm vm = m_settings.of(node);
    const std::string zone = zoneUrl(node.zone);
    json network{{"name", "nic0"}, {"network", m_base + "/projects/" + m_identity.project + "/global/networks/default"},
        {"networkIP", "10.128.0.2"}};
    json access{{"kind", "compute#accessConfig"}, {"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}};
    if (machine.up)
        access["natIP"] = "127.0.0.1"; // where its SSH port is, and nowhere off this machine
    network["accessConfigs"] = json::array({access});
    json scheduling = vm.scheduling;
    if (m_world.hasFault(node.id, "no-max-run"))
        scheduling.erase("maxRunDuration");
    if (machine.endsAt)
        scheduling["terminationTime"] = rfc3339(*machine.endsAt);
    json disks = json::array({{{"kind", "compute#attachedDisk"}, {"boot", true}, {"type", "PERSISTENT"},
        {"diskSizeGb", "200"}, {"deviceName", "boot"}, {"mode", "READ_WRITE"},
        {"source", zone + "/disks/" + node.instance}}});
    if (m_world.hasFault(node.id, "gcp-local-ssd"))
        disks.push_back({{"kind", "compute#attachedDisk"}, {"boot", false}, {"type", "SCRATCH"}, {"diskSizeGb", "375"},
            {"deviceName", "local-ssd-0"}, {"mode", "READ_WRITE"}});
    json item{{"kind", "compute#instance"}, {"id", node.instanceId}, {"name", node.instance},
        {"status", machine.status}, {"zone", zone}, {"selfLink", zone + "/instances/" + node.instance},
        {"machineType", zone + "/machineTypes/" + vm.machineType},
        {"creationTimestamp", "2026-01-02T01:30:00.000-08:00"}, {"lastStartTimestamp", rfc3339(machine.lastStart)},
        {"networkInterfaces", json::array({network})},
        {"guestAccelerators",
            json::array(
                {{{"acceleratorType", zone + "/acceleratorTypes/nvidia-l4"}, {"acceleratorCount", node.gpus.size()}}})},
        {"scheduling", scheduling}, {"disks", disks}, {"labels", vm.labels}, {"labelFingerprint", vm.labelFingerprint},
        {"metadata",
            {{"kind", "compute#metadata"}, {"fingerprint", vm.metadataFingerprint}, {"items", vm.metadata}}},
        {"deletionProtection", false}};
    for (const std::string &policy : vm.policies)
        item["resourcePolicies"].push_back(regionUrl(regionOfZone(node.zone)) + "/resourcePolicies/" + policy);
    if (machine.lastStop)
        item["lastStopTimestamp"] = rfc3339(*machine.lastStop);
    return item;
}

json ComputeApi::operation(const Operation &operation) const
{
    const std::string where = placeOf(operation);
    const NodeSpec *node = m_world.find(operation.node);
    const NodeSpec *made = node ? vm(where, node->instance) : nullptr;
    const std::string place = operation.zone.empty() ? regionUrl(where) : zoneUrl(where);
    json item{{"kind", "compute#operation"}, {"id", operation.numericId}, {"name", operation.name},
        {"operationType", operation.type}, {"status", operation.status},
        {"progress",
            operation.status == "DONE"          ? 100
                : operation.status == "RUNNING" ? 50
                                                : 0},
        {operation.zone.empty() ? "region" : "zone", place}, {"selfLink", place + "/operations/" + operation.name},
        {"targetLink", place + '/' + (node ? "instances/" + node->instance : operation.target)},
        {"user", operation.user}, {"insertTime", rfc3339(operation.insertTime)}};
    if (node)
        item["targetId"] = made ? made->instanceId : node->instanceId;
    if (!operation.requestId.empty())
        item["clientOperationId"] = operation.requestId;
    if (operation.startTime)
        item["startTime"] = rfc3339(*operation.startTime);
    if (operation.endTime)
        item["endTime"] = rfc3339(*operation.endTime);
    const OperationFailure &failure = operation.failure;
    if (!failure.code.empty()) {
        json error{{"code", failure.code}, {"message", failure.message}};
        if (!failure.details.empty())
            error["errorDetails"] = json::parse(failure.details);
        item["error"] = {{"errors", json::array({error})}};
        item["httpErrorStatusCode"] = failure.httpStatus;
        item["httpErrorMessage"] = failure.httpStatus == 503 ? "SERVICE UNAVAILABLE"
            : failure.httpStatus == 403                      ? "FORBIDDEN"
                                                             : "BAD REQUEST";
    }
    return item;
}

void ComputeApi::aggregated(const GoogleCall &call) const
{
    std::vector<json> items;
    for (const NodeSpec &node : m_vms) {
        if (vm(node.zone, node.instance))
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
    call.reply(body);
}

void ComputeApi::listInstances(const GoogleCall &call) const
{
    std::vector<json> items;
    for (const NodeSpec &node : m_vms) {
        if (node.zone == call.place && vm(node.zone, node.instance))
            items.push_back(instance(node));
    }
    if (!call.keepFiltered(items))
        return;
    std::string next;
    json body{{"kind", "compute#instanceList"},
        {"id", "projects/" + m_identity.project + "/zones/" + call.place + "/instances"},
        {"items", call.page(items, next)}};
    if (!next.empty())
        body["nextPageToken"] = next;
    call.reply(body);
}

void ComputeApi::serveInstance(const GoogleCall &call)
{
    const std::string &name = call.path[3];
    const NodeSpec *found = vm(call.place, name);
    if (!found)
        return call.notFound("projects/" + m_identity.project + "/zones/" + call.place + "/instances/" + name);
    const bool get = call.request.method == "GET";
    const std::string verb = call.path.size() > 4 ? call.path[4] : std::string();
    if (call.path.size() == 4 && get)
        return call.reply(instance(*found));
    if (call.path.size() == 5 && get && verb == "getGuestAttributes") {
        const std::string key = m_hostKey ? m_hostKey(found->id) : std::string();
        const std::size_t blank = key.find(' ');
        if (call.request.queryValue("queryPath") != "hostkeys/" || blank == std::string::npos)
            return call.notFound("hostkeys/");
        const std::string value = key.substr(blank + 1);
        return call.reply(
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
        return call.reply(
            {{"kind", "compute#serialPortOutput"}, {"contents", contents.substr(start)},
                {"start", std::to_string(start)}, {"next", std::to_string(contents.size())}});
    }
    if (call.path.size() == 5 && call.request.method == "POST")
        return changeInstance(call, *found);
    call.notFound(call.request.path);
}

void ComputeApi::serveDisk(const GoogleCall &call) const
{
    const NodeSpec *node = vm(call.place, call.path[3]);
    const std::string zone = zoneUrl(call.place);
    if (!node)
        return call.notFound("projects/" + m_identity.project + "/zones/" + call.place + "/disks/" + call.path[3]);
    call.reply({{"kind", "compute#disk"}, {"id", node->instanceId}, {"name", node->instance}, {"sizeGb", "200"},
        {"status", "READY"}, {"zone", zone}, {"type", zone + "/diskTypes/pd-balanced"},
        {"selfLink", zone + "/disks/" + node->instance}, {"users", json::array({zone + "/instances/" + node->instance})}});
}

} // namespace hybridge::lab
