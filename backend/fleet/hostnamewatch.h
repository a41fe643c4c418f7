// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/hostnameprobe.h"
#include "backend/fleet/poll.h"

#include <memory>

namespace hybridge {

/// Looks at one public hostname again and again: a node's own, or the endpoint's (empty node id). GUI thread.
class HostnameWatch final : public QObject {
    Q_OBJECT
public:
    /// @p state must outlive this; @p budget is shared by all watches whose requests pass the Worker and may be null.
    HostnameWatch(FleetState &state, QString nodeId, std::unique_ptr<ApiTransport> transport, QString path,
        const WatchSchedule &schedule, std::shared_ptr<ProbeBudget> budget, QObject *parent = nullptr);
    ~HostnameWatch() override;
    void start() { m_poll.start(); }
    void runNow() { m_poll.runNow(); }
    /// For the endpoint: something has changed, look more often for a while (design: 10 min).
    void watchClosely();
    [[nodiscard]] ApiTransport &transport() { return *m_transport; }

private:
    Task<void> look(std::stop_token stop);
    [[nodiscard]] std::chrono::milliseconds nextInterval() const;

    FleetState &m_state;
    const QString m_nodeId;
    std::unique_ptr<ApiTransport> m_transport;
    const QString m_path;
    const WatchSchedule m_schedule;
    std::shared_ptr<ProbeBudget> m_budget;
    MonotonicMs m_closelyUntil {0};
    Poll m_poll;
};

} // namespace hybridge
