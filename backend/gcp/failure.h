// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

namespace hybridge::gcp {

/// Why Google did not do what was asked, as far as an operator has to act on it. Carried by Error::serviceCode; read
/// it with failureOf(), for code never branches on a text.
enum class Failure {
    Other = 0,
    NoCapacity,      ///< none of these machines in the zone now: another zone or type, or later
    Quota,           ///< the project may not use more of something
    Permission,      ///< the account lacks a permission
    ApiOff,          ///< the API is not enabled in the project
    RateLimited,     ///< too many calls
    NotReady,        ///< an earlier operation still runs
    ConditionNotMet, ///< a fingerprint is stale: somebody else changed it
    Unsupported,     ///< not in this state: seen when a Spot VM is preempted while it starts
    LocalSsdAsked,   ///< a Local SSD is attached and nobody said what becomes of its data
    ServiceAgent,    ///< Google's own account may not start or stop machines for a schedule
};

/// What a limit is about; empty parts were not told.
struct QuotaFacts {
    QString metric; ///< "compute.googleapis.com/nvidia_l4_gpus", "NVIDIA_L4_GPUS"
    QString limitName; ///< "NVIDIA-L4-GPUS-per-project-region"
    QString region;
    QString limit; ///< as told: "1", "0.0"
};

/// Pure. The Failure that @p error carries; Other for errors that are not Google's.
[[nodiscard]] Failure failureOf(const Error &error);
[[nodiscard]] inline bool isNoCapacity(const Error &error) { return failureOf(error) == Failure::NoCapacity; }

/// Each failure in its own words: summary and remedy; detail is the caller's. Pure. Texts of Google's that enter a
/// proposed command or link are only those that have exactly the form of one.
[[nodiscard]] Error noCapacity(const QString &zone);
[[nodiscard]] Error quotaExceeded(const QuotaFacts &facts);
[[nodiscard]] Error permissionMissing(const QString &message);
[[nodiscard]] Error apiOff(const QString &service, const QString &project, const QString &message);
[[nodiscard]] Error notReady();
[[nodiscard]] Error conditionNotMet();
[[nodiscard]] Error unsupported();
[[nodiscard]] Error localSsdAsked();
[[nodiscard]] Error serviceAgentLacks(const QString &message);

/// "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-central1." Empty parts where it has another form. Pure.
[[nodiscard]] QuotaFacts quotaFromText(const QString &message);
/// Does @p message ask for an answer about the Local SSD? Pure.
[[nodiscard]] bool asksAboutLocalSsd(const QString &message);
/// Does @p message name permissions that the Compute Engine service account lacks? Pure.
[[nodiscard]] bool namesServiceAgent(const QString &message);

} // namespace hybridge::gcp
