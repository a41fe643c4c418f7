// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routingservice.h"

#include "backend/base/units.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/routing/routerun.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDeadlineTimer>

#include <algorithm>

namespace hybridge {

namespace {
constexpr qint64 DayBudget = 10000; ///< own requests a day through a Worker of the free plan: a tenth of its quota
} // namespace

bool RouteProposal::isBlocked() const
{
    return std::any_of(findings.begin(), findings.end(), [](const RouteFinding &one) { return one.weight == RouteFinding::Weight::Block; });
}

bool RouteProposal::wantsConfirmation() const
{
    return std::any_of(findings.begin(), findings.end(), [](const RouteFinding &one) { return one.weight == RouteFinding::Weight::Confirm; });
}

nlohmann::ordered_json outcomeDocument(const RouteOutcome &outcome)
{
    nlohmann::ordered_json out;
    out["before"] = sharesDocument(outcome.before);
    out["after"] = sharesDocument(outcome.after);
    out["version"] = outcome.version ? nlohmann::ordered_json(*outcome.version) : nlohmann::ordered_json(nullptr);
    out["readBack"] = outcome.readBack;
    const nlohmann::ordered_json report = operationDocument(outcome.report);
    for (const char *key : {"operation", "result", "error", "steps"})
        out[key] = report[key];
    return out;
}

RoutingService::RoutingService(FleetState &state, WatchWays &ways, ActivityLog &log, QString fleet, QObject *parent)
    : QObject(parent), m_fleetState(state), m_ways(ways), m_log(log), m_fleet(std::move(fleet))
{
    const FleetConfig &config = state.config();
    if (!config.routing) {
        m_whyNot = tr("Routing is not configured: the fleet file has no section \"routing\".");
    } else if (ApiTransport *api = ways.cloudflare()) {
        const Result<std::shared_ptr<Router>> made = makeRouter(config, *api, state.clock());
        if (made)
            m_router = *made;
        else
            m_whyNot = made.error().summary + QLatin1Char(' ') + made.error().remedy;
    } else {
        m_whyNot = tr("Routing cannot be read: the fleet file has no Cloudflare account with a token.");
    }
    if (config.endpoint)
        m_endpoint = ways.hostname(config.endpoint->url, config.endpoint->access, std::nullopt);
    connect(&state, &FleetState::nodesChanged, this, &RoutingService::noteHighest);
}

RoutingService::~RoutingService() = default;

void RoutingService::noteHighest()
{
    for (int i = 0; i < m_fleetState.nodeCount(); ++i)
        if (const NodeState &node = m_fleetState.at(i); node.tokensPerSecond)
            m_highest[node.config.id] = std::max(m_highest.value(node.config.id), *node.tokensPerSecond);
}

void RoutingService::publish(const Result<RoutingState> &state)
{
    const QPointer<RoutingService> self(this);
    m_state.update(state, m_fleetState.clock().monotonic());
    if (state) {
        const ShareMap shares = state->effectiveShares(m_fleetState.clock().now());
        for (int i = 0; i < m_fleetState.nodeCount(); ++i) {
            const QString id = m_fleetState.at(i).config.id;
            std::optional<double> weight;
            if (const auto share = shares.constFind(id); share != shares.constEnd())
                weight = tidyPercent(*share);
            if (m_fleetState.at(i).weight != weight)
                m_fleetState.update(id, [weight](NodeState &node) { node.weight = weight; });
        }
    }
    if (self)
        Q_EMIT stateChanged();
}

Task<Result<RoutingState>> RoutingService::read(std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    if (!m_router)
        co_return Error(Error::Kind::Unavailable, m_whyNot);
    const std::shared_ptr<Router> router = m_router;
    const Result<RoutingState> state = co_await router->read(stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    publish(state);
    co_return state;
}

Task<Result<RouteProposal>> RoutingService::propose(RouteChange change, QString lastBackendOverride, std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    const Result<RoutingState> before = co_await read(stop);
    if (!before)
        co_return before.error();
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    noteHighest();
    RouteProposal proposal = proposalFor(*before, change, lastBackendOverride);
    const Result<RoutePayload> payload = m_router->payload(*before, proposal.change);
    if (!payload)
        co_return payload.error();
    proposal.payload = *payload;
    co_return proposal;
}

Result<RouteProposal> RoutingService::preview(RouteChange change, QString lastBackendOverride) const
{
    if (!m_router)
        return Error(Error::Kind::Unavailable, m_whyNot);
    if (!m_state.isKnown())
        return Error(Error::Kind::Unavailable, tr("The router was not read yet."));
    RouteProposal proposal = proposalFor(*m_state, change, lastBackendOverride);
    const Result<RoutePayload> payload = m_router->payload(*m_state, proposal.change);
    if (!payload)
        return payload.error();
    proposal.payload = *payload;
    return proposal;
}

/// Everything but the payload.
RouteProposal RoutingService::proposalFor(const RoutingState &before, const RouteChange &change, const QString &lastBackendOverride) const
{
    RouteProposal proposal;
    proposal.before = before;
    proposal.lastBackendOverride = lastBackendOverride;
    proposal.change = change;
    if (change.endLease) {
        RoutingState after = before;
        after.lease.reset();
        proposal.predicted = after.shares();
    } else {
        for (const RouteTarget &target : before.targets)
            proposal.predicted.insert(target.node, change.lease ? change.lease->weights.value(target.node, target.share) : change.percents.value(target.node, 0));
    }
    if (proposal.change.message.isEmpty())
        proposal.change.message = QStringLiteral("hybridge: ") + sharesText(proposal.predicted);
    proposal.headroom = headroom(wholePercents(proposal.predicted), nodeLoads(m_fleetState, m_highest));
    proposal.findings = routeFindings(m_fleetState, before, proposal.change, lastBackendOverride);
    for (const HeadroomLine &line : std::as_const(proposal.headroom))
        if (line.verdict == HeadroomLine::Verdict::Overloads)
            proposal.findings.append({QStringLiteral("headroom"), RouteFinding::Weight::Inform, headroomSentence(line), {}, {}});
    return proposal;
}

Task<RouteOutcome> RoutingService::apply(RouteProposal proposal, bool confirmed, RouteManner manner, QString kind, std::stop_token stop)
{
    const auto run = std::make_shared<Run>();
    run->proposal = std::move(proposal);
    run->manner = std::move(manner);
    OperationReport &report = run->outcome.report;
    report.id = newOperationId();
    report.operation = kind;
    report.begun = m_fleetState.clock().now();
    run->outcome.before = run->proposal.before.shares();
    run->outcome.after = run->outcome.before;
    run->outcome.version = run->proposal.before.version;
    run->planSteps(m_endpoint != nullptr);
    return drive(this, run, confirmed, std::move(stop));
}

Task<Result<SplitReport>> RoutingService::verify(SplitOptions options, std::function<void(const SplitReport &)> progress, std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    const Error cancelled(Error::Kind::Cancelled, tr("Cancelled."));
    if (!m_endpoint)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no endpoint to count at."));
    if (dayBudget())
        options.rate = std::min(options.rate, 15.0);
    const Result<void> affordable = co_await affords(options.samples);
    if (!self)
        co_return cancelled;
    if (!affordable)
        co_return affordable.error();
    const Result<RoutingState> state = co_await read(stop);
    if (!self)
        co_return cancelled;
    if (!state)
        co_return state.error();
    if (state->place == WeightPlace::None)
        co_return Error(Error::Kind::Refused, tr("There are no weights to count against."), state->warnings.join(QLatin1Char(' ')));
    const Result<SplitProof> proof = co_await proofFor(*state, stop);
    if (!self)
        co_return cancelled;
    if (!proof)
        co_return proof.error();
    OperationReport report;
    report.id = newOperationId();
    report.operation = QStringLiteral("route verify");
    report.begun = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Begun, begunPayload(report, m_redactor));
    if (!self)
        co_return cancelled;
    const ShareMap expected = state->effectiveShares(m_fleetState.clock().now());
    const Result<SplitReport> counted = co_await countSplit(m_endpoint, options, *proof, expected, std::move(progress), stop);
    if (!self)
        co_return cancelled;
    if (counted) {
        nlohmann::ordered_json note;
        note["text"] = tr("Counted %1 answers; p = %2.").arg(counted->samples).arg(counted->pValue, 0, 'g', 3).toStdString();
        note["split"] = splitDocument(*counted);
        co_await log(report.id, report.operation, ActivityEvent::Note, ActivityPayload::of(note, m_redactor));
        if (!self)
            co_return cancelled;
    }
    report.result = counted ? OperationResult::Done : resultOf(counted.error());
    if (!counted)
        report.error = counted.error();
    report.ended = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Ended, endedPayload(report, m_redactor));
    co_return counted;
}

Task<Result<SplitProof>> RoutingService::proofFor(RoutingState state, std::stop_token stop)
{
    SplitProof proof;
    proof.mode = state.mode;
    proof.version = state.version;
    if (state.mode == RoutingMode::LoadBalancer) {
        QMap<QString, std::shared_ptr<ApiTransport>> asked = hostnames();
        for (auto it = asked.begin(); it != asked.end();)
            it = state.target(it.key()) ? std::next(it) : asked.erase(it);
        const Result<QMap<int, QString>> codes = co_await calibrateMarks(asked, stop);
        if (!codes)
            co_return codes.error();
        proof.codes = *codes;
    }
    co_return proof;
}

QMap<QString, std::shared_ptr<ApiTransport>> RoutingService::hostnames()
{
    QMap<QString, std::shared_ptr<ApiTransport>> out;
    for (const NodeConfig &node : m_fleetState.config().nodes) {
        if (node.url.isEmpty())
            continue;
        auto &transport = m_hostnames[node.id];
        if (!transport)
            transport = m_ways.hostname(node.url, node.access, std::nullopt);
        out.insert(node.id, transport);
    }
    return out;
}

Task<OperationReport> RoutingService::installMarks(std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    OperationReport report;
    report.id = newOperationId();
    report.operation = QStringLiteral("route marks");
    report.begun = m_fleetState.clock().now();
    report.result = OperationResult::Failed;
    ApiTransport *api = m_ways.cloudflare();
    const FleetConfig config = m_fleetState.config();
    if (!api || !config.cloudflare) {
        report.error = Error(Error::Kind::Unavailable, tr("The fleet file has no Cloudflare account with a token."));
        co_return report;
    }
    co_await log(report.id, report.operation, ActivityEvent::Begun, begunPayload(report, m_redactor));
    cloudflare::TunnelConfigurations tunnels(*api, config.cloudflare->accountId);
    for (int i = 0; self && i < config.nodes.size() && !report.error; ++i) {
        const NodeConfig &node = config.nodes.at(i);
        if (node.tunnel.isEmpty() || node.url.isEmpty())
            continue;
        StepReport step;
        step.id = QStringLiteral("mark-") + node.id;
        step.name = tr("Teach the tunnel of %1 to say who it is").arg(node.label.isEmpty() ? node.id : node.label);
        const Result<QString> done = co_await installMark(tunnels, node, markCode(i), stop);
        if (!self)
            co_return report;
        step.state = done ? StepState::Done : StepState::Failed;
        step.detail = done ? *done : done.error().summary;
        if (!done)
            report.error = done.error();
        report.steps.append(step);
        co_await log(report.id, report.operation, ActivityEvent::Step, stepPayload(step, m_redactor));
    }
    if (!self)
        co_return report;
    // The connectors take a new configuration over within seconds.
    const QDeadlineTimer deadline(std::chrono::seconds(20));
    while (!report.error) {
        const Result<QMap<int, QString>> codes = co_await calibrateMarks(hostnames(), stop);
        if (!self)
            co_return report;
        if (codes)
            break;
        if (stop.stop_requested() || deadline.hasExpired())
            report.error = codes.error();
        else
            co_await pause(500ms, stop);
        if (!self)
            co_return report;
    }
    report.result = report.error ? resultOf(*report.error) : OperationResult::Done;
    report.ended = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Ended, endedPayload(report, m_redactor));
    co_return report;
}

Task<Result<QList<RouteHistoryEntry>>> RoutingService::history(int most)
{
    const QPointer<RoutingService> self(this);
    ActivityFilter filter;
    filter.fleet = m_fleet;
    filter.kind = QStringLiteral("route");
    const Result<OperationPage> page = co_await m_log.operations(filter, fromNewest, std::clamp(most * 3, 10, 300));
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!page)
        co_return page.error();
    QList<RouteHistoryEntry> entries;
    QList<RouteCount> counts;
    for (const OperationSummary &summary : page->operations) {
        const Result<QList<ActivityRecord>> lines = co_await m_log.operation(summary.id);
        if (!self)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        if (!lines)
            co_return lines.error();
        if (const auto count = countedIn(*lines))
            counts.append(*count);
        if (const auto entry = historyEntry(summary, *lines); entry && entries.size() < most)
            entries.append(*entry);
    }
    markHistory(entries, counts);
    co_return entries;
}

std::optional<qint64> RoutingService::dayBudget() const
{
    return m_fleetState.config().plan == QLatin1String("paid") ? std::nullopt : std::optional<qint64>(DayBudget);
}

/// What cannot be looked up counts as nothing: a broken log must not end every count.
Task<Result<void>> RoutingService::affords(qint64 requests)
{
    const std::optional<qint64> budget = dayBudget();
    if (!budget)
        co_return Result<void>();
    const Result<qint64> used = co_await countedToday();
    const qint64 left = *budget - used.value_or(0);
    if (requests > left)
        co_return Error(Error::Kind::Refused, tr("The day's budget of own requests leaves %1.").arg(std::max<qint64>(0, left)))
            .withRemedy(tr("Send fewer of them, or tomorrow (UTC)."));
    co_return Result<void>();
}

Task<Result<qint64>> RoutingService::countedToday()
{
    const QPointer<RoutingService> self(this);
    ActivityFilter filter;
    filter.fleet = m_fleet;
    filter.kind = QStringLiteral("route");
    filter.from = QDateTime(m_fleetState.clock().now().toUTC().date(), QTime(0, 0), Qt::UTC);
    const Result<OperationPage> page = co_await m_log.operations(filter, fromNewest, 300);
    if (!page)
        co_return page.error();
    qint64 sum = 0;
    for (const OperationSummary &summary : page->operations) {
        if (!self)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        const Result<QList<ActivityRecord>> lines = co_await m_log.operation(summary.id);
        if (lines)
            sum += requestsIn(*lines);
    }
    co_return sum;
}

Task<Result<RouteChange>> RoutingService::rollbackChange()
{
    const QPointer<RoutingService> self(this);
    const Result<QList<RouteHistoryEntry>> entries = co_await history(50);
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!entries)
        co_return entries.error();
    for (const RouteHistoryEntry &entry : *entries) {
        const bool counts = entry.wasApplied() || entry.state == RouteHistoryEntry::State::Unfinished;
        if (!counts || entry.rolledBack || !entry.takesBack.isEmpty() || entry.before.isEmpty() || entry.before == entry.after)
            continue;
        RouteChange change;
        change.percents = wholePercents(entry.before);
        change.takesBack = entry.operation;
        co_return change;
    }
    co_return Error(Error::Kind::NotFound, tr("The log has no change of shares that could be taken back."));
}

Task<std::optional<int>> RoutingService::shareBeforeDrain(QString node)
{
    const QPointer<RoutingService> self(this);
    const Result<QList<RouteHistoryEntry>> entries = co_await history(50);
    if (!self || !entries)
        co_return std::nullopt;
    for (const RouteHistoryEntry &entry : *entries) {
        const bool counts = entry.wasApplied() || entry.state == RouteHistoryEntry::State::Unfinished;
        if (counts && entry.after.value(node, -1) == 0 && entry.before.value(node) > 0)
            co_return wholePercents(entry.before).value(node);
    }
    co_return std::nullopt;
}

Task<void> RoutingService::log(QString operation, QString kind, ActivityEvent event, ActivityPayload payload)
{
    const QPointer<RoutingService> self(this);
    ActivityDraft draft;
    draft.operation = operation;
    draft.fleet = m_fleet;
    draft.kind = kind;
    draft.event = event;
    draft.payload = std::move(payload);
    const Result<qint64> written = co_await m_log.append(draft);
    if (self && !written && !std::exchange(m_logFailed, true))
        Q_EMIT logFailed(written.error());
}

} // namespace hybridge
