// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routingguards.h"

#include "backend/base/units.h"
#include "backend/fleet/servedmodels.h"
#include "backend/http/jsonfields.h"
#include "backend/routing/routersource.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QSet>

#include <algorithm>
#include <optional>

namespace hybridge {

namespace {

using Weight = RouteFinding::Weight;

QString tr(const char *text)
{
    return QCoreApplication::translate("RoutingGuards", text);
}

QString labelOf(const FleetState &fleet, const QString &id)
{
    const NodeState *node = fleet.node(id);
    return safeText(node && !node->config.label.isEmpty() ? node->config.label : id, 80);
}

bool serves(const FleetState &fleet, const QString &id)
{
    const NodeState *node = fleet.node(id);
    return node && (node->diagnosis.condition == NodeCondition::Healthy || node->diagnosis.condition == NodeCondition::Degraded);
}

ShareMap sharesAfter(const RoutingState &now, const RouteChange &change)
{
    ShareMap out;
    for (const RouteTarget &target : now.targets) {
        if (change.endLease)
            out.insert(target.node, target.share);
        else if (change.lease)
            out.insert(target.node, change.lease->weights.value(target.node, target.share));
        else
            out.insert(target.node, change.percents.value(target.node, 0));
    }
    return out;
}

void guardLastBackend(const FleetState &fleet, const RoutingState &now, const ShareMap &after, const QString &lastBackendOverride, QList<RouteFinding> &out)
{
    const ShareMap before = now.effectiveShares(now.readAt);
    QStringList losing;
    for (auto it = after.begin(); it != after.end(); ++it) {
        if (it.value() > 0 && serves(fleet, it.key()))
            return; // somebody who serves keeps a share
        if (before.value(it.key()) > 0 && it.value() <= 0 && serves(fleet, it.key()))
            losing.append(it.key());
    }
    if (losing.isEmpty()) {
        out.append({QStringLiteral("nobody-serves"), Weight::Confirm, tr("No node with a share is known to serve."), {},
            tr("Bring one up first: \"hybridgectl status\" tells what is wrong.")});
        return;
    }
    QStringList others;
    for (auto it = after.begin(); it != after.end(); ++it) {
        const NodeState *node = fleet.node(it.key());
        if (!losing.contains(it.key()) && node)
            others.append(tr("%1 is %2").arg(labelOf(fleet, it.key()), conditionLabel(node->diagnosis.condition).toLower()));
    }
    const bool overridden = losing.size() == 1 && losing.contains(lastBackendOverride);
    out.append({QStringLiteral("last-backend"), overridden ? Weight::Confirm : Weight::Block,
        tr("%1 is the last node that serves: without its share your users would get errors.").arg(labelOf(fleet, losing.first())),
        others.isEmpty() ? tr("The router knows no other node.") : tr("Nobody else can answer: %1.").arg(others.join(QStringLiteral(", "))),
        overridden ? QString() : tr("Bring another node up first, or name it on purpose: --override-last-backend %1").arg(losing.first())});
}

void guardReceivers(const FleetState &fleet, const RoutingState &now, const ShareMap &after, QList<RouteFinding> &out)
{
    const ShareMap before = now.effectiveShares(now.readAt);
    for (auto it = after.begin(); it != after.end(); ++it) {
        if (it.value() <= before.value(it.key()) || serves(fleet, it.key()))
            continue;
        const NodeState *node = fleet.node(it.key());
        out.append({QStringLiteral("not-serving"), Weight::Confirm,
            node ? tr("%1 would get more and is %2.").arg(labelOf(fleet, it.key()), conditionLabel(node->diagnosis.condition).toLower())
                 : tr("%1 would get more and is not in the fleet file: nothing is known of it.").arg(safeText(it.key(), 80)),
            node ? node->diagnosis.summary : QString(), {}});
    }
}

void guardState(const RoutingState &now, const RouteChange &change, QList<RouteFinding> &out)
{
    if (now.lease && now.lease->isActive(now.readAt) && !change.lease && !change.endLease)
        out.append({QStringLiteral("lease"), Weight::Confirm, tr("A lease holds other shares until %1.").arg(now.lease->expiresAt.toLocalTime().toString(QStringLiteral("HH:mm:ss"))),
            tr("Lease %1 of %2.").arg(now.lease->id, now.lease->owner), tr("The shares set now count from then on.")});
    for (const QString &warning : now.warnings)
        out.append({QStringLiteral("router"), Weight::Inform, warning, {}, {}});
}

/// Nothing between a balancer and the engines rewrites a model's name.
void guardModelNames(const FleetState &fleet, const RoutingState &now, const ShareMap &after, QList<RouteFinding> &out)
{
    if (now.mode != RoutingMode::LoadBalancer)
        return;
    QSet<QString> common;
    QStringList told;
    bool first = true;
    for (auto it = after.begin(); it != after.end(); ++it) {
        const NodeState *node = fleet.node(it.key());
        if (it.value() <= 0 || !node || !node->engine.isKnown() || !node->engine->models)
            continue;
        const QStringList names = answeredModels(*node);
        const QSet<QString> models(names.begin(), names.end());
        common = first ? models : common & models;
        first = false;
        told.append(QStringLiteral("%1: %2").arg(it.key(), safeText(node->engine->models->mid(0, 3).join(QStringLiteral(", ")), 200)));
    }
    if (told.size() < 2 || !common.isEmpty())
        return;
    out.append({QStringLiteral("model-names"), Weight::Inform, tr("The nodes serve no model under one common name: a request fails on the node that does not know its name."),
        told.join(QStringLiteral("; ")),
        tr("Give both the same name: vLLM with --served-model-name NAME, Ollama with \"ollama cp MODEL NAME\".")});
}

} // namespace

QList<RouteFinding> routeFindings(const FleetState &fleet, const RoutingState &now, const RouteChange &change, const QString &lastBackendOverride)
{
    QList<RouteFinding> out;
    const ShareMap after = sharesAfter(now, change);
    if (!change.endLease) {
        guardLastBackend(fleet, now, after, lastBackendOverride, out);
        guardReceivers(fleet, now, after, out);
    }
    guardState(now, change, out);
    guardModelNames(fleet, now, after, out);
    std::stable_sort(out.begin(), out.end(), [](const RouteFinding &a, const RouteFinding &b) { return a.weight > b.weight; });
    return out;
}

QString commonModel(const FleetState &fleet, const RoutingState &now, const ShareMap &shares)
{
    QMap<QString, QStringList> routed; // names by backend, in the Worker's order: public ones first
    QStringList open; // backends that take any name
    if (now.mode == RoutingMode::Worker && now.source) {
        for (const nlohmann::json &backend : now.source->routes.value("backends", nlohmann::json::array())) {
            QStringList &names = routed[safeText(jsonText(backend, "id"), 80)];
            if (const nlohmann::json *aliases = jsonField(backend, "aliases"); aliases && aliases->is_object())
                for (const auto &[name, local] : aliases->items())
                    names.append(QString::fromStdString(name));
            const nlohmann::json *models = jsonField(backend, "models");
            if (!models || !models->is_array() || models->empty()) {
                open.append(safeText(jsonText(backend, "id"), 80));
                continue;
            }
            for (const nlohmann::json &model : *models)
                if (model.is_string())
                    names.append(QString::fromStdString(model.get<std::string>()));
        }
    }
    std::optional<QStringList> common;
    for (auto it = shares.begin(); it != shares.end(); ++it) {
        if (it.value() <= 0)
            continue;
        QStringList names = routed.value(it.key());
        const NodeState *node = fleet.node(it.key());
        const bool asEngine = now.mode == RoutingMode::LoadBalancer || open.contains(it.key());
        if (asEngine && node)
            names += answeredModels(*node);
        if (!common)
            common = names;
        else
            common->removeIf([&names](const QString &name) { return !names.contains(name); });
    }
    return common && !common->isEmpty() ? common->first() : QString();
}

QList<NodeLoad> nodeLoads(const FleetState &fleet, const QMap<QString, double> &highest)
{
    QList<NodeLoad> out;
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &node = fleet.at(i);
        NodeLoad load;
        load.node = node.config.id;
        load.now = node.tokensPerSecond;
        if (const auto found = highest.constFind(load.node); found != highest.constEnd() && *found > 0)
            load.most = *found;
        out.append(load);
    }
    return out;
}

} // namespace hybridge
