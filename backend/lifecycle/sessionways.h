// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetsession.h"
#include "backend/gcp/computecontrol.h"
#include "backend/gcp/tpu.h"
#include "backend/lifecycle/lifecycleways.h"

#include <QHash>
#include <QObject>

#include <memory>

namespace hybridge {

/// The real ways: an opened fleet's links and clients. GUI thread.
class SessionWays final : public QObject, public LifecycleWays {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionWays)
public:
    /// @p session must outlive this.
    explicit SessionWays(FleetSession &session, QObject *parent = nullptr);
    ~SessionWays() override;

    FleetState &state() override { return m_session.state(); }
    void look(const QString &node) override;
    Task<Result<MachineFacts>> act(MachineOrder order, std::stop_token stop) override;
    Task<Result<ServiceFacts>> actOnService(
        QString node, QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop) override;
    Task<Result<ProofFacts>> prove(QString node, QString path, std::stop_token stop) override;
    [[nodiscard]] QStringList callsOf(const MachineOrder &order) const override;
    RoutingService *routing() override { return m_routing; }
    /// Set-up: "up" and "down" change the shares through @p routing from now on. It must outlive this; null: they do not.
    void setRouting(RoutingService *routing) { m_routing = routing; }

private:
    Task<Result<ProofFacts>> proveDirect(QString node, std::stop_token stop);
    Task<Result<MachineFacts>> actOnTpu(MachineOrder order, NodeConfig node, std::stop_token stop);
    Task<Result<MachineFacts>> actOnCompute(MachineOrder order, NodeConfig node, std::stop_token stop);

    FleetSession &m_session;
    RoutingService *m_routing = nullptr;
    std::unique_ptr<gcp::ComputeControl> m_compute; ///< null: not configured
    std::unique_ptr<gcp::Tpu> m_tpu; ///< null: not configured
    QHash<QString, std::shared_ptr<ServiceControl>> m_services; ///< by node id
    MonotonicMs m_machinesAt {0};
    MonotonicMs m_tunnelsAt {0};
};

} // namespace hybridge
