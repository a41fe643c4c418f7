// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/operatearguments.h"

#include <map>

namespace hybridge {

namespace {

/// "90", "90s", "15m", "8h".
CLI::AsNumberWithUnit seconds()
{
    const std::map<std::string, double> units {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    return CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_INSENSITIVE, "SECONDS");
}

} // namespace

OperateArguments::OperateArguments() = default;
OperateArguments::~OperateArguments() = default;

CLI::App *OperateArguments::add(CLI::App &to, const char *verb, const char *text, OperationKind kind)
{
    CLI::App *sub = to.add_subcommand(verb, text);
    sub->callback([this, kind] { m_kind = kind; });
    return sub;
}

void OperateArguments::addGuardOptions(CLI::App &sub)
{
    sub.add_option("--override-last-backend", m_override, "the node's name once more: yes, although nobody else serves");
    sub.add_option("--discard-local-ssd", m_ssd, "what becomes of a Local SSD's data")->check(CLI::IsMember({"yes", "no"}));
}

void OperateArguments::addRunOption(CLI::App &sub)
{
    sub.add_option("--max-run", m_maxRun, "the cloud stops the machine by itself after this time, e.g. 8h; armed before the start")
        ->transform(seconds());
}

void OperateArguments::addTo(CLI::App &cli)
{
    CLI::App *machine = cli.add_subcommand("machine", "start, stop or reset the machine of a node");
    machine->require_subcommand(1);
    for (const auto &[verb, text, kind] : {std::tuple {"start", "start it and wait until it runs", OperationKind::MachineStart},
             std::tuple {"stop", "stop it and read back that it stopped", OperationKind::MachineStop},
             std::tuple {"reset", "switch it off and on, hard", OperationKind::MachineReset},
             std::tuple {"suspend", "suspend it to disk, where the cloud can (not with a GPU)", OperationKind::MachineSuspend},
             std::tuple {"resume", "resume a suspended one", OperationKind::MachineResume}}) {
        CLI::App *sub = add(*machine, verb, text, kind);
        sub->add_option("NODE", m_node, "node")->required();
        if (takesAway(kind))
            addGuardOptions(*sub);
        if (kind == OperationKind::MachineStart)
            addRunOption(*sub);
    }
    m_watchSpot = machine->add_subcommand("watch-spot", "start preempted Spot machines again where the fleet file asks for it, until Ctrl-C");
    m_watchSpot->add_option("NODE", m_nodes, "these nodes alone");
    m_watchSpot->add_flag("--once", m_once, "one look and the starts that are due, then end (for cron)");
    CLI::App *service = cli.add_subcommand("service", "start, stop, restart or enable a service of a node");
    service->require_subcommand(1);
    for (const auto &[verb, text, kind] : {std::tuple {"start", "start it and wait until it runs steadily", OperationKind::ServiceStart},
             std::tuple {"stop", "stop it", OperationKind::ServiceStop},
             std::tuple {"restart", "restart it", OperationKind::ServiceRestart},
             std::tuple {"enable", "let it start at boot", OperationKind::ServiceEnable}}) {
        CLI::App *sub = add(*service, verb, text, kind);
        sub->add_option("NODE", m_node, "node")->required();
        sub->add_option("SERVICE", m_service, "systemd:UNIT, docker:NAME, connector or engine")->required();
        if (takesAway(kind))
            addGuardOptions(*sub);
    }
    CLI::App *up = add(cli, "up", "bring a node up: machine, SSH, connector, model server, one token, its share", OperationKind::Up);
    up->add_option("NODE", m_nodes, "node; several are brought up side by side")->required();
    addRunOption(*up);
    CLI::App *down = add(cli, "down", "take a node down: its share, running requests, services, machine, billing", OperationKind::Down);
    down->add_option("NODE", m_nodes, "node; several are taken down side by side")->required();
    addGuardOptions(*down);
    down->add_option("--drain", m_drain, "how long running requests may finish, e.g. 90s (0: not at all)")->transform(seconds())->check(CLI::Range(0.0, 86400.0));
    down->add_flag("--strict-drain", m_strict, "fail when requests still run then, instead of cutting them");
}

OperateOptions OperateArguments::options() const
{
    OperateOptions out;
    if (m_kind)
        out.request.kind = *m_kind;
    for (const std::string &node : m_nodes)
        out.nodes.append(QString::fromStdString(node));
    if (!m_node.empty())
        out.nodes.append(QString::fromStdString(m_node));
    if (m_watchSpot && *m_watchSpot)
        out.spot = SpotWatchOptions {out.nodes, m_once, false};
    out.request.service = QString::fromStdString(m_service);
    out.request.lastBackendOverride = QString::fromStdString(m_override);
    if (!m_ssd.empty())
        out.request.discardLocalSsd = m_ssd == "yes";
    out.request.drainLimit = std::chrono::seconds(qint64(m_drain));
    out.request.strictDrain = m_strict;
    if (m_maxRun > 0)
        out.request.maxRun = std::chrono::seconds(qint64(m_maxRun));
    return out;
}

} // namespace hybridge
