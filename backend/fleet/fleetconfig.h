// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/inference/enginefacts.h"
#include "backend/store/secretref.h"

#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>

#include <map>
#include <optional>

namespace hybridge {

/// What a fleet file says, as values (format: README "Fleet file", schema: resources/schema/fleet.schema.json).
/// A section that is left out is std::nullopt: "not configured", never red. No secret stands here, only references.

struct AccessRefs {
    SecretRef clientId;
    SecretRef clientSecret;
    bool operator==(const AccessRefs &) const = default;
};

struct EndpointConfig {
    QUrl url;
    std::optional<AccessRefs> access;
    bool operator==(const EndpointConfig &) const = default;
};

struct CloudflareConfig {
    QString accountId;
    QString zoneId;
    QString team;
    std::optional<SecretRef> token;
    QUrl apiBase {QStringLiteral("https://api.cloudflare.com/client/v4")};
    bool operator==(const CloudflareConfig &) const = default;
};

/// Where Google credentials come from ("adc", "file:PATH", "command:[…]", "env:NAME").
struct GcpCredentialsRef {
    enum class Source { Adc, File, Command, Environment };
    Source source = Source::Adc;
    QString name; ///< path or variable
    QStringList command;
    bool operator==(const GcpCredentialsRef &) const = default;
};

struct GcpConfig {
    QString project;
    QString billingAccount;
    GcpCredentialsRef credentials;
    QUrl computeBase {QStringLiteral("https://compute.googleapis.com/compute/v1")};
    QUrl tpuBase {QStringLiteral("https://tpu.googleapis.com/v2")};
    QUrl billingBase {QStringLiteral("https://cloudbilling.googleapis.com/v1")};
    QUrl budgetsBase {QStringLiteral("https://billingbudgets.googleapis.com/v1")};
    QUrl quotasBase {QStringLiteral("https://cloudquotas.googleapis.com/v1")};
    bool operator==(const GcpConfig &) const = default;
};

struct RoutingConfig {
    QString mode; ///< "worker" or "load-balancer"
    QString script;
    QString loadBalancer;
    bool operator==(const RoutingConfig &) const = default;
};

struct SshConfig {
    QString host; ///< empty: the address that the cloud reports
    quint16 port = 22;
    QString user;
    QString identity; ///< "~" expanded; empty: the usual keys
    QString proxyCommand;
    std::map<QString, QString> proxyEnv; ///< values that read as a SecretRef are references; secret-looking names always
    QString jump; ///< id of another node with ssh (checked, no loops), else "[USER@]HOST[:PORT]"
    bool operator==(const SshConfig &) const = default;
};

enum class MachineKind { Gce, Tpu, Host };

/// Another place where the machine may be made when its zone has no capacity.
struct MachineAlternative {
    QString zone;
    QString machineType;
    bool operator==(const MachineAlternative &) const = default;
};

struct MachineConfig {
    MachineKind kind = MachineKind::Host;
    QString zone;
    QString instance;
    QList<MachineAlternative> alternatives;
    bool operator==(const MachineConfig &) const = default;
};

struct EngineConfig {
    EngineKind kind = EngineKind::Vllm;
    QUrl url; ///< as seen on the node
    std::optional<SecretRef> apiKey;
    QString service; ///< "systemd:UNIT" or "docker:NAME"; empty: not told
    QStringList models; ///< those that must be there; empty: any
    bool operator==(const EngineConfig &) const = default;
};

struct ConnectorConfig {
    QString service;
    QUrl metrics; ///< as seen on the node; empty: not told
    bool operator==(const ConnectorConfig &) const = default;
};

enum class AcceleratorKind { Unspecified, Nvidia, Amd, Tpu, None };

/// What a machine cost to buy, written off in equal parts: own hardware is not free.
struct AmortizationConfig {
    double amount = 0; ///< in the price's currency
    int months = 0; ///< 1 to 600
    bool operator==(const AmortizationConfig &) const = default;
};

struct PriceConfig {
    std::optional<double> perHour;
    std::optional<double> watts; ///< fixed; empty with measuredWatts
    bool measuredWatts = false;
    double baseWatts = 0;
    std::optional<double> perKWh;
    std::optional<AmortizationConfig> amortization;
    QString currency = QStringLiteral("USD"); ///< ISO 4217
    bool operator==(const PriceConfig &) const = default;
};

struct NodeConfig {
    QString id;
    QString label; ///< the id when the file gives none
    QString colour; ///< "#RRGGBB"; empty: chosen by the theme
    QUrl url; ///< public hostname of the node; empty: not configured
    std::optional<AccessRefs> access; ///< the endpoint's when the file gives none
    QString tunnel; ///< tunnel uuid; empty: not configured
    std::optional<SshConfig> ssh;
    std::optional<MachineConfig> machine;
    std::optional<EngineConfig> engine;
    std::optional<ConnectorConfig> connector;
    AcceleratorKind accelerator = AcceleratorKind::Unspecified;
    std::optional<PriceConfig> price;
    bool operator==(const NodeConfig &) const = default;
};

struct FleetConfig {
    QString name; ///< may be empty
    QString plan = QStringLiteral("free"); ///< "free" or "paid"
    std::optional<EndpointConfig> endpoint;
    std::optional<CloudflareConfig> cloudflare;
    std::optional<GcpConfig> gcp;
    std::optional<RoutingConfig> routing;
    QList<NodeConfig> nodes;
    QString labControl; ///< address of the lab's control server ("x-lab"); empty: this is no lab

    [[nodiscard]] bool isLab() const { return !labControl.isEmpty(); }
    [[nodiscard]] const NodeConfig *node(const QString &id) const
    {
        for (const NodeConfig &n : nodes)
            if (n.id == id)
                return &n;
        return nullptr;
    }
    bool operator==(const FleetConfig &) const = default;
};

[[nodiscard]] QString machineKindName(MachineKind kind); ///< "gce" | "tpu" | "host"

} // namespace hybridge
