// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/lifecycleservice.h"

#include "backend/base/units.h"
#include "backend/lifecycle/requestjson.h"
#include "backend/lifecycle/sequence.h"
#include "backend/lifecycle/stockouts.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTimer>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

double secondsBetween(MonotonicMs from, MonotonicMs to)
{
    return std::chrono::duration<double>(to - from).count();
}

} // namespace

bool OperationProposal::isBlocked() const
{
    return std::any_of(findings.begin(), findings.end(), [](const GuardFinding &one) { return one.weight == GuardFinding::Weight::Block; });
}

bool OperationProposal::wantsConfirmation() const
{
    return std::any_of(findings.begin(), findings.end(), [](const GuardFinding &one) { return one.weight == GuardFinding::Weight::Confirm; });
}

QString undoOf(const OperationRequest &request)
{
    const QString node = request.node;
    switch (request.kind) {
    case OperationKind::Up: return QStringLiteral("hybridgectl down %1").arg(node);
    case OperationKind::Down: return QStringLiteral("hybridgectl up %1").arg(node);
    case OperationKind::MachineStart: return QStringLiteral("hybridgectl machine stop %1").arg(node);
    case OperationKind::MachineStop: return QStringLiteral("hybridgectl machine start %1").arg(node);
    case OperationKind::MachineSuspend: return QStringLiteral("hybridgectl machine resume %1").arg(node);
    case OperationKind::MachineResume: return QStringLiteral("hybridgectl machine suspend %1").arg(node);
    case OperationKind::ServiceStart: return QStringLiteral("hybridgectl service stop %1 %2").arg(node, request.service);
    case OperationKind::ServiceStop: return QStringLiteral("hybridgectl service start %1 %2").arg(node, request.service);
    case OperationKind::MachineReset:
    case OperationKind::ServiceRestart:
    case OperationKind::ServiceEnable: break;
    }
    return {};
}

LifecycleService::LifecycleService(LifecycleWays &ways, ActivityLog &log, QString fleet, QObject *parent)
    : QObject(parent), m_ways(ways), m_log(log), m_fleet(std::move(fleet))
{
}

LifecycleService::~LifecycleService()
{
    for (const auto &operation : m_operations)
        operation->requestStop();
}

OperationPlan LifecycleService::planOf(const OperationRequest &request, const QList<SequenceStep> &steps, const QList<GuardFinding> &findings) const
{
    OperationPlan plan;
    for (const SequenceStep &step : steps) {
        StepReport report;
        report.id = step.id;
        report.name = step.name;
        plan.steps.append(report);
        plan.calls.append(step.calls);
    }
    if (!request.cause.isEmpty())
        plan.warnings.append(request.cause);
    for (const GuardFinding &finding : findings)
        plan.warnings.append(finding.what);
    plan.undo = undoOf(request);
    return plan;
}

Task<GuardFacts> LifecycleService::guardFacts(OperationRequest request, QString operation)
{
    GuardFacts facts;
    const QPointer<LifecycleService> self(this);
    const RunningOperation *ours = runningOn(request.node);
    if (ours)
        facts.busyWith = tr("\"%1\" runs in this program.").arg(operationTitle(ours->request().kind, request.node, ours->request().service));
    const Result<QList<NodeClaim>> claims = co_await m_log.claims(m_fleet);
    if (!self)
        co_return facts;
    if (claims) {
        // Whoever claimed later gives way, so that not both do.
        const auto own = std::find_if(claims->cbegin(), claims->cend(), [&operation](const NodeClaim &claim) { return claim.operation == operation; });
        for (const NodeClaim &claim : *claims) {
            if (claim.holder != HolderState::Alive && claim.holder != HolderState::Elsewhere)
                continue;
            const std::optional<OperationKind> kind = operationKindFromName(claim.kind);
            const bool isLater = own != claims->cend() && claim.since > own->since;
            if (claim.node != request.node && kind && takesAway(*kind) && !isLater)
                facts.leaving.append(claim.node);
            if (claim.node == request.node && facts.busyWith.isEmpty())
                facts.busyWith = tr("\"%1\" by %2 since %3.").arg(claim.kind, claim.who, claim.since.toLocalTime().toString(QStringLiteral("HH:mm:ss")));
        }
    }
    ActivityFilter filter;
    filter.fleet = m_fleet;
    filter.node = request.node;
    filter.text = stockOutMark();
    const Result<ActivityPage> lines = co_await m_log.page(filter, fromNewest, 50);
    if (lines)
        facts.stockOuts = stockOutsIn(lines->records);
    co_return facts;
}

// Asked right before the guards judge, with nothing awaited in between: two operations that begin at once see each other.
QStringList LifecycleService::leaving(const OperationRequest &request, const RunningOperation *self) const
{
    constexpr qint64 Settles = 30; // seconds in which a node that was just stopped may still be read as serving
    QStringList out;
    const QDateTime now = m_ways.state().clock().now();
    for (const auto &operation : m_operations) { // oldest first
        if (operation.get() == self)
            break; // those after it look at it, not the other way round
        const OperationReport &report = operation->report();
        const OperationKind kind = operation->request().kind;
        if (report.node == request.node)
            continue;
        if (kind == OperationKind::Up && report.result == OperationResult::Done)
            out.removeAll(report.node); // it came back since
        if (!takesAway(kind))
            continue;
        const bool staysAway = kind == OperationKind::Down || kind == OperationKind::MachineStop || kind == OperationKind::MachineSuspend
            || kind == OperationKind::ServiceStop;
        const bool hasJustGone = staysAway && report.result == OperationResult::Done && report.ended.secsTo(now) < Settles;
        if (operation->isRunning() || hasJustGone)
            out.append(report.node);
    }
    out.append(request.alongside);
    return out;
}

Task<OperationProposal> LifecycleService::propose(OperationRequest request, std::stop_token stop)
{
    OperationProposal proposal;
    proposal.request = request;
    const QPointer<LifecycleService> self(this);
    const QString notYet;
    GuardFacts facts = co_await guardFacts(request, notYet);
    if (!self)
        co_return proposal;
    // The plan names each call: that for the shares is known once the router was read.
    const QPointer<RoutingService> routing(m_ways.routing());
    const bool isCoupled = request.kind == OperationKind::Up || request.kind == OperationKind::Down;
    if (isCoupled && routing && routing->isConfigured() && !routing->state().isFresh(m_ways.state().clock().monotonic(), 1min)) {
        const Result<RoutingState> read = co_await routing->read(stop);
        if (!self || stop.stop_requested())
            co_return proposal;
        Q_UNUSED(read) // what it told stands in the service; a failure leaves the call as a sentence
    }
    facts.leaving.append(leaving(request));
    proposal.findings = guardFindings(m_ways.state(), request, facts);
    if (const NodeState *node = m_ways.state().node(request.node))
        proposal.plan = planOf(request, sequenceOf(m_ways, node->config, request), proposal.findings);
    co_return proposal;
}

RunningOperation *LifecycleService::add(const OperationRequest &request, const QList<SequenceStep> &steps)
{
    OperationReport report;
    report.id = newOperationId();
    report.operation = operationName(request.kind);
    report.node = request.node;
    report.begun = m_ways.state().clock().now();
    report.steps = planOf(request, steps, {}).steps;
    m_operations.push_back(std::make_unique<RunningOperation>(request, report));
    return m_operations.back().get();
}

Task<void> LifecycleService::log(QPointer<LifecycleService> self, QString operation, QString kind, QString node, ActivityEvent event, ActivityPayload payload)
{
    if (!self)
        co_return;
    ActivityDraft draft;
    draft.operation = operation;
    draft.fleet = self->m_fleet;
    draft.kind = kind;
    draft.target = node;
    draft.event = event;
    draft.payload = std::move(payload);
    const Result<qint64> written = co_await self->m_log.append(draft);
    if (self && !written)
        self->noteLogFailure(written.error());
}

void LifecycleService::noteLogFailure(const Error &error)
{
    if (std::exchange(m_logFailed, true))
        return;
    Q_EMIT logFailed(error);
}

Task<RunningOperation *> LifecycleService::start(OperationRequest request, bool confirmed, std::stop_token stop)
{
    const QPointer<LifecycleService> self(this);
    const NodeState *node = m_ways.state().node(request.node);
    const QList<SequenceStep> steps = node ? sequenceOf(m_ways, node->config, request) : QList<SequenceStep>();
    const QString notYet;
    GuardFacts facts = co_await guardFacts(request, notYet);
    if (!self || stop.stop_requested())
        co_return nullptr;
    facts.leaving.append(leaving(request));
    QList<GuardFinding> findings = guardFindings(m_ways.state(), request, facts);
    Result<void> verdict = judge(findings, confirmed);
    RunningOperation *const operation = add(request, steps);
    const QPointer<RunningOperation> guard(operation);
    const QString id = operation->m_report.id;
    const QString kind = operation->m_report.operation;
    if (!verdict)
        operation->m_report.result = OperationResult::Refused; // at once: it takes nothing away, and others look
    if (verdict) {
        // The claim is the lock against a second program; what the guards saw of other claims is only the polite word.
        const QStringList claimedNodes {request.node};
        const Result<void> claimed = co_await m_log.claim(m_fleet, claimedNodes, id, kind);
        if (!self || !guard)
            co_return nullptr;
        if (!claimed && claimed.error().kind == Error::Kind::Refused)
            verdict = claimed;
        else if (!claimed)
            noteLogFailure(claimed.error());
        // Another program may have claimed the other node since the guards looked: once both claims stand, each sees both.
        if (claimed && takesAway(request.kind)) {
            GuardFacts again = co_await guardFacts(request, id);
            if (!self || !guard)
                co_return nullptr;
            again.busyWith.clear(); // the claim was the answer to that
            again.leaving.append(leaving(request, operation));
            findings = guardFindings(m_ways.state(), request, again);
            verdict = judge(findings, confirmed);
            if (!verdict)
                static_cast<void>(co_await m_log.release(id)); // a log that cannot be written is told by itself
            if (!self || !guard)
                co_return nullptr;
        }
    }
    Q_EMIT operationStarted(operation);
    co_await log(self, id, kind, request.node, ActivityEvent::Begun, begunPayload(operation->m_report, m_redactor));
    if (!self || !guard)
        co_return nullptr;
    nlohmann::ordered_json plan = nlohmann::ordered_json::parse(planPayload(planOf(request, steps, findings), m_redactor).json().toStdString(), nullptr, false);
    plan["request"] = requestDocument(request);
    co_await log(self, id, kind, request.node, ActivityEvent::Plan, ActivityPayload::of(plan, m_redactor));
    if (!self || !guard)
        co_return nullptr;
    if (!verdict) {
        operation->m_report.result = OperationResult::Refused;
        operation->m_report.error = verdict.error();
        operation->m_report.ended = m_ways.state().clock().now();
        co_await log(self, id, kind, request.node, ActivityEvent::Ended, endedPayload(operation->m_report, m_redactor));
        if (!self || !guard)
            co_return nullptr;
        Q_EMIT operation->changed();
        Q_EMIT operationFinished(operation);
        co_return operation;
    }
    drive(self, guard, steps); // goes on by itself; its end is a signal
    co_return operation;
}

void LifecycleService::setStep(RunningOperation *operation, int index, StepState state, std::optional<double> seconds, const QString &detail)
{
    StepReport &step = operation->m_report.steps[index];
    step.state = state;
    step.seconds = seconds;
    step.detail = detail;
    if (state != StepState::Running)
        operation->m_awaited.clear();
    Q_EMIT operation->changed();
    Q_EMIT operationChanged(operation);
}

Task<void> LifecycleService::drive(QPointer<LifecycleService> self, QPointer<RunningOperation> operation, QList<SequenceStep> steps)
{
    const QString id = operation->m_report.id;
    const QString kind = operation->m_report.operation;
    const QString node = operation->m_report.node;
    const std::stop_token stop = operation->m_stop.get_token();
    if (!operation->m_request.continues.isEmpty()) {
        static_cast<void>(co_await self->putAside(operation->m_request.continues, tr("Gone on with as %1.").arg(id)));
        if (!self || !operation)
            co_return;
    }
    StepContext context;
    context.ways = &self->m_ways;
    context.node = self->m_ways.state().node(node)->config;
    context.request = operation->m_request;
    context.startedAt = self->m_ways.state().clock().monotonic();
    context.progress = [self, operation](const QString &text) {
        if (!self || !operation || operation->m_awaited == text)
            return;
        operation->m_awaited = text;
        Q_EMIT operation->changed();
        Q_EMIT self->operationChanged(operation);
    };
    context.foundNoCapacity = [self, id, kind, node](const QString &zone, const QString &code) {
        if (self)
            log(self, id, kind, node, ActivityEvent::Note, stockOutPayload({self->m_ways.state().clock().now(), zone, code}, self->m_redactor));
    };
    std::optional<Error> error;
    Layer layer = Layer::None;
    for (int i = 0; i < steps.size() && !error; ++i) {
        if (stop.stop_requested()) {
            error = Error(Error::Kind::Cancelled, tr("Cancelled before \"%1\".").arg(steps.at(i).name));
            break;
        }
        const MonotonicMs begun = context.now();
        self->setStep(operation, i, StepState::Running, 0.0, {});
        co_await log(self, id, kind, node, ActivityEvent::Step, stepPayload(operation->m_report.steps.at(i), self->m_redactor));
        if (!self || !operation)
            co_return;
        // Who else leaves now, begun before or after this one: a share goes to none of them.
        context.request.alongside = operation->m_request.alongside;
        for (const auto &other : self->m_operations)
            if (other->isRunning() && takesAway(other->request().kind) && other->report().node != node)
                context.request.alongside.append(other->report().node);
        const Result<StepOutcome> outcome = co_await steps.at(i).run(context, stop);
        if (!self || !operation)
            co_return;
        const double seconds = secondsBetween(begun, context.now());
        if (outcome) {
            self->setStep(operation, i, outcome->skipped ? StepState::Skipped : StepState::Done, seconds, outcome->detail);
        } else {
            error = outcome.error();
            layer = steps.at(i).layer;
            const bool wasCancelled = error->kind == Error::Kind::Cancelled;
            self->setStep(operation, i, StepState::Failed, seconds, wasCancelled ? tr("Cancelled.") : error->summary);
        }
        co_await log(self, id, kind, node, ActivityEvent::Step, stepPayload(operation->m_report.steps.at(i), self->m_redactor));
        if (!self || !operation)
            co_return;
    }
    OperationReport &report = operation->m_report;
    if (error && error->kind == Error::Kind::Cancelled && error->summary.isEmpty())
        error->summary = tr("Cancelled.");
    OperationReport ended = report;
    ended.result = error ? resultOf(*error) : OperationResult::Done;
    ended.error = error;
    ended.errorLayer = layer;
    ended.ended = self->m_ways.state().clock().now();
    co_await log(self, id, kind, node, ActivityEvent::Ended, endedPayload(ended, self->m_redactor));
    if (!self)
        co_return;
    static_cast<void>(co_await self->m_log.release(id));
    if (!self || !operation)
        co_return;
    // Shown as ended only when the log has it: whoever reads "done" may close the program.
    operation->m_report = ended;
    self->m_ways.look(node);
    Q_EMIT operation->changed();
    if (self && operation)
        Q_EMIT self->operationFinished(operation);
    // Last: who waits for the end goes on inside this emit, and may let go of everything.
    if (operation)
        Q_EMIT operation->finished();
}

Task<OperationReport> LifecycleService::run(OperationRequest request, bool confirmed, std::stop_token stop)
{
    OperationReport none;
    none.operation = operationName(request.kind);
    none.node = request.node;
    none.result = OperationResult::Cancelled;
    none.error = Error(Error::Kind::Cancelled, tr("Cancelled."));
    const QPointer<LifecycleService> self(this);
    const QPointer<RunningOperation> operation(co_await start(request, confirmed, stop));
    if (!self || !operation)
        co_return none;
    const std::stop_callback onStop(stop, [operation] {
        if (operation)
            operation->requestStop();
    });
    if (operation->isRunning())
        co_await qCoro(operation.data(), &RunningOperation::finished);
    if (!operation)
        co_return none;
    const OperationReport report = operation->report();
    co_return report;
}

Task<bool> LifecycleService::stopAll(std::chrono::milliseconds limit)
{
    const QPointer<LifecycleService> self(this);
    for (const auto &operation : m_operations)
        operation->requestStop();
    const QDeadlineTimer deadline(limit);
    while (self && runningCount() > 0 && !deadline.hasExpired())
        co_await pause(20ms, {});
    co_return !self || runningCount() == 0;
}

QList<RunningOperation *> LifecycleService::operations() const
{
    QList<RunningOperation *> out;
    for (const auto &operation : m_operations)
        out.append(operation.get());
    return out;
}

int LifecycleService::runningCount() const
{
    return int(std::count_if(m_operations.begin(), m_operations.end(), [](const auto &operation) { return operation->isRunning(); }));
}

RunningOperation *LifecycleService::runningOn(const QString &node) const
{
    for (const auto &operation : m_operations)
        if (operation->isRunning() && operation->report().node == node)
            return operation.get();
    return nullptr;
}

void LifecycleService::dismiss(RunningOperation *operation)
{
    const auto it = std::find_if(m_operations.begin(), m_operations.end(), [=](const auto &one) { return one.get() == operation; });
    if (it == m_operations.end() || (*it)->isRunning())
        return;
    it->release()->deleteLater();
    m_operations.erase(it);
}

Task<Result<QList<OperationSummary>>> LifecycleService::interrupted(std::stop_token stop)
{
    Q_UNUSED(stop)
    const Result<QList<OperationSummary>> open = co_await m_log.unfinished(m_fleet);
    if (!open)
        co_return open.error();
    QList<OperationSummary> left;
    for (const OperationSummary &one : *open)
        if (one.holder == HolderState::Gone && operationKindFromName(one.kind))
            left.append(one);
    co_return left;
}

Task<Result<OperationRequest>> LifecycleService::continuationOf(OperationSummary summary)
{
    const Error missing(Error::Kind::NotFound, tr("The log does not hold what this operation was asked to do."));
    ActivityFilter filter;
    filter.operation = summary.id;
    const Result<ActivityPage> page = co_await m_log.page(filter, fromNewest, 200);
    if (!page)
        co_return page.error();
    for (const ActivityRecord &record : page->records) {
        if (record.event != ActivityEvent::Plan)
            continue;
        const auto json = nlohmann::ordered_json::parse(record.json.toStdString(), nullptr, false);
        if (!json.is_object() || !json.contains("request"))
            continue;
        auto request = requestFromDocument(json["request"]);
        if (!request)
            break;
        request->continues = summary.id;
        co_return *request;
    }
    co_return missing;
}

Task<Result<void>> LifecycleService::putAside(QString operation, QString why)
{
    OperationReport report;
    report.id = operation;
    report.result = OperationResult::Cancelled;
    report.ended = m_ways.state().clock().now();
    report.error = Error(Error::Kind::Cancelled, why);
    ActivityDraft draft;
    draft.operation = operation;
    draft.event = ActivityEvent::Ended;
    draft.payload = endedPayload(report, m_redactor);
    const Result<qint64> written = co_await m_log.append(draft);
    if (!written)
        co_return written.error();
    co_return Result<void>();
}

} // namespace hybridge
