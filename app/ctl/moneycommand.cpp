// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/moneycommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"
#include "backend/base/units.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/costservice.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("MoneyCommand", text);
}

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

Json momentOf(const QDateTime &at)
{
    return at.isValid() ? Json(at.toUTC().toString(Qt::ISODateWithMs).toStdString()) : Json(nullptr);
}

QString momentText(const QDateTime &at)
{
    return at.isValid() ? QLocale().toString(at.toLocalTime(), u"ddd yyyy-MM-dd HH:mm"_s) : tr("never");
}

Json documentOf(const ScheduleState &state)
{
    Json out = Json::object();
    out["name"] = state.schedule.name.toStdString();
    out["region"] = state.schedule.region.toStdString();
    out["status"] = textOrNull(state.schedule.status);
    out["timeZone"] = state.schedule.timeZone.toStdString();
    out["start"] = textOrNull(state.schedule.startCron);
    out["stop"] = textOrNull(state.schedule.stopCron);
    out["nextStart"] = momentOf(state.nextStart);
    out["nextStop"] = momentOf(state.nextStop);
    out["nodes"] = Json::array();
    for (const QString &node : state.nodes)
        out["nodes"].push_back(node.toStdString());
    return out;
}

QString lineOf(const ScheduleState &state)
{
    QString line = u"%1  %2  %3"_s.arg(safeText(state.schedule.name, 63), state.schedule.region, scheduleWords(state.schedule));
    line += u"\n    "_s + tr("next stop %1, next start %2").arg(momentText(state.nextStop), momentText(state.nextStart));
    line += u"\n    "_s + (state.nodes.isEmpty() ? tr("attached to no node of this fleet") : tr("attached to %1").arg(state.nodes.join(u", "_s)));
    return line;
}

Json documentOf(const gcp::Budget &budget)
{
    Json out = Json::object();
    out["id"] = budget.id.toStdString();
    out["name"] = budget.displayName.toStdString();
    out["amount"] = budget.amount ? Json(*budget.amount) : Json(nullptr);
    out["currency"] = textOrNull(budget.currency);
    out["thresholds"] = Json::array();
    for (const gcp::BudgetThreshold &threshold : budget.thresholds)
        out["thresholds"].push_back({{"fraction", threshold.fraction}, {"forecasted", threshold.forecasted}});
    out["projects"] = Json::array();
    for (const QString &project : budget.projects)
        out["projects"].push_back(project.toStdString());
    return out;
}

QString lineOf(const gcp::Budget &budget)
{
    QStringList thresholds;
    for (const gcp::BudgetThreshold &threshold : budget.thresholds)
        thresholds.append(threshold.forecasted ? tr("%1 (forecast)").arg(formatPercent(threshold.fraction * 100)) : formatPercent(threshold.fraction * 100));
    return u"%1  %2  "_s.arg(safeText(budget.displayName, 60), budget.amount ? formatMoney(budget.amount, budget.currency) : tr("as the month before"))
        + tr("tells at %1  %2").arg(thresholds.join(u", "_s), budget.projects.isEmpty() ? tr("whole billing account") : budget.projects.join(u", "_s));
}

void sayPlan(const Options &options, const QStringList &calls)
{
    if (options.json) {
        Json out = Json::object();
        out["dryRun"] = true;
        out["calls"] = Json::array();
        for (const QString &call : calls)
            out["calls"].push_back(call.toStdString());
        Terminal::print(dumpJson(out) + '\n');
        return;
    }
    for (const QString &call : calls)
        Terminal::print(call.toUtf8() + '\n');
}

/// Exit codes: what the operator may not do is a refusal, the rest failed.
int codeOf(const Error &error)
{
    return error.kind == Error::Kind::Refused ? ExitRefused : error.kind == Error::Kind::Invalid || error.kind == Error::Kind::NotFound ? ExitUsage : ExitFailed;
}

/// An opened fleet of which only the clouds' APIs are used: nothing is dialled and nothing is watched.
struct Opened {
    Opened(const FleetFile &file, const Options &options, SecretResolver &resolver, const Clock &clock)
        : session(file.config(), resolver, clock, sessionOptions(file, options)), log(activityPath(file.config(), file.path()), clock, u"hybridgectl"_s),
          service(session, log, QTimeZone::systemTimeZone())
    {
    }
    static FleetSessionOptions sessionOptions(const FleetFile &file, const Options &options)
    {
        FleetSessionOptions session;
        session.knownHostsFile = QFileInfo(file.path()).absolutePath() + u"/known_hosts"_s;
        session.hostKeyMode = options.hostKey;
        return session;
    }
    FleetSession session;
    ActivityLog log;
    CostService service;
};

Task<bool> confirmed(Options options, QString warning, std::stop_token stop)
{
    Terminal::say(warning);
    if (options.yes)
        co_return true;
    if (!Terminal::canAsk()) {
        Terminal::say(tr("Nobody can be asked here. Say --yes to go on all the same."));
        co_return false;
    }
    const QString answer = co_await Terminal::ask(tr("Go on? [y/N] "), stop);
    co_return answer.compare(u"y"_s, Qt::CaseInsensitive) == 0 || answer.compare(u"yes"_s, Qt::CaseInsensitive) == 0;
}

Task<int> listSchedules(Options options, std::shared_ptr<Opened> opened, std::stop_token stop)
{
    const Result<QList<ScheduleState>> found = co_await opened->service.schedules(stop);
    if (!found)
        co_return sayError(found.error(), codeOf(found.error()));
    if (options.json) {
        Json out = Json::object();
        out["schedules"] = Json::array();
        for (const ScheduleState &state : *found)
            out["schedules"].push_back(documentOf(state));
        Terminal::print(dumpJson(out) + '\n');
        co_return ExitDone;
    }
    for (const ScheduleState &state : *found)
        Terminal::print(lineOf(state).toUtf8() + '\n');
    if (found->isEmpty())
        Terminal::say(tr("No schedule is in the regions of this fleet."));
    co_return ExitDone;
}

void showSchedule(const Options &options, const ScheduleState &state)
{
    if (options.json)
        Terminal::print(dumpJson(documentOf(state)) + '\n');
    else
        Terminal::print(lineOf(state).toUtf8() + '\n');
}

} // namespace

Task<int> runSchedule(Options options, ScheduleOptions schedule, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    using Verb = ScheduleOptions::Verb;
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const auto opened = std::make_shared<Opened>(*file, options, resolver, clock);
    OffPeak &offPeak = opened->service.offPeak();
    if (schedule.verb == Verb::List)
        co_return co_await listSchedules(options, opened, stop);
    if (schedule.schedule.region.isEmpty() && offPeak.regions().size() == 1)
        schedule.schedule.region = offPeak.regions().first();
    const QString name = schedule.schedule.name;
    const bool needsRegion = schedule.verb == Verb::Create || schedule.verb == Verb::Remove;
    if (needsRegion && schedule.schedule.region.isEmpty()) {
        Terminal::say(tr("The fleet has machines in several regions, or in none. Say --region, such as us-central1."));
        co_return ExitUsage;
    }
    if (!needsRegion) {
        if (const Result<gcp::InstanceRef> machine = offPeak.machineOf(schedule.node); !machine)
            co_return sayError(machine.error(), codeOf(machine.error()));
    } else if (schedule.verb == Verb::Create) {
        if (const std::optional<Error> problem = gcp::scheduleProblem(schedule.schedule))
            co_return sayError(*problem, ExitUsage);
    }
    if (options.dryRun) {
        sayPlan(options, schedule.verb == Verb::Create ? offPeak.createCalls(schedule.schedule)
                : schedule.verb == Verb::Remove        ? offPeak.removeCalls(schedule.schedule.region, name)
                                                       : offPeak.attachCalls(schedule.node, name, schedule.verb == Verb::Attach));
        co_return ExitDone;
    }
    switch (schedule.verb) {
    case Verb::Create: {
        const Result<ScheduleState> made = co_await offPeak.create(schedule.schedule, stop);
        if (!made)
            co_return sayError(made.error(), codeOf(made.error()));
        showSchedule(options, *made);
        Terminal::say(tr("It stops and starts nothing yet: hybridgectl schedule attach %1 NODE").arg(name));
        co_return ExitDone;
    }
    case Verb::Attach: {
        const bool yes = co_await confirmed(options, scheduleWarning(), stop);
        if (!yes)
            co_return ExitRefused;
        const Result<ScheduleState> attached = co_await offPeak.attach(schedule.node, name, stop);
        if (!attached)
            co_return sayError(attached.error(), codeOf(attached.error()));
        showSchedule(options, *attached);
        co_return ExitDone;
    }
    case Verb::Detach: {
        const Result<QStringList> left = co_await offPeak.detach(schedule.node, name, stop);
        if (!left)
            co_return sayError(left.error(), codeOf(left.error()));
        Json out = Json::object();
        out["node"] = schedule.node.toStdString();
        out["schedules"] = Json::array();
        for (const QString &one : *left)
            out["schedules"].push_back(one.toStdString());
        if (options.json)
            Terminal::print(dumpJson(out) + '\n');
        else
            Terminal::say(tr("%1 is no longer stopped or started by %2.").arg(schedule.node, name));
        co_return ExitDone;
    }
    case Verb::Remove: {
        const bool yes = co_await confirmed(options, tr("Removes the schedule %1 in %2. Google refuses while it is attached to a machine.").arg(name, schedule.schedule.region), stop);
        if (!yes)
            co_return ExitRefused;
        const Result<bool> removed = co_await offPeak.remove(schedule.schedule.region, name, stop);
        if (!removed)
            co_return sayError(removed.error(), codeOf(removed.error()));
        Json out = Json::object();
        out["removed"] = name.toStdString();
        if (options.json)
            Terminal::print(dumpJson(out) + '\n');
        else
            Terminal::say(tr("%1 is removed.").arg(name));
        co_return ExitDone;
    }
    case Verb::List: break;
    }
    co_return ExitDone;
}

Task<int> runBudget(Options options, BudgetOptions budget, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    const auto opened = std::make_shared<Opened>(*file, options, resolver, clock);
    if (budget.verb == BudgetOptions::Verb::Create) {
        const FleetConfig &config = file->config();
        if (!budget.allProjects && config.gcp && !config.gcp->project.isEmpty())
            budget.budget.projects = {config.gcp->project};
        if (const std::optional<Error> problem = gcp::budgetProblem(budget.budget))
            co_return sayError(*problem, ExitUsage);
        if (options.dryRun) {
            sayPlan(options, opened->service.budgetCalls(budget.budget));
            co_return ExitDone;
        }
        const Result<gcp::Budget> made = co_await opened->service.createBudget(budget.budget, stop);
        if (!made)
            co_return sayError(made.error(), codeOf(made.error()));
        Terminal::print(options.json ? dumpJson(documentOf(*made)) + '\n' : lineOf(*made).toUtf8() + '\n');
        Terminal::say(gcp::budgetOnlyNotifies());
        co_return ExitDone;
    }
    const Result<QList<gcp::Budget>> found = co_await opened->service.budgets(stop);
    if (!found)
        co_return sayError(found.error(), codeOf(found.error()));
    if (options.json) {
        Json out = Json::object();
        out["budgets"] = Json::array();
        for (const gcp::Budget &one : *found)
            out["budgets"].push_back(documentOf(one));
        Terminal::print(dumpJson(out) + '\n');
        co_return ExitDone;
    }
    for (const gcp::Budget &one : *found)
        Terminal::print(lineOf(one).toUtf8() + '\n');
    if (found->isEmpty())
        Terminal::say(tr("The billing account has no budget."));
    Terminal::say(gcp::budgetOnlyNotifies());
    co_return ExitDone;
}

} // namespace hybridge
