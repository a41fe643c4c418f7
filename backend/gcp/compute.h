// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computetypes.h"
#include "backend/http/apitransport.h"

#include <QObject>

namespace hybridge::gcp {

/// Compute Engine v1, as far as the state of an instance. Reads only; roles/compute.viewer is enough. Lives in the GUI
/// thread; never blocks it. Errors: those of ApiTransport and computeError().
class Compute final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/compute/v1.
    Compute(ApiTransport &api, QString project, QObject *parent = nullptr);

    Task<Result<Instance>> instance(QString zone, QString name, std::stop_token stop);
    /// Was the newest stop a preemption? One call, more only with over 500 preemptions in the zone; ask it of stopped
    /// Spot instances alone.
    Task<Result<bool>> wasPreempted(Instance instance, std::stop_token stop);
    /// The newest start, when it failed (no capacity, quota…). Ask it of stopped instances alone.
    Task<Result<std::optional<StartFailure>>> startFailure(Instance instance, std::stop_token stop);
    /// The SSH host keys that the VM itself wrote to its guest attributes. NotFound, with the remedy, when it did not.
    Task<Result<QList<GuestHostKey>>> hostKeys(QString zone, QString name, std::stop_token stop);

private:
    Task<Result<QList<Operation>>> operations(QString zone, QString type, std::stop_token stop);
    [[nodiscard]] QString zonePath(const QString &zone) const;
    ApiTransport &m_api;
    QString m_project;
};

} // namespace hybridge::gcp
