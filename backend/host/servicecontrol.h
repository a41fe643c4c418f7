// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/base/result.h"
#include "backend/host/servicefacts.h"
#include "backend/host/servicename.h"
#include "backend/host/servicesettling.h"
#include "backend/ssh/shell.h"

#include <memory>

namespace hybridge {

/// How a service is watched after an order.
struct ServicePace {
    std::chrono::milliseconds poll {500}; ///< between two looks
    std::chrono::milliseconds steadyFor {3000}; ///< how long it must run unchanged to count as started
};

/// Starts, stops, restarts and enables systemd units and docker containers on one node, over its Shell. GUI thread;
/// never blocks it.
///
/// As another user than root the order goes through `sudo -n`; docker is asked without it first, and with it only where
/// docker's socket is not for this login.
class ServiceControl final : public QObject {
    Q_OBJECT
public:
    /// @p user: as whom the shell is logged in. @p shell may go first; @p clock must outlive all that was started.
    ServiceControl(Shell &shell, QString user, const Clock &clock, QObject *parent = nullptr);
    ~ServiceControl() override;

    void setPace(ServicePace pace);

    /// Does @p action on "systemd:UNIT" or "docker:NAME", once, and waits until it has come to rest: running unchanged for
    /// a while, stopped, enabled. Returns what was read back, with a note when it got there over a hiccup.
    /// Errors: Invalid (no service's name), NotFound (no such unit or container), Unauthorized (no sudo rule; the line for
    /// sudoers is in the remedy), RemoteExit (failed, crash loop, start limit, masked; the newest log lines in detail),
    /// Timeout (not at rest within @p limit), OutcomeUnknown (the link was lost and did not come back in time), Cancelled
    /// (the order may have been given), and those of the link. This object may be deleted meanwhile.
    Task<Result<ServiceFacts>> act(QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop);

    /// The command that act() gives as @p user, for plans and dry runs; without the `timeout` that it is wrapped in. Empty
    /// when @p service names no service. Pure.
    [[nodiscard]] static QStringList argvFor(const QString &service, ServiceAction action, const QString &user);

private:
    struct Core;
    struct Order;
    static Task<Result<ServiceFacts>> look(std::shared_ptr<Core> core, ServiceName service, std::stop_token stop);
    static Task<Result<ExecResult>> give(std::shared_ptr<Core> core, ServiceName service, ServiceAction action,
        std::chrono::milliseconds limit, std::stop_token stop);
    static Task<Error> explain(std::shared_ptr<Core> core, ServiceName service, std::shared_ptr<Order> order, std::stop_token stop);
    static Task<Result<ServiceFacts>> settle(
        std::shared_ptr<Core> core, ServiceName service, std::shared_ptr<Order> order, std::stop_token stop);
    static Task<Result<ServiceFacts>> run(std::shared_ptr<Core> core, QString service, ServiceAction action,
        std::chrono::milliseconds limit, std::stop_token stop);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
