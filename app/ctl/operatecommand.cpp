// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/operatecommand.h"

#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/base/units.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "backend/lifecycle/sessionways.h"
#include "backend/routing/routingservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("OperateCommand", text);
}

bool isYes(const QString &answer)
{
    return answer.compare(QLatin1String("y"), Qt::CaseInsensitive) == 0 || answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) == 0;
}

/// "connector" and "engine" stand for the services that the fleet file names.
QString serviceNamed(const NodeConfig &node, const QString &word)
{
    if (word == QLatin1String("connector") && node.connector)
        return node.connector->service;
    if (word == QLatin1String("engine") && node.engine)
        return node.engine->service;
    return word;
}

void sayFinding(const QString &node, const GuardFinding &finding)
{
    const char *mark = finding.weight == GuardFinding::Weight::Block ? "✗" : finding.weight == GuardFinding::Weight::Confirm ? "!" : "·";
    Terminal::say(QStringLiteral("%1 %2: %3").arg(QString::fromUtf8(mark), node, finding.what));
    if (!finding.why.isEmpty())
        Terminal::say(QStringLiteral("    ") + finding.why);
    if (!finding.remedy.isEmpty())
        Terminal::say(QStringLiteral("    → ") + finding.remedy);
}

/// Tells each step as it begins and ends, once.
class StepTeller {
public:
    void tell(const RunningOperation &operation)
    {
        const OperationReport &report = operation.report();
        for (int i = 0; i < report.steps.size(); ++i) {
            const StepReport &step = report.steps.at(i);
            const auto key = std::pair(report.id, i);
            const auto known = m_told.find(key);
            if (step.state == StepState::Pending || (known != m_told.end() && known->second == step.state))
                continue;
            m_told[key] = step.state;
            QString line = QStringLiteral("%1 [%2/%3] %4: %5").arg(report.node).arg(i + 1).arg(report.steps.size()).arg(step.name, stepStateName(step.state));
            if (step.state != StepState::Running && step.seconds)
                line += QStringLiteral(" (%1 s)").arg(*step.seconds, 0, 'f', 1);
            if (!step.detail.isEmpty())
                line += QStringLiteral(" — ") + step.detail;
            Terminal::say(line);
        }
        if (!operation.awaited().isEmpty() && m_awaited.value(report.id) != operation.awaited()) {
            m_awaited.insert(report.id, operation.awaited());
            Terminal::say(QStringLiteral("%1   … %2").arg(report.node, operation.awaited()));
        }
    }

private:
    std::map<std::pair<QString, int>, StepState> m_told;
    QHash<QString, QString> m_awaited;
};

nlohmann::ordered_json planDocument(const OperationProposal &proposal)
{
    nlohmann::ordered_json out;
    out["operation"] = operationName(proposal.request.kind).toStdString();
    out["node"] = proposal.request.node.toStdString();
    out["dryRun"] = true;
    out["steps"] = nlohmann::ordered_json::array();
    for (const StepReport &step : proposal.plan.steps)
        out["steps"].push_back(step.name.toStdString());
    out["calls"] = nlohmann::ordered_json::array();
    for (const QString &call : proposal.plan.calls)
        out["calls"].push_back(call.toStdString());
    out["guards"] = nlohmann::ordered_json::array();
    for (const GuardFinding &finding : proposal.findings)
        out["guards"].push_back({{"id", finding.id.toStdString()},
            {"blocks", finding.weight == GuardFinding::Weight::Block}, {"what", finding.what.toStdString()},
            {"why", finding.why.toStdString()}, {"remedy", finding.remedy.toStdString()}});
    out["undo"] = proposal.plan.undo.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(proposal.plan.undo.toStdString());
    return out;
}

void sayPlan(const OperationProposal &proposal, const QString &label)
{
    QByteArray text = (operationTitle(proposal.request.kind, label, proposal.request.service) + QLatin1Char('\n')).toUtf8();
    int number = 0;
    for (const StepReport &step : proposal.plan.steps)
        text += QStringLiteral("  %1. %2\n").arg(++number).arg(step.name).toUtf8();
    if (!proposal.plan.calls.isEmpty()) {
        text += tr("What would leave:\n").toUtf8();
        for (const QString &call : proposal.plan.calls)
            text += QStringLiteral("  %1\n").arg(call).toUtf8();
    }
    if (!proposal.plan.undo.isEmpty())
        text += tr("To take it back: %1\n").arg(proposal.plan.undo).toUtf8();
    Terminal::print(text);
}

/// One document for one node, a list for several.
void printDocuments(const std::vector<nlohmann::ordered_json> &documents)
{
    if (documents.size() == 1) {
        Terminal::print(dumpJson(documents.front()) + '\n');
        return;
    }
    nlohmann::ordered_json all;
    all["operations"] = documents;
    Terminal::print(dumpJson(all) + '\n');
}

int worseCode(int a, int b)
{
    // A failure is worse than a refusal: something was begun.
    const auto rank = [](int code) { return code == ExitFailed ? 2 : code == ExitRefused ? 1 : 0; };
    return rank(a) >= rank(b) ? a : b;
}

int codeOf(const OperationReport &report)
{
    switch (report.result) {
    case OperationResult::Done: return ExitDone;
    case OperationResult::Refused: return ExitRefused;
    default: return ExitFailed;
    }
}

void sayEnd(const OperationReport &report)
{
    Terminal::say(QStringLiteral("%1: %2 %3").arg(report.node, report.operation, operationResultName(report.result)));
    if (!report.error)
        return;
    Terminal::say(QStringLiteral("    ") + report.error->summary);
    if (!report.error->detail.isEmpty())
        Terminal::say(QStringLiteral("    ") + report.error->detail);
    if (!report.error->remedy.isEmpty())
        Terminal::say(QStringLiteral("    → ") + report.error->remedy);
}

} // namespace

Task<int> runOperate(Options options, OperateOptions operate, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const FleetConfig config = file->config();
    std::vector<OperationRequest> requests;
    QStringList nodes = operate.nodes;
    nodes.removeDuplicates();
    for (const QString &id : nodes) {
        const NodeConfig *node = config.node(id);
        if (!node) {
            Terminal::say(tr("The fleet file has no node \"%1\".").arg(id));
            co_return ExitUsage;
        }
        OperationRequest request = operate.request;
        request.node = id;
        request.service = serviceNamed(*node, operate.request.service);
        if (isServiceOperation(request.kind) && ServiceControl::argvFor(request.service, ServiceAction::Start, QStringLiteral("root")).isEmpty()) {
            Terminal::say(tr("\"%1\" is no service. Say systemd:UNIT, docker:NAME, connector or engine.").arg(request.service));
            co_return ExitUsage;
        }
        requests.push_back(request);
    }

    TerminalHostKey hostKeys;
    FleetSessionOptions sessionOptions;
    sessionOptions.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    sessionOptions.hostKeyMode = options.hostKey;
    sessionOptions.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    FleetSession session(config, resolver, clock, sessionOptions);
    ActivityLog log(activityPath(config, file->path()), clock, QStringLiteral("hybridgectl"));
    RoutingService routing(session.state(), session, log, config.name);
    SessionWays ways(session);
    ways.setRouting(&routing);
    LifecycleService service(ways, log, config.name);
    session.start();
    // Guards judge what is known: the first look of everything comes before them.
    const QDeadlineTimer deadline(options.timeout);
    while (!stop.stop_requested() && !deadline.hasExpired() && !session.watch().isSettled())
        if (!co_await pause(50ms, stop))
            break;
    session.state().flush();

    if (operate.spot) {
        SpotRestarter restarter(service, session.state(), log, config.name, file->spotRestarts());
        restarter.setDry(options.dryRun);
        SpotWatchOptions wish = *operate.spot;
        wish.json = options.json;
        const int code = co_await watchSpot(restarter, service, session.state(), wish, stop);
        co_return code;
    }
    const Result<QList<OperationSummary>> interrupted = co_await service.interrupted(stop);
    std::vector<nlohmann::ordered_json> documents;
    bool confirmed = true;
    bool blocked = false;
    for (OperationRequest &request : requests) {
        if (interrupted) {
            for (const OperationSummary &left : *interrupted) {
                if (left.target != request.node || !request.continues.isEmpty())
                    continue;
                request.continues = left.id;
                Terminal::say(tr("%1: \"%2\" of %3 was cut off. This run looks at each step again and goes on from there.")
                                  .arg(left.target, left.kind, left.begun.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"))));
            }
        }
        if (takesAway(request.kind))
            for (const OperationRequest &before : requests) {
                if (&before == &request)
                    break;
                request.alongside.append(before.node);
            }
        const OperationProposal proposal = co_await service.propose(request, stop);
        if (stop.stop_requested())
            co_return ExitFailed;
        for (const GuardFinding &finding : proposal.findings)
            sayFinding(request.node, finding);
        blocked = blocked || proposal.isBlocked();
        confirmed = confirmed && !proposal.wantsConfirmation();
        if (options.dryRun) {
            if (options.json)
                documents.push_back(planDocument(proposal));
            else
                sayPlan(proposal, config.node(request.node)->label);
        }
    }
    if (options.dryRun) {
        if (options.json)
            printDocuments(documents);
        co_return blocked ? ExitRefused : ExitDone;
    }
    if (!confirmed && !blocked) {
        if (options.yes) {
            confirmed = true;
        } else if (Terminal::canAsk()) {
            const QString answer = co_await Terminal::ask(tr("Go on? [y/N] "), stop);
            confirmed = isYes(answer);
        } else {
            Terminal::say(tr("Nobody can be asked here. Say --yes to go on all the same."));
        }
    }

    StepTeller teller;
    QObject::connect(&service, &LifecycleService::operationChanged, &service, [&teller](RunningOperation *operation) { teller.tell(*operation); });
    QObject::connect(&service, &LifecycleService::logFailed, &service, [](const Error &error) {
        Terminal::say(tr("The activity log cannot be written; this goes on without a record: %1 %2").arg(error.summary, error.remedy));
    });
    std::vector<Task<OperationReport>> runs; // all run from here on, side by side
    for (const OperationRequest &request : requests)
        runs.push_back(service.run(request, confirmed, stop));
    int code = ExitDone;
    for (auto &one : runs) {
        const OperationReport report = co_await one;
        sayEnd(report);
        documents.push_back(operationDocument(report));
        code = worseCode(code, codeOf(report));
    }
    if (options.json)
        printDocuments(documents);
    co_return code;
}

} // namespace hybridge
