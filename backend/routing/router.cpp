// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/router.h"

#include "backend/base/units.h"
#include "backend/routing/loadbalancerrouter.h"
#include "backend/routing/workerrouter.h"

#include <QPointer>

namespace hybridge {

namespace {

/// The service may take a moment until what it accepted is what it tells.
constexpr int Looks = 12;
constexpr auto BetweenLooks = std::chrono::milliseconds(250);

/// The service may have done it although it did not say so.
bool mayHaveBeenDone(const Error &error)
{
    switch (error.kind) {
    case Error::Kind::OutcomeUnknown:
    case Error::Kind::Remote:
    case Error::Kind::Timeout:
    case Error::Kind::Network:
    case Error::Kind::Protocol: return true;
    default: return false;
    }
}

} // namespace

Error conflictError(const RoutingState &seen, const RoutingState &now)
{
    const auto told = [](const RoutingState &state) {
        QString text = sharesText(state.shares());
        if (state.version)
            text += QStringLiteral(" (version %1)").arg(*state.version);
        return text;
    };
    Error error(Error::Kind::Refused, Router::tr("Somebody else changed the routing meanwhile. Nothing was written."),
        Router::tr("You saw: %1. Now: %2.").arg(told(seen), told(now)), routeConflict);
    error.remedy = Router::tr("Look at the present shares and decide again.");
    return error;
}

Task<Result<RoutingState>> Router::apply(RoutingState from, RouteChange change, std::stop_token stop)
{
    const QPointer<Router> self(this);
    const Result<RoutingState> before = co_await read(stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!before)
        co_return before.error();
    if (before->revision != from.revision)
        co_return conflictError(from, *before);
    const Result<RoutePayload> allowed = payload(*before, change);
    if (!allowed)
        co_return allowed.error();
    // From here on a stop no longer interrupts: what was sent is looked after.
    const Result<void> written = co_await write(*before, change, {});
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!written && !mayHaveBeenDone(written.error()))
        co_return written.error();
    std::optional<Error> failure;
    for (int look = 0; look < Looks; ++look) {
        const Result<RoutingState> after = co_await read({});
        if (!self)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        if (!after) {
            failure = Error(Error::Kind::OutcomeUnknown, tr("The change was sent, and what the service has now could not be read."),
                after.error().summary + QLatin1Char(' ') + after.error().detail)
                          .withRemedy(tr("Run \"hybridgectl route show\" before you change anything."));
        } else {
            const ReadBack compared = compare(*before, *after, change);
            switch (compared.verdict) {
            case ReadBack::Verdict::AsMeant: co_return after;
            case ReadBack::Verdict::Unchanged:
                if (!written)
                    co_return written.error();
                failure = Error(Error::Kind::Remote, tr("The service accepted the change and did not make it."), sharesText(after->shares()));
                break;
            case ReadBack::Verdict::Pending:
                failure = Error(Error::Kind::Timeout, tr("The new version was made and does not serve all requests."), after->warnings.join(QLatin1Char(' ')));
                break;
            case ReadBack::Verdict::Different: {
                QStringList lines;
                for (const FieldChange &field : compared.differences.mid(0, 8))
                    lines.append(QStringLiteral("%1: %2 -> %3").arg(safeText(field.pointer, 120), safeText(field.before, 120), safeText(field.after, 120)));
                co_return Error(Error::Kind::Remote,
                    tr("What was read back is not what was meant: somebody else wrote in the same moment, or the service changed more than was asked."),
                    lines.join(QStringLiteral("; ")))
                    .withRemedy(tr("Look at the present routing: \"hybridgectl route show\"."));
            }
            }
        }
        co_await pause(BetweenLooks, {});
        if (!self)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    }
    co_return *failure;
}

Result<std::shared_ptr<Router>> makeRouter(const FleetConfig &config, ApiTransport &api, const Clock &clock)
{
    const auto missing = [](const QString &sentence, const QString &remedy) { return Error(Error::Kind::Invalid, sentence).withRemedy(remedy); };
    if (!config.routing)
        return missing(Router::tr("Routing is not configured."), Router::tr("Add the section \"routing\" to the fleet file."));
    if (!config.cloudflare || config.cloudflare->accountId.isEmpty())
        return missing(Router::tr("The fleet file names no Cloudflare account."), Router::tr("Add \"cloudflare\" with accountId and token."));
    if (config.routing->mode == QLatin1String("worker")) {
        if (config.routing->script.isEmpty())
            return missing(Router::tr("The fleet file does not name the Worker."), Router::tr("Add \"script\" to \"routing\"."));
        return std::shared_ptr<Router>(std::make_shared<WorkerRouter>(api, config, clock));
    }
    if (config.cloudflare->zoneId.isEmpty())
        return missing(Router::tr("The fleet file names no Cloudflare zone."), Router::tr("Add \"zoneId\" to \"cloudflare\"."));
    if (config.routing->loadBalancer.isEmpty() && !config.endpoint)
        return missing(Router::tr("The fleet file does not name the load balancer."), Router::tr("Add \"loadBalancer\" to \"routing\"."));
    return std::shared_ptr<Router>(std::make_shared<LoadBalancerRouter>(api, config, clock));
}

} // namespace hybridge
