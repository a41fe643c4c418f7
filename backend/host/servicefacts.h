// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// systemd's ActiveState, with "not found" told apart; a container's state is mapped onto the same words.
enum class ServiceState {
    Active,
    Inactive, ///< stopped on purpose, or never started
    Failed, ///< ended by itself, killed by the kernel, or its start failed
    Activating, ///< starting, or waiting for its automatic restart (subState tells which)
    Deactivating,
    Reloading,
    NotFound, ///< the host knows no unit or container of this name
    Unknown, ///< not told, or a word that we do not know
};

/// The state as a stable lower-case word for JSON ("active", "not-found").
[[nodiscard]] QString serviceStateName(ServiceState state);

/// What a host says about one systemd unit or one container. Empty or absent = not told, never 0.
struct ServiceFacts {
    QString service; ///< "systemd:UNIT" or "docker:NAME", as asked
    ServiceState state = ServiceState::Unknown;
    QString subState; ///< systemd: "running", "dead", "auto-restart"…; docker: its own State.Status
    QString result; ///< "success", "exit-code", "signal", "oom-kill", "timeout", "start-limit-hit"…
    QDateTime since; ///< UTC, when the present state began; invalid when not told
    std::optional<int> restarts; ///< automatic restarts; systemd's falls to 0 at a start by hand
    std::optional<int> exitCode; ///< of the last main process that has ended by itself
    std::optional<int> signal; ///< that ended the last main process
    std::optional<qint64> mainPid; ///< of the running main process
    QString unitFileState; ///< "enabled", "disabled", "masked"…; docker: the restart policy
    QString health; ///< docker's HEALTHCHECK: "starting", "healthy", "unhealthy"; else empty
    bool oomKilled = false; ///< the kernel killed it for memory
    QStringList notes; ///< sentences that explain the state; safe to show

    bool operator==(const ServiceFacts &) const = default;
};

} // namespace hybridge
