// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/cloudflare/loadbalancertypes.h"
#include "backend/routing/routingtypes.h"

#include <optional>

namespace hybridge {

/// What an operator wants changed at a balancer's health check; empty members stay as they are.
struct MonitorEdit {
    std::optional<QString> path;
    std::optional<QString> expectedCodes;
    std::optional<int> interval; ///< seconds
    std::optional<int> timeout; ///< seconds
    std::optional<int> retries;
    QMap<QString, QString> headers; ///< set or replaced
    QStringList removedHeaders;
};

/// How long a dead node goes on getting requests by what its monitor is set to. Seconds.
struct FailoverTime {
    double quickest = 0; ///< it refuses, just before a check
    double slowest = 0; ///< it says nothing, just after a check
};
[[nodiscard]] FailoverTime failoverTime(const cloudflare::Monitor &monitor);

/// What is wrong or weak about a check, one sentence each. Pure.
[[nodiscard]] QStringList monitorWarnings(const cloudflare::Monitor &monitor);

/// The properties that @p edit changes, each complete, as one PATCH; empty object: none. Errors (Invalid): a path that
/// does not begin with "/", an interval, a time-out or retries out of range, codes that are none, a header that cannot be
/// one. Pure.
[[nodiscard]] Result<nlohmann::json> monitorPatch(const cloudflare::Monitor &now, const MonitorEdit &edit);

/// The same as text for people, secrets masked; empty: nothing would change. Errors: as monitorPatch. Pure.
[[nodiscard]] Result<QString> monitorPatchText(const cloudflare::Monitor &now, const MonitorEdit &edit);

/// A monitor's document with the values of its secret headers masked: for people and logs. Pure.
[[nodiscard]] nlohmann::json maskedMonitor(nlohmann::json document);
[[nodiscard]] nlohmann::ordered_json monitorDocument(const cloudflare::Monitor &monitor);

} // namespace hybridge
