// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/idlecommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/terminal.h"
#include "backend/base/units.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/idlestop.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("IdleCommand", text);
}

nlohmann::ordered_json secondsOrNull(const std::optional<std::chrono::seconds> &seconds)
{
    return seconds ? nlohmann::ordered_json(seconds->count()) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json documentOf(const QString &node, const IdleStatus &status)
{
    const bool armed = status.state != IdleStatus::State::Off;
    nlohmann::ordered_json out;
    out["node"] = node.toStdString();
    out["armed"] = armed;
    out["state"] = idleStateName(status.state).toStdString();
    out["action"] = status.action ? nlohmann::ordered_json(idleActionName(*status.action).toStdString()) : nlohmann::ordered_json(nullptr);
    out["windowSeconds"] = armed ? nlohmann::ordered_json(status.window.count()) : nlohmann::ordered_json(nullptr);
    out["idleSeconds"] = armed ? nlohmann::ordered_json(status.idleFor.count()) : nlohmann::ordered_json(nullptr);
    out["actsInSeconds"] = secondsOrNull(status.actsIn);
    out["pausedForSeconds"] = secondsOrNull(status.pausedFor);
    out["reason"] = status.reason.toStdString();
    out["fired"] = status.fired.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(status.fired.toStdString());
    return out;
}

QString verbName(IdleOptions::Verb verb)
{
    switch (verb) {
    case IdleOptions::Verb::Arm: return QStringLiteral("arm");
    case IdleOptions::Verb::Pause: return QStringLiteral("pause");
    case IdleOptions::Verb::Resume: return QStringLiteral("resume");
    case IdleOptions::Verb::Remove: return QStringLiteral("remove");
    case IdleOptions::Verb::Status: break;
    }
    return QStringLiteral("status");
}

Task<Result<IdleStatus>> act(IdleStop &idle, IdleOptions wish, IdleAction action, std::stop_token stop)
{
    switch (wish.verb) {
    case IdleOptions::Verb::Arm:
        return idle.arm(wish.time, action, stop);
    case IdleOptions::Verb::Pause:
        return idle.pauseFor(wish.time, stop);
    case IdleOptions::Verb::Resume:
        return idle.resume(stop);
    case IdleOptions::Verb::Remove:
        return idle.remove(stop);
    case IdleOptions::Verb::Status:
        break;
    }
    return idle.status(stop);
}

} // namespace

Task<int> runIdle(Options options, IdleOptions wish, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<std::shared_ptr<NodeShell>> opened = co_await NodeShell::open(options, wish.node, resolver, clock, stop);
    if (!opened)
        co_return opened.error().code;
    const std::shared_ptr<NodeShell> node = *opened;
    const QString label = node->node().label;
    IdleAction action = IdleAction::Stop;
    if (wish.verb == IdleOptions::Verb::Arm) {
        const std::optional<IdleAction> chosen = wish.action.isEmpty() ? usualIdleAction(node->node()) : parseIdleAction(wish.action);
        action = chosen.value_or(IdleAction::Stop);
        if (const std::optional<Error> refusal = idleRefusal(node->node(), action))
            co_return sayError(*refusal, ExitRefused);
    }
    IdleStop idle(node->shell(), node->node(), node->isLab());
    if (options.dryRun && wish.verb == IdleOptions::Verb::Arm) {
        Terminal::print((quoteArgv(idle.armArgv(wish.time, action)) + QLatin1Char('\n')).toUtf8());
        co_return ExitDone;
    }
    if (wish.verb != IdleOptions::Verb::Status && node->isLab())
        co_return sayError(demoRefusal(), ExitRefused);
    if (wish.verb == IdleOptions::Verb::Arm && !options.yes) {
        // From now on something is stopped with nobody there: that is said and asked first.
        Terminal::say(action == IdleAction::PowerOff ? tr("%1 will be switched off after %2 without work. Starting it again may find no capacity.").arg(label, formatDuration(wish.time))
                : action == IdleAction::Unload      ? tr("%1 will unload its models after %2 without work; the next request loads them again.").arg(label, formatDuration(wish.time))
                                                    : tr("The engine of %1 will be stopped after %2 without work.").arg(label, formatDuration(wish.time)));
        if (!Terminal::canAsk()) {
            Terminal::say(tr("Nothing was done: nobody can be asked here. Give --yes to go on without a question."));
            co_return ExitRefused;
        }
        const QString answer = co_await Terminal::ask(tr("Arm it? [y/N] "), stop);
        if (answer.compare(QLatin1String("y"), Qt::CaseInsensitive) != 0 && answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) != 0)
            co_return ExitRefused;
    }
    const Result<void> linked = co_await node->connect(stop);
    if (!linked)
        co_return stop.stop_requested() ? ExitFailed : sayError(linked.error());
    // Looking changes nothing, and is no line of the log.
    std::optional<LoggedChange> change;
    if (wish.verb != IdleOptions::Verb::Status) {
        change.emplace(node->change(QStringLiteral("idle ") + verbName(wish.verb)));
        OperationPlan plan;
        if (wish.verb == IdleOptions::Verb::Arm)
            plan.calls = {QStringLiteral("ssh %1: %2").arg(wish.node, quoteArgv(idle.armArgv(wish.time, action)))};
        plan.undo = wish.verb == IdleOptions::Verb::Arm ? QStringLiteral("hybridgectl idle remove %1").arg(wish.node) : QString();
        const Result<void> begun = co_await change->begin(plan);
        if (!begun)
            co_return sayError(begun.error(), ExitRefused);
    }
    const Result<IdleStatus> status = co_await act(idle, wish, action, stop);
    const std::optional<Error> error = errorIn(status);
    const QString note = status ? idleSentence(*status) : QString();
    if (change)
        co_await change->end(error, note);
    if (!status)
        co_return stop.stop_requested() ? ExitFailed
                                        : sayError(status.error(), status.error().kind == Error::Kind::Invalid ? ExitUsage : ExitFailed);
    if (options.json)
        Terminal::print(dumpJson(documentOf(wish.node, *status)) + '\n');
    else
        Terminal::print((QStringLiteral("%1: %2\n").arg(label, idleSentence(*status))).toUtf8());
    if (!options.json && !status->fired.isEmpty())
        Terminal::print(tr("It last acted at %1.\n").arg(status->fired).toUtf8());
    co_return ExitDone;
}

} // namespace hybridge
