// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"
#include "app/lab/node/commands/transientunits.h"
#include "app/lab/node/commands/unitview.h"

#include <algorithm>
#include <array>

// systemctl of systemd 252. Texts and exit codes: facts on inference, 5.1 and 5.2.
namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr auto kJobPoll = 50ms;
constexpr auto kStartTimeout = 15s; ///< TimeoutStartSec of cloudflared's unit

struct Options {
    std::string verb;
    std::vector<std::string> units;
    std::vector<std::string> properties;
    TimestampStyle timestamps = TimestampStyle::Pretty;
    bool valueOnly = false;
    bool noBlock = false;
    bool quiet = false;
    bool now = false;
    bool noLegend = false;
    std::string error;
};

Options parse(const std::vector<std::string> &arguments)
{
    static constexpr std::array<std::string_view, 7> ignored{
        "--no-ask-password", "--no-pager", "--all", "-a", "--full", "-l", "--system"};
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &argument = arguments[i];
        if (const auto names = optionValue(arguments, i, "--property", "-p")) {
            const std::vector<std::string> list = split(*names, ',');
            options.properties.insert(options.properties.end(), list.begin(), list.end());
        } else if (const auto style = optionValue(arguments, i, "--timestamp")) {
            if (*style == "unix")
                options.timestamps = TimestampStyle::Unix;
            else if (*style == "us" || *style == "µs" || *style == "us+utc")
                options.timestamps = TimestampStyle::Microseconds;
            else if (*style != "pretty" && *style != "utc")
                options.error = "Invalid value: " + *style + '.';
        } else if (argument == "--value") {
            options.valueOnly = true;
        } else if (argument == "--no-block") {
            options.noBlock = true;
        } else if (argument == "--quiet" || argument == "-q") {
            options.quiet = true;
        } else if (argument == "--now") {
            options.now = true;
        } else if (argument == "--no-legend" || argument == "--legend=false") {
            options.noLegend = true;
        } else if (std::find(ignored.begin(), ignored.end(), argument) != ignored.end()) {
            continue;
        } else if (const auto lines = optionValue(arguments, i, "--lines", "-n")) {
            continue; // status shows the newest lines whatever is asked
        } else if (argument.starts_with("-") && argument != "-") {
            options.error = "systemctl: unrecognized option '" + argument + "'";
        } else if (options.verb.empty()) {
            options.verb = argument;
        } else {
            options.units.push_back(unitName(argument));
        }
    }
    return options;
}

/// A start, stop or restart that may have to wait for its job.
class UnitJob {
public:
    UnitJob(const CommandRequest &request, const std::string &verb, const std::string &unit)
        : m_request(&request)
        , m_verb(verb)
        , m_unit(unit)
        , m_since(Monotonic::now())
    {
    }

    /// An exit code; nullopt: the job runs.
    std::optional<int> begin(CommandOutput &output)
    {
        if (!m_request->root) {
            output.err += "Failed to " + m_verb + ' ' + m_unit + ": Access denied\n";
            return 4;
        }
        const std::string &node = m_request->node.id;
        const std::string service = worldService(m_unit);
        ServiceOutcome outcome = ServiceOutcome::Unknown;
        if (m_verb == "start")
            outcome = m_request->world.startService(node, service);
        else if (m_verb == "stop")
            outcome = m_request->world.stopService(node, service);
        else
            outcome = m_request->world.restartService(node, service);
        if (outcome == ServiceOutcome::Unknown)
            return withoutWorld(output);
        if (outcome == ServiceOutcome::Failed)
            return failed(output, "the control process exited with error code");
        if (outcome == ServiceOutcome::Off)
            return failed(output, "a dependency failed");
        return std::nullopt;
    }

    std::optional<int> poll(CommandOutput &output)
    {
        const UnitView unit = viewUnit(*m_request, m_unit);
        if (m_verb == "stop" || unit.active == "active")
            return 0;
        if (unit.active == "activating" && Monotonic::now() - m_since < kStartTimeout)
            return std::nullopt;
        return failed(output,
            unit.active == "activating" ? "a timeout was exceeded" : "the control process exited with error code");
    }

private:
    int failed(CommandOutput &output, const std::string &reason)
    {
        output.err += "Job for " + m_unit + " failed because " + reason + ".\nSee \"systemctl status " + m_unit
            + "\" and \"journalctl -xeu " + m_unit + "\" for details.\n";
        return 1;
    }

    /// What the world does not know: transient units, dockerd, nothing.
    int withoutWorld(CommandOutput &output)
    {
        const UnitView unit = viewUnit(*m_request, m_unit);
        const std::string stem = m_unit.substr(0, m_unit.rfind('.'));
        if (unit.loaded && m_verb == "stop") {
            unit.timer ? m_request->units.stopTimer(m_request->node.id, stem)
                       : m_request->units.stopService(m_request->node.id, stem);
            return 0;
        }
        if (unit.loaded) // a transient unit runs or has run; it is not started again by hand
            return unit.active == "active" ? 0 : failed(output, "the control process exited with error code");
        output.err += "Failed to " + m_verb + ' ' + m_unit + ": Unit " + m_unit
            + (m_verb == "stop" ? " not loaded.\n" : " not found.\n");
        return 5;
    }

    const CommandRequest *m_request;
    std::string m_verb;
    std::string m_unit;
    Monotonic::time_point m_since;
};

std::string statusText(const CommandRequest &request, const UnitView &unit)
{
    const bool active = unit.active == "active";
    const std::string dot = active || unit.active == "activating" ? "●" : unit.active == "failed" ? "×" : "○";
    std::string text = dot + ' ' + unit.id + " - " + unit.description + '\n';
    text += std::string("     Loaded: loaded (") + (unit.transient ? "/run/systemd/transient/" : "/etc/systemd/system/")
        + unit.id + "; " + unit.fileState + (unit.transient ? ")\n" : "; preset: enabled)\n");
    if (unit.transient)
        text += "  Transient: yes\n";
    const bool failed = unit.active == "failed";
    text += "     Active: " + unit.active + " (" + (failed ? "Result: " + unit.result : unit.sub) + ") since "
        + systemdTime(unit.changed) + "; "
        + systemdSpan(std::chrono::duration_cast<std::chrono::seconds>(Wall::now() - unit.changed)) + " ago\n";
    if (unit.timer)
        text += "    Trigger: " + systemdTime(unit.due) + "; "
            + systemdSpan(std::chrono::duration_cast<std::chrono::seconds>(unit.due - Wall::now())) + " left\n";
    const std::string stem = unit.id.substr(0, unit.id.rfind('.'));
    if (unit.mainPid != 0)
        text += "   Main PID: " + std::to_string(unit.mainPid) + " (" + stem + ")\n";
    else if (unit.exitCode != 0)
        text += "   Main PID: 0 (code=" + std::string(unit.exitCode == 1 ? "exited" : "killed")
            + ", status=" + std::to_string(unit.exitStatus) + (failed ? "/FAILURE)\n" : "/SUCCESS)\n");
    const auto lines = request.world.journal(request.node.id, worldService(unit.id));
    if (!lines.empty())
        text += '\n';
    for (std::size_t i = lines.size() > 10 ? lines.size() - 10 : 0; i < lines.size(); ++i)
        text += localTime(lines[i].at, "%b %d %H:%M:%S ") + request.hostname() + ' ' + stem + '['
            + std::to_string(lines[i].pid) + "]: " + lines[i].message + '\n';
    return text;
}

class Systemctl : public Command {
public:
    explicit Systemctl(CommandRequest request) : m_request(std::move(request)), m_options(parse(m_request.arguments()))
    {
    }

    CommandStep step(CommandOutput &output) override
    {
        if (!m_options.error.empty()) {
            output.err = m_options.error + '\n';
            return CommandStep::exit(1);
        }
        const std::string &verb = m_options.verb;
        if (verb == "start" || verb == "stop" || verb == "restart")
            return runJobs(verb, output);
        if (verb == "show")
            return show(output);
        if (verb == "is-active" || verb == "is-failed")
            return isState(verb == "is-failed" ? "failed" : "active", output);
        if (verb == "is-enabled")
            return isEnabled(output);
        if (verb == "status")
            return status(output);
        if (verb == "enable" || verb == "disable")
            return enable(verb, output);
        if (verb == "list-timers")
            return listTimers(output);
        if (verb == "reset-failed" || verb == "daemon-reload")
            return privileged(verb, output);
        output.err = verb.empty() ? "Too few arguments.\n" : "Unknown command verb " + verb + ".\n";
        return CommandStep::exit(1);
    }

private:
    CommandStep runJobs(const std::string &verb, CommandOutput &output)
    {
        if (m_options.units.empty()) {
            output.err = "Too few arguments.\n";
            return CommandStep::exit(1);
        }
        if (!m_begun) {
            m_begun = true;
            for (const std::string &unit : m_options.units) {
                UnitJob job(m_request, verb, unit);
                if (const auto code = job.begin(output))
                    m_code = std::max(m_code, *code);
                else if (!m_options.noBlock)
                    m_jobs.push_back(job);
            }
        }
        std::erase_if(m_jobs, [&](UnitJob &job) {
            const auto code = job.poll(output);
            m_code = std::max(m_code, code.value_or(0));
            return code.has_value();
        });
        return m_jobs.empty() ? CommandStep::exit(m_code) : CommandStep::wait(kJobPoll);
    }

    CommandStep show(CommandOutput &output)
    {
        for (const std::string &name : m_options.units) {
            if (&name != &m_options.units.front())
                output.out += '\n';
            for (const auto &[key, value] : unitProperties(viewUnit(m_request, name), m_options.timestamps)) {
                const auto &wanted = m_options.properties;
                if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), key) == wanted.end())
                    continue;
                if (wanted.empty() && value.empty())
                    continue; // empty ones are shown only when asked for
                output.out += m_options.valueOnly ? value + '\n' : key + '=' + value + '\n';
            }
        }
        return CommandStep::exit(0);
    }

    CommandStep isState(const std::string &state, CommandOutput &output)
    {
        bool any = false;
        for (const std::string &name : m_options.units) {
            const UnitView unit = viewUnit(m_request, name);
            any = any || unit.active == state;
            if (!m_options.quiet)
                output.out += unit.active + '\n';
        }
        return CommandStep::exit(any ? 0 : state == "failed" ? 1 : 3);
    }

    CommandStep isEnabled(CommandOutput &output)
    {
        bool all = true;
        for (const std::string &name : m_options.units) {
            const UnitView unit = viewUnit(m_request, name);
            all = all && unit.loaded && unit.fileState != "disabled";
            if (!unit.loaded)
                output.err += "Failed to get unit file state for " + name + ": No such file or directory\n";
            else if (!m_options.quiet)
                output.out += unit.fileState + '\n';
        }
        return CommandStep::exit(all ? 0 : 1);
    }

    CommandStep status(CommandOutput &output)
    {
        int code = 0;
        for (const std::string &name : m_options.units) {
            const UnitView unit = viewUnit(m_request, name);
            if (!unit.loaded) {
                output.err += "Unit " + name + " could not be found.\n";
                code = 4;
                continue;
            }
            if (!output.out.empty())
                output.out += '\n';
            output.out += statusText(m_request, unit);
            if (unit.active != "active" && code == 0)
                code = 3;
        }
        return CommandStep::exit(code);
    }

    CommandStep enable(const std::string &verb, CommandOutput &output)
    {
        if (m_begun)
            return runJobs(verb == "enable" ? "start" : "stop", output);
        for (const std::string &name : m_options.units) {
            if (!m_request.root) {
                output.err += "Failed to " + verb + " unit: Access denied\n";
                return CommandStep::exit(1);
            }
            const auto before = m_request.world.service(m_request.node.id, worldService(name));
            const ServiceOutcome outcome
                = m_request.world.setServiceEnabled(m_request.node.id, worldService(name), verb == "enable");
            if (outcome != ServiceOutcome::Done || !before) {
                output.err += "Failed to " + verb + " unit: Unit file " + name + " does not exist.\n";
                return CommandStep::exit(1);
            }
            const std::string link = "/etc/systemd/system/multi-user.target.wants/" + name;
            if (verb == "enable" && !before->enabled)
                output.err += "Created symlink " + link + " → /etc/systemd/system/" + name + ".\n";
            else if (verb == "disable" && before->enabled)
                output.err += "Removed \"" + link + "\".\n";
        }
        return m_options.now ? runJobs(verb == "enable" ? "start" : "stop", output) : CommandStep::exit(0);
    }

    CommandStep privileged(const std::string &verb, CommandOutput &output)
    {
        if (!m_request.root) {
            output.err = verb == "daemon-reload" ? "Failed to reload daemon: Access denied\n"
                                                 : "Failed to reset failed state: Access denied\n";
            return CommandStep::exit(verb == "daemon-reload" ? 1 : 4);
        }
        int code = 0;
        for (const std::string &name : m_options.units) {
            const bool reset = m_request.units.resetFailed(m_request.node.id, name.substr(0, name.rfind('.')));
            if (!reset && !viewUnit(m_request, name).loaded) {
                output.err += "Failed to reset failed state of unit " + name + ": Unit " + name + " not loaded.\n";
                code = 1;
            }
        }
        return CommandStep::exit(code);
    }

    CommandStep listTimers(CommandOutput &output)
    {
        std::vector<TransientUnit> timers = m_request.units.timers(m_request.node.id);
        std::erase_if(timers, [&](const TransientUnit &timer) {
            const auto &wanted = m_options.units;
            const auto named = [&](const std::string &name) { return name.substr(0, name.rfind('.')) == timer.name; };
            return !wanted.empty() && std::none_of(wanted.begin(), wanted.end(), named);
        });
        std::vector<std::array<std::string, 6>> rows;
        if (!m_options.noLegend)
            rows.push_back({"NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"});
        for (const TransientUnit &timer : timers) {
            const auto left = std::chrono::duration_cast<std::chrono::seconds>(timer.due - Wall::now());
            rows.push_back({systemdTime(timer.due), systemdSpan(left) + " left", "-", "-", timer.name + ".timer",
                timer.name + ".service"});
        }
        for (const auto &row : rows) {
            for (std::size_t column = 0; column < row.size(); ++column) {
                std::size_t width = 0;
                for (const auto &other : rows)
                    width = std::max(width, other[column].size());
                output.out += row[column];
                if (column + 1 < row.size())
                    output.out += std::string(width - row[column].size() + 1, ' ');
            }
            output.out += '\n';
        }
        if (!m_options.noLegend)
            output.out += '\n' + std::to_string(timers.size())
                + " timers listed.\nPass --all to see loaded but inactive timers, too.\n";
        return CommandStep::exit(0);
    }

    CommandRequest m_request;
    Options m_options;
    std::vector<UnitJob> m_jobs;
    bool m_begun = false;
    int m_code = 0;
};

} // namespace

std::unique_ptr<Command> makeSystemctl(CommandRequest request)
{
    return std::make_unique<Systemctl>(std::move(request));
}

} // namespace hybridge::lab
