// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// How a change of weights is carried out: at once, or in watched steps that give themselves back.
#include "backend/routing/routerun.h"

#include "backend/base/units.h"
#include "backend/fleet/hostnameprobe.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDeadlineTimer>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

/// The name under which the routing of a fleet is claimed; no node can be called so.
const QString claimName = QStringLiteral("(routing)");
constexpr auto LeaseMargin = std::chrono::seconds(60); ///< a canary's lease outlives its step by this
constexpr auto EdgeLimit = std::chrono::seconds(30);

QString tr(const char *text)
{
    return RoutingService::tr(text);
}

Error cancelled()
{
    return {Error::Kind::Cancelled, tr("Cancelled.")};
}

ShareMap asShares(const PercentMap &percents)
{
    ShareMap out;
    for (auto it = percents.begin(); it != percents.end(); ++it)
        out.insert(it.key(), it.value());
    return out;
}

} // namespace

void RoutingService::Run::planSteps(bool hasEndpoint)
{
    const auto add = [this](const QString &id, const QString &name) {
        StepReport step;
        step.id = id;
        step.name = name;
        outcome.report.steps.append(step);
    };
    if (manner.canary && !proposal.change.lease && !proposal.change.endLease) {
        stages = canarySteps(proposal.before.percents(), proposal.change.percents, manner.fractions);
        for (qsizetype i = 0; i + 1 < stages.size(); ++i)
            add(QStringLiteral("canary-%1").arg(i + 1), RoutingService::tr("Try %1 and watch").arg(sharesText(asShares(stages.at(i)))));
    }
    add(QStringLiteral("write"), RoutingService::tr("Write %1 and read back").arg(sharesText(proposal.predicted)));
    if (hasEndpoint && proposal.before.mode == RoutingMode::Worker)
        add(QStringLiteral("edge"), RoutingService::tr("Wait until the edge has it"));
}

void RoutingService::setStep(Run &run, int step, StepState state, const QString &detail)
{
    StepReport &report = run.outcome.report.steps[step];
    const QDateTime now = m_fleetState.clock().now();
    if (state == StepState::Running) {
        run.current = step;
        run.currentBegun = now;
    }
    report.state = state;
    report.seconds = double(run.currentBegun.msecsTo(now)) / 1000;
    report.detail = detail;
    m_running = run.outcome.report;
    Q_EMIT operationChanged(m_running);
}

Task<void> RoutingService::logStep(std::shared_ptr<Run> run, int step)
{
    const OperationReport &report = run->outcome.report;
    return log(report.id, report.operation, ActivityEvent::Step, stepPayload(report.steps.at(step), m_redactor));
}

Task<RouteOutcome> RoutingService::drive(QPointer<RoutingService> self, std::shared_ptr<Run> run, bool confirmed, std::stop_token stop)
{
    OperationReport &report = run->outcome.report;
    Result<void> verdict = judge(run->proposal.findings, confirmed);
    if (!self->m_router)
        verdict = Error(Error::Kind::Unavailable, self->m_whyNot);
    else if (!self->m_running.id.isEmpty() && self->m_running.result == OperationResult::Running)
        verdict = Error(Error::Kind::Refused, tr("Another change of the shares runs in this program."));
    const bool isOurs = bool(verdict);
    if (verdict) {
        self->m_running = report;
        const QStringList claimed {claimName};
        const Result<void> claim = co_await self->m_log.claim(self->m_fleet, claimed, report.id, report.operation);
        if (!self)
            co_return run->outcome;
        if (!claim && claim.error().kind == Error::Kind::Refused)
            verdict = claim;
    }
    co_await self->log(report.id, report.operation, ActivityEvent::Begun, begunPayload(report, self->m_redactor));
    if (!self)
        co_return run->outcome;
    OperationPlan plan;
    plan.steps = report.steps;
    plan.calls.append(run->proposal.payload.call);
    for (const RouteFinding &finding : run->proposal.findings)
        plan.warnings.append(finding.what);
    plan.undo = QStringLiteral("hybridgectl route rollback");
    nlohmann::ordered_json document = nlohmann::ordered_json::parse(planPayload(plan, self->m_redactor).json().toStdString(), nullptr, false);
    document["route"] = changeNote(run->outcome.before, run->proposal.predicted, std::nullopt, run->proposal.change.takesBack);
    co_await self->log(report.id, report.operation, ActivityEvent::Plan, ActivityPayload::of(document, self->m_redactor));
    if (!self)
        co_return run->outcome;
    Result<RoutingState> end = verdict ? Result<RoutingState>(cancelled()) : Result<RoutingState>(verdict.error());
    if (verdict && run->stages.size() > 1)
        end = co_await applyCanary(self, run, stop);
    else if (verdict)
        end = co_await applyAll(self, run, stop);
    if (!self)
        co_return run->outcome;
    if (!end) {
        report.error = end.error();
        report.errorLayer = Layer::Edge;
        if (verdict && run->current < report.steps.size() && report.steps.at(run->current).state == StepState::Running) {
            self->setStep(*run, run->current, StepState::Failed, end.error().summary);
            co_await self->logStep(run, run->current);
            if (!self)
                co_return run->outcome;
        }
    }
    report.result = report.error ? resultOf(*report.error) : OperationResult::Done;
    report.ended = self->m_fleetState.clock().now();
    co_await self->log(report.id, report.operation, ActivityEvent::Ended, endedPayload(report, self->m_redactor));
    if (!self)
        co_return run->outcome;
    if (isOurs) {
        self->m_running = report;
        Q_EMIT self->operationChanged(report);
    }
    co_return run->outcome;
}

/// One write, read back, noted in the log, and waited for at the edge.
Task<Result<RoutingState>> RoutingService::applyAll(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop)
{
    OperationReport &report = run->outcome.report;
    int step = int(run->stages.isEmpty() ? 0 : run->stages.size() - 1);
    self->setStep(*run, step, StepState::Running, {});
    co_await self->logStep(run, step);
    if (!self || stop.stop_requested())
        co_return cancelled();
    const std::shared_ptr<Router> router = self->m_router;
    Result<RoutingState> written = co_await writeUnlessSo(self, run, stop);
    if (!self)
        co_return cancelled();
    const bool wasSo = written && written->revision == run->proposal.before.revision;
    // A canary ends with the standing shares; its lease would hold the last step's for another minute.
    if (written && !run->stages.isEmpty() && written->lease) {
        RouteChange end;
        end.endLease = true;
        end.message = run->proposal.change.message;
        const RoutingState from = *written;
        written = co_await router->apply(from, end, stop);
        if (!self)
            co_return cancelled();
    }
    if (!written)
        co_return written;
    self->publish(written);
    run->outcome.after = written->effectiveShares(self->m_fleetState.clock().now());
    run->outcome.version = written->version;
    run->outcome.readBack = true;
    nlohmann::ordered_json note;
    note["text"] = tr("Read back: %1.").arg(sharesText(run->outcome.after)).toStdString();
    note["route"] = changeNote(run->outcome.before, run->outcome.after, written->version, run->proposal.change.takesBack);
    co_await self->log(report.id, report.operation, ActivityEvent::Note, ActivityPayload::of(note, self->m_redactor));
    if (!self)
        co_return cancelled();
    self->setStep(*run, step, StepState::Done, wasSo ? tr("It is so already, nothing was written: %1.").arg(sharesText(run->outcome.after)) : tr("Read back: %1.").arg(sharesText(run->outcome.after)));
    co_await self->logStep(run, step);
    if (!self)
        co_return cancelled();
    if (++step < report.steps.size() && wasSo) {
        self->setStep(*run, step, StepState::Skipped, tr("Nothing was written."));
        co_await self->logStep(run, step);
    } else if (step < report.steps.size()) {
        self->setStep(*run, step, StepState::Running, {});
        const Result<QString> edge = co_await waitForEdge(self, *written, stop);
        if (!self)
            co_return cancelled();
        if (!edge)
            co_return edge.error();
        self->setStep(*run, step, StepState::Done, *edge);
        co_await self->logStep(run, step);
    }
    co_return written;
}

/// Writes the change; where a fresh reading says that the very same holds already, the reading alone.
Task<Result<RoutingState>> RoutingService::writeUnlessSo(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop)
{
    const std::shared_ptr<Router> router = self->m_router;
    const RouteChange &change = run->proposal.change;
    const auto isSo = [&change](const RoutingState &state, const QDateTime &now) {
        if (change.lease || change.endLease || (state.lease && state.lease->isActive(now)))
            return false;
        return std::all_of(state.targets.begin(), state.targets.end(),
            [&change](const RouteTarget &target) { return qFuzzyCompare(1 + target.share, 1.0 + change.percents.value(target.node, 0)); });
    };
    const QDateTime now = self->m_fleetState.clock().now();
    if (!isSo(run->proposal.before, now))
        co_return co_await router->apply(run->proposal.before, change, stop);
    const Result<RoutingState> read = co_await router->read(stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!read)
        co_return read;
    if (isSo(*read, now))
        co_return read;
    co_return conflictError(run->proposal.before, *read);
}

/// The new version at the endpoint, three times in a row.
Task<Result<QString>> RoutingService::waitForEdge(QPointer<RoutingService> self, RoutingState wanted, std::stop_token stop)
{
    const QDeadlineTimer deadline(EdgeLimit);
    const QByteArray version = QByteArray::number(wanted.version.value_or(0));
    const std::shared_ptr<ApiTransport> endpoint = self->m_endpoint;
    const qint64 begun = self->m_fleetState.clock().monotonic().count();
    int inARow = 0;
    QString last;
    while (inARow < 3) {
        ApiRequest request = ApiRequest::get(QStringLiteral("/__hybridge/routes"));
        request.timeout(std::chrono::seconds(5)).attempts(1).maxBytes(1 << 16);
        const Result<HttpResponse> answer = co_await endpoint->send(request, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        const QByteArray told = answer ? answer->header("x-hybridge-routes") : QByteArray();
        inARow = told == version ? inARow + 1 : 0;
        last = answer ? (told.isEmpty() ? answer->excerpt(120) : tr("version %1").arg(safeText(QString::fromLatin1(told), 20))) : answer.error().summary;
        if (inARow >= 3)
            break;
        if (deadline.hasExpired())
            co_return Error(Error::Kind::Timeout, tr("The shares are written and read back; the edge does not answer under version %1 yet.").arg(QString::fromLatin1(version)), last)
                .withRemedy(tr("Look again with \"hybridgectl route verify\"."));
        if (inARow == 0 && !co_await pause(200ms, stop))
            co_return cancelled();
        if (!self)
            co_return cancelled();
    }
    co_return tr("Version %1 answers, after %2 ms.").arg(QString::fromLatin1(version)).arg(self->m_fleetState.clock().monotonic().count() - begun);
}

/// What the coroutines of one step's real tokens share.
struct RoutingService::Tokens {
    QString model; ///< empty: nodes have no common name, none is asked
    int asked = 0;
    int failed = 0;
    std::vector<double> milliseconds; ///< to the first token
    std::optional<Error> firstFailure;

    [[nodiscard]] std::optional<double> medianMs()
    {
        if (milliseconds.empty())
            return std::nullopt;
        std::sort(milliseconds.begin(), milliseconds.end());
        return milliseconds[milliseconds.size() / 2];
    }
};

/// One token at a time through the endpoint, spread over a step: a list of models comes quickly also from an engine that
/// cannot keep up.
Task<void> RoutingService::askTokens(std::shared_ptr<Tokens> tokens, std::shared_ptr<ApiTransport> endpoint, RouteManner manner, std::stop_token stop)
{
    const int count = tokens->model.isEmpty() ? 0 : manner.tokensPerStep;
    const auto limit = std::max<std::chrono::milliseconds>(manner.slowest * 2, 1000ms);
    const QString path = QStringLiteral("edge");
    for (int i = 0; i < count && !stop.stop_requested(); ++i) {
        const Result<ProofFacts> proof = co_await probeToken(*endpoint, tokens->model, path, limit, stop);
        if (stop.stop_requested())
            co_return;
        ++tokens->asked;
        if (proof) {
            tokens->milliseconds.push_back(proof->ms);
        } else {
            ++tokens->failed;
            if (!tokens->firstFailure)
                tokens->firstFailure = proof.error();
        }
        if (i + 1 < count && !co_await pause(manner.dwell / count, stop))
            co_return;
    }
}

/// Own tiny requests while a step lasts. The sentence says how they went; an error aborts.
Task<Result<QString>> RoutingService::watchStep(QPointer<RoutingService> self, std::shared_ptr<Run> run, RoutingState state, std::stop_token stop)
{
    SplitOptions options;
    options.samples = std::max(1, run->manner.probesPerStep);
    const double seconds = std::max(0.2, std::chrono::duration<double>(run->manner.dwell).count());
    options.rate = std::min(15.0, options.samples / seconds);
    options.each = std::max<std::chrono::milliseconds>(run->manner.slowest * 2, 1000ms);
    SplitProof proof;
    proof.mode = state.mode;
    proof.anybody = true;
    const auto tokens = std::make_shared<Tokens>();
    tokens->model = commonModel(self->m_fleetState, state, state.effectiveShares(self->m_fleetState.clock().now()));
    std::stop_source enough;
    const std::stop_callback chain(stop, [enough]() mutable { enough.request_stop(); });
    const std::stop_token until = enough.get_token();
    Task<void> asking = askTokens(tokens, self->m_endpoint, run->manner, until); // beside the count
    const Result<SplitReport> seen = co_await countSplit(self->m_endpoint, options, proof, {}, {}, stop);
    if (!seen)
        enough.request_stop(); // it has failed already: back at once
    co_await asking;
    if (!self)
        co_return cancelled();
    if (!seen)
        co_return seen.error();
    nlohmann::ordered_json sent;
    sent["requests"]["sent"] = seen->samples + seen->failed + seen->stale + tokens->asked;
    co_await self->log(run->outcome.report.id, run->outcome.report.operation, ActivityEvent::Note, ActivityPayload::of(sent, self->m_redactor));
    if (!self)
        co_return cancelled();
    const qint64 all = seen->samples + seen->failed + tokens->asked;
    const qint64 bad = seen->failed + tokens->failed;
    const double failed = all > 0 ? double(bad) / double(all) : 1;
    const std::optional<double> firstToken = tokens->medianMs();
    QString figures = tr("%1 of %2 requests failed, median %3").arg(QString::number(bad), QString::number(all), formatLatency(seen->medianMs));
    figures += tokens->model.isEmpty() ? tr(", time to the first token not measured: the nodes have no common model name") : tr(", first token %1").arg(formatLatency(firstToken));
    const std::optional<Error> &why = tokens->firstFailure ? tokens->firstFailure : seen->firstFailure;
    if (failed > run->manner.mostFailed)
        co_return Error(Error::Kind::Remote, tr("Too many requests fail: %1.").arg(figures), why ? why->summary : QString());
    const double most = double(run->manner.slowest.count());
    if ((seen->medianMs && *seen->medianMs > most) || (firstToken && *firstToken > most))
        co_return Error(Error::Kind::Remote, tr("Answers are too slow: %1.").arg(figures));
    co_return figures;
}

Task<Result<RoutingState>> RoutingService::applyCanary(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop)
{
    if (!self->m_endpoint)
        co_return Error(Error::Kind::Refused, tr("A canary is watched at the endpoint, and the fleet file names none."));
    const Result<void> affordable = co_await self->affords(qint64(run->stages.size() - 1) * (run->manner.probesPerStep + run->manner.tokensPerStep));
    if (!self)
        co_return cancelled();
    if (!affordable)
        co_return affordable.error();
    const std::shared_ptr<Router> router = self->m_router;
    RoutingState now = run->proposal.before;
    const QString lease = run->outcome.report.id.left(8);
    std::optional<Error> abort;
    for (int i = 0; i + 1 < run->stages.size() && !abort; ++i) {
        self->setStep(*run, i, StepState::Running, {});
        co_await self->logStep(run, i);
        if (!self)
            co_return cancelled();
        RouteChange change;
        RouteLease held;
        held.id = lease;
        held.owner = self->m_log.who().section(QLatin1Char(','), 0, 0);
        held.weights = asShares(run->stages.at(i));
        held.expiresAt = self->m_fleetState.clock().now().addMSecs((run->manner.dwell + LeaseMargin).count());
        change.lease = held;
        change.message = QStringLiteral("hybridge canary: ") + sharesText(held.weights);
        const Result<RoutingState> written = co_await router->apply(now, change, stop);
        if (!self)
            co_return cancelled();
        if (!written) {
            abort = written.error();
            break;
        }
        now = *written;
        self->publish(written);
        if (now.mode == RoutingMode::Worker) {
            const Result<QString> edge = co_await waitForEdge(self, now, stop);
            if (!self)
                co_return cancelled();
            if (!edge) {
                abort = edge.error();
                break;
            }
        }
        const Result<QString> watched = co_await watchStep(self, run, now, stop);
        if (!self)
            co_return cancelled();
        if (!watched) {
            abort = watched.error();
            break;
        }
        self->setStep(*run, i, StepState::Done, *watched);
        co_await self->logStep(run, i);
        if (!self)
            co_return cancelled();
    }
    if (!abort && stop.stop_requested())
        abort = cancelled();
    if (!abort) {
        run->proposal.before = now;
        co_return co_await applyAll(self, run, stop);
    }
    // Back at once; should even this fail, the lease ends by itself. What a failed write left behind is looked up.
    const Result<RoutingState> left = co_await router->read({});
    if (!self)
        co_return cancelled();
    if (left)
        now = *left;
    QString back = tr("The standing shares were never touched.");
    if (now.lease && now.lease->id == lease) {
        RouteChange end;
        end.endLease = true;
        end.message = QStringLiteral("hybridge: canary aborted");
        const Result<RoutingState> ended = co_await router->apply(now, end, {});
        if (!self)
            co_return cancelled();
        if (ended)
            self->publish(ended);
        back = ended ? tr("The standing shares hold again: %1.").arg(sharesText(ended->shares()))
                     : tr("Ending the lease failed (%1); it ends by itself at %2.").arg(ended.error().summary, now.lease->expiresAt.toLocalTime().toString(QStringLiteral("HH:mm:ss")));
    }
    Error error = *abort;
    error.summary = tr("The canary was aborted: %1 %2").arg(error.summary, back);
    co_return error;
}

Task<Result<QString>> installMark(cloudflare::TunnelConfigurations &tunnels, NodeConfig node, int code, std::stop_token stop)
{
    const QString host = node.url.host();
    const QString tunnel = node.tunnel;
    const Result<cloudflare::TunnelConfiguration> before = co_await tunnels.get(tunnel, stop);
    if (!before)
        co_return before.error();
    if (cloudflare::nodeMarkOf(before->config, host) == code)
        co_return tr("It says %1 already.").arg(code);
    const Result<nlohmann::json> wanted = cloudflare::withNodeMark(before->config, host, code);
    if (!wanted)
        co_return wanted.error();
    const nlohmann::json config = *wanted;
    const Result<cloudflare::TunnelConfiguration> written = co_await tunnels.put(tunnel, config, stop);
    if (!written)
        co_return written.error();
    const Result<cloudflare::TunnelConfiguration> after = co_await tunnels.get(tunnel, stop);
    if (!after)
        co_return after.error();
    if (after->config != config)
        co_return Error(Error::Kind::Remote, tr("The tunnel's configuration reads back otherwise than it was written."), host);
    co_return tr("Version %1: %2 answers %3.").arg(QString::number(after->version), QString::fromLatin1(cloudflare::nodeMarkPath), QString::number(code));
}

} // namespace hybridge
