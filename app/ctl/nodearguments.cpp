// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/nodearguments.h"

#include <map>
#include <tuple>

namespace hybridge {

void NodeArguments::addTo(CLI::App &cli)
{
    // "30m", "90s", "2h": a number alone is seconds.
    const std::map<std::string, std::uint64_t> units {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};

    m_logs = cli.add_subcommand("logs", "the log of a service on a node");
    m_logs->add_option("NODE", m_node, "id of the node")->required();
    m_logs->add_option("SERVICE", m_service, "systemd:UNIT, docker:NAME, connector or engine")->required();
    m_logs->add_flag("-f,--follow", m_follow, "go on, also over lost links, until Ctrl-C");
    m_logs->add_option("-n,--lines", m_lines, "newest lines (1 to 10000)")->check(CLI::Range(1, 10000));

    m_prepare = cli.add_subcommand("prepare", "install on a node what idle stop and leases need");
    m_prepare->add_option("NODE", m_node, "id of the node")->required();
    m_prepare->add_flag("--remove", m_remove, "take it away again");
    m_prepare->add_flag("--script", m_script, "print the script that root would run, and do nothing");

    m_idle = cli.add_subcommand("idle", "stop a node by itself when its engine has no work");
    m_idle->require_subcommand(1);
    using Verb = IdleOptions::Verb;
    for (const auto &[name, text, verb] : {std::tuple {"arm", "act after a time without work", Verb::Arm}, std::tuple {"status", "the countdown", Verb::Status},
             std::tuple {"pause", "do not act for a while", Verb::Pause}, std::tuple {"resume", "end a pause", Verb::Resume},
             std::tuple {"remove", "never act again", Verb::Remove}}) {
        CLI::App *sub = m_idle->add_subcommand(name, text);
        sub->add_option("NODE", m_node, "id of the node")->required();
        sub->callback([this, verb = verb] { m_verb = verb; });
        if (verb == Verb::Arm) {
            sub->add_option("--after", m_seconds, "time without work, such as 30m (1m to 7d)")->transform(CLI::AsNumberWithUnit(units));
            sub->add_option("--action", m_action, "what is done then; default: what suits the node")->check(CLI::IsMember({"poweroff", "stop", "unload"}));
        } else if (verb == Verb::Pause) {
            sub->add_option("--for", m_pause, "how long, such as 2h (1s to 7d)")->transform(CLI::AsNumberWithUnit(units));
        }
    }
}

std::optional<NodeCommand> NodeArguments::command() const
{
    const QString node = QString::fromStdString(m_node);
    if (m_logs && *m_logs) {
        LogsOptions logs;
        logs.node = node;
        logs.service = QString::fromStdString(m_service);
        logs.count = m_lines;
        logs.follow = m_follow;
        return logs;
    }
    if (m_prepare && *m_prepare) {
        PrepareOptions prepare;
        prepare.node = node;
        prepare.remove = m_remove;
        prepare.script = m_script;
        return prepare;
    }
    if (m_idle && *m_idle) {
        IdleOptions idle;
        idle.node = node;
        idle.verb = m_verb;
        idle.action = QString::fromStdString(m_action);
        // Whatever is out of range is refused by the service; here it only has to fit.
        idle.time = std::chrono::seconds(std::min<std::uint64_t>(m_verb == IdleOptions::Verb::Pause ? m_pause : m_seconds, 1'000'000'000));
        return idle;
    }
    return std::nullopt;
}

Task<int> runNodeCommand(Options options, NodeCommand command, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    if (const auto *logs = std::get_if<LogsOptions>(&command))
        return runLogs(options, *logs, resolver, clock, stop);
    if (const auto *prepare = std::get_if<PrepareOptions>(&command))
        return runPrepare(options, *prepare, resolver, clock, stop);
    return runIdle(options, std::get<IdleOptions>(command), resolver, clock, stop);
}

} // namespace hybridge
