// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apitransport.h"

#include <QList>
#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::gcp {

/// How much of something the project may have, and has.
struct Quota {
    QString metric; ///< "NVIDIA_L4_GPUS", "GPUS_ALL_REGIONS"…; words that we do not know occur
    double limit = 0;
    double usage = 0;
};

/// What a firewall rule lets in.
struct FirewallRule {
    struct Allowed {
        QString protocol; ///< "tcp", "udp", "all", a number
        QStringList ports; ///< "8000", "8000-8100"; empty: all
    };
    QString name;
    bool ingress = true;
    bool disabled = false;
    QStringList sources; ///< source ranges; empty: by tags or accounts
    QStringList targetTags; ///< empty: every machine
    QList<Allowed> allowed; ///< empty: it denies
    /// The rule is in force, open to the whole Internet, and lets in @p protocol ("tcp") at @p port. Pure.
    [[nodiscard]] bool opensToAll(const QString &protocol, int port) const;
};

struct FirewallPage {
    QList<FirewallRule> rules;
    QString nextPageToken;
};

/// The quotas in the answer about a region or a project. Pure; bounded. Errors: those of computeError(), Protocol.
[[nodiscard]] Result<QList<Quota>> parseQuotas(const HttpResponse &response);
[[nodiscard]] Result<FirewallPage> parseFirewalls(const HttpResponse &response);
/// The quota of @p metric; empty: not told. Pure.
[[nodiscard]] std::optional<Quota> quotaOf(const QList<Quota> &quotas, const QString &metric);
/// The quota's word for a GPU of type "nvidia-l4": "NVIDIA_L4_GPUS", with "PREEMPTIBLE_" before it for Spot. Pure.
[[nodiscard]] QString gpuMetric(const QString &acceleratorType, bool spot);

/// What a project may and lets in, read only; roles/compute.viewer is enough. GUI thread.
class ProjectLimits final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/compute/v1.
    ProjectLimits(ApiTransport &api, QString project, QObject *parent = nullptr);
    Task<Result<QList<Quota>>> regionQuotas(QString region, std::stop_token stop);
    Task<Result<QList<Quota>>> projectQuotas(std::stop_token stop);
    /// All firewall rules of the project; at most 5 calls.
    Task<Result<QList<FirewallRule>>> firewalls(std::stop_token stop);

private:
    Task<Result<HttpResponse>> ask(ApiRequest request, std::stop_token stop);
    ApiTransport &m_api;
    QString m_project;
};

/// "us-central1" of "us-central1-a". Pure.
[[nodiscard]] QString regionOf(const QString &zone);

} // namespace hybridge::gcp
