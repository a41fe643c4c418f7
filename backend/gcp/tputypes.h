// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <QDateTime>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge::gcp {

/// What the state word of a TPU node means for an operator; words not known count as Changing.
enum class TpuPhase { Starting, Running, Stopping, Stopped, Preempted, Repairing, Gone, Changing };

/// A Cloud TPU VM as the API (v2) reports it.
struct TpuNode {
    QString name; ///< last part of its full name
    QString zone;
    QString acceleratorType; ///< "v5litepod-1"
    QString runtimeVersion;
    QString state; ///< as told: READY, STOPPED…
    TpuPhase phase = TpuPhase::Changing;
    QString health; ///< HEALTHY, TIMEOUT, UNHEALTHY_MAINTENANCE…; empty: not told
    QString healthDescription;
    QStringList symptoms; ///< LOW_MEMORY…
    QString internalIp; ///< of the first host
    QString externalIp; ///< of the first host; empty while stopped or without one
    int hosts = 0; ///< VMs that it is made of; 0: not told
    bool spot = false; ///< or preemptible
    QString queuedResource; ///< last part of its name; empty: made without one
    QDateTime created;
};

/// A long-running operation (google.longrunning). Done is not success: code tells.
struct TpuOperation {
    QString name; ///< full: "projects/…/operations/…"
    bool done = false;
    int code = 0; ///< google.rpc.Code; 0: no error
    QString text;
};

enum class TpuAction { Start, Stop };

[[nodiscard]] TpuPhase tpuPhase(const QString &state);
/// Pure. Errors: those of computeError(), Protocol for answers of another form.
[[nodiscard]] Result<TpuNode> parseTpuNode(const HttpResponse &response);
[[nodiscard]] Result<TpuOperation> parseTpuOperation(const HttpResponse &response);
/// What a failed operation means, by its google.rpc.Code; see Failure. Pure.
[[nodiscard]] Error tpuOperationError(const TpuOperation &operation, const QString &zone);
/// Why @p action is not possible on @p node now, with what to do instead; nothing when it is. Pods, nodes of a queued
/// resource and preempted nodes cannot be stopped or started again. Pure.
[[nodiscard]] std::optional<Error> tpuRefusal(const TpuNode &node, TpuAction action);

} // namespace hybridge::gcp
