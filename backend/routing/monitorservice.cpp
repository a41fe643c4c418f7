// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/monitorservice.h"

#include "backend/base/units.h"
#include "backend/routing/routersource.h"

#include <QDeadlineTimer>
#include <QPointer>

namespace hybridge {

using nlohmann::json;

namespace {

json withoutMoving(json document)
{
    document.erase("modified_on");
    return document;
}

} // namespace

MonitorService::MonitorService(ApiTransport &api, const FleetConfig &config, QObject *parent)
    : QObject(parent), m_balancers(api, config.cloudflare ? config.cloudflare->accountId : QString(), config.cloudflare ? config.cloudflare->zoneId : QString())
{
}

Task<Result<QList<PoolMonitor>>> MonitorService::read(RoutingState state, std::stop_token stop)
{
    const QPointer<MonitorService> self(this);
    QList<PoolMonitor> out;
    if (!state.source)
        co_return out;
    const QList<cloudflare::Pool> pools = state.source->pools;
    for (const cloudflare::Pool &pool : pools) {
        PoolMonitor one;
        one.pool = pool.id;
        one.poolName = pool.name;
        if (!pool.monitor.isEmpty()) {
            const Result<cloudflare::Monitor> monitor = co_await m_balancers.monitor(pool.monitor, stop);
            if (!self)
                co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
            if (!monitor)
                co_return monitor.error();
            one.monitor = *monitor;
        }
        out.append(one);
    }
    co_return out;
}

Task<Result<cloudflare::Monitor>> MonitorService::apply(cloudflare::Monitor seen, MonitorEdit edit, std::stop_token stop)
{
    const QPointer<MonitorService> self(this);
    const Error cancelled(Error::Kind::Cancelled, tr("Cancelled."));
    const Result<json> patch = monitorPatch(seen, edit);
    if (!patch)
        co_return patch.error();
    if (patch->empty())
        co_return seen;
    const Result<cloudflare::Monitor> before = co_await m_balancers.monitor(seen.id, stop);
    if (!self)
        co_return cancelled;
    if (!before)
        co_return before.error();
    if (withoutMoving(before->document) != withoutMoving(seen.document))
        co_return Error(Error::Kind::Refused, tr("Somebody else changed the health check meanwhile. Nothing was written."), {}, routeConflict);
    const json properties = *patch;
    const Result<cloudflare::Monitor> written = co_await m_balancers.patchMonitor(seen.id, properties, {});
    if (!self)
        co_return cancelled;
    const Result<cloudflare::Monitor> after = co_await m_balancers.monitor(seen.id, {});
    if (!self)
        co_return cancelled;
    if (!after)
        co_return after.error();
    json meant = withoutMoving(before->document);
    for (const auto &[key, value] : properties.items())
        meant[key] = value;
    if (withoutMoving(after->document) == meant)
        co_return after; // also where the answer to the write was an error
    if (!written)
        co_return written.error();
    QStringList lines;
    const QList<FieldChange> differences = diffJson(maskedMonitor(meant), maskedMonitor(withoutMoving(after->document)));
    for (const FieldChange &field : differences)
        lines.append(QStringLiteral("%1: %2 -> %3").arg(safeText(field.pointer, 120), safeText(field.before, 120), safeText(field.after, 120)));
    co_return Error(Error::Kind::Remote, tr("The health check reads back otherwise than it was written."), lines.join(QStringLiteral("; ")));
}

Task<Result<QList<cloudflare::OriginHealth>>> MonitorService::preview(cloudflare::Monitor seen, MonitorEdit edit, std::stop_token stop)
{
    const QPointer<MonitorService> self(this);
    const Error cancelled(Error::Kind::Cancelled, tr("Cancelled."));
    const Result<json> patch = monitorPatch(seen, edit);
    if (!patch)
        co_return patch.error();
    json whole = seen.document;
    for (const auto &[key, value] : patch->items())
        whole[key] = value;
    const Result<QString> id = co_await m_balancers.previewMonitor(seen.id, whole, stop);
    if (!self)
        co_return cancelled;
    if (!id)
        co_return id.error();
    const QString previewId = *id;
    const QDeadlineTimer deadline(std::chrono::seconds(30));
    while (true) {
        const Result<QList<cloudflare::OriginHealth>> health = co_await m_balancers.previewResult(previewId, stop);
        if (!self || stop.stop_requested())
            co_return cancelled;
        // Not there yet is an error of some kind or an empty answer, depending on the service's mood.
        if (health && !health->isEmpty())
            co_return health;
        if (deadline.hasExpired())
            co_return health;
        if (!co_await pause(std::chrono::seconds(1), stop))
            co_return cancelled;
        if (!self)
            co_return cancelled;
    }
}

} // namespace hybridge
