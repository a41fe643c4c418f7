// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/compute.h"

#include "app/lab/world/world.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace hybridge::lab {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {
const std::string Conditional = "Supplied fingerprint does not match current metadata fingerprint.";

/// Empty for what is no text.
std::string textOf(const json &object, const char *key)
{
    const json value = object.is_object() ? object.value(key, json()) : json();
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::string lastPart(const std::string &url)
{
    return url.substr(url.rfind('/') + 1);
}

long long secondsOf(const json &duration)
{
    return std::strtoll(textOf(duration, "seconds").c_str(), nullptr, 10);
}

/// What Google takes for maxRunDuration.
std::string refusedScheduling(const json &scheduling)
{
    const json duration = scheduling.value("maxRunDuration", json());
    const bool spot = scheduling.value("provisioningModel", json()) == "SPOT"
        || scheduling.value("preemptible", json()) == true;
    if (duration.is_null()) {
        return scheduling.contains("instanceTerminationAction") && !spot
            ? "Instance termination action is only supported for Spot VMs and VMs with a termination time."
            : "";
    }
    const long long count = secondsOf(duration);
    if (count < 30 || count > 10'368'000)
        return "Invalid value for field 'scheduling.maxRunDuration': the duration must be between 30 and 10368000 "
               "seconds.";
    if (!scheduling.contains("instanceTerminationAction"))
        return "Instance termination action must be specified when maxRunDuration is.";
    return {};
}
} // namespace

bool ComputeApi::changeStruckByFault(const GoogleCall &call, const NodeSpec &node) const
{
    const std::string resource
        = "projects/" + m_identity.project + "/zones/" + node.zone + "/instances/" + node.instance;
    const std::string &verb = call.path[4];
    const auto is = [&](const char *fault) { return m_world.hasFault(node.id, fault); };
    if (is("gcp-permission"))
        call.refuse(403, "forbidden", "Required 'compute.instances." + verb + "' permission for '" + resource + "'",
            "PERMISSION_DENIED");
    else if (is("gcp-not-ready"))
        call.refuse(400, "resourceNotReady", "The resource '" + resource + "' is not ready", "FAILED_PRECONDITION");
    else if (is("gcp-condition"))
        call.refuse(412, "conditionNotMet", Conditional, "FAILED_PRECONDITION");
    else if (is("gcp-rate-429"))
        call.answer.send(429, {{"Content-Type", "application/json; charset=UTF-8"}, {"Retry-After", "7"}},
            json{{"error",
                     {{"code", 429}, {"message", "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'."},
                         {"errors", json::array({{{"message", "Rate Limit Exceeded"}, {"domain", "usageLimits"}, {"reason", "rateLimitExceeded"}}})},
                         {"status", "RESOURCE_EXHAUSTED"}}}}
                .dump());
    else if (is("gcp-html"))
        call.answer.send(502, {{"Content-Type", "text/html"}},
            "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>The proxy got no answer.</body>");
    else
        return false;
    return true;
}

void ComputeApi::changeInstance(const GoogleCall &call, const NodeSpec &node)
{
    if (changeStruckByFault(call, node))
        return;
    static constexpr std::array Power{"start", "stop", "reset", "suspend", "resume"};
    if (std::find(Power.begin(), Power.end(), call.path[4]) != Power.end())
        return changePower(call, node);
    changeSettings(call, node);
}

void ComputeApi::answerChange(
    const GoogleCall &call, const NodeSpec &node, const std::optional<Operation> &accepted) const
{
    if (!accepted)
        return call.notFound(call.request.path);
    if (node.zone != m_world.find(node.id)->zone)
        m_places.note(accepted->name, node.zone);
    if (m_world.hasFault(node.id, "gcp-answer-lost"))
        return call.answer.cut();
    call.reply(operation(*accepted));
}

void ComputeApi::changePower(const GoogleCall &call, const NodeSpec &node)
{
    const std::string &verb = call.path[4];
    const std::string requestId = call.request.queryValue("requestId").value_or(std::string());
    const bool placed = isPlaced(node);
    const std::string status = m_world.machine(node.id).status;
    // The same request again gets its first operation, whatever the machine does meanwhile.
    const std::vector<Operation> known = operationsIn(node.zone);
    const bool repeated = !requestId.empty()
        && std::any_of(known.begin(), known.end(), [&](const Operation &made) { return made.requestId == requestId; });
    const bool ends = verb == "stop" || verb == "suspend";
    const bool fits = !placed ? verb == "start" : verb == "start" ? status == "RUNNING" || status == "TERMINATED"
        : verb == "stop"              ? status != "STOPPING" && status != "SUSPENDING"
        : verb == "resume"            ? status == "SUSPENDED"
                                      : status == "RUNNING";
    if (!fits && !repeated)
        return call.refuse(400, "resourceNotReady",
            "The resource 'projects/" + m_identity.project + "/zones/" + node.zone + "/instances/" + node.instance
                + "' is not ready",
            "FAILED_PRECONDITION");
    if (!placed && !repeated) {
        if (status != "TERMINATED") {
            const auto other = std::find_if(m_vms.begin(), m_vms.end(), [&](const NodeSpec &vm) { return vm.id == node.id && vm.zone != node.zone; });
            return call.refuse(400, "resourceInUseByAnotherResource",
                "The disk resource 'projects/" + m_identity.project + "/regions/" + regionOfZone(node.zone) + "/disks/" + node.instance
                    + "' is already being used by 'projects/" + m_identity.project + "/zones/" + other->zone + "/instances/"
                    + node.instance + "'",
                "FAILED_PRECONDITION");
        }
        m_places.move(node.id, node.zone);
    }
    if (verb == "start" && !repeated) {
        const bool elsewhere = node.zone != m_world.find(node.id)->zone;
        m_world.setMachineType(node.id, (elsewhere ? node.zone + '/' : std::string()) + m_settings.of(node).machineType);
    }
    if (ends && m_world.hasFault(node.id, "gcp-local-ssd") && !call.request.queryValue("discardLocalSsd"))
        return call.refuse(400, "badRequest",
            "VM has a Local SSD attached but an undefined value for `discard-local-ssd`. If using gcloud, please add "
            "`--discard-local-ssd=false` or `--discard-local-ssd=true` to your command.",
            "INVALID_ARGUMENT");
    if (verb == "suspend" && !node.gpus.empty())
        return call.refuse(400, "badRequest", "Instances with guest accelerators do not support suspend.",
            "FAILED_PRECONDITION");
    const auto accepted = verb == "start" ? m_world.startMachine(node.id, requestId, call.user)
        : verb == "stop"                  ? m_world.stopMachine(node.id, requestId, call.user)
        : verb == "suspend"               ? m_world.suspendMachine(node.id, requestId, call.user)
        : verb == "resume"                ? m_world.resumeMachine(node.id, requestId, call.user)
                                          : m_world.resetMachine(node.id, requestId, call.user);
    answerChange(call, node, accepted);
}

void ComputeApi::accept(const GoogleCall &call, const NodeSpec &node, std::function<void(VmSettings::Vm &)> effect)
{
    const std::string requestId = call.request.queryValue("requestId").value_or(std::string());
    const std::string key = VmSettings::keyOf(node);
    answerChange(call, node,
        m_world.changeMachine(node.id, call.path[4], requestId, call.user,
            [this, key, effect = std::move(effect)] { m_settings.change(key, effect); }));
}

void ComputeApi::changeSettings(const GoogleCall &call, const NodeSpec &node)
{
    const std::string &verb = call.path[4];
    const json body = call.body();
    if (body.is_null())
        return;
    const VmSettings::Vm now = m_settings.of(node);
    const bool stopped = !isPlaced(node) || m_world.machine(node.id).status == "TERMINATED";
    const auto invalid = [&call](const std::string &why) { call.refuse(400, "invalid", why, "INVALID_ARGUMENT"); };
    if ((verb == "setScheduling" || verb == "setMachineType") && !stopped)
        return call.refuse(400, "resourceNotReady",
            "Instance must be in TERMINATED state: its " + verb.substr(3) + " cannot be changed while it runs.",
            "FAILED_PRECONDITION");
    if (verb == "setScheduling") {
        if (const std::string wrong = refusedScheduling(body); !wrong.empty())
            return invalid(wrong);
        json scheduling = body;
        scheduling.erase("terminationTime");
        m_world.setMaxRun(node.id, std::chrono::seconds(secondsOf(body.value("maxRunDuration", json()))));
        return accept(call, node, [scheduling](VmSettings::Vm &vm) { vm.scheduling = scheduling; });
    }
    if (verb == "setMachineType") {
        const std::string type = lastPart(textOf(body, "machineType"));
        if (type.rfind("g2-standard-", 0) != 0) // what a VM with an L4 can be
            return invalid("Invalid value for field 'resource.machineType': '" + type
                + "'. The machine type does not support the attached accelerator.");
        if (node.zone == m_world.find(node.id)->zone)
            m_world.setMachineType(node.id, type);
        return accept(call, node, [type](VmSettings::Vm &vm) { vm.machineType = type; });
    }
    if (verb == "setLabels" || verb == "setMetadata") {
        const bool labels = verb == "setLabels";
        const std::string given = textOf(body, labels ? "labelFingerprint" : "fingerprint");
        if (given != (labels ? now.labelFingerprint : now.metadataFingerprint))
            return call.refuse(412, "conditionNotMet", Conditional, "FAILED_PRECONDITION");
        const json set = body.value(labels ? "labels" : "items", labels ? json::object() : json::array());
        const std::string next = m_settings.newFingerprint();
        return accept(call, node, [labels, set, next](VmSettings::Vm &vm) {
            (labels ? vm.labels : vm.metadata) = set;
            (labels ? vm.labelFingerprint : vm.metadataFingerprint) = next;
        });
    }
    if (verb != "addResourcePolicies" && verb != "removeResourcePolicies")
        return call.notFound(call.request.path);
    const bool adds = verb == "addResourcePolicies";
    std::vector<std::string> names;
    for (const json &url : body.value("resourcePolicies", json::array()))
        names.push_back(lastPart(url.is_string() ? url.get<std::string>() : std::string()));
    for (const std::string &name : names) {
        if (!m_policies.find(regionOfZone(node.zone), name))
            return call.notFound(
                "projects/" + m_identity.project + "/regions/" + regionOfZone(node.zone) + "/resourcePolicies/" + name);
    }
    if (adds && m_world.hasFault(node.id, "gcp-service-agent"))
        return call.refuse(412, "conditionNotMet",
            "Compute Engine System service account service-" + m_identity.projectNumber
                + "@compute-system.iam.gserviceaccount.com needs to have "
                  "[compute.instances.start,compute.instances.stop] permissions applied in order to perform this "
                  "operation.",
            "FAILED_PRECONDITION");
    accept(call, node, [adds, names](VmSettings::Vm &vm) {
        for (const std::string &name : names) {
            std::erase(vm.policies, name);
            if (adds)
                vm.policies.push_back(name);
        }
    });
}

void ComputeApi::servePolicies(const GoogleCall &call)
{
    const std::string &region = call.place;
    const std::string requestId = call.request.queryValue("requestId").value_or(std::string());
    if (call.path.size() == 3 && call.is("GET")) {
        std::vector<json> items = m_policies.list(region);
        if (!call.keepFiltered(items))
            return;
        std::string next;
        json body{{"kind", "compute#resourcePolicyList"},
            {"id", "projects/" + m_identity.project + "/regions/" + region + "/resourcePolicies"},
            {"items", call.page(items, next)}};
        if (!next.empty())
            body["nextPageToken"] = next;
        return call.reply(body);
    }
    if (call.path.size() == 3 && call.is("POST")) {
        json policy = call.body();
        if (policy.is_null())
            return;
        if (const std::string wrong = Policies::refusedBody(policy); !wrong.empty())
            return call.refuse(400, "invalid", wrong, "INVALID_ARGUMENT");
        const std::string name = policy["name"].get<std::string>();
        const std::string target = "resourcePolicies/" + name;
        if (m_policies.find(region, name))
            return call.refuse(409, "alreadyExists",
                "The resource 'projects/" + m_identity.project + "/regions/" + region + '/' + target
                    + "' already exists",
                "ALREADY_EXISTS");
        policy["kind"] = "compute#resourcePolicy";
        policy["id"] = std::to_string(3'000'000'000'000ULL + std::hash<std::string>()(name) % 1'000'000'000ULL);
        policy["region"] = regionUrl(region);
        policy["selfLink"] = regionUrl(region) + '/' + target;
        policy["status"] = "READY";
        policy["creationTimestamp"] = "2026-01-02T01:30:00.000-08:00";
        return call.reply(operation(m_world.changeRegion(region, "insert", target, requestId, call.user,
            [this, region, policy] { m_policies.insert(region, policy); })));
    }
    const std::string name = call.path.size() == 4 ? call.path[3] : std::string();
    const auto found = m_policies.find(region, name);
    if (!found)
        return call.notFound("projects/" + m_identity.project + "/regions/" + region + "/resourcePolicies/" + name);
    if (call.is("GET"))
        return call.reply(*found);
    if (!call.is("DELETE"))
        return call.notFound(call.request.path);
    if (m_settings.isAttached(name))
        return call.refuse(400, "resourceInUseByAnotherResource",
            "The resource_policy resource '" + found->at("selfLink").get<std::string>()
                + "' is already being used by an instance",
            "FAILED_PRECONDITION");
    call.reply(operation(m_world.changeRegion(region, "delete", "resourcePolicies/" + name, requestId, call.user,
        [this, region, name] { m_policies.remove(region, name); })));
}

void ComputeApi::serveOperations(const GoogleCall &call) const
{
    const bool get = call.request.method == "GET";
    if (call.path.size() == 3 && get) {
        std::vector<json> items;
        for (const Operation &made : operationsIn(call.place)) {
            const NodeSpec *node = m_world.find(made.node);
            if (!node || node->machine == MachineKind::Gce) // those of TPUs are another API's
                items.push_back(operation(made));
        }
        if (!call.keepFiltered(items))
            return;
        std::string next;
        json body{{"kind", "compute#operationList"},
            {"id", "projects/" + m_identity.project + '/' + call.path[0] + '/' + call.place + "/operations"},
            {"items", call.page(items, next)}};
        if (!next.empty())
            body["nextPageToken"] = next;
        return call.reply(body);
    }
    const auto found = call.path.size() >= 4 ? m_world.operation(call.path[3]) : std::nullopt;
    if (!found || placeOf(*found) != call.place)
        return call.notFound("projects/" + m_identity.project + '/' + call.path[0] + '/' + call.place + "/operations/"
            + (call.path.size() > 3 ? call.path[3] : ""));
    if (call.path.size() == 4 && get)
        return call.reply(operation(*found));
    if (call.path.size() != 5 || call.path[4] != "wait" || call.request.method != "POST")
        return call.notFound(call.request.path);
    // Returns when it is done, or after about two minutes (facts: gcp 2.3).
    const Monotonic::time_point deadline = Monotonic::now() + 2min;
    for (;;) {
        const std::uint64_t seen = m_world.revision();
        const auto now = m_world.operation(found->name);
        if (!now || now->status == "DONE" || Monotonic::now() >= deadline || m_world.stopped() || call.answer.gone())
            return call.reply(operation(now.value_or(*found)));
        m_world.waitChange(seen, std::min(deadline, Monotonic::now() + 250ms));
    }
}

} // namespace hybridge::lab
