// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/spotcommand.h"

#include "app/ctl/options.h"
#include "app/ctl/terminal.h"
#include "backend/fleet/statusjson.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

nlohmann::ordered_json momentOrNull(const QDateTime &at)
{
    return at.isValid() ? nlohmann::ordered_json(at.toUTC().toString(Qt::ISODateWithMs).toStdString()) : nlohmann::ordered_json(nullptr);
}

void tell(const QString &node, const SpotOutlook &outlook, bool json)
{
    if (!json) {
        Terminal::print(QStringLiteral("%1: %2\n").arg(node, spotSentence(outlook)).toUtf8());
        return;
    }
    nlohmann::ordered_json line;
    line["node"] = node.toStdString();
    line["state"] = spotStateName(outlook.state).toStdString();
    line["preemptedAt"] = momentOrNull(outlook.preemptedAt);
    line["next"] = momentOrNull(outlook.next);
    line["tries"] = outlook.tries;
    line["withoutCapacity"] = outlook.withoutCapacity;
    line["sentence"] = spotSentence(outlook).toStdString();
    Terminal::print(dumpJson(line, -1) + '\n');
}

} // namespace

Task<int> watchSpot(SpotRestarter &restarter, LifecycleService &service, const FleetState &state, SpotWatchOptions wish, std::stop_token stop)
{
    const auto isMeant = [&wish](const QString &node) { return wish.nodes.isEmpty() || wish.nodes.contains(node); };
    const QStringList wanted = restarter.nodes();
    for (const QString &id : wish.nodes) {
        if (!wanted.contains(id)) {
            Terminal::say(QCoreApplication::translate("SpotCommand", "The fleet file asks for no automatic restart of %1: see machine.spotRestart.").arg(id));
            co_return ExitUsage;
        }
    }
    if (wanted.isEmpty()) {
        Terminal::say(QCoreApplication::translate("SpotCommand", "No node of the fleet file asks for an automatic restart: see machine.spotRestart."));
        co_return ExitUsage;
    }
    QObject here;
    QObject::connect(&restarter, &SpotRestarter::outlookChanged, &here, [&](const QString &node, const SpotOutlook &outlook) {
        if (isMeant(node))
            tell(node, outlook, wish.json);
    });
    QObject::connect(&service, &LifecycleService::operationFinished, &here, [](RunningOperation *operation) {
        const OperationReport &report = operation->report();
        Terminal::say(QStringLiteral("%1: %2 %3%4").arg(report.node, report.operation, operationResultName(report.result),
            report.error ? QStringLiteral(" — ") + report.error->summary : QString()));
    });
    if (wish.once) {
        co_await restarter.look(wish.nodes, stop);
        bool isOff = false;
        for (const QString &node : wanted) {
            const NodeState *seen = state.node(node);
            const bool runs = seen && seen->machine.isKnown() && seen->machine->status == QLatin1String("RUNNING");
            isOff = isOff || (isMeant(node) && restarter.outlook(node).state != SpotOutlook::State::Ready && !runs);
        }
        co_return stop.stop_requested() ? ExitFailed : isOff ? ExitUnhealthy : ExitDone;
    }
    restarter.start(std::chrono::seconds(1));
    while (!stop.stop_requested())
        if (!co_await pause(std::chrono::hours(1), stop))
            break;
    // What it had begun is brought to a safe end first.
    co_await service.stopAll(std::chrono::seconds(30));
    co_return ExitDone;
}

} // namespace hybridge
