// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/guards.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace hybridge {

namespace {

using Weight = GuardFinding::Weight;

QString tr(const char *text)
{
    return QCoreApplication::translate("Guards", text);
}

QString labelOf(const NodeState &node)
{
    return safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 80);
}

bool isCloudMachine(const NodeState &node)
{
    return node.config.machine && node.config.machine->kind != MachineKind::Host;
}

/// The operation ends with the machine off (or suspended).
bool endsMachine(OperationKind kind, const NodeState &node)
{
    return isCloudMachine(node)
        && (kind == OperationKind::MachineStop || kind == OperationKind::MachineSuspend || kind == OperationKind::Down);
}

/// What the operation takes away is something that requests need.
bool takesServing(const OperationRequest &request, const NodeState &node)
{
    if (!takesAway(request.kind))
        return false;
    if (!isServiceOperation(request.kind))
        return true;
    const bool engine = node.config.engine && node.config.engine->service == request.service;
    const bool connector = node.config.connector && node.config.connector->service == request.service;
    return engine || connector;
}

void guardKind(const OperationRequest &request, const NodeState &node, QList<GuardFinding> &out)
{
    if (isMachineOperation(request.kind) && !isCloudMachine(node)) {
        out.append({QStringLiteral("no-machine"), Weight::Block,
            tr("%1 has no machine that can be started or stopped from here.").arg(labelOf(node)),
            node.config.machine ? tr("Its machine is of kind host: it stands at your place.") : tr("The fleet file names no machine for it."),
            tr("Use \"hybridgectl service\" for its services, or \"hybridgectl up %1\" and \"hybridgectl down %1\".").arg(request.node)});
    }
    if (isServiceOperation(request.kind) || request.kind == OperationKind::Up || request.kind == OperationKind::Down) {
        const bool services = (node.config.engine && !node.config.engine->service.isEmpty()) || node.config.connector || isServiceOperation(request.kind);
        if (!node.config.ssh && services && !(request.kind == OperationKind::Down && isCloudMachine(node)))
            out.append({QStringLiteral("no-ssh"), Weight::Block, tr("The services of %1 cannot be reached.").arg(labelOf(node)),
                tr("The fleet file names no ssh for it."), tr("Add \"ssh\" with host and user to the node in the fleet file.")});
    }
}

void guardLastBackend(const FleetState &fleet, const OperationRequest &request, const GuardFacts &facts, const NodeState &node, QList<GuardFinding> &out)
{
    if (!takesServing(request, node))
        return;
    const NodeCondition condition = node.diagnosis.condition;
    if (condition == NodeCondition::Down || condition == NodeCondition::Stopped)
        return; // nothing of it is left to take away
    QStringList idle;
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &other = fleet.at(i);
        if (other.config.id == node.config.id)
            continue;
        const bool isLeaving = facts.leaving.contains(other.config.id);
        if (isServing(other) && !isLeaving)
            return;
        idle.append(isLeaving ? tr("%1 is being taken away").arg(labelOf(other)) : tr("%1 is %2").arg(labelOf(other), conditionLabel(other.diagnosis.condition).toLower()));
    }
    const bool overridden = request.lastBackendOverride == node.config.id;
    out.append({QStringLiteral("last-backend"), overridden ? Weight::Confirm : Weight::Block,
        tr("%1 is the last node that serves: your users would get errors.").arg(labelOf(node)),
        idle.isEmpty() ? tr("The fleet has no other node.") : tr("Nobody else can answer: %1.").arg(idle.join(QStringLiteral(", "))),
        overridden ? QString()
                   : tr("Bring another node up first, or name it on purpose: --override-last-backend %1").arg(node.config.id)});
}

void guardUse(const FleetState &fleet, const OperationRequest &request, const NodeState &node, QList<GuardFinding> &out)
{
    if (!takesServing(request, node) || !node.config.engine)
        return;
    const NodeCondition condition = node.diagnosis.condition;
    if (condition == NodeCondition::Stopped)
        return;
    const EngineUse use = engineUse(node, fleet.clock().monotonic());
    if (!use.requests) {
        out.append({QStringLiteral("use-unknown"), Weight::Confirm,
            tr("Whether somebody uses %1 right now is not known.").arg(labelOf(node)), use.witness,
            tr("Requests that run would be cut.")});
        return;
    }
    if (*use.requests <= 0)
        return;
    const bool waits = request.kind == OperationKind::Down && request.drainLimit > 0s;
    out.append({QStringLiteral("in-use"), Weight::Confirm, tr("%1 is in use: %2.").arg(labelOf(node), use.witness), {},
        waits ? tr("It is given %1 to finish; what still runs then %2.")
                    .arg(formatDuration(request.drainLimit), request.strictDrain ? tr("stops this operation") : tr("is cut"))
              : tr("These requests are cut.")});
}

void guardReturn(const OperationRequest &request, const GuardFacts &facts, const NodeState &node, QList<GuardFinding> &out)
{
    if (!endsMachine(request.kind, node))
        return;
    QString why = tr("A stopped machine holds no capacity: its zone may have none when it is started again.");
    QList<StockOut> known = facts.stockOuts;
    if (known.isEmpty() && node.machine.isKnown() && !node.machine->startError.isEmpty())
        known.append({node.machine->lastStop, node.machine->zone, node.machine->startError});
    if (known.isEmpty()) {
        why += QLatin1Char(' ') + tr("No stock-out of this node is on record.");
    } else {
        QStringList words;
        for (const StockOut &one : known.mid(0, 3))
            words.append(QStringLiteral("%1 (%2)").arg(one.at.isValid() ? QLocale().toString(one.at.toLocalTime(), QLocale::ShortFormat) : tr("date unknown"), safeText(one.zone, 60)));
        why += QLatin1Char(' ') + (known.size() == 1
            ? tr("This node found none once: %1.").arg(words.first())
            : tr("This node found none %1 times, the newest: %2.").arg(QString::number(known.size()), words.join(QStringLiteral(", "))));
    }
    out.append({QStringLiteral("may-not-come-back"), Weight::Confirm, tr("%1 may not come back when you want it.").arg(labelOf(node)), why,
        node.config.machine->alternatives.isEmpty() ? tr("List other zones or machine types as \"alternatives\" of its machine.") : QString()});
}

void guardLocalSsd(const OperationRequest &request, const NodeState &node, QList<GuardFinding> &out)
{
    if (!endsMachine(request.kind, node) || !node.machine.isKnown() || !node.machine->localSsd)
        return;
    if (request.discardLocalSsd) {
        out.append({QStringLiteral("local-ssd"), Weight::Confirm,
            *request.discardLocalSsd ? tr("What lies on the Local SSD of %1 is lost.").arg(labelOf(node))
                                     : tr("The Local SSD of %1 is kept, which takes time and costs storage.").arg(labelOf(node)),
            {}, {}});
        return;
    }
    out.append({QStringLiteral("local-ssd"), Weight::Block, tr("%1 has a Local SSD: what becomes of its data?").arg(labelOf(node)),
        tr("Google refuses a stop that does not say so."), tr("Say --discard-local-ssd yes (it is lost) or no (it is kept, and costs).")});
}

void guardBusy(const GuardFacts &facts, const NodeState &node, QList<GuardFinding> &out)
{
    if (!facts.busyWith.isEmpty())
        out.append({QStringLiteral("busy"), Weight::Block, tr("Somebody works on %1 already.").arg(labelOf(node)), facts.busyWith,
            tr("Wait until that has ended, or cancel it there.")});
}

} // namespace

bool isServing(const NodeState &node)
{
    if (!node.config.engine && node.config.url.isEmpty())
        return false; // nothing there that could answer a request
    return node.diagnosis.condition == NodeCondition::Healthy || node.diagnosis.condition == NodeCondition::Degraded;
}

EngineUse engineUse(const NodeState &node, MonotonicMs now)
{
    constexpr auto Fresh = std::chrono::seconds(30);
    EngineUse use;
    if (node.engine.isFresh(now, Fresh) && node.engine->running) {
        const double waiting = node.engine->waiting.value_or(0);
        use.requests = *node.engine->running + waiting;
        use.witness = tr("the engine counts %1 running and %2 waiting").arg(*node.engine->running).arg(waiting);
        return use;
    }
    if (node.connector.isFresh(now, Fresh) && node.connector->concurrentRequests) {
        use.requests = *node.connector->concurrentRequests;
        use.witness = tr("its connector carries %1 requests").arg(*node.connector->concurrentRequests);
        return use;
    }
    use.witness = node.config.connector && !node.config.connector->metrics.isEmpty() ? tr("Neither the engine nor the connector tells a count.")
                                                                                    : tr("The engine tells no count, and no connector metrics are configured.");
    return use;
}

QList<GuardFinding> guardFindings(const FleetState &fleet, const OperationRequest &request, const GuardFacts &facts)
{
    QList<GuardFinding> out;
    const NodeState *node = fleet.node(request.node);
    if (!node) {
        out.append({QStringLiteral("no-node"), Weight::Block, tr("The fleet has no node \"%1\".").arg(safeText(request.node, 80)), {}, {}});
        return out;
    }
    guardKind(request, *node, out);
    guardBusy(facts, *node, out);
    guardLastBackend(fleet, request, facts, *node, out);
    guardLocalSsd(request, *node, out);
    guardUse(fleet, request, *node, out);
    guardReturn(request, facts, *node, out);
    std::stable_sort(out.begin(), out.end(), [](const GuardFinding &a, const GuardFinding &b) { return a.weight > b.weight; });
    return out;
}

} // namespace hybridge
