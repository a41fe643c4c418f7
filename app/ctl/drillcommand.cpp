// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/drillcommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/stepteller.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/base/units.h"
#include "backend/drill/drillreport.h"
#include "backend/drill/drillservice.h"
#include "backend/drill/sessiondrillways.h"
#include "backend/fleet/statusjson.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

using Verb = DrillOptions::Verb;

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillCommand", text);
}

void sayCheck(const DrillCheck &check)
{
    const char *mark = check.state == DrillCheck::State::Block ? "✗" : check.state == DrillCheck::State::Warn ? "!" : "✓";
    Terminal::say(QStringLiteral("%1 %2").arg(QString::fromUtf8(mark), check.what));
    if (check.state == DrillCheck::State::Ok)
        return;
    if (!check.why.isEmpty())
        Terminal::say(QStringLiteral("    ") + check.why);
    if (!check.remedy.isEmpty())
        Terminal::say(QStringLiteral("    → ") + check.remedy);
}

QString stateName(DrillCheck::State state)
{
    return state == DrillCheck::State::Block ? QStringLiteral("block") : state == DrillCheck::State::Warn ? QStringLiteral("warn") : QStringLiteral("ok");
}

nlohmann::ordered_json planDocument(const DrillPlan &plan)
{
    nlohmann::ordered_json out;
    out["dryRun"] = true;
    out["request"] = drillRequestDocument(plan.request);
    out["leaseSeconds"] = plan.lease.count();
    out["requests"] = plan.requests;
    out["lockedNodes"] = nlohmann::ordered_json::array();
    for (const QString &node : plan.lockNodes)
        out["lockedNodes"].push_back(node.toStdString());
    out["predicted"] = plan.predicted.because.toStdString();
    out["checks"] = nlohmann::ordered_json::array();
    for (const DrillCheck &check : plan.checks)
        out["checks"].push_back({{"id", check.id.toStdString()}, {"state", stateName(check.state).toStdString()}, {"what", check.what.toStdString()}, {"why", check.why.toStdString()}, {"remedy", check.remedy.toStdString()}});
    out["calls"] = nlohmann::ordered_json::array();
    for (const QString &call : plan.calls)
        out["calls"].push_back(call.toStdString());
    return out;
}

QStringList reportLines(const DrillReport &report)
{
    QStringList lines {QStringLiteral("%1  %2").arg(report.begun.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), drillLine(report))};
    for (const QString &reason : report.reasons)
        lines.append(QStringLiteral("  ") + reason);
    lines.append(tr("  seen after %1, gone around after %2, back after %3").arg(timeText(report.times.detect, report.times.uncertainty), timeText(report.times.shift, report.times.uncertainty), timeText(report.times.recover, report.times.uncertainty)));
    for (const QString &note : report.restoreNotes)
        lines.append(QStringLiteral("  ") + note);
    lines.append(QStringLiteral("  id %1").arg(report.id));
    return lines;
}

void printLines(const QStringList &lines)
{
    Terminal::print((lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8());
}

int codeOf(const DrillReport &report)
{
    return !report.restored ? ExitFailed : report.verdict == DrillVerdict::Pass ? ExitDone : ExitUnhealthy;
}

Task<int> runOne(DrillService &service, Options options, DrillRequest request, std::stop_token stop)
{
    const DrillPlan plan = co_await service.plan(request, stop);
    if (stop.stop_requested())
        co_return ExitFailed;
    for (const DrillCheck &check : plan.checks)
        sayCheck(check);
    if (options.dryRun) {
        if (options.json)
            Terminal::print(dumpJson(planDocument(plan)) + '\n');
        else
            printLines(QStringList {tr("What would leave:")} + plan.calls + QStringList {plan.predicted.because});
        co_return plan.isBlocked() ? ExitRefused : ExitDone;
    }
    StepTeller teller;
    QObject::connect(&service, &DrillService::changed, &service, [&service, &teller] { teller.tell(service.live().steps); });
    QObject::connect(&service, &DrillService::logFailed, &service, [](const Error &error) {
        Terminal::say(tr("The activity log cannot be written; this goes on without a record: %1 %2").arg(error.summary, error.remedy));
    });
    const DrillOutcome outcome = co_await service.run(plan, stop);
    if (outcome.error && !outcome.report.ended.isValid())
        co_return sayError(*outcome.error, outcome.error->kind == Error::Kind::Refused ? ExitRefused : ExitFailed);
    if (options.json)
        Terminal::print(dumpJson(drillDocument(outcome.report, false)) + '\n');
    else
        printLines(reportLines(outcome.report));
    if (outcome.error && outcome.report.restored)
        co_return sayError(*outcome.error, outcome.error->kind == Error::Kind::Refused ? ExitRefused : ExitFailed);
    co_return codeOf(outcome.report);
}

Task<int> runRestore(DrillService &service, Options options, QString node, std::stop_token stop)
{
    const Result<QList<DrillReport>> cutOff = co_await service.interrupted(stop);
    if (!cutOff)
        co_return sayError(cutOff.error());
    const Result<QList<DrillReport>> unrestored = co_await service.unrestored(stop);
    if (!unrestored)
        co_return sayError(unrestored.error());
    const QList<DrillReport> open = *cutOff + *unrestored;
    StepTeller teller;
    QObject::connect(&service, &DrillService::changed, &service, [&service, &teller] { teller.tell(service.live().steps); });
    nlohmann::ordered_json documents = nlohmann::ordered_json::array();
    int code = ExitDone;
    for (const DrillReport &drill : open) {
        if (!node.isEmpty() && drill.request.node != node)
            continue;
        const DrillReport ended = co_await service.finish(drill, stop);
        documents.push_back(drillDocument(ended, false));
        if (!options.json)
            printLines(reportLines(ended));
        if (!ended.restored)
            code = ExitFailed;
    }
    if (!node.isEmpty()) {
        // Also what no journal of this machine knows.
        const Result<LeaseStatus> back = co_await service.giveBack(node, stop);
        if (!back)
            co_return sayError(back.error());
        if (back->isOpen()) {
            Terminal::say(tr("A lease is still open on %1.").arg(node));
            code = ExitFailed;
        } else {
            Terminal::say(tr("Nothing is away on %1.").arg(node));
        }
    } else if (documents.empty()) {
        Terminal::say(tr("No drill was cut off or left unrestored: there is nothing to give back."));
    }
    if (options.json)
        Terminal::print(dumpJson({{"restored", documents}}) + '\n');
    co_return code;
}

Task<int> runRead(DrillService &service, Options options, DrillOptions drill)
{
    const int most = drill.verb == Verb::List ? drill.count : 1;
    const Result<QList<DrillReport>> all = co_await service.journal().list(most);
    if (!all)
        co_return sayError(all.error());
    if (drill.verb == Verb::List) {
        nlohmann::ordered_json documents = nlohmann::ordered_json::array();
        QStringList lines;
        for (const DrillReport &one : *all) {
            nlohmann::ordered_json document = drillDocument(one, false);
            document.erase("bySecond");
            documents.push_back(document);
            lines.append(QStringLiteral("%1  %2  %3%4").arg(one.begun.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), one.id.left(8), drillLine(one),
                !one.ended.isValid() ? tr(", not finished") : one.restored ? QString() : tr(", not restored")));
        }
        if (options.json)
            Terminal::print(dumpJson({{"drills", documents}}) + '\n');
        else
            printLines(lines.isEmpty() ? QStringList {tr("No drill is on record.")} : lines);
        co_return ExitDone;
    }
    const QString id = drill.id.isEmpty() && !all->isEmpty() ? all->first().id : drill.id;
    const Result<DrillReport> report = co_await service.journal().load(id);
    if (!report)
        co_return sayError(report.error(), report.error().kind == Error::Kind::Unavailable ? ExitFailed : ExitUsage);
    if (drill.verb == Verb::Show) {
        if (options.json)
            Terminal::print(dumpJson(drillDocument(*report, false)) + '\n');
        else
            printLines(reportLines(*report));
        co_return ExitDone;
    }
    const QByteArray bytes = drill.format == QLatin1String("json") || options.json ? dumpJson(drillDocument(*report, true)) + '\n'
        : drill.format == QLatin1String("markdown")                               ? drillMarkdown(*report)
                                                                                  : drillHtml(*report);
    if (drill.file == QLatin1String("-")) {
        Terminal::print(bytes);
        co_return ExitDone;
    }
    QSaveFile file(drill.file);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        Terminal::say(tr("%1 could not be written: %2").arg(drill.file, file.errorString()));
        co_return ExitFailed;
    }
    co_return ExitDone;
}

int checkFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        Terminal::say(tr("%1 cannot be read: %2").arg(path, file.errorString()));
        return ExitUsage;
    }
    const bool holds = digestHolds(file.read(64 << 20));
    Terminal::say(holds ? tr("The report is as it was when it was made.") : tr("The report is not what its digest says."));
    return holds ? ExitDone : ExitFailed;
}

} // namespace

Task<int> runDrill(Options options, DrillOptions drill, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    if (drill.verb == Verb::Check)
        co_return checkFile(drill.file);
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const FleetConfig config = file->config();
    const QString node = drill.verb == Verb::Run || drill.verb == Verb::Restore ? drill.node : QString();
    if (!node.isEmpty() && !config.node(node)) {
        Terminal::say(tr("The fleet file has no node \"%1\".").arg(node));
        co_return ExitUsage;
    }
    TerminalHostKey hostKeys;
    FleetSessionOptions sessionOptions;
    sessionOptions.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    sessionOptions.hostKeyMode = options.hostKey;
    sessionOptions.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    FleetSession session(config, resolver, clock, sessionOptions);
    ActivityLog log(activityPath(config, file->path()), clock, QStringLiteral("hybridgectl"));
    RoutingService routing(session.state(), session, log, config.name);
    SessionDrillWays ways(session, &routing, resolver);
    DrillService service(ways, log, config.name);
    if (drill.verb != Verb::Run && drill.verb != Verb::Restore)
        co_return co_await runRead(service, options, drill);
    session.start();
    // Guards judge what is known: the first look of everything comes before them.
    const QDeadlineTimer deadline(options.timeout);
    while (!stop.stop_requested() && !deadline.hasExpired() && !session.watch().isSettled())
        if (!co_await pause(50ms, stop))
            break;
    session.state().flush();
    if (drill.verb == Verb::Run)
        co_return co_await runOne(service, options, drill.request, stop);
    co_return co_await runRestore(service, options, drill.node, stop);
}

} // namespace hybridge
