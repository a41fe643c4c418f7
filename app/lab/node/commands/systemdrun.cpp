// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"
#include "app/lab/node/commands/transientunits.h"

// systemd-run: transient services and timers. Facts on inference, 5.5.
namespace hybridge::lab {

namespace {

struct Options {
    std::string unit;
    std::string description;
    std::optional<std::chrono::microseconds> delay;
    bool collect = false;
    bool quiet = false;
    bool user = false;
    std::vector<std::string> argv;
    std::string error;
};

Options parse(const std::vector<std::string> &arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &argument = arguments[i];
        if (argument == "--") {
            options.argv.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (!argument.starts_with("-")) {
            options.argv.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
            break;
        }
        if (argument == "--collect" || argument == "-G") {
            options.collect = true;
        } else if (argument == "--quiet" || argument == "-q") {
            options.quiet = true;
        } else if (argument == "--user") {
            options.user = true;
        } else if (argument == "--no-block" || argument == "--system" || argument == "--no-ask-password") {
            continue;
        } else if (const auto unit = optionValue(arguments, i, "--unit", "-u")) {
            options.unit = *unit;
        } else if (const auto description = optionValue(arguments, i, "--description")) {
            options.description = *description;
        } else if (const auto delay = optionValue(arguments, i, "--on-active")) {
            options.delay = parseSystemdSpan(*delay);
            if (!options.delay)
                options.error = "Failed to parse timer value: " + *delay;
        } else if (optionValue(arguments, i, "--timer-property") || optionValue(arguments, i, "--property", "-p")) {
            continue; // AccuracySec and the like: the lab's timers are exact
        } else {
            options.error = "systemd-run: unrecognized option '" + argument + "'";
        }
    }
    for (const std::string_view suffix : {".service", ".timer"}) {
        if (options.unit.ends_with(suffix))
            options.unit.resize(options.unit.size() - suffix.size());
    }
    return options;
}

int systemdRun(const CommandRequest &request, CommandOutput &output)
{
    Options options = parse(request.arguments());
    if (!options.error.empty()) {
        output.err = options.error + '\n';
        return 1;
    }
    if (options.argv.empty()) {
        output.err = "Command line to execute required.\n";
        return 1;
    }
    const bool timed = options.delay.has_value();
    if (!request.root || options.user) {
        // Nobody lingers on a node of the lab, so there is no user instance to talk to either.
        output.err = options.user ? "Failed to connect to bus: No medium found\n"
            : timed               ? "Failed to start transient timer unit: Access denied\n"
                                  : "Failed to start transient service unit: Access denied\n";
        return 1;
    }
    if (options.unit.empty())
        options.unit = "run-r" + hexDigits(static_cast<std::uint64_t>(microseconds(Wall::now())), "unit", 32);
    if (options.description.empty())
        options.description = join(options.argv, " ");
    const std::string &node = request.node.id;
    const bool taken = request.world.service(node, "systemd:" + options.unit).has_value();
    const bool made = !taken
        && (timed ? request.units.arm(
                node, options.unit, *options.delay, options.argv, options.collect, options.description)
                  : request.units.run(node, options.unit, options.argv, options.collect, options.description));
    if (!made) {
        const std::string unit = options.unit + (timed ? ".timer" : ".service");
        output.err = std::string("Failed to start transient ") + (timed ? "timer" : "service") + " unit: Unit " + unit
            + " was already loaded or has a fragment file.\n";
        return 1;
    }
    if (!options.quiet) {
        output.err = timed ? "Running timer as unit: " + options.unit
                + ".timer\nWill run service as unit: " + options.unit + ".service\n"
                           : "Running as unit: " + options.unit + ".service\n";
    }
    return 0;
}

} // namespace

std::unique_ptr<Command> makeSystemdRun(CommandRequest request)
{
    return std::make_unique<ImmediateCommand>(std::move(request), systemdRun);
}

} // namespace hybridge::lab
