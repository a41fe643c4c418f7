// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/reading.h"
#include "backend/fleet/diagnosis.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/host/acceleratorfacts.h"
#include "backend/host/connectorfacts.h"
#include "backend/host/servicefacts.h"
#include "backend/inference/enginefacts.h"
#include "backend/ssh/shell.h"

#include <QDateTime>
#include <QList>
#include <QStringList>

#include <optional>

namespace hybridge {

/// The machine under a node, as its cloud tells (kind gce). For kind host the witness is SSH, and status stays empty.
struct MachineFacts {
    QString status; ///< the cloud's word: RUNNING, TERMINATED…; unknown words are kept
    QString statusMessage;
    QString externalIp; ///< empty while stopped
    QString machineType;
    QString zone;
    bool spot = false;
    bool preempted = false; ///< the newest stop was a preemption
    QString startError; ///< code of the newest failed start, e.g. ZONE_RESOURCE_POOL_EXHAUSTED; empty: none
    QString startErrorText; ///< its own words
    QDateTime lastStart;
    QDateTime lastStop;
    bool localSsd = false; ///< a stop must say what becomes of its data
    QDateTime stopsAt; ///< when its longest run time ends it; invalid: never by itself
};

/// The node's tunnel as Cloudflare tells.
struct TunnelFacts {
    QString name;
    QString status; ///< inactive | healthy | degraded | down, or a word we do not know
    std::optional<int> connections; ///< of all connectors; empty: not read yet
    QStringList colos; ///< sorted, unique, lower case as told
    QString version; ///< of the (first) connector
    QDateTime connectedSince;
    QDateTime downSince;
    int connectors = 0;
};

/// One look at a public hostname: what the edge answered to a plain GET of ours.
struct EdgeFacts {
    /// Who answered and what that means; pure classification of (status, headers, body).
    enum class Verdict {
        Served, ///< the origin answered (any status of its own)
        AccessRefused, ///< Access did not let us in
        NoConnector, ///< 530/1033
        OriginDown, ///< 502/504/52x from cloudflared or the edge: engine refused
        DnsWrong, ///< 530/1016
        EdgeFailure, ///< something else at the edge
    };
    Verdict verdict = Verdict::Served;
    int status = 0;
    double latencyMs = 0;
    QString reason; ///< sentence; empty when served
    QString remedy;
    QString ray; ///< cf-ray
    QString servedBy; ///< x-hybridge-backend, when a router says so
};

/// One token that came back through a path, or the failure to get one.
struct ProofFacts {
    QString path; ///< "edge" | "node" | "direct"
    double ms = 0; ///< to the first token
    QString model;
    QDateTime at; ///< UTC
};

/// The SSH link as a reading: known when connected.
struct LinkFacts {
    LinkState state = LinkState::Idle;
    QString hostKeyFingerprint;
};

/// Everything known about one node. A value; FleetState holds one per node and hands out const references.
struct NodeState {
    NodeConfig config;
    LinkState link = LinkState::Idle;
    Reading<LinkFacts> ssh; ///< succeeds whenever anything came over the link
    Reading<MachineFacts> machine;
    Reading<TunnelFacts> tunnel;
    Reading<ConnectorFacts> connector; ///< cloudflared's own /ready and /metrics, on the node
    Reading<QList<ServiceFacts>> services;
    Reading<EngineFacts> engine;
    Reading<QList<AcceleratorFacts>> accelerators;
    Reading<EdgeFacts> edge; ///< the node's own hostname
    Reading<bool> control; ///< may we start and stop the services (sudo); an error says which rule is missing
    Reading<ProofFacts> proof;
    std::optional<double> weight; ///< percent of the traffic as read back from the router; empty: not known
    std::optional<double> tokensPerSecond; ///< generated, from counters; empty: not known
    std::optional<double> listPerHour; ///< what the cloud's price list says, while the fleet file tells no price; empty: not known
    std::optional<double> costPerHour; ///< in the node's currency (currencyOf()); empty: not known
    Diagnosis diagnosis; ///< of this very state, made by FleetState after each change
};

/// The endpoint in front of all nodes.
struct EndpointState {
    std::optional<EndpointConfig> config;
    Reading<EdgeFacts> edge;
};

/// Facts about the whole fleet's outside services.
struct ServicesState {
    std::optional<Error> cloudflare; ///< error of the newest Cloudflare call; empty: good or not configured
    std::optional<Error> gcp;
};

} // namespace hybridge
