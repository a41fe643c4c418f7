// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/routearguments.h"

#include <map>

namespace hybridge {

namespace {

/// "30m", "90s", "2h": a number alone is seconds.
const std::map<std::string, std::uint64_t> &units()
{
    static const std::map<std::string, std::uint64_t> all {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    return all;
}

} // namespace

CLI::App *RouteArguments::add(CLI::App &to, const char *name, const char *text, RouteOptions::Verb verb)
{
    CLI::App *sub = to.add_subcommand(name, text);
    sub->callback([this, verb] { m_verb = verb; });
    return sub;
}

void RouteArguments::addChangeOptions(CLI::App &sub, bool lease)
{
    sub.add_option("--override-last-backend", m_override, "id of the node that may lose its share though nobody else serves");
    sub.add_flag("--canary", m_canary, "in watched steps that give themselves back: a tenth, a half, all of the way");
    sub.add_option("--dwell", m_dwell, "how long each step of a canary is watched (default 30s)")->transform(CLI::AsNumberWithUnit(units()));
    if (lease)
        sub.add_option("--for", m_for, "hold the shares for this time alone, such as 10m; the router gives them back")->transform(CLI::AsNumberWithUnit(units()));
}

void RouteArguments::addMonitor(CLI::App &route)
{
    CLI::App *monitor = add(route, "monitor", "the balancer's health checks: show, change, or let the probes try a change", RouteOptions::Verb::Monitor);
    monitor->add_option("NODE", m_node, "id of the node, or a pool's name");
    monitor->add_option("--path", m_path, "what is asked for, such as /health");
    monitor->add_option("--codes", m_codes, "status codes that count as healthy, such as 200 or 2xx");
    monitor->add_option("--interval", m_interval, "seconds between checks");
    monitor->add_option("--check-timeout", m_timeout, "seconds for one check");
    monitor->add_option("--retries", m_retries, "tries more after a time-out");
    monitor->add_option("--header", m_headers, "NAME=VALUE; the value of a secret header is a reference such as keyring:NAME");
    monitor->add_option("--remove-header", m_removedHeaders, "name of a header to leave out");
    monitor->add_flag("--preview", m_preview, "let the probes try it, save nothing");
}

void RouteArguments::addTo(CLI::App &cli)
{
    using Verb = RouteOptions::Verb;
    CLI::App *route = cli.add_subcommand("route", "how requests are shared out between the nodes");
    route->require_subcommand(1);
    add(*route, "show", "the shares as the router has them", Verb::Show);
    CLI::App *set = add(*route, "set", "change the shares, read them back", Verb::Set);
    set->add_option("SHARE", m_shares, "NODE=PERCENT, whole percents; nodes left out share the rest as they stand")->required(); // no "=" in a name: CLI11 2.4
    addChangeOptions(*set, true);
    CLI::App *drain = add(*route, "drain", "take a node's share away; the others get it", Verb::Drain);
    drain->add_option("NODE", m_node, "id of the node")->required();
    addChangeOptions(*drain, true);
    CLI::App *verify = add(*route, "verify", "count who answers through the protected hostname", Verb::Verify);
    verify->add_option("--samples", m_samples, "requests (10 to 2000; default 400)")->check(CLI::Range(10, 2000));
    verify->add_option("--rate", m_rate, "requests a second; at most 15 on the free plan")->check(CLI::Range(0.5, 200.0));
    verify->add_flag("!--no-witness", m_witness, "do not look for one answer's request in the engines' logs over SSH");
    verify->add_flag("--install-marks", m_marks, "first teach each tunnel to say which node it is (load balancer)");
    CLI::App *history = add(*route, "history", "changes of the shares, newest first", Verb::History);
    history->add_option("-n,--count", m_count, "how many (1 to 100)")->check(CLI::Range(1, 100));
    CLI::App *rollback = add(*route, "rollback", "take the newest change back", Verb::Rollback);
    addChangeOptions(*rollback, false);
    addMonitor(*route);
    add(*route, "end-lease", "end shares that were set for a time", Verb::EndLease);
}

RouteOptions RouteArguments::options() const
{
    RouteOptions out;
    out.verb = m_verb.value_or(RouteOptions::Verb::Show);
    for (const std::string &share : m_shares)
        out.shares.append(QString::fromStdString(share));
    out.node = QString::fromStdString(m_node);
    out.lastBackendOverride = QString::fromStdString(m_override);
    out.holdFor = std::chrono::seconds(std::min<std::uint64_t>(m_for, 7 * 86400));
    out.dwell = std::chrono::seconds(std::clamp<std::uint64_t>(m_dwell, 1, 3600));
    out.canary = m_canary;
    out.samples = m_samples;
    out.rate = m_rate;
    out.installMarks = m_marks;
    out.witness = m_witness;
    out.count = m_count;
    out.monitor.node = out.node;
    if (!m_path.empty())
        out.monitor.edit.path = QString::fromStdString(m_path);
    if (!m_codes.empty())
        out.monitor.edit.expectedCodes = QString::fromStdString(m_codes);
    if (m_interval > 0)
        out.monitor.edit.interval = m_interval;
    if (m_timeout > 0)
        out.monitor.edit.timeout = m_timeout;
    if (m_retries >= 0)
        out.monitor.edit.retries = m_retries;
    for (const std::string &header : m_headers)
        out.monitor.headers.append(QString::fromStdString(header));
    for (const std::string &header : m_removedHeaders)
        out.monitor.edit.removedHeaders.append(QString::fromStdString(header));
    out.monitor.preview = m_preview;
    return out;
}

} // namespace hybridge
