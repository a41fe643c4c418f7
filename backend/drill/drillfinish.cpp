// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What gives back for a program that is gone, and what could not be given back in its time.
#include "backend/drill/drillrun.h"

#include "backend/base/units.h"

#include <algorithm>

namespace hybridge {

Task<Result<QList<DrillReport>>> DrillService::interrupted(std::stop_token stop)
{
    const QPointer<DrillService> self(this);
    const Result<QList<DrillReport>> open = co_await m_journal.open();
    if (!self || stop.stop_requested())
        co_return drillCancelled();
    if (!open || open->isEmpty())
        co_return open;
    const Result<QList<OperationSummary>> unfinished = co_await m_log.unfinished(m_fleet);
    if (!self)
        co_return drillCancelled();
    if (!unfinished)
        co_return unfinished.error();
    QList<DrillReport> left;
    for (const DrillReport &drill : *open) {
        bool isAlive = false;
        for (const OperationSummary &one : *unfinished)
            isAlive = isAlive || (one.id == drill.id && one.holder != HolderState::Gone);
        if (!isAlive)
            left.append(drill);
    }
    co_return left;
}

Task<Result<QList<DrillReport>>> DrillService::unrestored(std::stop_token stop)
{
    const QPointer<DrillService> self(this);
    const Result<QList<DrillReport>> all = co_await m_journal.list();
    if (!self || stop.stop_requested())
        co_return drillCancelled();
    if (!all)
        co_return all.error();
    QList<DrillReport> left;
    QStringList seen;
    for (const DrillReport &drill : *all) {
        const bool isNewest = !seen.contains(drill.request.node);
        seen.append(drill.request.node);
        if (!isNewest || !drill.ended.isValid() || drill.restored)
            continue;
        DrillReport again = drill;
        again.restoreNotes.clear(); // they are found anew
        left.append(again);
    }
    co_return left;
}

Task<DrillReport> DrillService::finish(DrillReport drill, std::stop_token stop)
{
    const QPointer<DrillService> self(this);
    if (m_live.isRunning())
        co_return drill;
    const auto run = std::make_shared<DrillRun>();
    run->hasEnded = drill.ended.isValid();
    // The list gives drills without their samples.
    const Result<DrillReport> whole = co_await m_journal.load(drill.id);
    if (whole)
        drill.samples = whole->samples;
    if (!self || m_live.isRunning())
        co_return drill;
    run->report = drill;
    run->plan.request = drill.request;
    run->plan.lease = drill.leaseTime;
    run->plan.lock = longestLease;
    run->plan.recoveryLimit = drill.request.fault == DrillFault::Engine ? std::chrono::seconds(600) : std::chrono::seconds(120);
    run->wish = std::move(stop);
    run->abortWhy = run->hasEnded ? tr("It could not be restored when it ended.") : tr("The program ended in the middle of the drill.");
    run->nodeTaken = drill.marks.cut.has_value() && !run->isWeight();
    run->routerTaken = true; // it is looked up
    const FleetState &fleet = m_ways.state();
    // By the wall clock, which another program saw: its lease ends at the latest so long after the drill began.
    const qint64 over = drill.begun.addSecs(drill.leaseTime.count() + drill.request.steady.count() + 60).toMSecsSinceEpoch() - fleet.clock().now().toMSecsSinceEpoch();
    run->until = fleet.clock().monotonic() + std::chrono::milliseconds(std::clamp<qint64>(over, 0, std::chrono::milliseconds(longestLease).count()));
    for (const NodeConfig &node : fleet.config().nodes)
        if (node.ssh && node.id != run->node())
            run->locked.append(node.id);
    m_live = DrillLive();
    m_live.plan = run->plan;
    m_live.report = run->report;
    m_live.phase = DrillPhase::Restore;
    m_live.steps.id = drill.id;
    m_live.steps.operation = QStringLiteral("drill run");
    m_live.steps.node = run->node();
    m_live.steps.begun = drill.begun;
    DrillRun::planSteps(m_live.steps, drillLabel(fleet, run->node()));
    run->current = DrillRun::Hold;
    co_await DrillRun::giveBack(self, run);
    if (!self)
        co_return drill;
    co_await DrillRun::close(self, run);
    co_return run->report;
}

Task<Result<LeaseStatus>> DrillService::giveBack(QString node, std::stop_token stop)
{
    const QPointer<DrillService> self(this);
    const NodeState *state = m_ways.state().node(node);
    Shell *shell = m_ways.shell(node);
    if (!state || !shell)
        co_return Error(Error::Kind::NotFound, tr("The fleet file has no node \"%1\" with ssh.").arg(safeText(node, 80)));
    DrillLease look(*shell, state->config);
    const Result<LeaseStatus> shown = co_await look.show(stop);
    if (!self)
        co_return drillCancelled();
    if (!shown || !shown->isOpen())
        co_return shown;
    shell = m_ways.shell(node);
    state = m_ways.state().node(node);
    if (!shell || !state)
        co_return drillCancelled();
    DrillLease order(*shell, state->config);
    const QString id = shown->id;
    co_return co_await order.disarm(id, stop);
}

} // namespace hybridge
