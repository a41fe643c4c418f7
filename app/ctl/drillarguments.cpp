// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/drillarguments.h"

#include <algorithm>
#include <map>

namespace hybridge {

namespace {

/// "30m", "90s": a number alone is seconds.
const std::map<std::string, std::uint64_t> &units()
{
    static const std::map<std::string, std::uint64_t> all {{"s", 1}, {"m", 60}, {"min", 60}};
    return all;
}

} // namespace

CLI::App *DrillArguments::add(CLI::App &to, const char *name, const char *text, DrillOptions::Verb verb)
{
    CLI::App *sub = to.add_subcommand(name, text);
    sub->callback([this, verb] { m_verb = verb; });
    return sub;
}

void DrillArguments::addTo(CLI::App &cli)
{
    using Verb = DrillOptions::Verb;
    CLI::App *drill = cli.add_subcommand("drill", "failover drills: take one thing away under a lease, and measure");
    drill->require_subcommand(1);
    CLI::App *run = add(*drill, "run", "run one; Ctrl-C gives back at once", Verb::Run);
    run->add_option("NODE", m_node, "id of the node")->required();
    run->add_option("--fault", m_fault, "what is taken away")->required()->check(CLI::IsMember({"tunnel", "engine", "weight", "hang", "network"}));
    run->add_option("--duration", m_duration, "how long the fault is held, such as 20s (default 30s, at most 20m)")->transform(CLI::AsNumberWithUnit(units()));
    run->add_option("--lease", m_lease, "after which the node gives back by itself, at most 30m (default: chosen, 120s and more)")->transform(CLI::AsNumberWithUnit(units()));
    run->add_option("--steady", m_steady, "how long is watched before the cut (default 5s)")->transform(CLI::AsNumberWithUnit(units()));
    run->add_option("--rate", m_rate, "requests a second; at most 15 on the free plan")->check(CLI::Range(0.2, 200.0));
    run->add_option("--probe", m_probe, "what is asked: models, chat (one token), stream")->check(CLI::IsMember({"models", "chat", "stream"}));
    run->add_option("--requests", m_requests, "budget of requests; then the fault is given back")->check(CLI::Range(20, 1000000));
    run->add_option("--most-failed", m_mostFailed, "percent of requests that may fail during the fault (default 1)")->check(CLI::Range(0.0, 100.0));
    run->add_option("--override-last-backend", m_override, "id of the node that may be drilled though nobody else serves");
    CLI::App *list = add(*drill, "list", "drills so far, newest first", Verb::List);
    list->add_option("-n,--count", m_count, "how many (1 to 1000)")->check(CLI::Range(1, 1000));
    CLI::App *show = add(*drill, "show", "one drill", Verb::Show);
    show->add_option("ID", m_id, "how its id begins; the newest when left out");
    CLI::App *restore = add(*drill, "restore", "give back what a drill took whose program ended", Verb::Restore);
    restore->add_option("NODE", m_node, "this node alone, whoever took from it");
    CLI::App *report = add(*drill, "report", "write a report", Verb::Report);
    report->add_option("ID", m_id, "how its id begins; the newest when left out");
    report->add_option("--format", m_format, "html, markdown, json")->check(CLI::IsMember({"html", "markdown", "json"}));
    report->add_option("--output", m_file, "file, or - for stdout");
    CLI::App *check = add(*drill, "check", "whether a report in JSON is as it was when it was made", Verb::Check);
    check->add_option("FILE", m_file, "the report")->required();
}

DrillOptions DrillArguments::options() const
{
    DrillOptions out;
    out.verb = m_verb.value_or(DrillOptions::Verb::List);
    out.node = QString::fromStdString(m_node);
    out.id = QString::fromStdString(m_id);
    out.format = QString::fromStdString(m_format);
    out.file = QString::fromStdString(m_file);
    out.count = m_count;
    const auto seconds = [](std::uint64_t value) { return std::chrono::seconds(std::min<std::uint64_t>(value, 86400)); };
    out.request.node = out.node;
    out.request.fault = drillFaultOf(QString::fromStdString(m_fault)).value_or(DrillFault::Tunnel);
    out.request.duration = seconds(m_duration);
    if (m_lease > 0)
        out.request.lease = seconds(m_lease);
    out.request.steady = std::clamp(seconds(m_steady), std::chrono::seconds(1), std::chrono::seconds(600));
    out.request.rate = m_rate;
    out.request.probe = drillProbeOf(QString::fromStdString(m_probe)).value_or(DrillProbe::Models);
    out.request.mostRequests = m_requests;
    out.request.hypothesis.mostFailed = m_mostFailed / 100;
    out.request.lastBackendOverride = QString::fromStdString(m_override);
    return out;
}

} // namespace hybridge
