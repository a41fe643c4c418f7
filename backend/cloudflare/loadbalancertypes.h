// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <nlohmann/json.hpp>

#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge::cloudflare {

/// A load balancer of a zone. Weights count under steering_policy "random" alone.
struct LoadBalancer {
    QString id;
    QString name; ///< its hostname
    bool enabled = true;
    bool proxied = false; ///< Access and tunnels need true
    QString steeringPolicy; ///< "random", "off"…; empty: geo with region pools, else off
    QStringList defaultPools; ///< in order of failover
    QString fallbackPool;
    QString sessionAffinity; ///< "none" or empty: every request anew
    std::optional<double> defaultWeight; ///< of pools without one of their own
    QMap<QString, double> poolWeights; ///< 0 to 1, by pool id
    bool failoverAcrossPools = false;
    nlohmann::json document; ///< as read
};

struct Origin {
    QString name;
    QString address; ///< "<uuid>.cfargotunnel.com"
    QString host; ///< its Host header: the published hostname; empty: none
    bool enabled = true;
    double weight = 1; ///< 0 to 1
    std::optional<bool> healthy; ///< as the reply tells it; empty: not told
};

struct Pool {
    QString id;
    QString name;
    bool enabled = true;
    int minimumOrigins = 1;
    QString monitor; ///< id; empty: nobody looks
    QString originSteering; ///< "random" and empty share by weight
    QList<Origin> origins;
    nlohmann::json document; ///< as read
};

/// How the balancer finds out that a pool is dead.
struct Monitor {
    QString id;
    QString description;
    QString type; ///< "http", "https", "tcp"…
    QString method;
    QString path;
    int port = 0; ///< 0: the type's own
    QString expectedCodes; ///< "200", "2xx"
    QString expectedBody;
    int interval = 60; ///< seconds between checks
    int timeout = 5; ///< seconds
    int retries = 2; ///< immediate ones after a time-out
    int consecutiveDown = 0;
    int consecutiveUp = 0;
    bool followRedirects = false;
    bool allowInsecure = false;
    QMap<QString, QStringList> headers; ///< values are secrets where the name says so; never shown
    nlohmann::json document; ///< as read
};

/// One origin as the probes see it.
struct OriginHealth {
    QString address;
    std::optional<bool> healthy;
    QString reason; ///< "No failures", "TCP connection failed"…
    int code = 0; ///< HTTP; 0: not told
    QString rtt; ///< "12.1ms", as told
    QString region; ///< "Amsterdam, NL"; empty: not told
};

/// Pure. Errors: those of parseEnvelope(), Protocol for another shape. A weight outside 0 to 1 is refused.
[[nodiscard]] Result<LoadBalancer> parseLoadBalancer(const HttpResponse &response);
[[nodiscard]] Result<QList<LoadBalancer>> parseLoadBalancers(const HttpResponse &response);
[[nodiscard]] Result<Pool> parsePool(const HttpResponse &response);
[[nodiscard]] Result<QList<Pool>> parsePools(const HttpResponse &response);
[[nodiscard]] Result<Monitor> parseMonitor(const HttpResponse &response);
/// Accepts a map of locations as well as one flat answer. Empty until the first probes have come back. Pure.
[[nodiscard]] Result<QList<OriginHealth>> parsePoolHealth(const HttpResponse &response);

} // namespace hybridge::cloudflare
