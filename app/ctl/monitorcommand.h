// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/fleet/fleetsession.h"
#include "backend/routing/monitorservice.h"
#include "backend/routing/routingservice.h"

namespace hybridge {

struct MonitorOptions {
    QString node; ///< empty: of all pools
    MonitorEdit edit;
    QStringList headers; ///< "NAME=VALUE"; the value of a secret header is a reference such as keyring:NAME
    bool preview = false; ///< let the probes try it, save nothing
    [[nodiscard]] bool changes() const
    {
        return edit.path || edit.expectedCodes || edit.interval || edit.timeout || edit.retries || !headers.isEmpty() || !edit.removedHeaders.isEmpty();
    }
};

/// "route monitor": shows the balancer's health checks, changes them, or lets the probes try a change. Returns the exit
/// code. All must outlive the call.
Task<int> runMonitor(RoutingService &service, FleetSession &session, Options options, MonitorOptions monitor, std::stop_token stop);

} // namespace hybridge
