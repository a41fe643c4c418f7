// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/idletypes.h"

#include "backend/base/units.h"
#include "backend/host/servicename.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace hybridge {

namespace {

using State = IdleStatus::State;

QString tr(const char *text)
{
    return QCoreApplication::translate("IdleStop", text);
}

std::optional<std::chrono::seconds> seconds(const QJsonObject &object, const char *key)
{
    const QJsonValue value = object.value(QLatin1String(key));
    if (!value.isDouble() || value.toDouble() < 0 || value.toDouble() > 1e9)
        return std::nullopt;
    return std::chrono::seconds(value.toInteger());
}

QString deedText(std::optional<IdleAction> action)
{
    if (!action)
        return tr("it acts");
    switch (*action) {
    case IdleAction::PowerOff:
        return tr("the machine is switched off");
    case IdleAction::Unload:
        return tr("the models are unloaded");
    case IdleAction::Stop:
        break;
    }
    return tr("the engine is stopped");
}

} // namespace

QString idleActionName(IdleAction action)
{
    switch (action) {
    case IdleAction::PowerOff:
        return QStringLiteral("poweroff");
    case IdleAction::Unload:
        return QStringLiteral("unload");
    case IdleAction::Stop:
        break;
    }
    return QStringLiteral("stop");
}

std::optional<IdleAction> parseIdleAction(const QString &word)
{
    for (const IdleAction action : {IdleAction::PowerOff, IdleAction::Stop, IdleAction::Unload})
        if (idleActionName(action) == word)
            return action;
    return std::nullopt;
}

std::optional<IdleAction> usualIdleAction(const NodeConfig &node)
{
    for (const IdleAction action : {IdleAction::PowerOff, IdleAction::Unload, IdleAction::Stop})
        if (!idleRefusal(node, action))
            return action;
    return std::nullopt;
}

std::optional<Error> idleRefusal(const NodeConfig &node, IdleAction action)
{
    if (!node.engine || (node.engine->kind != EngineKind::Vllm && node.engine->kind != EngineKind::Ollama))
        return Error(Error::Kind::Refused, tr("The engine of %1 tells nothing about its requests, so idleness cannot be seen.").arg(node.label))
            .withRemedy(tr("Idle stop knows vLLM and Ollama. For other engines use a schedule or a maximum run time."));
    if (node.engine->url.scheme() != u"http")
        return Error(Error::Kind::Refused, tr("Idle stop reads the engine on the node itself, over http; %1 has another address.").arg(node.label));
    switch (action) {
    case IdleAction::PowerOff:
        if (!node.machine || node.machine->kind != MachineKind::Gce)
            return Error(Error::Kind::Refused, tr("%1 is no virtual machine of Google Compute Engine: switching it off saves no bill and nobody switches it on again.").arg(node.label))
                .withRemedy(tr("Choose stop or unload."));
        return std::nullopt;
    case IdleAction::Unload:
        if (node.engine->kind != EngineKind::Ollama)
            return Error(Error::Kind::Refused, tr("Only Ollama unloads its models.")).withRemedy(tr("Choose stop."));
        return std::nullopt;
    case IdleAction::Stop:
        break;
    }
    if (!parseServiceName(node.engine->service))
        return Error(Error::Kind::Refused, tr("The fleet file names no service for the engine of %1.").arg(node.label))
            .withRemedy(tr("Set engine.service to systemd:UNIT or docker:NAME."));
    return std::nullopt;
}

Error demoRefusal()
{
    return Error(Error::Kind::Refused, tr("The demo's nodes are no machines of their own: this would be written on your own computer."))
        .withRemedy(tr("Look at what would be done with --dry-run or --script."));
}

QString idleStateName(State state)
{
    switch (state) {
    case State::Off:
        return QStringLiteral("off");
    case State::Idle:
        return QStringLiteral("idle");
    case State::Busy:
        return QStringLiteral("busy");
    case State::Unreadable:
        return QStringLiteral("unreadable");
    case State::Paused:
        return QStringLiteral("paused");
    case State::Acting:
        return QStringLiteral("acting");
    case State::Failed:
        return QStringLiteral("failed");
    case State::Unwatched:
        return QStringLiteral("unwatched");
    case State::Unknown:
        break;
    }
    return QStringLiteral("unknown");
}

Result<IdleStatus> parseIdleStatus(const QByteArray &out)
{
    const QJsonDocument document = QJsonDocument::fromJson(out.left(64 << 10));
    const QJsonObject object = document.object();
    if (!document.isObject() || object.value(u"version").toInt() != 1 || !object.value(u"armed").isBool())
        return Error(Error::Kind::Protocol, tr("The node's idle stop gave an answer that this program does not know."),
            safeText(QString::fromUtf8(out.left(200))))
            .withRemedy(tr("Bring the node up to date with: hybridgectl prepare NODE"));
    IdleStatus status;
    status.fired = safeText(object.value(u"fired").toString(), 80);
    if (!object.value(u"armed").toBool())
        return status;
    status.state = State::Unknown;
    const QString word = object.value(u"state").toString();
    for (const State state : {State::Idle, State::Busy, State::Unreadable, State::Paused, State::Acting, State::Failed, State::Unwatched})
        if (idleStateName(state) == word)
            status.state = state;
    status.action = parseIdleAction(object.value(u"action").toString());
    status.window = seconds(object, "windowSeconds").value_or(std::chrono::seconds(0));
    status.every = seconds(object, "everySeconds").value_or(std::chrono::seconds(0));
    status.idleFor = seconds(object, "idleSeconds").value_or(std::chrono::seconds(0));
    status.actsIn = seconds(object, "actsInSeconds");
    status.pausedFor = seconds(object, "pausedForSeconds");
    status.reason = safeText(object.value(u"reason").toString(), 200);
    return status;
}

QString idleSentence(const IdleStatus &status)
{
    const QString deed = deedText(status.action);
    switch (status.state) {
    case State::Off:
        return tr("No idle stop is armed.");
    case State::Idle:
        return tr("No work for %1; %2 in %3.").arg(formatDuration(status.idleFor), deed, formatDuration(status.actsIn.value_or(std::chrono::seconds(0))));
    case State::Busy:
        return tr("Busy: %1. Without work for %2, %3.").arg(status.reason, formatDuration(status.window), deed);
    case State::Unreadable:
        return tr("Counts as busy: %1.").arg(status.reason);
    case State::Paused:
        return tr("Paused for another %1.").arg(formatDuration(status.pausedFor.value_or(std::chrono::seconds(0))));
    case State::Acting:
        return tr("The time is up: %1.").arg(deed);
    case State::Failed:
        return tr("The time was up, but it could not act: %1.").arg(status.reason);
    case State::Unwatched:
        return tr("Armed, but not working: %1.").arg(status.reason);
    case State::Unknown:
        break;
    }
    return tr("The node's idle stop tells a state that this program does not know.");
}

} // namespace hybridge
