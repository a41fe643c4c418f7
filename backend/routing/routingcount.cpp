// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The part of RoutingService that proves: counts who answers, teaches the tunnels to say who they are, and keeps to the
// day's budget.
#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/routing/enginewitness.h"
#include "backend/routing/routerun.h"
#include "backend/routing/routingservice.h"
#include "backend/routing/splitanalytics.h"

#include <nlohmann/json.hpp>

#include <QDeadlineTimer>

#include <algorithm>

namespace hybridge {

namespace {
constexpr qint64 DayBudget = 10000; ///< own requests a day through a Worker of the free plan: a tenth of its quota
} // namespace

Task<Result<SplitReport>> RoutingService::verify(SplitOptions options, std::function<void(const SplitReport &)> progress, std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    const Error cancelled(Error::Kind::Cancelled, tr("Cancelled."));
    if (!m_endpoint)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no endpoint to count at."));
    if (dayBudget())
        options.rate = std::min(options.rate, 15.0);
    const Result<void> affordable = co_await affords(options.samples + (options.witness ? 1 : 0));
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
    const QList<EngineLog> logs = options.witness ? engineLogs(*state) : QList<EngineLog>();
    if (!proof && !isMarksMissing(proof.error()))
        co_return proof.error();
    if (!proof) {
        const Error told = co_await withWitness(proof.error(), logs, options.logPatience, stop);
        co_return told;
    }
    OperationReport report;
    report.id = newOperationId();
    report.operation = QStringLiteral("route verify");
    report.begun = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Begun, begunPayload(report, m_redactor));
    if (!self)
        co_return cancelled;
    const ShareMap expected = state->effectiveShares(m_fleetState.clock().now());
    // Beside the count: the links to the nodes may have to be made first.
    std::optional<Task<Result<EngineWitness>>> searching;
    if (!logs.isEmpty())
        searching.emplace(findEngine(m_endpoint, state->mode, logs, options.logPatience, stop));
    const QDateTime begun = m_fleetState.clock().now();
    Result<SplitReport> counted = co_await countSplit(m_endpoint, options, *proof, expected, std::move(progress), stop);
    if (!self)
        co_return cancelled;
    if (searching && counted) {
        const Result<EngineWitness> witness = co_await *searching;
        if (!self)
            co_return cancelled;
        if (witness)
            counted->engine = *witness;
    }
    if (counted && state->mode == RoutingMode::LoadBalancer) {
        const QString zone = m_fleetState.config().cloudflare ? m_fleetState.config().cloudflare->zoneId : QString();
        const QDateTime ended = m_fleetState.clock().now();
        const Result<SplitAnalytics> analytics = co_await askAnalytics(m_ways.cloudflare(), zone, *state, begun, ended, *counted, stop);
        if (!self)
            co_return cancelled;
        if (analytics)
            counted->analytics = *analytics;
        else
            counted->whyNoAnalytics = analytics.error().summary;
    }
    if (counted) {
        nlohmann::ordered_json note;
        note["text"] = tr("Counted %1 answers; p = %2.").arg(counted->samples).arg(counted->pValue, 0, 'g', 3).toStdString();
        note["split"] = splitDocument(*counted);
        if (counted->engine)
            note["requests"] = {{"sent", 1}}; // the witness's own
        co_await log(report.id, report.operation, ActivityEvent::Note, ActivityPayload::of(note, m_redactor));
        if (!self)
            co_return cancelled;
    }
    report.result = counted ? OperationResult::Done : resultOf(counted.error());
    if (!counted)
        report.error = counted.error();
    report.ended = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Ended, endedPayload(report, m_redactor));
    const Result<SplitReport> finished = counted;
    co_return finished;
}

/// Where the engines of the nodes that the router has write their requests down. Empty where nobody's can be read.
QList<EngineLog> RoutingService::engineLogs(const RoutingState &state)
{
    QList<EngineLog> logs;
    bool anyone = false;
    for (const NodeConfig &node : m_fleetState.config().nodes) {
        if (!m_shells || !state.target(node.id))
            continue;
        const QString service = node.engine ? node.engine->service : QString();
        Shell *const shell = node.ssh && !service.isEmpty() ? m_shells(node.id) : nullptr;
        anyone = anyone || shell;
        logs.append({node.id, shell, service});
    }
    return anyone ? logs : QList<EngineLog>();
}

/// The refusal to count, and beside it what one answer's log says all the same.
Task<Error> RoutingService::withWitness(Error error, QList<EngineLog> logs, std::chrono::milliseconds patience, std::stop_token stop)
{
    if (logs.isEmpty())
        co_return error;
    const RoutingMode mode = m_router->mode();
    const Result<EngineWitness> witness = co_await findEngine(m_endpoint, mode, logs, patience, stop);
    if (!witness)
        co_return error;
    const Error both = Error(error.kind, error.summary, error.detail + QStringLiteral(". ") + witnessSentence(*witness), error.code).withRemedy(error.remedy);
    co_return both;
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

/// Writes one node's mark, as a step of @p report.
Task<void> RoutingService::markNode(OperationReport *report, NodeConfig node, int code, std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    cloudflare::TunnelConfigurations tunnels(*m_ways.cloudflare(), m_fleetState.config().cloudflare->accountId);
    StepReport step;
    step.id = QStringLiteral("mark-%1-%2").arg(node.id).arg(code);
    step.name = tr("Teach the tunnel of %1 to say who it is").arg(node.label.isEmpty() ? node.id : node.label);
    const Result<QString> done = co_await installMark(tunnels, node, code, stop);
    if (!self)
        co_return;
    step.state = done ? StepState::Done : StepState::Failed;
    step.detail = done ? *done : done.error().summary;
    if (!done)
        report->error = done.error();
    report->steps.append(step);
    co_await log(report->id, report->operation, ActivityEvent::Step, stepPayload(step, m_redactor));
}

/// Until every hostname in @p wanted gives its code, or a tunnel is down, or @p patience is over. The nodes that give
/// something else.
Task<QStringList> RoutingService::awaitMarks(QMap<QString, int> wanted, std::chrono::milliseconds patience, std::stop_token stop)
{
    const QPointer<RoutingService> self(this);
    QMap<QString, std::shared_ptr<ApiTransport>> asked = hostnames();
    const QDeadlineTimer deadline(patience);
    for (;;) {
        const MarkReading reading = co_await readMarks(asked, stop);
        if (!self || stop.stop_requested())
            co_return QStringList();
        QStringList other;
        for (auto it = wanted.begin(); it != wanted.end(); ++it)
            if (reading.codes.value(*it) != it.key() && !reading.unreachable.contains(it.key()))
                other.append(it.key());
        if (other.isEmpty() || deadline.hasExpired() || !co_await pause(std::min<std::chrono::milliseconds>(patience, 500ms), stop))
            co_return other;
    }
}

Task<OperationReport> RoutingService::installMarks(std::stop_token stop, std::chrono::milliseconds patience)
{
    const QPointer<RoutingService> self(this);
    OperationReport report;
    report.id = newOperationId();
    report.operation = QStringLiteral("route marks");
    report.begun = m_fleetState.clock().now();
    report.result = OperationResult::Failed;
    const FleetConfig config = m_fleetState.config();
    if (!m_ways.cloudflare() || !config.cloudflare) {
        report.error = Error(Error::Kind::Unavailable, tr("The fleet file has no Cloudflare account with a token."));
        co_return report;
    }
    co_await log(report.id, report.operation, ActivityEvent::Begun, begunPayload(report, m_redactor));
    if (!self)
        co_return report;
    // What is there already and comes through stays, also a fallback of an earlier time.
    const MarkReading present = co_await readMarks(hostnames(), stop);
    QMap<QString, int> wanted;
    for (int i = 0; self && !stop.stop_requested() && i < config.nodes.size() && !report.error; ++i) {
        const NodeConfig node = config.nodes.at(i);
        if (node.tunnel.isEmpty() || node.url.isEmpty())
            continue;
        const bool fallsBack = present.codes.value(fallbackMarkCode(i)) == node.id;
        wanted.insert(node.id, fallsBack ? fallbackMarkCode(i) : markCode(i));
        co_await markNode(&report, node, wanted.value(node.id), stop);
    }
    // The connectors take a new configuration over within seconds. What still comes otherwise is altered on its way: not
    // everybody lets an unusual 2NN through as it is.
    QStringList altered;
    if (self && !report.error)
        altered = co_await awaitMarks(wanted, patience, stop);
    if (self && !altered.isEmpty() && !stop.stop_requested()) {
        for (int i = 0; self && i < config.nodes.size() && !report.error; ++i) {
            const NodeConfig node = config.nodes.at(i);
            if (!altered.contains(node.id) || wanted.value(node.id) == fallbackMarkCode(i))
                continue;
            wanted[node.id] = fallbackMarkCode(i);
            co_await markNode(&report, node, wanted.value(node.id), stop);
        }
        if (self && !report.error)
            altered = co_await awaitMarks(wanted, patience, stop);
    }
    if (!self)
        co_return report;
    if (!report.error && stop.stop_requested())
        report.error = Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!report.error) {
        const Result<QMap<int, QString>> codes = co_await calibrateMarks(hostnames(), stop);
        if (!self)
            co_return report;
        if (!codes)
            report.error = codes.error();
    }
    report.result = report.error ? resultOf(*report.error) : OperationResult::Done;
    report.ended = m_fleetState.clock().now();
    co_await log(report.id, report.operation, ActivityEvent::Ended, endedPayload(report, m_redactor));
    co_return report;
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
    filter.from = QDateTime(m_fleetState.clock().now().toUTC().date(), QTime(0, 0), Utc);
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

} // namespace hybridge
