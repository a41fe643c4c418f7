// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/idlecommand.h"
#include "app/ctl/logscommand.h"
#include "app/ctl/preparecommand.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <variant>

namespace hybridge {

/// A command that works on one node alone, over its SSH link.
using NodeCommand = std::variant<LogsOptions, PrepareOptions, IdleOptions>;

/// The command line of "logs", "prepare" and "idle".
class NodeArguments {
public:
    /// Adds the subcommands; this must outlive the parse.
    void addTo(CLI::App &cli);
    /// Which of them was given; empty when none was.
    [[nodiscard]] std::optional<NodeCommand> command() const;

private:
    CLI::App *m_logs = nullptr;
    CLI::App *m_prepare = nullptr;
    CLI::App *m_idle = nullptr;
    std::string m_node;
    std::string m_service;
    int m_lines = 50;
    bool m_follow = false;
    bool m_remove = false;
    bool m_script = false;
    IdleOptions::Verb m_verb = IdleOptions::Verb::Status;
    std::string m_action;
    std::uint64_t m_seconds = 1800;
    std::uint64_t m_pause = 3600;
};

/// Runs it. Returns the exit code.
Task<int> runNodeCommand(Options options, NodeCommand command, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
