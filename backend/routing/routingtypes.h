// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <memory>
#include <optional>

namespace hybridge {

/// What stands between the one hostname and the nodes, as values. Any thread.

enum class RoutingMode { Worker, LoadBalancer };
[[nodiscard]] QString routingModeName(RoutingMode mode); ///< "worker" | "load-balancer"; never translated

/// Where the weights really lie: recognised, never guessed.
enum class WeightPlace {
    None, ///< nowhere: this balancer does not share by weight; RoutingState::warnings says why
    RoutesBinding, ///< the Worker's binding ROUTES
    PoolWeights, ///< random_steering.pool_weights of the balancer; one pool a node
    OriginWeights, ///< the origins of one pool; one origin a node
};
[[nodiscard]] QString weightPlaceLabel(WeightPlace place); ///< translated, for people

/// Percent by node id. Shares that are set are whole percents and sum to 100; shares that are read may be anything.
using PercentMap = QMap<QString, int>;
using ShareMap = QMap<QString, double>;

/// One node as the router knows it.
struct RouteTarget {
    QString node; ///< id in the fleet file; a backend that no node claims keeps the router's own name
    bool isKnown = true; ///< the fleet file has this node
    double weight = 0; ///< as the service keeps it (0 to 1 in a balancer, anything in ROUTES)
    double share = 0; ///< percent of new requests by weights alone, 0 to 100
    bool enabled = true; ///< switched on at the router; share is 0 otherwise
    QString place; ///< "backend gcp", "pool gcp-pool", "origin home": the router's name for it
    bool operator==(const RouteTarget &) const = default;
};

/// Weights that end by themselves, kept by the router: a drill's, or those of an operator who said for how long.
struct RouteLease {
    enum class Kind { Drill, Weight };
    QString id;
    Kind kind = Kind::Weight;
    QString owner; ///< "op@desk"
    QMap<QString, double> weights; ///< by node, replacing the standing ones of these nodes alone
    QDateTime expiresAt; ///< UTC
    [[nodiscard]] bool isActive(const QDateTime &now) const { return expiresAt.isValid() && now < expiresAt; }
    bool operator==(const RouteLease &) const = default;
};
[[nodiscard]] QString leaseKindName(RouteLease::Kind kind); ///< "drill" | "weight"

/// The service's own documents, whole, as they were read: what a later write must leave as it is.
struct RouterSource;

/// The router as it was read back.
struct RoutingState {
    RoutingMode mode = RoutingMode::Worker;
    WeightPlace place = WeightPlace::None;
    std::optional<qint64> version; ///< of ROUTES; empty in load-balancer mode
    QDateTime readAt; ///< UTC
    QList<RouteTarget> targets; ///< fleet file's order, unknown ones last
    std::optional<RouteLease> lease; ///< also one that has expired
    QStringList warnings; ///< sentences: what is odd about the set-up
    QString revision; ///< changes with anything that anybody changes at the router
    std::shared_ptr<const RouterSource> source;

    [[nodiscard]] const RouteTarget *target(const QString &node) const;
    /// Standing shares in percent, of all targets.
    [[nodiscard]] ShareMap shares() const;
    /// Shares at @p now, an active lease counted in. A lease that leaves no weight is ignored, as the Worker does.
    [[nodiscard]] ShareMap effectiveShares(const QDateTime &now) const;
    /// Standing shares as whole percents that sum to 100; all 0 when no weight is above 0.
    [[nodiscard]] PercentMap percents() const;
};

/// What an operator wants changed.
struct RouteChange {
    PercentMap percents; ///< of all nodes that shall have a share; the others get 0
    /// Set: these weights (percent here, whatever the router keeps) hold until it expires; the standing ones stay below,
    /// and percents is ignored.
    std::optional<RouteLease> lease;
    bool endLease = false; ///< take the present lease away; percents is ignored
    QString message; ///< for the version's note at the service; empty: made from the shares
    QString takesBack; ///< of a rollback: the operation in the log that it takes back
};

/// One field that differs between two documents.
struct FieldChange {
    QString pointer; ///< JSON pointer
    QString before; ///< JSON text; empty: was not there
    QString after; ///< JSON text; empty: is not there
    bool operator==(const FieldChange &) const = default;
};
/// All fields that differ, in the documents' order; objects and lists of equal length are walked into. Pure.
[[nodiscard]] QList<FieldChange> diffJson(const nlohmann::json &before, const nlohmann::json &after);

/// Exactly what would leave.
struct RoutePayload {
    QString call; ///< "PATCH https://…/settings"
    QByteArray body; ///< JSON as it will be sent, indented for people
    QList<FieldChange> changes; ///< against what was read
};

/// The error of a write that found somebody else's edit: kind Refused, this code.
inline constexpr int routeConflict = 409;
[[nodiscard]] bool isRouteConflict(const Error &error);

/// Percent for JSON and people: a whole number stays one, others keep two digits. Pure.
[[nodiscard]] double tidyPercent(double percent);
[[nodiscard]] QString sharesText(const ShareMap &shares); ///< "gcp 80 %, home 20 %"
/// The documents of "route show" and of the keys "before" and "after". Pure.
[[nodiscard]] nlohmann::ordered_json routeDocument(const RoutingState &state);
[[nodiscard]] nlohmann::ordered_json sharesDocument(const ShareMap &shares);

} // namespace hybridge
