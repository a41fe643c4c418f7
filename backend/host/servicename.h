// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QString>

#include <optional>

namespace hybridge {

/// Who runs a service on a node.
enum class ServiceRunner { Systemd, Docker };

/// "systemd:UNIT" or "docker:NAME", taken apart and checked: the name can be no option and no pattern.
struct ServiceName {
    ServiceRunner runner = ServiceRunner::Systemd;
    QString name;

    [[nodiscard]] QString text() const; ///< as in the fleet file
    bool operator==(const ServiceName &) const = default;
};

/// Empty when @p service names no service. Pure.
[[nodiscard]] std::optional<ServiceName> parseServiceName(const QString &service);

/// What to say when parseServiceName() is empty: kind Invalid.
[[nodiscard]] Error notAService(const QString &service);

} // namespace hybridge
