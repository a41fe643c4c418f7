// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/statuscommand.h"

#include "app/ctl/openfleet.h"
#include "app/ctl/statustable.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/fleet/fleetsession.h"
#include "backend/fleet/statusjson.h"
#include "backend/routing/routingwatch.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("StatusCommand", text);
}

/// One node alone: as if the file had no other. The endpoint stays: it is what users see.
Result<FleetConfig> narrowed(FleetConfig config, const QString &node)
{
    if (node.isEmpty())
        return config;
    const NodeConfig *wanted = config.node(node);
    if (!wanted) {
        QStringList known;
        for (const NodeConfig &n : config.nodes)
            known.append(n.id);
        return Error(Error::Kind::Invalid, tr("The fleet file has no node \"%1\".").arg(node),
            tr("It has: %1").arg(known.join(QStringLiteral(", "))), ExitUsage);
    }
    config.nodes = {*wanted};
    return config;
}

int exitCode(const FleetState &state)
{
    if (endpointStateName(state.endpoint()) == QLatin1String("failing"))
        return ExitUnhealthy;
    for (int i = 0; i < state.nodeCount(); ++i) {
        const NodeCondition condition = state.at(i).diagnosis.condition;
        if (condition == NodeCondition::Degraded || condition == NodeCondition::Down)
            return ExitUnhealthy;
    }
    return ExitDone;
}

/// The document of statusDocument() on one line, put together node by node: the tree of 300 nodes, built and freed every
/// second, would leave the heap in pieces.
QByteArray statusLine(const FleetState &state)
{
    QByteArray line = dumpJson(statusFront(state), -1);
    line.chop(1);
    line += ",\"nodes\":[";
    for (int i = 0; i < state.nodeCount(); ++i) {
        if (i > 0)
            line += ',';
        line += dumpJson(statusOfNode(state.at(i), state.clock()), -1);
    }
    return line + "]}\n";
}

void show(const FleetState &state, const Options &options, bool watching)
{
    if (options.json) {
        // Watching: one document a line, so that a reader can take them one by one.
        Terminal::print(watching ? statusLine(state) : dumpJson(statusDocument(state), 2) + '\n');
        return;
    }
    const bool colour = Terminal::hasColour();
    QByteArray text = statusTable(state, colour).toUtf8();
    if (watching && colour)
        text.prepend("\x1b[H\x1b[2J");
    Terminal::print(text);
}

} // namespace

Task<int> runStatus(Options options, StatusOptions status, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const Result<FleetConfig> config = narrowed(file->config(), status.node);
    if (!config) {
        Terminal::say(config.error().summary + QLatin1Char(' ') + config.error().detail);
        co_return ExitUsage;
    }
    TerminalHostKey hostKeys;
    FleetSessionOptions session;
    session.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    session.hostKeyMode = options.hostKey;
    session.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    if (!status.watch) {
        // One look: what has not answered shortly before the end is told as such.
        const auto patience = std::max<std::chrono::milliseconds>(options.timeout - 2s, 1s);
        session.schedule.firstGpuRow = std::min(session.schedule.firstGpuRow, patience);
        // A hung driver is told as soon as two looks have proven it, about 6 s from now; a slow one is waited for.
        session.schedule.gpuLook = std::min<std::chrono::milliseconds>(patience / 2, 2500ms);
        session.schedule.dialTimeout = std::min(session.schedule.dialTimeout, patience);
        session.schedule.probeTimeout = std::min(session.schedule.probeTimeout, patience);
    }
    FleetSession fleet(*config, resolver, clock, session);
    // The log is never opened here: nothing is changed.
    ActivityLog log(activityPath(*config, file->path()), clock, QStringLiteral("hybridgectl"));
    RoutingService routing(fleet.state(), fleet, log, config->name);
    RoutingWatch routingWatch(routing);
    fleet.start();
    routingWatch.start();

    const QDeadlineTimer deadline(options.timeout);
    while (!stop.stop_requested() && !deadline.hasExpired() && !(fleet.watch().isSettled() && routingWatch.isSettled()))
        if (!co_await pause(50ms, stop))
            break;
    if (status.probe && !stop.stop_requested())
        co_await fleet.watch().proveAll(stop);
    while (status.watch && !stop.stop_requested()) {
        fleet.state().flush();
        show(fleet.state(), options, true);
        co_await pause(1s, stop);
    }
    fleet.state().flush();
    if (!status.watch)
        show(fleet.state(), options, false);
    co_return exitCode(fleet.state());
}

} // namespace hybridge
