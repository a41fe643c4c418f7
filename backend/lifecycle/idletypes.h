// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/fleetconfig.h"

#include <QByteArray>
#include <QString>

#include <chrono>
#include <optional>

namespace hybridge {

/// What the idle stop of a node does when the time is up.
enum class IdleAction {
    PowerOff, ///< the machine itself: Google stops billing for it
    Stop, ///< the engine's service
    Unload, ///< Ollama's models: the next request loads them again
};

/// "poweroff", "stop", "unload".
[[nodiscard]] QString idleActionName(IdleAction action);
[[nodiscard]] std::optional<IdleAction> parseIdleAction(const QString &word);

/// What suits @p node when nobody has said: a virtual machine is switched off, Ollama unloads, another engine is stopped.
/// Empty where idleness cannot be seen or nothing could be done about it. Pure.
[[nodiscard]] std::optional<IdleAction> usualIdleAction(const NodeConfig &node);
/// Why @p action cannot be armed on @p node; empty when it can. Pure.
[[nodiscard]] std::optional<Error> idleRefusal(const NodeConfig &node, IdleAction action);

/// Why nothing is installed or armed on a node of the demo: its shells are this computer's own. Pure.
[[nodiscard]] Error demoRefusal();

/// What `hybridge-idle status` tells.
struct IdleStatus {
    enum class State {
        Off, ///< nothing is armed
        Idle, ///< no work; the countdown runs
        Busy,
        Unreadable, ///< counts as busy
        Paused,
        Acting, ///< the time is up; it acts
        Failed, ///< it could not act
        Unwatched, ///< nobody looks: the timer does not run
        Unknown, ///< a word that we do not know
    };
    State state = State::Off;
    std::optional<IdleAction> action;
    std::chrono::seconds window {0}; ///< how long without work
    std::chrono::seconds every {0}; ///< between two looks
    std::chrono::seconds idleFor {0};
    std::optional<std::chrono::seconds> actsIn; ///< only while the countdown runs
    std::optional<std::chrono::seconds> pausedFor;
    QString reason; ///< safe to show
    QString fired; ///< when it last acted and how, as the node wrote it; empty: never since it was armed

    bool operator==(const IdleStatus &) const = default;
};

/// "off", "idle", "busy", "unreadable", "paused", "acting", "failed", "unwatched", "unknown".
[[nodiscard]] QString idleStateName(IdleStatus::State state);

/// Errors: Protocol. Pure; bounded.
[[nodiscard]] Result<IdleStatus> parseIdleStatus(const QByteArray &out);

/// One line for the operator: "No work for 4 min 10 s; the machine is switched off in 25 min 50 s." Pure.
[[nodiscard]] QString idleSentence(const IdleStatus &status);

} // namespace hybridge
