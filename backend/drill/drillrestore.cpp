// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What gives back: at the end of a drill and at its abort. None of it is stopped by a wish.
#include "backend/drill/drillrun.h"

#include "backend/base/units.h"
#include "backend/routing/routingservice.h"

#include <nlohmann/json.hpp>

#include <QDeadlineTimer>

#include <cmath>

namespace hybridge {

namespace {

constexpr auto grace = std::chrono::seconds(30); ///< after the end of a lease: the node gives back, and tries again
constexpr auto linkGrace = std::chrono::seconds(120); ///< the same where nobody can be asked: a link is dialled again in growing pauses
constexpr auto again = std::chrono::milliseconds(500);
constexpr auto afterglow = std::chrono::seconds(2); ///< watched on after the first answer

QString tr(const char *text)
{
    return DrillService::tr(text);
}

/// The link may be up again any moment; these say nothing about the node.
bool isLinkTrouble(const Error &error)
{
    return error.kind == Error::Kind::Network || error.kind == Error::Kind::Timeout || error.kind == Error::Kind::Cancelled || error.kind == Error::Kind::HostKey;
}

} // namespace

Task<bool> DrillRun::restoreNode(Self self, Ref run)
{
    const Clock &clock = self->m_ways.state().clock();
    const QString name = run->report.leaseId;
    const MonotonicMs over = std::max(run->until, clock.monotonic());
    QString why;
    bool first = true;
    bool isSilent = false;
    while (self && (first || clock.monotonic() < over + (isSilent ? std::chrono::milliseconds(linkGrace) : std::chrono::milliseconds(grace)))) {
        if (!first)
            co_await pause(again, {});
        first = false;
        if (!self)
            co_return false;
        const NodeState *node = self->m_ways.state().node(run->node());
        Shell *shell = self->m_ways.shell(run->node());
        if (!node || !shell) {
            why = tr("%1 has no link.").arg(run->node());
            break;
        }
        DrillLease lease(*shell, node->config);
        const Result<LeaseStatus> shown = co_await lease.show({});
        if (!self)
            co_return false;
        const bool isOurs = shown && shown->isOpen() && shown->id == name;
        if (shown && !isOurs && shown->lastId == name) {
            run->report.restoreNotes.append(tr("The node gave back by itself at %1.").arg(shown->lastAt));
            co_return true;
        }
        if (!shown && isLinkTrouble(shown.error())) {
            why = shown.error().summary;
            isSilent = true;
            continue;
        }
        // Also where nothing of ours is open: an order to cut that is still on its way must find its name used up.
        node = self->m_ways.state().node(run->node());
        shell = self->m_ways.shell(run->node());
        if (!node || !shell)
            continue;
        DrillLease order(*shell, node->config);
        const Result<LeaseStatus> back = co_await order.disarm(name, {});
        if (!self)
            co_return false;
        const bool others = !back && back.error().kind == Error::Kind::Refused && back.error().code == leaseTaken;
        if (shown && !isOurs && (others || (back && back->lastId != name))) {
            run->report.restoreNotes.append(tr("The node has no lease of this drill: nothing is taken."));
            co_return true;
        }
        isSilent = !back && isLinkTrouble(back.error());
        if (back && !(back->isOpen() && back->id == name)) {
            run->report.restoreNotes.append(tr("The node gave back and read it back: nothing is open there."));
            co_return true;
        }
        why = back ? tr("The lease is still open.") : back.error().summary + (back.error().detail.isEmpty() ? QString() : QLatin1Char(' ') + back.error().detail);
    }
    run->report.restoreNotes.append(tr("%1 could not be given back: %2").arg(run->node(), why));
    co_return false;
}

Task<bool> DrillRun::restoreRouter(Self self, Ref run)
{
    RoutingService *routing = self->m_ways.routing();
    if (!run->routerTaken || !routing || !routing->isConfigured())
        co_return true;
    const Clock &clock = self->m_ways.state().clock();
    const QDeadlineTimer deadline(std::chrono::seconds(run->isWeight() ? 60 : 30));
    QString why;
    do {
        const Result<RoutingState> read = co_await routing->read({});
        if (!self)
            co_return false;
        if (read && (!read->lease || read->lease->id != run->report.leaseId || !read->lease->isActive(clock.now()))) {
            run->routerTaken = false;
            co_return true;
        }
        if (read) {
            RouteChange change;
            change.endLease = true;
            change.message = QStringLiteral("hybridge drill: end of the lease");
            const Result<RouteProposal> proposal = co_await routing->propose(change, run->node(), {});
            if (!self)
                co_return false;
            if (proposal) {
                const RouteManner manner;
                const RouteOutcome outcome = co_await routing->apply(*proposal, true, manner, QStringLiteral("drill lease"), {});
                if (!self)
                    co_return false;
                why = outcome.report.error ? outcome.report.error->summary : QString();
            } else {
                why = proposal.error().summary;
            }
        } else {
            why = read.error().summary;
        }
        if (!why.isEmpty())
            co_await pause(again, {});
        if (!self)
            co_return false;
    } while (!deadline.hasExpired());
    run->report.restoreNotes.append(tr("The router's lease could not be ended (%1); it ends by itself within %2.").arg(why, formatDuration(run->plan.lock)));
    co_return false;
}

Task<bool> DrillRun::prove(Self self, Ref run)
{
    // What could not be given back is looked for a little longer: the node tries on by itself.
    const QDeadlineTimer deadline(run->report.restored ? run->plan.recoveryLimit : std::chrono::seconds(20));
    const NodeState *node = self->m_ways.state().node(run->node());
    if (!node || node->config.url.isEmpty() || !node->config.engine) {
        run->report.restoreNotes.append(tr("No token was asked for: the fleet file names no hostname or no engine of %1.").arg(run->node()));
        co_return true;
    }
    QString why;
    do {
        self->m_ways.look(run->node());
        const Result<ProofFacts> token = co_await self->m_ways.prove(run->node(), {});
        if (!self)
            co_return false;
        if (token) {
            run->report.marks.proven = run->prober ? std::optional(run->now()) : std::nullopt;
            run->report.restoreNotes.append(tr("A token came from %1 through the edge, after %2.").arg(drillLabel(self->m_ways.state(), run->node()), formatLatency(token->ms)));
            co_return true;
        }
        why = token.error().summary;
        co_await pause(again, {});
        if (!self)
            co_return false;
    } while (!deadline.hasExpired());
    run->report.restoreNotes.append(tr("No token came from %1 through the edge: %2").arg(run->node(), why));
    co_return false;
}

Task<void> DrillRun::watchRecovery(Self self, Ref run)
{
    const double restore = run->report.marks.restore.value_or(0);
    const QDeadlineTimer deadline(run->plan.recoveryLimit);
    QDeadlineTimer glow(QDeadlineTimer::Forever);
    while (!deadline.hasExpired() && !glow.hasExpired()) {
        if (run->wish.stop_requested() || run->prober->sent() >= run->plan.request.mostRequests)
            break;
        const QList<DrillSample> &samples = run->prober->samples();
        for (auto sample = samples.crbegin(); glow.isForever() && sample != samples.crend() && sample->at >= restore; ++sample)
            if (sample->isOk() && sample->node == run->node())
                glow = QDeadlineTimer(afterglow);
        co_await pause(std::chrono::milliseconds(50), {});
        if (!self)
            co_return;
    }
    countNow(*run);
    const DrillTimes times = drillTimes(run->report.samples, run->report.marks, run->node(), run->plan.request.rate);
    const QString seen = times.recover ? tr("First request there after %1.").arg(formatLatency(times.recover)) : tr("No request reached it while we watched.");
    co_await step(self, run, Recover, StepState::Done, seen);
}

Task<void> DrillRun::release(Self self, Ref run)
{
    if (run->prober) {
        const std::chrono::seconds patience(run->wish.stop_requested() ? 3 : 15);
        co_await run->prober->drain(patience);
        if (!self)
            co_return;
    }
    const bool routerBack = co_await restoreRouter(self, run);
    if (!self)
        co_return;
    QStringList left;
    for (const QString &id : std::as_const(run->locked)) {
        const NodeState *node = self->m_ways.state().node(id);
        Shell *shell = self->m_ways.shell(id);
        if (!node || !shell)
            continue;
        DrillLease lease(*shell, node->config);
        const QString name = run->report.leaseId;
        const Result<LeaseStatus> gone = co_await lease.disarm(name, {});
        if (!self)
            co_return;
        if (!gone && gone.error().kind != Error::Kind::Refused)
            left.append(id);
    }
    if (!left.isEmpty())
        run->report.restoreNotes.append(tr("The lock of %1 ends by itself within %2; it takes nothing away.").arg(left.join(QStringLiteral(", ")), formatDuration(run->plan.lock)));
    RoutingService *routing = self->m_ways.routing();
    if (routing && routing->isConfigured()) {
        const Result<RoutingState> after = co_await routing->read({});
        if (!self)
            co_return;
        if (after) {
            run->report.sharesAfter = after->effectiveShares(self->m_ways.state().clock().now());
            bool same = true;
            for (auto it = run->report.sharesBefore.begin(); it != run->report.sharesBefore.end(); ++it)
                same = same && std::abs(run->report.sharesAfter.value(it.key(), -1) - it.value()) < 0.5;
            if (!run->report.sharesBefore.isEmpty())
                run->report.restoreNotes.append(same ? tr("The shares are as before: %1.").arg(sharesText(run->report.sharesAfter))
                                                     : tr("The shares are not as before: %1 instead of %2.").arg(sharesText(run->report.sharesAfter), sharesText(run->report.sharesBefore)));
            run->report.restored = run->report.restored && (same || !run->isWeight());
        } else if (run->isWeight()) {
            run->report.restored = false;
        }
    }
    if (run->isWeight() && !routerBack)
        run->report.restored = false;
    const StepState ended = routerBack && left.isEmpty() ? StepState::Done : StepState::Failed;
    const QString lastNote = run->report.restoreNotes.value(run->report.restoreNotes.size() - 1);
    co_await step(self, run, Release, ended, lastNote);
}

Task<void> DrillRun::giveBack(Self self, Ref run)
{
    DrillReport &report = run->report;
    report.restored = true;
    const bool taken = run->nodeTaken || (run->isWeight() && run->routerTaken);
    phase(self, DrillPhase::Restore);
    if (taken) {
        report.marks.restore = run->prober ? std::optional(run->now()) : std::nullopt;
        self->m_live.report.marks = report.marks;
        co_await step(self, run, Restore, StepState::Running, {});
        if (!self)
            co_return;
        bool back = false;
        if (run->isWeight())
            back = co_await restoreRouter(self, run);
        else
            back = co_await restoreNode(self, run);
        if (!self)
            co_return;
        report.marks.restored = run->prober && back ? std::optional(run->now()) : std::nullopt;
        self->m_live.report.marks = report.marks;
        report.restored = back;
        if (back)
            self->m_live.leaseUntil.reset();
        const StepState restoreState = back ? StepState::Done : StepState::Failed;
        const QString restoreNote = report.restoreNotes.value(report.restoreNotes.size() - 1);
        co_await step(self, run, Restore, restoreState, restoreNote);
        if (!self)
            co_return;
        phase(self, DrillPhase::Recovery);
        co_await step(self, run, Verify, StepState::Running, {});
        if (!self)
            co_return;
        // Also after a failure: the node tries on by itself, and a token is the proof that it was heard.
        const bool proven = co_await prove(self, run);
        if (!self)
            co_return;
        report.restored = back && proven;
        const StepState proofState = proven ? StepState::Done : StepState::Failed;
        const QString proofNote = report.restoreNotes.value(report.restoreNotes.size() - 1);
        co_await step(self, run, Verify, proofState, proofNote);
        if (!self)
            co_return;
        const bool watches = run->prober && proven && run->abortWhy.isEmpty() && !run->wish.stop_requested() && report.sharesBefore.value(run->node(), 1) > 0
            && (run->ask.worker || !run->ask.codes.isEmpty());
        if (watches) {
            co_await step(self, run, Recover, StepState::Running, {});
            if (!self)
                co_return;
            co_await watchRecovery(self, run);
            if (!self)
                co_return;
        } else {
            const QString why = run->abortWhy.isEmpty() ? QString() : tr("The drill was aborted.");
            co_await step(self, run, Recover, StepState::Skipped, why);
            if (!self)
                co_return;
        }
    } else {
        for (int left = run->current + 1; left < Release; ++left) {
            co_await step(self, run, left, StepState::Skipped, tr("Nothing was taken away."));
            if (!self)
                co_return;
        }
    }
    co_await step(self, run, Release, StepState::Running, {});
    if (!self)
        co_return;
    co_await release(self, run);
}

Task<void> DrillRun::close(Self self, Ref run)
{
    DrillReport &report = run->report;
    countNow(*run);
    report.marks.end = run->prober ? std::optional(run->now()) : std::nullopt;
    report.times = drillTimes(report.samples, report.marks, run->node(), run->plan.request.rate);
    const DrillJudgement judgement = judgeDrill(report, run->abortWhy);
    report.verdict = judgement.verdict;
    report.reasons = judgement.reasons;
    if (!report.restored && report.verdict == DrillVerdict::Aborted)
        report.reasons.prepend(tr("The node could not be restored."));
    report.ended = self->m_ways.state().clock().now();
    const Result<QString> digest = co_await self->m_journal.digest(report);
    if (!self)
        co_return;
    report.digest = digest ? *digest : drillDigest(report);
    static_cast<void>(co_await self->keep(report)); // that it could not be written is told by itself
    if (!self)
        co_return;
    nlohmann::ordered_json note;
    note["text"] = tr("Verdict: %1. Digest of the report: %2").arg(drillVerdictName(report.verdict), report.digest).toStdString();
    note["drill"] = drillDocument(report, false);
    note["drill"].erase("bySecond");
    co_await self->log(report.id, run->node(), ActivityEvent::Note, ActivityPayload::of(note, self->m_redactor));
    if (!self)
        co_return;
    OperationReport &steps = self->m_live.steps;
    steps.ended = report.ended;
    steps.result = !report.restored ? OperationResult::Failed
        : !run->abortWhy.isEmpty()  ? (run->error && run->error->kind != Error::Kind::Cancelled ? resultOf(*run->error) : OperationResult::Cancelled)
                                    : OperationResult::Done;
    if (!report.restored)
        steps.error = Error(Error::Kind::Remote, tr("The node could not be restored."), report.restoreNotes.join(QLatin1Char(' '))).withRemedy(QStringLiteral("hybridgectl drill restore %1").arg(run->node()));
    else
        steps.error = run->error;
    if (!run->hasEnded) {
        co_await self->log(report.id, run->node(), ActivityEvent::Ended, endedPayload(steps, self->m_redactor));
        if (!self)
            co_return;
    }
    self->m_live.report = report;
    self->m_live.leaseUntil.reset();
    self->m_live.phase = DrillPhase::Ended;
    self->m_prober = nullptr;
    Q_EMIT self->changed();
    if (self)
        Q_EMIT self->finished(report);
}

} // namespace hybridge
