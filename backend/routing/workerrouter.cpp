// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/workerrouter.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"
#include "backend/routing/routersource.h"

#include <QCryptographicHash>
#include <QPointer>
#include <QSet>

#include <cmath>
#include <stdexcept>

namespace hybridge {

using nlohmann::json;

namespace {

const QString bindingName = QStringLiteral("ROUTES");
constexpr auto SideDoorsEvery = std::chrono::minutes(10);
const QString strictFetch = QStringLiteral("global_fetch_strictly_public");

/// Fields that the service itself moves with every write.
json withoutMoving(json settings)
{
    for (const char *key : {"annotations", "modified_on", "etag", "startup_time_ms", "bindings"})
        settings.erase(key);
    return settings;
}

/// Bindings by name, ROUTES aside: their order means nothing.
json bindingsByName(const cloudflare::WorkerSettings &settings)
{
    json out = json::object();
    for (const cloudflare::WorkerBinding &binding : settings.bindings)
        if (binding.name != bindingName)
            out[binding.name.toStdString()] = binding.document;
    return out;
}

std::optional<RouteLease> leaseFrom(const json &routes)
{
    const json *document = jsonField(routes, "lease");
    if (!document)
        return std::nullopt;
    RouteLease lease;
    lease.id = safeText(jsonRequiredText(*document, "id"), 80);
    lease.kind = jsonText(*document, "kind") == QLatin1String("drill") ? RouteLease::Kind::Drill : RouteLease::Kind::Weight;
    lease.owner = safeText(jsonText(*document, "owner"), 120);
    const json &until = document->at("expiresAt");
    if (until.is_string())
        lease.expiresAt = parseRfc3339(QString::fromStdString(until.get<std::string>()));
    else
        lease.expiresAt = QDateTime::fromMSecsSinceEpoch(until.get<qint64>() < 100000000000LL ? until.get<qint64>() * 1000 : until.get<qint64>(), Utc);
    if (const json *weights = jsonField(*document, "backends")) {
        if (!weights->is_object() || weights->size() > 500)
            throw std::runtime_error("lease.backends is no object");
        for (const auto &[node, weight] : weights->items())
            lease.weights.insert(safeText(QString::fromStdString(node), 80), weight.get<double>());
    }
    return lease;
}

json leaseDocument(const RouteLease &lease)
{
    json weights = json::object();
    for (auto it = lease.weights.begin(); it != lease.weights.end(); ++it) {
        const double weight = it.value();
        weights[it.key().toStdString()] = weight == std::floor(weight) ? json(qint64(weight)) : json(weight);
    }
    return {{"id", lease.id.toStdString()}, {"kind", leaseKindName(lease.kind).toStdString()}, {"owner", lease.owner.toStdString()},
        {"backends", std::move(weights)}, {"expiresAt", lease.expiresAt.toUTC().toString(Qt::ISODate).toStdString()}};
}

/// The value of the binding; the service may hand it out as text.
Result<json> routesOf(const cloudflare::WorkerSettings &settings)
{
    const cloudflare::WorkerBinding *binding = settings.binding(bindingName);
    if (!binding || !binding->document.contains("json"))
        return Error(Error::Kind::NotFound, WorkerRouter::tr("The Worker has no routes: its binding ROUTES is missing."))
            .withRemedy(WorkerRouter::tr("Deploy the router Worker with a binding ROUTES of type json."));
    const json &value = binding->document["json"];
    if (!value.is_string())
        return value;
    return parseJson(QByteArray::fromStdString(value.get<std::string>()));
}

} // namespace

Result<RoutingState> routesState(const json &routes, const QStringList &nodes)
{
    return decode<RoutingState>(routes, [&nodes](const json &j) {
        RoutingState state;
        state.mode = RoutingMode::Worker;
        state.place = WeightPlace::RoutesBinding;
        state.version = jsonInteger(j, "version");
        const json &backends = j.at("backends");
        if (!backends.is_array() || backends.empty() || backends.size() > 500)
            throw std::runtime_error("ROUTES has no list of backends");
        double whole = 0;
        QSet<QString> seen;
        for (const json &backend : backends) {
            RouteTarget target;
            target.node = safeText(jsonRequiredText(backend, "id"), 80);
            target.weight = jsonNumber(backend, "weight").value_or(0);
            if (!std::isfinite(target.weight) || target.weight < 0 || target.weight > 1e9)
                throw std::runtime_error("weight out of range");
            if (seen.contains(target.node))
                throw std::runtime_error("two backends of one id");
            seen.insert(target.node);
            target.isKnown = nodes.contains(target.node);
            target.place = WorkerRouter::tr("backend %1").arg(target.node);
            whole += target.weight;
            state.targets.append(target);
        }
        for (RouteTarget &target : state.targets)
            target.share = whole > 0 ? target.weight * 100 / whole : 0;
        std::stable_sort(state.targets.begin(), state.targets.end(), [&nodes](const RouteTarget &a, const RouteTarget &b) {
            const auto rank = [&nodes](const RouteTarget &one) { return one.isKnown ? nodes.indexOf(one.node) : nodes.size(); };
            return rank(a) < rank(b);
        });
        state.lease = leaseFrom(j);
        return state;
    });
}

Result<json> routesAfter(const json &routes, const RouteChange &change, const QDateTime &now)
{
    const Result<RoutingState> state = routesState(routes, {});
    if (!state)
        return state.error();
    for (auto it = change.percents.begin(); it != change.percents.end(); ++it)
        if (!state->target(it.key()))
            return Error(Error::Kind::Refused, WorkerRouter::tr("ROUTES has no backend \"%1\".").arg(it.key()))
                .withRemedy(WorkerRouter::tr("Add the node to the Worker's routes first."));
    json out = routes;
    out["version"] = state->version.value_or(0) + 1;
    if (change.endLease) {
        out["lease"] = nullptr;
    } else if (change.lease) {
        if (state->lease && state->lease->isActive(now) && state->lease->id != change.lease->id)
            return Error(Error::Kind::Refused, WorkerRouter::tr("Another lease holds the weights."),
                WorkerRouter::tr("Lease %1 of %2 until %3.").arg(state->lease->id, state->lease->owner, state->lease->expiresAt.toString(Qt::ISODate)))
                .withRemedy(WorkerRouter::tr("Wait until it ends, or end it."));
        out["lease"] = leaseDocument(*change.lease);
    } else {
        for (json &backend : out["backends"])
            backend["weight"] = change.percents.value(safeText(jsonText(backend, "id"), 80), 0);
        // An expired lease would only be carried on.
        if (state->lease && !state->lease->isActive(now))
            out["lease"] = nullptr;
    }
    const qsizetype bytes = qsizetype(out.dump().size());
    if (bytes > mostRoutesBytes)
        return Error(Error::Kind::Refused, WorkerRouter::tr("The routes would be %1 bytes; a binding holds %2.").arg(bytes).arg(mostRoutesBytes))
            .withRemedy(WorkerRouter::tr("Shorten the lists of models and aliases."));
    return out;
}

WorkerRouter::WorkerRouter(ApiTransport &api, const FleetConfig &config, const Clock &clock)
    : m_workers(api, config.cloudflare->accountId), m_script(config.routing->script), m_base(config.cloudflare->apiBase.toString()), m_clock(clock)
{
    for (const NodeConfig &node : config.nodes)
        m_nodes.append(node.id);
}

Task<Result<RoutingState>> WorkerRouter::read(std::stop_token stop)
{
    const QPointer<WorkerRouter> self(this);
    const Result<cloudflare::WorkerSettings> settings = co_await m_workers.settings(m_script, stop);
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!settings)
        co_return settings.error();
    const Result<QList<cloudflare::Deployment>> deployments = co_await m_workers.deployments(m_script, stop);
    if (!self)
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (!deployments)
        co_return deployments.error();
    const Result<json> routes = routesOf(*settings);
    if (!routes)
        co_return routes.error();
    const MonotonicMs now = m_clock.monotonic();
    if (m_subdomainAt.count() == 0 || now - m_subdomainAt >= SideDoorsEvery) {
        m_subdomainAt = now;
        const Result<cloudflare::WorkerSubdomain> subdomain = co_await m_workers.subdomain(m_script, stop);
        if (!self)
            co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
        if (subdomain) // what cannot be read is no reason not to know the shares
            m_subdomain = *subdomain;
    }
    Result<RoutingState> state = routesState(*routes, m_nodes);
    if (!state)
        co_return state.error();
    const auto source = std::make_shared<RouterSource>();
    source->settings = *settings;
    source->routes = *routes;
    if (!deployments->isEmpty())
        source->deployment = deployments->first();
    if (source->deployment.only().isEmpty()) {
        QStringList parts;
        for (const cloudflare::DeployedVersion &version : source->deployment.versions)
            parts.append(QStringLiteral("%1 %2").arg(version.id.left(8), formatPercent(version.percentage)));
        state->warnings.append(parts.isEmpty() ? tr("The script is not deployed.") : tr("Several versions of the script serve: %1.").arg(parts.join(QStringLiteral(", "))));
    }
    if (!settings->compatibilityFlags.contains(strictFetch))
        state->warnings.append(tr("The script lacks the compatibility flag %1: its requests to the nodes may pass by Access.").arg(strictFetch));
    if (m_subdomain && (m_subdomain->enabled || m_subdomain->previews))
        state->warnings.append(tr("The script answers at its workers.dev or preview address as well, around the Access of your hostname: turn these off in the Cloudflare dashboard."));
    state->readAt = m_clock.now();
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArray::fromStdString(routes->dump() + withoutMoving(settings->document).dump() + bindingsByName(*settings).dump()));
    hash.addData(source->deployment.id.toUtf8());
    state->revision = QString::fromLatin1(hash.result().toHex());
    state->source = source;
    co_return state;
}

Result<RoutePayload> WorkerRouter::payload(const RoutingState &from, const RouteChange &change) const
{
    if (!from.source)
        return Error(Error::Kind::Invalid, tr("The routing has not been read."));
    const Result<json> after = routesAfter(from.source->routes, change, m_clock.now());
    if (!after)
        return after.error();
    RoutePayload payload;
    payload.call = QStringLiteral("PATCH %1/%2").arg(m_base, m_workers.settingsPath(m_script));
    payload.body = QByteArray::fromStdString(cloudflare::settingsPatch(from.source->settings, bindingName, *after, change.message).dump(2));
    payload.changes = diffJson(from.source->routes, *after);
    return payload;
}

Task<Result<void>> WorkerRouter::write(RoutingState before, RouteChange change, std::stop_token stop)
{
    const Result<json> after = routesAfter(before.source->routes, change, before.readAt);
    if (!after)
        co_return after.error();
    const json patch = cloudflare::settingsPatch(before.source->settings, bindingName, *after, change.message);
    const Result<cloudflare::WorkerSettings> answered = co_await m_workers.patchSettings(m_script, patch, stop);
    if (!answered)
        co_return answered.error();
    co_return Result<void>();
}

Router::ReadBack WorkerRouter::compare(const RoutingState &before, const RoutingState &after, const RouteChange &change) const
{
    ReadBack out;
    // As of the same moment as the write: a lease that ends between the two is no difference.
    const Result<json> meant = routesAfter(before.source->routes, change, before.readAt);
    if (!meant)
        return out;
    const bool sameDeployment = before.source->deployment.id == after.source->deployment.id;
    QList<FieldChange> others = diffJson(withoutMoving(before.source->settings.document), withoutMoving(after.source->settings.document));
    others += diffJson(bindingsByName(before.source->settings), bindingsByName(after.source->settings));
    if (after.source->routes == before.source->routes && sameDeployment && others.isEmpty()) {
        out.verdict = ReadBack::Verdict::Unchanged;
        return out;
    }
    out.differences = diffJson(*meant, after.source->routes) + others;
    if (!out.differences.isEmpty())
        return out;
    // The binding is there; whether it serves is another question: the newest deployment must be a new one, whole.
    const QString serves = after.source->deployment.only();
    const bool isNew = !sameDeployment && !serves.isEmpty() && serves != before.source->deployment.only();
    out.verdict = isNew ? ReadBack::Verdict::AsMeant : ReadBack::Verdict::Pending;
    return out;
}

} // namespace hybridge
