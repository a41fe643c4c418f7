// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/routecommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/stepteller.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/base/units.h"
#include "backend/fleet/fleetsession.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/measuredrates.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

using Verb = RouteOptions::Verb;

QString tr(const char *text)
{
    return QCoreApplication::translate("RouteCommand", text);
}

void printText(const QStringList &lines)
{
    Terminal::print((lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8());
}

int codeOf(const Error &error)
{
    return error.kind == Error::Kind::Refused ? ExitRefused : error.kind == Error::Kind::Invalid ? ExitUsage : ExitFailed;
}

void sayFinding(const RouteFinding &finding)
{
    const char *mark = finding.weight == RouteFinding::Weight::Block ? "✗" : finding.weight == RouteFinding::Weight::Confirm ? "!" : "·";
    Terminal::say(QStringLiteral("%1 %2").arg(QString::fromUtf8(mark), finding.what));
    if (!finding.why.isEmpty())
        Terminal::say(QStringLiteral("    ") + finding.why);
    if (!finding.remedy.isEmpty())
        Terminal::say(QStringLiteral("    → ") + finding.remedy);
}

nlohmann::ordered_json planDocument(const RouteProposal &proposal)
{
    nlohmann::ordered_json out;
    out["dryRun"] = true;
    out["before"] = sharesDocument(proposal.before.shares());
    out["predicted"] = sharesDocument(proposal.predicted);
    out["calls"] = {proposal.payload.call.toStdString()};
    out["body"] = nlohmann::ordered_json::parse(proposal.payload.body.toStdString(), nullptr, false);
    out["diff"] = nlohmann::ordered_json::array();
    const auto word = [](const QString &text) { return text.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json::parse(text.toStdString(), nullptr, false); };
    for (const FieldChange &change : proposal.payload.changes)
        out["diff"].push_back({{"field", change.pointer.toStdString()}, {"before", word(change.before)}, {"after", word(change.after)}});
    out["guards"] = nlohmann::ordered_json::array();
    for (const RouteFinding &finding : proposal.findings)
        out["guards"].push_back({{"id", finding.id.toStdString()}, {"blocks", finding.weight == RouteFinding::Weight::Block}, {"what", finding.what.toStdString()},
            {"why", finding.why.toStdString()}, {"remedy", finding.remedy.toStdString()}});
    out["headroom"] = nlohmann::ordered_json::array();
    for (const HeadroomLine &line : proposal.headroom)
        out["headroom"].push_back(headroomSentence(line).toStdString());
    return out;
}

QStringList planLines(const RouteProposal &proposal)
{
    QStringList lines {tr("Now:       %1").arg(sharesText(proposal.before.shares())), tr("Afterwards: %1").arg(sharesText(proposal.predicted)), tr("What would change:")};
    for (const FieldChange &change : proposal.payload.changes)
        lines.append(QStringLiteral("  %1: %2 -> %3").arg(change.pointer, change.before.isEmpty() ? tr("(not there)") : change.before, change.after.isEmpty() ? tr("(not there)") : change.after));
    lines.append(tr("What would leave:"));
    lines.append(QStringLiteral("  ") + proposal.payload.call);
    for (const HeadroomLine &line : proposal.headroom)
        lines.append(headroomSentence(line));
    return lines;
}

QStringList stateLines(const RoutingState &state)
{
    QStringList lines {QStringLiteral("%1, %2%3").arg(routingModeName(state.mode), weightPlaceLabel(state.place), state.version ? tr(", version %1").arg(*state.version) : QString())};
    for (const RouteTarget &target : state.targets)
        lines.append(QStringLiteral("  %1 %2  %3%4").arg(target.node, -16).arg(formatPercent(tidyPercent(target.share)), 6).arg(target.place, target.enabled ? QString() : tr(", switched off")));
    if (state.lease && state.lease->isActive(state.readAt))
        lines.append(tr("Lease %1 until %2: %3").arg(state.lease->id, state.lease->expiresAt.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), sharesText(state.effectiveShares(state.readAt))));
    for (const QString &warning : state.warnings)
        lines.append(QStringLiteral("! ") + warning);
    return lines;
}

QStringList splitLines(const SplitReport &report)
{
    QStringList lines {tr("%1 answers counted, %2 failed, %3 of an older version, in %4 s").arg(report.samples).arg(report.failed).arg(report.stale).arg(report.seconds, 0, 'f', 1)};
    for (auto it = report.observed.begin(); it != report.observed.end(); ++it)
        lines.append(tr("  %1 %2 counted: %3 (%4 to %5), expected %6")
                         .arg(it.key(), -16)
                         .arg(it->count, 5)
                         .arg(formatPercent(tidyPercent(it->share * 100)), formatPercent(tidyPercent(it->interval.low * 100)), formatPercent(tidyPercent(it->interval.high * 100)),
                             formatPercent(tidyPercent(report.expected.value(it.key()) * 100))));
    lines.append(report.agrees ? tr("It agrees with the shares (p = %1).").arg(report.pValue, 0, 'g', 3) : tr("It does not agree with the shares (p = %1).").arg(report.pValue, 0, 'g', 3));
    if (const QString more = moreToTellSentence(report); !more.isEmpty())
        lines.append(more);
    if (report.engine)
        lines.append(witnessSentence(*report.engine));
    if (report.analytics)
        lines.append(analyticsSentence(*report.analytics));
    else if (!report.whyNoAnalytics.isEmpty())
        lines.append(tr("Cloudflare's analytics could not be read: %1").arg(report.whyNoAnalytics));
    return lines;
}

QStringList historyLines(const QList<RouteHistoryEntry> &entries)
{
    QStringList lines;
    for (const RouteHistoryEntry &entry : entries) {
        lines.append(QStringLiteral("%1  %2  %3 -> %4  %5%6").arg(entry.at.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), entry.kind, sharesText(entry.before), sharesText(entry.after),
            historyStateLabel(entry.state), entry.rolledBack ? tr(", rolled back") : QString()));
        if (!entry.note.isEmpty())
            lines.append(QStringLiteral("    ") + entry.note);
    }
    if (lines.isEmpty())
        lines.append(tr("No change of shares is on record."));
    return lines;
}

Task<int> runShow(RoutingService &service, Options options, std::stop_token stop)
{
    const Result<RoutingState> state = co_await service.read(stop);
    if (!state)
        co_return sayError(state.error(), codeOf(state.error()));
    if (options.json)
        Terminal::print(dumpJson(routeDocument(*state)) + '\n');
    else
        printText(stateLines(*state));
    co_return ExitDone;
}

Task<int> runHistory(RoutingService &service, Options options, int count)
{
    const Result<QList<RouteHistoryEntry>> entries = co_await service.history(count);
    if (!entries)
        co_return sayError(entries.error());
    if (options.json)
        Terminal::print(dumpJson(historyDocument(*entries)) + '\n');
    else
        printText(historyLines(*entries));
    co_return ExitDone;
}

/// A count that did not come about is a document too: nothing was counted, and why.
int sayUncounted(const Error &error, const Options &options)
{
    if (options.json) {
        nlohmann::ordered_json document = splitDocument(SplitReport());
        document["pValue"] = nullptr;
        document["error"] = errorDocument(error, Layer::Edge);
        Terminal::print(dumpJson(document) + '\n');
    }
    return sayError(error, codeOf(error));
}

Task<int> runVerify(RoutingService &service, Options options, RouteOptions route, std::stop_token stop)
{
    if (options.dryRun) {
        printText({tr("Would send %1 requests through the endpoint, %2 a second.").arg(route.samples).arg(route.rate)});
        co_return ExitDone;
    }
    if (route.installMarks) {
        const OperationReport marks = co_await service.installMarks(stop);
        for (const StepReport &step : marks.steps)
            Terminal::say(QStringLiteral("%1: %2 %3").arg(step.name, stepStateName(step.state), step.detail));
        if (marks.error)
            co_return sayUncounted(*marks.error, options);
    }
    SplitOptions split;
    split.samples = route.samples;
    split.rate = route.rate;
    split.witness = route.witness;
    const Result<SplitReport> report = co_await service.verify(split, {}, stop);
    if (!report)
        co_return sayUncounted(report.error(), options);
    if (report->firstFailure)
        Terminal::say(tr("The first failure: %1").arg(report->firstFailure->summary));
    if (options.json)
        Terminal::print(dumpJson(splitDocument(*report)) + '\n');
    else
        printText(splitLines(*report));
    co_return report->agrees && !(report->engine && report->engine->contradicts()) ? ExitDone : ExitUnhealthy;
}

Result<RouteChange> changeOf(const RouteOptions &route, const RoutingState &now, const Clock &clock, const QString &who)
{
    RouteChange change;
    if (route.verb == Verb::EndLease) {
        change.endLease = true;
        return change;
    }
    if (route.verb == Verb::Drain) {
        if (!now.target(route.node))
            return Error(Error::Kind::Invalid, tr("The router shares nothing to a node \"%1\".").arg(safeText(route.node, 80)));
        WeightDraft draft(now.percents());
        if (!draft.drain(route.node))
            return Error(Error::Kind::Refused, tr("Nobody else could take the share of %1.").arg(route.node));
        change.percents = draft.percents();
    } else {
        const Result<PercentMap> percents = percentsFromWords(route.shares, now.percents());
        if (!percents)
            return percents.error();
        change.percents = *percents;
    }
    if (route.holdFor.count() > 0) {
        RouteLease lease;
        lease.id = newOperationId().left(8);
        lease.owner = who;
        lease.expiresAt = clock.now().addSecs(route.holdFor.count());
        for (auto it = change.percents.begin(); it != change.percents.end(); ++it)
            lease.weights.insert(it.key(), it.value());
        change.lease = lease;
    }
    return change;
}

Task<int> runChange(RoutingService &service, Options options, RouteOptions route, const Clock &clock, QString who, std::stop_token stop)
{
    Result<RouteChange> change = Error(Error::Kind::Cancelled, {});
    if (route.verb == Verb::Rollback) {
        change = co_await service.rollbackChange();
    } else {
        const Result<RoutingState> now = co_await service.read(stop);
        if (!now)
            co_return sayError(now.error(), codeOf(now.error()));
        change = changeOf(route, *now, clock, who);
    }
    if (!change)
        co_return sayError(change.error(), codeOf(change.error()));
    const Result<RouteProposal> proposal = co_await service.propose(*change, route.lastBackendOverride, stop);
    if (!proposal)
        co_return sayError(proposal.error(), codeOf(proposal.error()));
    for (const RouteFinding &finding : proposal->findings)
        sayFinding(finding);
    if (options.dryRun) {
        if (options.json)
            Terminal::print(dumpJson(planDocument(*proposal)) + '\n');
        else
            printText(planLines(*proposal));
        co_return proposal->isBlocked() ? ExitRefused : ExitDone;
    }
    bool confirmed = !proposal->wantsConfirmation();
    if (!confirmed && !proposal->isBlocked()) {
        if (options.yes) {
            confirmed = true;
        } else if (Terminal::canAsk()) {
            const QString answer = co_await Terminal::ask(tr("Go on? [y/N] "), stop);
            confirmed = answer.compare(QLatin1String("y"), Qt::CaseInsensitive) == 0 || answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) == 0;
        } else {
            Terminal::say(tr("Nobody can be asked here. Say --yes to go on all the same."));
        }
    }
    StepTeller teller;
    QObject::connect(&service, &RoutingService::operationChanged, &service, [&teller](const OperationReport &report) { teller.tell(report); });
    QObject::connect(&service, &RoutingService::logFailed, &service, [](const Error &error) {
        Terminal::say(tr("The activity log cannot be written; this goes on without a record: %1 %2").arg(error.summary, error.remedy));
    });
    RouteManner manner;
    manner.canary = route.canary;
    manner.dwell = route.dwell;
    const QString kind = route.verb == Verb::Drain ? QStringLiteral("route drain") : route.verb == Verb::Rollback ? QStringLiteral("route rollback") : QStringLiteral("route set");
    const RouteOutcome outcome = co_await service.apply(*proposal, confirmed, manner, kind, stop);
    if (outcome.report.error)
        sayError(*outcome.report.error);
    else
        Terminal::say(tr("%1: %2").arg(kind, sharesText(outcome.after)));
    if (options.json)
        Terminal::print(dumpJson(outcomeDocument(outcome)) + '\n');
    co_return outcome.report.result == OperationResult::Done ? ExitDone : outcome.report.result == OperationResult::Refused ? ExitRefused : ExitFailed;
}

/// A rate of tokens is the difference of two readings; an engine that counts has given one so far.
bool lacksRate(const FleetState &fleet)
{
    for (int i = 0; i < fleet.nodeCount(); ++i)
        if (const NodeState &node = fleet.at(i); node.engine.isKnown() && node.engine->generationTokensTotal && !node.tokensPerSecond)
            return true;
    return false;
}

} // namespace

Task<int> runRoute(Options options, RouteOptions route, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const FleetConfig config = file->config();
    TerminalHostKey hostKeys;
    FleetSessionOptions sessionOptions;
    sessionOptions.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    sessionOptions.hostKeyMode = options.hostKey;
    sessionOptions.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    FleetSession session(config, resolver, clock, sessionOptions);
    ActivityLog log(activityPath(config, file->path()), clock, QStringLiteral("hybridgectl"));
    RoutingService service(session.state(), session, log, config.name);
    if (route.verb == Verb::History)
        co_return co_await runHistory(service, options, route.count);
    if (!service.isConfigured()) {
        Terminal::say(service.whyNot());
        co_return ExitRefused;
    }
    if (route.verb == Verb::Show)
        co_return co_await runShow(service, options, stop);
    if (route.verb == Verb::Monitor)
        co_return co_await runMonitor(service, session, options, route.monitor, stop);
    if (route.verb == Verb::Verify) {
        if (route.witness && !options.dryRun) {
            session.start(); // its links, and the addresses that the clouds alone know
            service.setShells([&session](const QString &id) {
                const NodeWatch *const node = session.watch().node(id);
                return node ? node->shell() : nullptr;
            });
        }
        co_return co_await runVerify(service, options, route, stop);
    }
    session.start();
    // Guards judge what is known: the first look of everything comes before them.
    const QDeadlineTimer deadline(options.timeout);
    while (!stop.stop_requested() && !deadline.hasExpired() && !session.watch().isSettled())
        if (!co_await pause(50ms, stop))
            break;
    // A plan tells whether the rest could carry it.
    const QDeadlineTimer second(std::chrono::seconds(4));
    while (options.dryRun && !stop.stop_requested() && !second.hasExpired() && lacksRate(session.state()))
        if (!co_await pause(100ms, stop))
            break;
    session.state().flush();
    const QDateTime now = clock.now();
    co_await tellMeasuredRates(&service, log.database(), config.name, now);
    const QString who = log.who().section(QLatin1Char(','), 0, 0);
    co_return co_await runChange(service, options, route, clock, who, stop);
}

} // namespace hybridge
