// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>

namespace hybridge {

using namespace std::chrono_literals;

/// What an operator can do to a node. The words of operationName() are those of hybridgectl and of the activity log.
enum class OperationKind {
    MachineStart,
    MachineStop,
    MachineReset,
    MachineSuspend,
    MachineResume,
    ServiceStart,
    ServiceStop,
    ServiceRestart,
    ServiceEnable,
    Up,
    Down,
};

/// "machine start", "service stop", "up"…; never translated.
[[nodiscard]] QString operationName(OperationKind kind);
[[nodiscard]] std::optional<OperationKind> operationKindFromName(const QString &name);
/// The verb with its object, for a button or a title: "Stop the machine of GCP L4", "Bring GCP L4 up". @p service is the
/// one meant by a service operation, else empty.
[[nodiscard]] QString operationTitle(OperationKind kind, const QString &label, const QString &service = {});
/// The operation may end requests or take the node away: guards ask about it.
[[nodiscard]] bool takesAway(OperationKind kind);
[[nodiscard]] bool isMachineOperation(OperationKind kind);
[[nodiscard]] bool isServiceOperation(OperationKind kind);

/// One wish of the operator, whole: what is asked, and what was said to the questions of the guards. Plain value.
struct OperationRequest {
    OperationKind kind = OperationKind::Up;
    QString node;
    QString service; ///< of service operations: "systemd:UNIT" or "docker:NAME"
    /// What becomes of a Local SSD's data at a stop; empty: not said.
    std::optional<bool> discardLocalSsd;
    /// The node's id, repeated on purpose: yes, also though nobody else serves.
    QString lastBackendOverride;
    /// How long a "down" waits for running requests to end. 0: does not wait.
    std::chrono::seconds drainLimit {60};
    /// Requests that still run at the end of that time fail the "down" instead of being cut.
    bool strictDrain = false;
    /// Ends the machine by itself after this time, armed before it starts; empty: as the machine is set.
    std::optional<std::chrono::seconds> maxRun;
    /// The interrupted operation that this one continues; empty: none.
    QString continues;
    /// Nodes that the same command takes away before this one: they count as gone for the guards.
    QStringList alongside;
    /// Why the program began it by itself, one sentence for the log; empty: a person asked for it.
    QString cause;
};

} // namespace hybridge
