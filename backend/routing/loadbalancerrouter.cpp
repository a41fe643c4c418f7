// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/loadbalancerrouter.h"

#include "backend/base/units.h"
#include "backend/routing/balancerlease.h"
#include "backend/routing/routersource.h"

#include <QCryptographicHash>
#include <QPointer>
#include <QSet>

#include <cmath>

namespace hybridge {

using nlohmann::json;

namespace {

QString tr(const char *text)
{
    return LoadBalancerRouter::tr(text);
}

constexpr double unsetWeight = 1; ///< of a pool without a weight where the balancer has no default_weight

/// The node behind an origin; empty: none of ours.
QString nodeOf(const cloudflare::Origin &origin, const QList<BalancedNode> &nodes)
{
    const QString tunnel = origin.address.section(QLatin1Char('.'), 0, 0);
    for (const BalancedNode &node : nodes)
        if (!node.tunnel.isEmpty() && origin.address.endsWith(QLatin1String(".cfargotunnel.com"), Qt::CaseInsensitive)
            && tunnel.compare(node.tunnel, Qt::CaseInsensitive) == 0)
            return node.id;
    for (const BalancedNode &node : nodes)
        if (!node.host.isEmpty() && (origin.host.compare(node.host, Qt::CaseInsensitive) == 0 || origin.address.compare(node.host, Qt::CaseInsensitive) == 0))
            return node.id;
    return {};
}

/// The one node behind a pool, or the pool's own name; empty when several nodes stand behind it.
QString nodeOf(const cloudflare::Pool &pool, const QList<BalancedNode> &nodes)
{
    QSet<QString> found;
    for (const cloudflare::Origin &origin : pool.origins)
        found.insert(nodeOf(origin, nodes));
    if (found.size() > 1)
        return {};
    const QString node = found.isEmpty() ? QString() : *found.begin();
    return node.isEmpty() ? pool.name : node;
}

bool isKnown(const QString &id, const QList<BalancedNode> &nodes)
{
    return std::any_of(nodes.begin(), nodes.end(), [&](const BalancedNode &node) { return node.id == id; });
}

/// Shares from the weights of what is switched on, in the fleet file's order.
void finish(RoutingState &state, const QList<BalancedNode> &nodes)
{
    double whole = 0;
    for (const RouteTarget &target : state.targets)
        whole += target.enabled ? target.weight : 0;
    for (RouteTarget &target : state.targets)
        target.share = whole > 0 && target.enabled ? target.weight * 100 / whole : 0;
    const auto rank = [&nodes](const RouteTarget &one) {
        for (qsizetype i = 0; i < nodes.size(); ++i)
            if (nodes.at(i).id == one.node)
                return i;
        return nodes.size();
    };
    std::stable_sort(state.targets.begin(), state.targets.end(), [&](const RouteTarget &a, const RouteTarget &b) { return rank(a) < rank(b); });
}

/// The one pool's origins carry the weights.
void readOrigins(RoutingState &state, const cloudflare::Pool &pool, const QList<BalancedNode> &nodes)
{
    if (!pool.originSteering.isEmpty() && pool.originSteering != QLatin1String("random")) {
        state.warnings.append(tr("The pool %1 shares by \"%2\", not by weight.").arg(pool.name, pool.originSteering));
        return;
    }
    QSet<QString> seen;
    for (const cloudflare::Origin &origin : pool.origins) {
        RouteTarget target;
        target.node = nodeOf(origin, nodes);
        if (target.node.isEmpty())
            target.node = origin.name;
        if (seen.contains(target.node)) {
            state.warnings.append(tr("Two origins of the pool %1 lead to %2: the balancer counts them as one.").arg(pool.name, target.node));
            state.targets.clear();
            return;
        }
        seen.insert(target.node);
        target.isKnown = isKnown(target.node, nodes);
        target.weight = origin.weight;
        target.enabled = pool.enabled && origin.enabled;
        target.place = tr("origin %1").arg(origin.name);
        state.targets.append(target);
    }
    state.place = WeightPlace::OriginWeights;
}

/// One pool a node: the balancer's random steering carries the weights.
void readPools(RoutingState &state, const cloudflare::LoadBalancer &balancer, const QList<cloudflare::Pool> &pools, const QList<BalancedNode> &nodes)
{
    QSet<QString> seen;
    for (const cloudflare::Pool &pool : pools) {
        RouteTarget target;
        target.node = nodeOf(pool, nodes);
        if (target.node.isEmpty() || seen.contains(target.node)) {
            state.warnings.append(target.node.isEmpty() ? tr("The pool %1 holds several nodes beside other pools: a node's share has no weight of its own.").arg(pool.name)
                                                        : tr("Two pools lead to %1.").arg(target.node));
            state.targets.clear();
            return;
        }
        seen.insert(target.node);
        target.isKnown = isKnown(target.node, nodes);
        target.weight = balancer.poolWeights.value(pool.id, balancer.defaultWeight.value_or(unsetWeight));
        target.enabled = pool.enabled;
        target.place = tr("pool %1").arg(pool.name);
        state.targets.append(target);
    }
    const bool isOff = balancer.steeringPolicy == QLatin1String("off") || balancer.steeringPolicy.isEmpty();
    if (balancer.steeringPolicy == QLatin1String("random")) {
        state.place = WeightPlace::PoolWeights;
        return;
    }
    if (!isOff) {
        state.warnings.append(tr("The balancer steers by \"%1\": weights do not count.").arg(balancer.steeringPolicy));
        state.targets.clear();
        return;
    }
    state.warnings.append(tr("The balancer's steering is off: everything goes to its first pool, weights do not count."));
    bool first = true;
    for (RouteTarget &target : state.targets)
        target.weight = target.enabled && std::exchange(first, false) ? 1 : 0;
}

json withoutMoving(json document, const std::string &property)
{
    document.erase(property);
    document.erase("modified_on");
    document.erase("healthy");
    return document;
}

/// What probes write into origins is no edit.
json withoutHealth(json origins)
{
    if (origins.is_array())
        for (json &origin : origins)
            if (origin.is_object())
                for (const char *key : {"healthy", "failure_reason", "disabled_at"})
                    origin.erase(key);
    return origins;
}

/// @p now without what the service added by itself to what was sent: defaults of keys that were left unsaid. What was
/// there before is always sent again, so nothing of it can hide here.
json withoutDefaults(json now, const json &sent)
{
    if (now.is_array() && sent.is_array() && now.size() == sent.size()) {
        for (std::size_t i = 0; i < now.size(); ++i)
            now[i] = withoutDefaults(now[i], sent[i]);
    } else if (now.is_object() && sent.is_object()) {
        for (auto it = now.begin(); it != now.end();) {
            if (!sent.contains(it.key())) {
                it = now.erase(it);
                continue;
            }
            *it = withoutDefaults(*it, sent[it.key()]);
            ++it;
        }
    }
    return now;
}

json poolForCompare(const json &document, const std::string &property)
{
    json out = withoutMoving(document, property);
    if (out.contains("origins"))
        out["origins"] = withoutHealth(out["origins"]);
    return out;
}

const json *documentOf(const RouterSource &source, const QString &pool)
{
    if (pool.isEmpty())
        return &source.balancer.document;
    for (const cloudflare::Pool &one : source.pools)
        if (one.id == pool)
            return &one.document;
    return nullptr;
}

json valueOf(const json &document, const std::string &property)
{
    const auto found = document.find(property);
    return found == document.end() ? json() : *found;
}

} // namespace

RoutingState balancerState(const cloudflare::LoadBalancer &balancer, const QList<cloudflare::Pool> &pools, const QList<BalancedNode> &nodes)
{
    RoutingState state;
    state.mode = RoutingMode::LoadBalancer;
    const auto source = std::make_shared<RouterSource>();
    source->balancer = balancer;
    source->pools = pools;
    if (pools.isEmpty())
        state.warnings.append(tr("The balancer %1 has no pools.").arg(balancer.name));
    else if (pools.size() == 1 && pools.first().origins.size() > 1)
        readOrigins(state, pools.first(), nodes);
    else
        readPools(state, balancer, pools, nodes);
    finish(state, nodes);
    for (const cloudflare::Pool &pool : pools) {
        if (state.place == WeightPlace::PoolWeights) {
            source->poolOfNode.insert(nodeOf(pool, nodes), pool.id);
            source->nodeOfName.insert(pool.name, nodeOf(pool, nodes));
        }
        if (state.place == WeightPlace::OriginWeights)
            for (const cloudflare::Origin &origin : pool.origins)
                if (const QString node = nodeOf(origin, nodes); !node.isEmpty())
                    source->nodeOfName.insert(origin.name, node);
    }
    if (!balancer.enabled)
        state.warnings.append(tr("The balancer is switched off."));
    if (!balancer.proxied)
        state.warnings.append(tr("The balancer is not proxied: tunnels and Access need that."));
    if (!balancer.sessionAffinity.isEmpty() && balancer.sessionAffinity != QLatin1String("none"))
        state.warnings.append(tr("Clients stay with their node (session affinity \"%1\"): the shares hold for new clients alone.").arg(balancer.sessionAffinity));
    for (const RouteTarget &target : std::as_const(state.targets))
        if (target.share <= 0 && source->poolOfNode.value(target.node) == balancer.fallbackPool && !balancer.fallbackPool.isEmpty())
            state.warnings.append(tr("%1 has no share and is the fallback: it serves when no other pool is healthy.").arg(target.node));
    state.lease = balancerLease(balancer, source->poolOfNode);
    state.source = source;
    return state;
}

Result<BalancerPatch> balancerPatch(const RoutingState &from, const RouteChange &change, const QDateTime &now)
{
    if (!from.source)
        return Error(Error::Kind::Invalid, tr("The routing has not been read."));
    if (from.place == WeightPlace::None)
        return Error(Error::Kind::Refused, tr("This balancer does not share by weight."), from.warnings.join(QLatin1Char(' ')))
            .withRemedy(tr("Give each node a pool of its own and set the balancer's steering to random."));
    for (auto it = change.percents.begin(); it != change.percents.end(); ++it) {
        const RouteTarget *target = from.target(it.key());
        if (!target)
            return Error(Error::Kind::Refused, tr("The balancer has nothing that leads to \"%1\".").arg(it.key()));
        if (!target->enabled && it.value() > 0)
            return Error(Error::Kind::Refused, tr("%1 is switched off at the balancer: a share would not count.").arg(it.key()), target->place)
                .withRemedy(tr("Enable it in the Cloudflare dashboard first."));
    }
    if (change.lease || change.endLease)
        return balancerLeasePatch(from, change, now);
    BalancerPatch patch;
    const RouterSource &source = *from.source;
    if (from.place == WeightPlace::PoolWeights) {
        patch.property = "random_steering";
        patch.before = valueOf(source.balancer.document, patch.property);
        patch.after = patch.before.is_object() ? patch.before : json::object();
        if (!patch.after.contains("pool_weights") || !patch.after["pool_weights"].is_object())
            patch.after["pool_weights"] = json::object();
        for (const RouteTarget &target : from.targets)
            patch.after["pool_weights"][source.poolOfNode.value(target.node).toStdString()] = change.percents.value(target.node, 0) / 100.0;
        return patch;
    }
    const cloudflare::Pool &pool = source.pools.first();
    patch.pool = pool.id;
    patch.property = "origins";
    patch.before = valueOf(pool.document, patch.property);
    patch.after = patch.before;
    // Origins are told apart by name, which is unique in a pool; the state's place carries it.
    for (qsizetype i = 0; i < pool.origins.size(); ++i) {
        const QString place = tr("origin %1").arg(pool.origins.at(i).name);
        for (const RouteTarget &target : from.targets)
            if (target.place == place)
                patch.after[std::size_t(i)]["weight"] = change.percents.value(target.node, 0) / 100.0;
    }
    return patch;
}

LoadBalancerRouter::LoadBalancerRouter(ApiTransport &api, const FleetConfig &config, const Clock &clock)
    : m_balancers(api, config.cloudflare->accountId, config.cloudflare->zoneId),
      m_wanted(config.routing->loadBalancer.isEmpty() ? config.endpoint->url.host() : config.routing->loadBalancer),
      m_base(config.cloudflare->apiBase.toString()), m_clock(clock)
{
    for (const NodeConfig &node : config.nodes)
        m_nodes.append({node.id, node.tunnel, node.url.host()});
}

Task<Result<RoutingState>> LoadBalancerRouter::read(std::stop_token stop)
{
    const QPointer<LoadBalancerRouter> self(this);
    const Error cancelled(Error::Kind::Cancelled, tr("Cancelled."));
    if (m_id.isEmpty()) {
        const Result<QList<cloudflare::LoadBalancer>> all = co_await m_balancers.list(stop);
        if (!self)
            co_return cancelled;
        if (!all)
            co_return all.error();
        for (const cloudflare::LoadBalancer &one : *all)
            if (one.id == m_wanted || one.name.compare(m_wanted, Qt::CaseInsensitive) == 0)
                m_id = one.id;
        if (m_id.isEmpty())
            co_return Error(Error::Kind::NotFound, tr("The zone has no load balancer \"%1\".").arg(m_wanted))
                .withRemedy(tr("Check \"loadBalancer\" in the fleet file; Load Balancing is an add-on that has to be switched on."));
    }
    const Result<cloudflare::LoadBalancer> balancer = co_await m_balancers.balancer(m_id, stop);
    if (!self)
        co_return cancelled;
    if (!balancer)
        co_return balancer.error();
    const Result<QList<cloudflare::Pool>> all = co_await m_balancers.pools(stop);
    if (!self)
        co_return cancelled;
    if (!all)
        co_return all.error();
    QList<cloudflare::Pool> pools;
    for (const QString &id : balancer->defaultPools)
        for (const cloudflare::Pool &pool : *all)
            if (pool.id == id)
                pools.append(pool);
    RoutingState state = balancerState(*balancer, pools, m_nodes);
    if (pools.size() != balancer->defaultPools.size()) {
        state.place = WeightPlace::None;
        state.warnings.append(tr("A pool of the balancer cannot be read."));
    }
    state.readAt = m_clock.now();
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArray::fromStdString(withoutMoving(balancer->document, "modified_on").dump()));
    for (const cloudflare::Pool &pool : pools)
        hash.addData(QByteArray::fromStdString(poolForCompare(pool.document, "modified_on").dump()));
    state.revision = QString::fromLatin1(hash.result().toHex());
    co_return state;
}

Result<RoutePayload> LoadBalancerRouter::payload(const RoutingState &from, const RouteChange &change) const
{
    const Result<BalancerPatch> patch = balancerPatch(from, change, m_clock.now());
    if (!patch)
        return patch.error();
    RoutePayload payload;
    payload.call = QStringLiteral("PATCH %1/%2").arg(m_base, patch->pool.isEmpty() ? m_balancers.balancerPath(from.source->balancer.id) : m_balancers.poolPath(patch->pool));
    payload.body = QByteArray::fromStdString(json {{patch->property, patch->after}}.dump(2));
    payload.changes = diffJson(json {{patch->property, patch->before}}, json {{patch->property, patch->after}});
    return payload;
}

Task<Result<void>> LoadBalancerRouter::write(RoutingState before, RouteChange change, std::stop_token stop)
{
    const Result<BalancerPatch> patch = balancerPatch(before, change, m_clock.now());
    if (!patch)
        co_return patch.error();
    json properties = json::object();
    properties[patch->property] = patch->after;
    if (patch->pool.isEmpty()) {
        const Result<cloudflare::LoadBalancer> answered = co_await m_balancers.patchBalancer(before.source->balancer.id, properties, stop);
        if (!answered)
            co_return answered.error();
        co_return Result<void>();
    }
    const Result<cloudflare::Pool> answered = co_await m_balancers.patchPool(patch->pool, properties, stop);
    if (!answered)
        co_return answered.error();
    co_return Result<void>();
}

Router::ReadBack LoadBalancerRouter::compare(const RoutingState &before, const RoutingState &after, const RouteChange &change) const
{
    ReadBack out;
    // A lease that expires between write and look must not read as a difference: the patch is made as of the first reading.
    const Result<BalancerPatch> patch = balancerPatch(before, change, before.readAt);
    if (!patch)
        return out;
    const json *was = documentOf(*before.source, patch->pool);
    const json *is = documentOf(*after.source, patch->pool);
    if (!was || !is)
        return out;
    const bool pool = !patch->pool.isEmpty();
    const auto bare = [&](const json &document) { return pool ? poolForCompare(document, patch->property) : withoutMoving(document, patch->property); };
    const auto clean = [&](const json &value) { return patch->property == "origins" ? withoutHealth(value) : value; };
    const QList<FieldChange> others = diffJson(bare(*was), bare(*is));
    const json now = clean(valueOf(*is, patch->property));
    if (withoutDefaults(now, clean(patch->after)) == clean(patch->after)) {
        out.verdict = others.isEmpty() ? ReadBack::Verdict::AsMeant : ReadBack::Verdict::Different;
        out.differences = others;
        return out;
    }
    if (now == clean(patch->before) && others.isEmpty()) {
        out.verdict = ReadBack::Verdict::Unchanged;
        return out;
    }
    out.differences = diffJson(clean(patch->after), withoutDefaults(now, clean(patch->after))) + others;
    return out;
}

} // namespace hybridge
