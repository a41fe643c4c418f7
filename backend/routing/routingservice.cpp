// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routingservice.h"

#include "backend/base/units.h"
#include "backend/routing/routerun.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

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

void RoutingService::noteMeasured(const QMap<QString, double> &highest)
{
    for (auto it = highest.begin(); it != highest.end(); ++it)
        m_highest[it.key()] = std::max(m_highest.value(it.key()), *it);
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
