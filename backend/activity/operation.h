// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/diagnosis.h"

#include <nlohmann/json_fwd.hpp>

#include <QDateTime>
#include <QList>
#include <QString>

#include <optional>

namespace hybridge {

/// The values that every operation of the program shares: what it will do, how far it is, how it ended. Plain values, any
/// thread.

enum class StepState { Pending, Running, Done, Failed, Skipped };
[[nodiscard]] QString stepStateName(StepState state); ///< "pending" … as in --json; never translated
[[nodiscard]] std::optional<StepState> stepStateOf(const QString &name);
[[nodiscard]] QString stepStateLabel(StepState state); ///< translated, for people

struct StepReport {
    QString id; ///< stable within its operation: "machine-start"
    QString name; ///< translated, for people: "Start the machine"
    StepState state = StepState::Pending;
    std::optional<double> seconds; ///< how long it took, or takes so far; empty: not begun
    QString detail; ///< what came of it, or why it was skipped or failed; redacted; may be empty
    bool operator==(const StepReport &) const = default;
};

enum class OperationResult { Running, Done, Failed, Cancelled, Refused };
[[nodiscard]] QString operationResultName(OperationResult result); ///< "running" | "done" | "failed" | "cancelled" | "refused"
[[nodiscard]] std::optional<OperationResult> operationResultOf(const QString &name);
[[nodiscard]] QString operationResultLabel(OperationResult result); ///< translated, for people
/// The result that an error stands for: Cancelled, Refused, otherwise Failed.
[[nodiscard]] OperationResult resultOf(const Error &error);

/// What an operation is going to do, before it does anything.
struct OperationPlan {
    QList<StepReport> steps; ///< all Pending
    QStringList calls; ///< each request and command that will leave, one line each, redacted
    QStringList warnings; ///< what the operator must know first, one sentence each
    QString undo; ///< how to take it back: a sentence or a command; empty: it cannot be
    bool operator==(const OperationPlan &) const = default;
};

struct OperationReport {
    QString id; ///< uuid without braces
    QString operation; ///< "up", "down", "machine start", "service stop" …
    QString node; ///< node id; empty: no single node
    OperationResult result = OperationResult::Running;
    std::optional<Error> error;
    Layer errorLayer = Layer::None; ///< the layer that the error belongs to
    QList<StepReport> steps;
    QDateTime begun; ///< UTC
    QDateTime ended; ///< UTC; invalid while it runs
};

/// A new operation's id.
[[nodiscard]] QString newOperationId();

/// The document of "up", "down", "machine" and "service" with --json: { "operation", "node", "result", "error", "steps":
/// [{ "name", "state", "seconds", "detail" }] }; error is { "layer", "kind", "summary", "detail" } or null. Pure.
[[nodiscard]] nlohmann::ordered_json operationDocument(const OperationReport &report);
/// { "layer", "kind", "summary", "detail" }; detail is null when there is none. Pure.
[[nodiscard]] nlohmann::ordered_json errorDocument(const Error &error, Layer layer);

} // namespace hybridge
