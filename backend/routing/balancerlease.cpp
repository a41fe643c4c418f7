// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/balancerlease.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"
#include "backend/routing/routersource.h"

#include <QRegularExpression>

namespace hybridge {

using nlohmann::json;

namespace {

QString tr(const char *text)
{
    return LoadBalancerRouter::tr(text);
}

bool isOurs(const json &rule)
{
    const json *name = jsonField(rule, "name");
    return name && name->is_string() && QString::fromStdString(name->get<std::string>()).startsWith(QLatin1String(leaseRulePrefix));
}

json rulesOf(const json &balancer)
{
    const json *rules = jsonField(balancer, "rules");
    return rules && rules->is_array() ? *rules : json::array();
}

Result<RouteLease> leaseOf(const json &rule, const QMap<QString, QString> &poolOfNode)
{
    return decode<RouteLease>(rule, [&](const json &j) {
        RouteLease lease;
        lease.id = safeText(jsonRequiredText(j, "name").mid(qsizetype(qstrlen(leaseRulePrefix))), 80);
        static const QRegularExpression until(QStringLiteral("http\\.request\\.timestamp\\.sec lt (\\d{1,12})"));
        const QRegularExpressionMatch found = until.match(jsonRequiredText(j, "condition"));
        if (found.hasMatch())
            lease.expiresAt = QDateTime::fromSecsSinceEpoch(found.captured(1).toLongLong(), Utc);
        const json &weights = j.at("overrides").at("random_steering").at("pool_weights");
        for (auto it = poolOfNode.begin(); it != poolOfNode.end(); ++it)
            if (const auto weight = jsonNumber(weights, it.value().toUtf8().constData()))
                lease.weights.insert(it.key(), *weight);
        return lease;
    });
}

} // namespace

std::optional<RouteLease> balancerLease(const cloudflare::LoadBalancer &balancer, const QMap<QString, QString> &poolOfNode)
{
    for (const json &rule : rulesOf(balancer.document)) {
        if (!isOurs(rule))
            continue;
        const Result<RouteLease> lease = leaseOf(rule, poolOfNode);
        if (lease)
            return *lease;
    }
    return std::nullopt;
}

Result<BalancerPatch> balancerLeasePatch(const RoutingState &from, const RouteChange &change, const QDateTime &now)
{
    const RouterSource &source = *from.source;
    if (from.place != WeightPlace::PoolWeights)
        return Error(Error::Kind::Refused, tr("Weights that end by themselves need one pool for each node."), weightPlaceLabel(from.place));
    BalancerPatch patch;
    patch.property = "rules";
    const json *present = jsonField(source.balancer.document, "rules");
    patch.before = present ? *present : json();
    patch.after = json::array();
    for (const json &rule : rulesOf(source.balancer.document))
        if (!isOurs(rule))
            patch.after.push_back(rule);
    if (change.endLease)
        return patch;
    if (!patch.after.empty())
        return Error(Error::Kind::Refused, tr("The balancer has a rule of its own, and the plan may allow no second one."),
            tr("Rules: %1.").arg(patch.after.size()))
            .withRemedy(tr("Change the standing shares instead, or take that rule away in the Cloudflare dashboard."));
    if (from.lease && from.lease->isActive(now) && from.lease->id != change.lease->id)
        return Error(Error::Kind::Refused, tr("Another lease holds the weights."), tr("Lease %1 until %2.").arg(from.lease->id, from.lease->expiresAt.toString(Qt::ISODate)))
            .withRemedy(tr("Wait until it ends, or end it."));
    json weights = json::object();
    for (const RouteTarget &target : from.targets)
        weights[source.poolOfNode.value(target.node).toStdString()]
            = change.lease->weights.contains(target.node) ? change.lease->weights.value(target.node) / 100 : target.weight;
    json pools = json::array();
    for (const QString &pool : source.balancer.defaultPools)
        pools.push_back(pool.toStdString());
    json overrides = json::object();
    overrides["default_pools"] = std::move(pools);
    overrides["steering_policy"] = "random";
    overrides["random_steering"] = {{"default_weight", source.balancer.defaultWeight.value_or(1)}, {"pool_weights", std::move(weights)}};
    json rule = json::object();
    rule["name"] = leaseRulePrefix + change.lease->id.toStdString();
    rule["condition"] = "http.request.timestamp.sec lt " + std::to_string(change.lease->expiresAt.toSecsSinceEpoch());
    rule["overrides"] = std::move(overrides);
    patch.after.push_back(std::move(rule));
    return patch;
}

} // namespace hybridge
