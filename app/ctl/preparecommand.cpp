// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/preparecommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/terminal.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/idletypes.h"
#include "backend/lifecycle/prepare.h"

#include <QCoreApplication>
#include <QCryptographicHash>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("PrepareCommand", text);
}

QString stateText(const PrepareItem &item, bool removing)
{
    switch (item.state) {
    case NodeFileState::Missing:
        return removing ? tr("not there") : tr("new");
    case NodeFileState::Same:
        return removing ? tr("goes") : tr("as it should be");
    case NodeFileState::Differs:
        return removing ? tr("goes (changed since)") : tr("changes");
    case NodeFileState::Unknown:
        break;
    }
    return tr("readable by root alone");
}

void sayPlan(const PreparePlan &plan, const QString &label)
{
    Terminal::say(plan.removing ? tr("What is taken away from %1:").arg(label) : tr("What %1 gets, all of it root's:").arg(label));
    for (const PrepareItem &item : plan.items) {
        Terminal::say(QStringLiteral("  %1  %2  %3").arg(item.file.path, QString::number(item.file.mode, 8).rightJustified(4, u'0'), stateText(item, plan.removing)));
        if (!plan.removing)
            Terminal::say(QStringLiteral("      ") + item.file.why);
    }
}

nlohmann::ordered_json documentOf(const QString &node, const PreparePlan &plan, bool dryRun)
{
    nlohmann::ordered_json out;
    out["node"] = node.toStdString();
    out["removing"] = plan.removing;
    out["dryRun"] = dryRun;
    out["done"] = plan.isDone();
    out["files"] = nlohmann::ordered_json::array();
    for (const PrepareItem &item : plan.items)
        out["files"].push_back({{"path", item.file.path.toStdString()}, {"mode", QString::number(item.file.mode, 8).rightJustified(4, u'0').toStdString()},
            {"owner", "root"}, {"state", nodeFileStateName(item.state).toStdString()},
            {"sha256", QCryptographicHash::hash(item.file.content, QCryptographicHash::Sha256).toHex().toStdString()}, {"why", item.file.why.toStdString()}});
    return out;
}

/// True when it may go on; says why not.
Task<bool> allowed(Options options, QString label, std::stop_token stop)
{
    if (options.yes)
        co_return true;
    if (!Terminal::canAsk()) {
        Terminal::say(tr("Nothing was done: nobody can be asked here. Give --yes to go on without a question."));
        co_return false;
    }
    const QString answer = co_await Terminal::ask(tr("Do this on %1 as root? [y/N] ").arg(label), stop);
    co_return answer.compare(QLatin1String("y"), Qt::CaseInsensitive) == 0 || answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) == 0;
}

int byHand(const PreparePlan &plan, const Error &why, const QString &label)
{
    sayError(why);
    Terminal::say(tr("This script does it; run it on %1 as root:").arg(label));
    Terminal::print(Prepare::script(plan));
    return ExitFailed;
}

} // namespace

Task<int> runPrepare(Options options, PrepareOptions wish, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<std::shared_ptr<NodeShell>> opened = co_await NodeShell::open(options, wish.node, resolver, clock, stop);
    if (!opened)
        co_return opened.error().code;
    const std::shared_ptr<NodeShell> node = *opened;
    const QString label = node->node().label;
    Prepare prepare(node->shell(), node->node(), node->isLab());
    if (wish.script) {
        PreparePlan plan;
        plan.removing = wish.remove;
        for (const NodeFile &file : nodeFiles(node->node()))
            plan.items.append(PrepareItem {file, NodeFileState::Unknown});
        Terminal::print(Prepare::script(plan));
        co_return ExitDone;
    }
    const Result<void> linked = co_await node->connect(stop);
    if (!linked)
        co_return stop.stop_requested() ? ExitFailed : sayError(linked.error());
    const Result<PreparePlan> plan = co_await prepare.look(wish.remove, stop);
    if (!plan)
        co_return stop.stop_requested() ? ExitFailed : sayError(plan.error());
    sayPlan(*plan, label);
    if (options.dryRun || plan->isDone()) {
        if (plan->isDone())
            Terminal::say(tr("Nothing to do."));
        if (options.json)
            Terminal::print(dumpJson(documentOf(wish.node, *plan, options.dryRun)) + '\n');
        co_return ExitDone;
    }
    if (node->isLab())
        co_return sayError(demoRefusal(), ExitRefused);
    if (!co_await allowed(options, label, stop))
        co_return ExitRefused;
    const Result<RootWay> way = co_await prepare.rootWay(stop);
    if (!way)
        co_return sayError(way.error());
    Secret password;
    if (*way == RootWay::Password)
        password = co_await Terminal::askSecret(tr("Password of %1 on %2, for sudo: ").arg(node->node().ssh->user, label), stop);
    if (stop.stop_requested())
        co_return ExitFailed;
    LoggedChange change = node->change(wish.remove ? QStringLiteral("prepare remove") : QStringLiteral("prepare"));
    OperationPlan steps;
    for (const PrepareItem &item : plan->items)
        steps.calls.append(QStringLiteral("ssh %1: %2 (%3)").arg(wish.node, item.file.path, stateText(item, plan->removing)));
    steps.undo = wish.remove ? QStringLiteral("hybridgectl prepare %1").arg(wish.node) : QStringLiteral("hybridgectl prepare %1 --remove").arg(wish.node);
    const Result<void> begun = co_await change.begin(steps);
    if (!begun)
        co_return sayError(begun.error(), ExitRefused);
    const Result<PrepareReport> report = co_await prepare.apply(*plan, *way, password, stop);
    const std::optional<Error> error = errorIn(report);
    const QString note = report ? tr("Read back: every file is as planned.") : QString();
    co_await change.end(error, note);
    if (!report) {
        const Error::Kind kind = report.error().kind;
        if (kind == Error::Kind::Refused || kind == Error::Kind::Unauthorized)
            co_return byHand(*plan, report.error(), label);
        co_return stop.stop_requested() ? ExitFailed : sayError(report.error());
    }
    for (const ScriptLine &line : report->told)
        if (line.verb != QLatin1String("done"))
            Terminal::say(QStringLiteral("%1 %2 %3").arg(line.verb, line.path, line.rest).trimmed());
    if (options.json)
        Terminal::print(dumpJson(documentOf(wish.node, report->after, false)) + '\n');
    co_return ExitDone;
}

} // namespace hybridge
