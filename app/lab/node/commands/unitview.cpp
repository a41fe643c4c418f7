// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/unitview.h"

#include "app/lab/node/commands/text.h"
#include "app/lab/node/commands/transientunits.h"

#include <array>
#include <ctime>

namespace hybridge::lab {

namespace {

constexpr std::array<std::string_view, 6> kSuffixes{".service", ".timer", ".socket", ".target", ".mount", ".slice"};

std::string timestamp(Wall::time_point at, TimestampStyle style)
{
    if (at == Wall::time_point())
        return {};
    switch (style) {
    case TimestampStyle::Unix:
        return '@' + std::to_string(microseconds(at) / 1'000'000);
    case TimestampStyle::Microseconds:
        return systemdTime(at).insert(23, '.' + std::to_string(1'000'000 + microseconds(at) % 1'000'000).substr(1));
    case TimestampStyle::Pretty:
        break;
    }
    return systemdTime(at);
}

void fillFromService(UnitView &view, const Service &service)
{
    view.loaded = true;
    view.fileState = service.enabled ? "enabled" : "disabled";
    view.result = service.result;
    view.mainPid = service.pid;
    view.restarts = service.restarts;
    view.changed = service.since;
    switch (service.state) {
    case ServiceState::Active:
        view.active = "active";
        view.sub = "running";
        view.activeSince = service.since;
        break;
    case ServiceState::Activating:
        view.active = "activating";
        view.sub = service.pid != 0 ? "start" : "auto-restart";
        break;
    case ServiceState::Failed:
        view.active = "failed";
        view.sub = "failed";
        view.inactiveSince = service.since;
        view.exitCode = service.result == "signal" || service.result == "oom-kill" ? 2 : 1;
        view.exitStatus = service.exitStatus;
        break;
    case ServiceState::Inactive:
        view.inactiveSince = service.since;
        view.exitCode = 1;
        break;
    }
}

void fillFromTransient(UnitView &view, const TransientUnit &unit)
{
    view.loaded = true;
    view.transient = true;
    view.fileState = "transient";
    view.description = unit.description;
    view.changed = unit.since;
    if (view.timer) {
        view.active = "active";
        view.sub = unit.phase == TransientUnit::Phase::Running ? "running" : "waiting";
        view.activeSince = unit.since;
        view.due = unit.due;
        return;
    }
    if (unit.phase == TransientUnit::Phase::Running) {
        view.active = "active";
        view.sub = "running";
        view.activeSince = unit.due != Wall::time_point() ? unit.due : unit.since;
    } else if (unit.phase == TransientUnit::Phase::Failed) {
        view.active = "failed";
        view.sub = "failed";
        view.result = "exit-code";
        view.exitCode = 1;
        view.exitStatus = unit.exitCode;
    }
}

} // namespace

std::string unitName(const std::string &name)
{
    for (const std::string_view suffix : kSuffixes) {
        if (name.size() > suffix.size() && name.ends_with(suffix))
            return name;
    }
    return name + ".service";
}

std::string worldService(const std::string &unit)
{
    if (!unit.ends_with(".service"))
        return {};
    return "systemd:" + unit.substr(0, unit.size() - std::string_view(".service").size());
}

UnitView viewUnit(const CommandRequest &request, const std::string &unit)
{
    UnitView view;
    view.id = unit;
    view.description = unit;
    view.timer = unit.ends_with(".timer");
    const std::string stem = unit.substr(0, unit.rfind('.'));
    if (const auto service = request.world.service(request.node.id, worldService(unit))) {
        view.description = stem == "ollama" ? "Ollama Service"
            : stem == "docker"              ? "Docker Application Container Engine"
                                            : stem;
        view.restart = stem == "ollama" ? "always" : "on-failure";
        // Part 3.4 of the usual guide was followed, unless the fault says that it was not.
        if ("systemd:" + stem == ConnectorService && !request.world.hasFault(request.node.id, "restart-on-failure")) {
            view.restart = "always";
            view.dropIn = "/etc/systemd/system/cloudflared.service.d/override.conf";
        }
        view.type = "systemd:" + stem == ConnectorService || stem == "docker" ? "notify" : "simple";
        fillFromService(view, *service);
        const MachineState machine = request.world.machine(request.node.id);
        if (view.activeSince == Wall::time_point() && view.active != "activating")
            view.activeSince = machine.lastStart;
        return view;
    }
    // The idle stop of this program, as "hybridgectl prepare" and "idle arm" leave it on a real node.
    if (unit == "hybridge-idle.timer" && !request.world.hasFault(request.node.id, "idle-off")) {
        view.loaded = true;
        view.fileState = "enabled";
        view.active = "active";
        view.sub = "waiting";
        view.activeSince = view.changed = request.world.machine(request.node.id).lastStart;
        view.due = Wall::now() + std::chrono::seconds(60);
        return view;
    }
    if (const auto transient = request.units.find(request.node.id, stem);
        transient && (!view.timer || transient->hasTimer) && (view.timer || unit.ends_with(".service"))) {
        fillFromTransient(view, *transient);
        return view;
    }
    return view;
}

std::vector<std::pair<std::string, std::string>> unitProperties(const UnitView &unit, TimestampStyle style)
{
    std::vector<std::pair<std::string, std::string>> list;
    const auto add = [&](const char *name, std::string value) { list.emplace_back(name, std::move(value)); };
    const std::string text = std::to_string(unit.mainPid);
    if (unit.timer) {
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(unit.due - Wall::now());
        add("Unit", unit.id.substr(0, unit.id.rfind('.')) + ".service");
        add("NextElapseUSecRealtime", "");
        timespec uptime{};
        ::clock_gettime(CLOCK_MONOTONIC, &uptime);
        add("NextElapseUSecMonotonic",
            unit.loaded ? systemdSpan(std::chrono::seconds(uptime.tv_sec) + left) : std::string());
        add("AccuracyUSec", "1s");
        add("Result", unit.result);
    } else {
        add("Type", unit.type);
        add("Restart", unit.loaded && !unit.transient ? unit.restart : "no");
        add("DropInPaths", unit.dropIn);
        add("MainPID", text);
        add("Result", unit.result);
        add("NRestarts", std::to_string(unit.restarts));
        add("ExecMainPID", text);
        add("ExecMainCode", std::to_string(unit.exitCode));
        add("ExecMainStatus", std::to_string(unit.exitStatus));
    }
    add("Id", unit.id);
    add("Names", unit.id);
    add("Description", unit.description);
    add("LoadState", unit.loaded ? "loaded" : "not-found");
    add("ActiveState", unit.active);
    add("SubState", unit.sub);
    if (unit.loaded) {
        add("FragmentPath", (unit.transient ? "/run/systemd/transient/" : "/etc/systemd/system/") + unit.id);
        add("UnitFileState", unit.fileState);
        add("UnitFilePreset", "enabled");
    } else {
        add("FragmentPath", "");
        add("UnitFileState", "");
        add("UnitFilePreset", "");
    }
    add("StateChangeTimestamp", timestamp(unit.changed, style));
    add("ActiveEnterTimestamp", timestamp(unit.activeSince, style));
    add("InactiveEnterTimestamp", timestamp(unit.inactiveSince, style));
    add("CanStart", unit.loaded ? "yes" : "no");
    add("CanStop", unit.loaded ? "yes" : "no");
    add("Transient", unit.transient ? "yes" : "no");
    return list;
}

} // namespace hybridge::lab
