// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/world.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybridge::lab {

class NodeLeases;
class PausedContainers;
class TransientUnits;

/// What a command writes. Bounded: step() is not called while much of it waits for a slow reader.
struct CommandOutput {
    std::string out;
    std::string err;
    bool busy = false; ///< the process uses processor time until the next step
    bool uninterruptible = false; ///< from now on no signal but KILL ends the process
};

/// How a command goes on after a step.
struct CommandStep {
    enum class Next { Exit, Wait, Exec };
    Next next = Next::Exit;
    int code = 0;                       ///< Exit: 0 to 255
    std::chrono::milliseconds pause{0}; ///< Wait: until the next step
    std::vector<std::string> argv;      ///< Exec: the process becomes this program, with root's rights in the lab

    static CommandStep exit(int code) { return {Next::Exit, code, {}, {}}; }
    static CommandStep wait(std::chrono::milliseconds pause) { return {Next::Wait, 0, pause, {}}; }
    static CommandStep exec(std::vector<std::string> argv) { return {Next::Exec, 0, {}, std::move(argv)}; }
};

/// Who calls what, where.
struct CommandRequest {
    World &world;
    TransientUnits &units;
    PausedContainers &paused;
    NodeLeases &leases;
    const NodeSpec &node;
    std::string user;              ///< the account's name, also under sudo
    bool root = false;             ///< runs under sudo
    std::string directory;         ///< working directory
    std::vector<std::string> argv; ///< argv[0] is the bare name

    std::vector<std::string> arguments() const { return {argv.begin() + 1, argv.end()}; }
    std::string hostname() const { return node.instance; }
};

/// One running command. All functions are called on the command server's thread; none may block.
class Command {
public:
    virtual ~Command() = default;
    /// The first call comes at once, the next ones when the pause is over.
    virtual CommandStep step(CommandOutput &output) = 0;
    /// Runs until somebody ends it; logged when it starts instead of when it ends.
    virtual bool endless() const { return false; }
};

/// A command that answers at once.
class ImmediateCommand : public Command {
public:
    using Body = int (*)(const CommandRequest &request, CommandOutput &output);
    ImmediateCommand(CommandRequest request, Body body) : m_request(std::move(request)), m_body(body) { }
    CommandStep step(CommandOutput &output) override { return CommandStep::exit(m_body(m_request, output)); }

private:
    CommandRequest m_request;
    Body m_body;
};

/// The commands that the lab stands for, by bare name.
const std::vector<std::string_view> &labCommands();
/// `name` or an absolute path of it in /bin, /usr/bin, /sbin, /usr/sbin, /usr/local/bin, /usr/local/sbin.
bool isLabCommand(std::string_view program);
/// argv[0] must be one of the lab's commands (bare or with path).
std::unique_ptr<Command> makeCommand(CommandRequest request);

// One family each, in a file of its own.
std::unique_ptr<Command> makeNvidiaSmi(CommandRequest request);
std::unique_ptr<Command> makeSystemctl(CommandRequest request);
std::unique_ptr<Command> makeJournalctl(CommandRequest request);
std::unique_ptr<Command> makeDocker(CommandRequest request);
std::unique_ptr<Command> makeCloudflared(CommandRequest request);
std::unique_ptr<Command> makeSudo(CommandRequest request);
std::unique_ptr<Command> makeSystemdRun(CommandRequest request);
std::unique_ptr<Command> makeHybridgeLease(CommandRequest request);

} // namespace hybridge::lab
