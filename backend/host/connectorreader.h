// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/base/result.h"
#include "backend/host/connectorfacts.h"
#include "backend/ssh/shell.h"

#include <QUrl>

#include <chrono>
#include <memory>

namespace hybridge {

/// Asks cloudflared on one node about itself, over the node's shell. GUI thread; never blocks it.
class ConnectorReader {
public:
    /// @p metrics: its metrics server as seen on the node. Empty: ports 20241 to 20245 of 127.0.0.1 are tried, and the one
    /// that serves @p tunnelId (any, when that is empty) is taken and remembered. @p clock must outlive all reads. @p pageLimit: time
    /// for each page.
    ConnectorReader(Shell &shell, const Clock &clock, QUrl metrics, QString tunnelId,
        std::chrono::milliseconds pageLimit = std::chrono::seconds(5));

    /// One reading of /ready, /metrics and /diag/tunnel; /config once a minute. Only /ready must answer. Errors: Network
    /// with code 111 when the port is closed (cloudflared does not run), NotFound when no port serves this tunnel,
    /// Protocol when something else answers, Timeout; and those of the link. The reader may be deleted meanwhile.
    Task<Result<ConnectorFacts>> read(std::stop_token stop);

private:
    struct Core;
    static Task<Result<QUrl>> find(std::shared_ptr<Core> core, std::stop_token stop);
    static Task<Result<ConnectorFacts>> readAll(std::shared_ptr<Core> core, std::stop_token stop);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
