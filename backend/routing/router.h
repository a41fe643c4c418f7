// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/http/apitransport.h"
#include "backend/routing/routingtypes.h"

#include <QObject>

#include <memory>
#include <stop_token>

namespace hybridge {

/// What shares the requests out: a Worker or a Load Balancer. GUI thread; never blocks it.
///
/// A write is one PATCH of one complete property. The service has no ETag: what was read is compared just before the
/// write and the whole is read again after it, every other field must be as it was. An edit of somebody else in the
/// moment between compare and write is lost; nothing at the service could tell.
class Router : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] virtual RoutingMode mode() const = 0;
    /// The router as it is. Errors: the API's, Protocol, NotFound (no such script or balancer).
    virtual Task<Result<RoutingState>> read(std::stop_token stop) = 0;
    /// What apply() would send. Pure. Errors: Refused (the weights lie nowhere, ROUTES too long, a lease is there).
    [[nodiscard]] virtual Result<RoutePayload> payload(const RoutingState &from, const RouteChange &change) const = 0;
    /// Writes @p change and returns the state as read back: the change is there, everything else is as it was. Errors:
    /// a conflict (isRouteConflict: nothing was written), Refused, RateLimited (nothing was written), the API's; Remote
    /// when what was read back is not what was meant.
    Task<Result<RoutingState>> apply(RoutingState from, RouteChange change, std::stop_token stop);

protected:
    /// Sends it, once.
    virtual Task<Result<void>> write(RoutingState before, RouteChange change, std::stop_token stop) = 0;
    /// How what was read back after a write stands to what was there before it.
    struct ReadBack {
        enum class Verdict {
            AsMeant, ///< the change, the whole change, and nothing but the change
            Pending, ///< the service has taken it and does not serve it yet
            Unchanged, ///< nothing was written
            Different, ///< neither; differences says where
        };
        Verdict verdict = Verdict::Different;
        QList<FieldChange> differences; ///< against what was meant
    };
    [[nodiscard]] virtual ReadBack compare(const RoutingState &before, const RoutingState &after, const RouteChange &change) const = 0;
};

/// The router that @p config's section "routing" names. Errors (Invalid): the section or what it needs is missing; the
/// sentence says what. @p api must outlive it.
[[nodiscard]] Result<std::shared_ptr<Router>> makeRouter(const FleetConfig &config, ApiTransport &api, const class Clock &clock);

/// The error for an edit of somebody else between @p seen and @p now: both are shown.
[[nodiscard]] Error conflictError(const RoutingState &seen, const RoutingState &now);

} // namespace hybridge
