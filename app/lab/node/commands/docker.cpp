// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/pausedcontainers.h"
#include "app/lab/node/commands/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <ctime>

// docker. Texts and exit codes: facts on inference, 5.4.
namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr auto kFollowPoll = 150ms;
constexpr const char *kNever = "0001-01-01T00:00:00Z";
constexpr const char *kImage = "vllm/vllm-openai:v0.29.0";
constexpr std::string_view kNoGpu
    = "Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create "
      "failed: runc create failed: unable to start container process: error during container init: error running hook "
      "#0: nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown\n";

struct Container {
    Service service;
    std::string name;
    std::string id;
    std::string status; ///< "running", "paused", "exited"
    std::string health; ///< empty while it does not run
    Wall::time_point created;
};

std::vector<Container> containers(const CommandRequest &request)
{
    std::vector<Container> list;
    for (const Service &service : request.world.services(request.node.id)) {
        if (!service.name.starts_with("docker:"))
            continue;
        Container container;
        container.service = service;
        container.name = service.name.substr(7);
        container.id = hexDigits(request.node.seed, container.name, 64);
        const bool running = service.state == ServiceState::Active || service.state == ServiceState::Activating;
        const bool paused
            = running && service.name == request.node.engineService && request.paused.isPaused(request.node.id);
        container.status = paused ? "paused" : running ? "running" : "exited";
        container.health = running ? service.health : std::string();
        container.created = request.world.machine(request.node.id).lastStart - std::chrono::hours(72);
        list.push_back(std::move(container));
    }
    return list;
}

std::optional<Container> find(const CommandRequest &request, const std::string &name)
{
    for (const Container &container : containers(request)) {
        if (container.name == name || (name.size() >= 4 && container.id.starts_with(name)))
            return container;
    }
    return std::nullopt;
}

std::string statusText(const Container &container)
{
    const std::string span = dockerSpan(Wall::now() - container.service.since);
    if (container.status == "exited")
        return "Exited (" + std::to_string(container.service.exitStatus) + ") " + span + " ago";
    if (container.status == "paused")
        return "Up " + span + " (Paused)";
    const std::string health = container.health == "starting" ? "health: starting" : container.health;
    return "Up " + span + (health.empty() ? "" : " (" + health + ')');
}

Json stateOf(const Container &container)
{
    const bool running = container.status != "exited";
    const std::string since = rfc3339(container.service.since, 9);
    Json state{{"Status", container.status}, {"Running", running}, {"Paused", container.status == "paused"},
        {"Restarting", false}, {"OOMKilled", container.service.result == "oom-kill"}, {"Dead", false},
        {"Pid", container.service.pid}, {"ExitCode", running ? 0 : container.service.exitStatus}, {"Error", ""},
        {"StartedAt", running ? since : rfc3339(container.created, 9)},
        {"FinishedAt", running ? std::string(kNever) : since}};
    if (!container.service.health.empty())
        state["Health"] = Json{{"Status", container.service.health},
            {"FailingStreak", container.service.health == "unhealthy" ? 3 : 0}, {"Log", Json::array()}};
    return state;
}

Json inspection(const CommandRequest &request, const Container &container)
{
    return Json{{"Id", container.id}, {"Created", rfc3339(container.created, 9)}, {"Path", "vllm"},
        {"Args", Json::array({"serve", "--model", request.node.model, "--gpu-memory-utilization", "0.90"})},
        {"State", stateOf(container)}, {"Image", "sha256:" + hexDigits(1, kImage, 64)}, {"Name", '/' + container.name},
        {"RestartCount", container.service.restarts}, {"Config", Json{{"Image", kImage}, {"Labels", Json::object()}}},
        {"HostConfig",
            Json{{"RestartPolicy",
                Json{{"Name", container.service.enabled ? "unless-stopped" : "no"}, {"MaximumRetryCount", 0}}}}}};
}

Json psEntry(const Container &container, bool truncated, bool exposed)
{
    return Json{{"Command", "\"vllm serve\""}, {"CreatedAt", localTime(container.created, "%Y-%m-%d %H:%M:%S %z %Z")},
        {"ID", truncated ? container.id.substr(0, 12) : container.id}, {"Image", kImage}, {"Labels", ""},
        {"LocalVolumes", "0"}, {"Mounts", "/data/hf"}, {"Names", container.name}, {"Networks", "bridge"},
        {"Ports", container.status == "exited" ? "" : exposed ? "0.0.0.0:8000->8000/tcp, :::8000->8000/tcp" : "127.0.0.1:8000->8000/tcp"},
        {"RunningFor", dockerSpan(Wall::now() - container.created) + " ago"}, {"Size", "0B"},
        {"State", container.status}, {"Status", statusText(container)}};
}

/// What of Go's templates people use with docker: text, {{.A.B}}, {{json .A.B}}.
std::string renderTemplate(std::string_view text, const Json &value)
{
    std::string result;
    while (true) {
        const std::size_t open = text.find("{{");
        const std::size_t close = text.find("}}", open == std::string_view::npos ? open : open + 2);
        result
            += text.substr(0, open == std::string_view::npos || close == std::string_view::npos ? text.size() : open);
        if (open == std::string_view::npos || close == std::string_view::npos)
            return result;
        std::string action(text.substr(open + 2, close - open - 2));
        std::erase(action, ' ');
        const bool json = action.starts_with("json");
        if (json)
            action.erase(0, 4);
        const Json *at = &value;
        for (const std::string &key : split(action, '.')) {
            if (!key.empty() && at)
                at = at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
        }
        if (!at)
            result += json ? "null" : "<no value>";
        else if (!json && at->is_string())
            result += at->get<std::string>();
        else
            result += at->dump(-1, ' ', false, Json::error_handler_t::replace);
        text.remove_prefix(close + 2);
    }
}

/// "2026-01-26T10:00:00.123456789Z", as docker writes it in front of each line and takes it back behind --since.
std::optional<Wall::time_point> parseUtcTime(const std::string &text)
{
    std::tm tm{};
    const char *rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return std::nullopt;
    std::int64_t nanoseconds = 0;
    if (*rest == '.') {
        std::int64_t unit = 100'000'000;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10)
            nanoseconds += (*rest - '0') * unit;
    }
    if (std::string_view(rest) != "Z")
        return std::nullopt;
    return Wall::from_time_t(timegm(&tm)) + std::chrono::duration_cast<Wall::duration>(std::chrono::nanoseconds(nanoseconds));
}

struct Options {
    std::string verb;
    std::vector<std::string> names;
    std::optional<std::string> format;
    bool containerWord = false; ///< `docker container inspect` words one error differently
    bool all = false;
    bool noTrunc = false;
    bool quiet = false;
    bool follow = false;
    bool timestamps = false;
    std::optional<std::size_t> tail;
    std::optional<Wall::time_point> since;
    std::string nameFilter;
    std::string restart; ///< of update
    std::string error;
};

Options parse(const std::vector<std::string> &arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &argument = arguments[i];
        const bool logs = options.verb == "logs";
        if (argument == "container" && options.verb.empty()) {
            options.containerWord = true;
        } else if (const auto format = optionValue(arguments, i, "--format")) {
            options.format = *format;
        } else if (logs && argument == "-f") {
            options.follow = true;
        } else if (const auto filter = optionValue(arguments, i, "--filter", logs ? "" : "-f")) {
            if (options.verb == "inspect")
                options.format = *filter;
            else if (filter->starts_with("name="))
                options.nameFilter = filter->substr(5);
        } else if (const auto tail = optionValue(arguments, i, "--tail", logs ? "-n" : "")) {
            if (const auto count = wholeNumber(*tail); count && *count >= 0)
                options.tail = static_cast<std::size_t>(*count);
        } else if (const auto since = optionValue(arguments, i, "--since")) {
            if (const auto time = parseUtcTime(*since))
                options.since = time;
            else if (const auto span = parseSystemdSpan(*since))
                options.since = Wall::now() - std::chrono::duration_cast<Wall::duration>(*span);
            else
                options.error
                    = "invalid value for \"since\": failed to parse value as time or duration: \"" + *since + '"';
        } else if (const auto seconds = optionValue(arguments, i, "--time", options.verb.empty() || logs ? "" : "-t")) {
            continue;
        } else if (const auto policy = optionValue(arguments, i, "--restart")) {
            options.restart = *policy;
        } else if (argument == "-a" || argument == "--all" || argument == "-aq") {
            options.all = true;
            options.quiet = options.quiet || argument == "-aq";
        } else if (argument == "--no-trunc") {
            options.noTrunc = true;
        } else if (argument == "-q" || argument == "--quiet") {
            options.quiet = true;
        } else if (argument == "--follow") {
            options.follow = true;
        } else if (argument == "-t" || argument == "--timestamps") {
            options.timestamps = true;
        } else if (argument.starts_with("-")) {
            options.error = "unknown flag: " + argument + "\nSee 'docker " + options.verb + " --help'.";
        } else if (options.verb.empty()) {
            options.verb = argument;
        } else {
            options.names.push_back(argument);
        }
    }
    return options;
}

std::string padded(std::string text, std::size_t width)
{
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

class Docker : public Command {
public:
    explicit Docker(CommandRequest request) : m_request(std::move(request)), m_options(parse(m_request.arguments())) { }

    bool endless() const override { return m_options.follow; }

    CommandStep step(CommandOutput &output) override
    {
        if (containers(m_request).empty()) {
            output.err = "/bin/sh: 1: docker: not found\n";
            return CommandStep::exit(127);
        }
        if (!m_options.error.empty()) {
            output.err = m_options.error + '\n';
            return CommandStep::exit(125);
        }
        if (!m_request.root && m_request.world.hasFault(m_request.node.id, "docker-denied")) {
            output.err
                = "permission denied while trying to connect to the Docker daemon socket at "
                  "unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.45/containers/json\": "
                  "dial unix /var/run/docker.sock: connect: permission denied\n";
            return CommandStep::exit(1);
        }
        const std::string &verb = m_options.verb;
        if (verb == "ps")
            return ps(output);
        if (verb == "version" || verb == "info") {
            output.out = "28.2.2\n";
            return CommandStep::exit(0);
        }
        const bool known = verb == "inspect" || verb == "logs" || verb == "start" || verb == "stop" || verb == "restart"
            || verb == "pause" || verb == "unpause" || verb == "update";
        if (!known) {
            output.err = "docker: '" + verb + "' is not a docker command.\nSee 'docker --help'\n";
            return CommandStep::exit(1);
        }
        if (m_options.names.empty()) {
            output.err = "\"docker " + verb + "\" requires at least 1 argument.\nSee 'docker " + verb + " --help'.\n";
            return CommandStep::exit(1);
        }
        if (verb == "inspect")
            return inspect(output);
        return verb == "logs" ? logs(output) : act(output);
    }

private:
    CommandStep ps(CommandOutput &output)
    {
        std::vector<Container> list = containers(m_request);
        std::erase_if(list, [this](const Container &container) {
            return (!m_options.all && container.status == "exited")
                || container.name.find(m_options.nameFilter) == std::string::npos;
        });
        const bool truncated = !m_options.noTrunc;
        if (!m_options.format && !m_options.quiet)
            output.out
                = "CONTAINER ID   IMAGE                      COMMAND        CREATED         STATUS                   "
                  "PORTS                      NAMES\n";
        for (const Container &container : list) {
            const Json entry = psEntry(container, truncated, m_request.world.hasFault(m_request.node.id, "engine-exposed"));
            if (m_options.quiet) {
                output.out += entry["ID"].get<std::string>() + '\n';
            } else if (m_options.format) {
                output.out
                    += renderTemplate(*m_options.format == "json" ? "{{json .}}" : *m_options.format, entry) + '\n';
            } else {
                const auto cell
                    = [&](const char *key, std::size_t width) { return padded(entry[key].get<std::string>(), width); };
                output.out += cell("ID", 15) + cell("Image", 27) + cell("Command", 15) + cell("RunningFor", 16)
                    + cell("Status", 25) + cell("Ports", 27) + container.name + '\n';
            }
        }
        return CommandStep::exit(0);
    }

    CommandStep inspect(CommandOutput &output)
    {
        Json all = Json::array();
        int code = 0;
        for (const std::string &name : m_options.names) {
            const auto container = find(m_request, name);
            if (!container) {
                output.err += (m_options.containerWord ? "Error response from daemon: No such container: "
                                                       : "Error: No such object: ")
                    + name + '\n';
                code = 1;
                continue;
            }
            const Json document = inspection(m_request, *container);
            if (m_options.format)
                output.out += renderTemplate(*m_options.format, document) + '\n';
            else
                all.push_back(document);
        }
        if (!m_options.format)
            output.out = all.dump(4) + '\n';
        else if (output.out.empty())
            output.out = "\n";
        return CommandStep::exit(code);
    }

    CommandStep logs(CommandOutput &output)
    {
        const auto container = find(m_request, m_options.names.front());
        if (!container) {
            output.err = "Error response from daemon: No such container: " + m_options.names.front() + '\n';
            return CommandStep::exit(1);
        }
        std::vector<JournalLine> lines = m_request.world.journal(m_request.node.id, container->service.name, m_after);
        if (!lines.empty())
            m_after = lines.back().cursor;
        if (m_options.since)
            std::erase_if(lines, [this](const JournalLine &line) { return line.at < *m_options.since; });
        if (m_first && m_options.tail && lines.size() > *m_options.tail)
            lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(*m_options.tail));
        m_first = false;
        for (const JournalLine &line : lines) // vLLM logs to stderr
            output.err += (m_options.timestamps ? rfc3339(line.at, 9) + ' ' : std::string()) + line.message + '\n';
        const bool goesOn = m_options.follow && container->status != "exited"; // docker ends with the container
        return goesOn ? CommandStep::wait(kFollowPoll) : CommandStep::exit(0);
    }

    CommandStep act(CommandOutput &output)
    {
        int code = 0;
        for (const std::string &name : m_options.names) {
            const auto container = find(m_request, name);
            const std::string error
                = container ? actOn(*container) : "Error response from daemon: No such container: " + name + '\n';
            if (error.empty()) {
                output.out += name + '\n';
                continue;
            }
            output.err += error;
            if (m_options.verb == "start")
                output.err += "Error: failed to start containers: " + name + '\n';
            code = 1;
        }
        return CommandStep::exit(code);
    }

    /// Empty: done.
    std::string actOn(const Container &container)
    {
        const std::string &verb = m_options.verb;
        const std::string &node = m_request.node.id;
        const std::string refused = "Error response from daemon: ";
        if (verb == "pause") {
            if (container.status == "exited")
                return refused + "Container " + container.id + " is not running\n";
            return m_request.paused.pause(node) ? std::string()
                                                : refused + "Container " + container.id + " is already paused\n";
        }
        if (verb == "update") {
            m_request.world.setServiceEnabled(node, container.service.name, m_options.restart == "always" || m_options.restart == "unless-stopped");
            return {};
        }
        if (verb == "unpause")
            return m_request.paused.resume(node) ? std::string()
                                                 : refused + "Container " + container.id + " is not paused\n";
        if (verb == "start" && container.status == "paused")
            return refused + "cannot start a paused container, try unpause instead\n";
        World &world = m_request.world;
        const std::string &service = container.service.name;
        const ServiceOutcome outcome = verb == "start" ? world.startService(node, service)
            : verb == "stop"                           ? world.stopService(node, service)
                                                       : world.restartService(node, service);
        return outcome == ServiceOutcome::Done ? std::string() : std::string(kNoGpu);
    }

    CommandRequest m_request;
    Options m_options;
    std::uint64_t m_after = 0;
    bool m_first = true;
};

} // namespace

std::unique_ptr<Command> makeDocker(CommandRequest request)
{
    return std::make_unique<Docker>(std::move(request));
}

} // namespace hybridge::lab
