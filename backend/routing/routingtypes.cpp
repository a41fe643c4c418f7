// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routingtypes.h"

#include "backend/base/units.h"
#include "backend/routing/weightplan.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <cmath>

namespace hybridge {

using nlohmann::json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Routing", text);
}

constexpr qsizetype MostChanges = 200;

QString jsonWord(const json &value)
{
    return QString::fromStdString(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string pointerPart(std::string key)
{
    std::string out;
    for (const char c : key) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

void walk(const json &before, const json &after, const std::string &pointer, QList<FieldChange> &out)
{
    if (before == after || out.size() >= MostChanges)
        return;
    if (before.is_object() && after.is_object()) {
        for (const auto &[key, value] : before.items()) {
            const auto other = after.find(key);
            const std::string path = pointer + '/' + pointerPart(key);
            if (other == after.end())
                out.append({QString::fromStdString(path), jsonWord(value), {}});
            else
                walk(value, *other, path, out);
        }
        for (const auto &[key, value] : after.items())
            if (!before.contains(key))
                out.append({QString::fromStdString(pointer + '/' + pointerPart(key)), {}, jsonWord(value)});
        return;
    }
    if (before.is_array() && after.is_array() && before.size() == after.size()) {
        for (std::size_t i = 0; i < before.size(); ++i)
            walk(before[i], after[i], pointer + '/' + std::to_string(i), out);
        return;
    }
    out.append({QString::fromStdString(pointer), jsonWord(before), jsonWord(after)});
}

nlohmann::ordered_json percentNumber(double percent)
{
    const double tidy = tidyPercent(percent);
    if (tidy == std::floor(tidy))
        return qint64(tidy);
    return tidy;
}

} // namespace

QString routingModeName(RoutingMode mode)
{
    return mode == RoutingMode::Worker ? QStringLiteral("worker") : QStringLiteral("load-balancer");
}

QString weightPlaceLabel(WeightPlace place)
{
    switch (place) {
    case WeightPlace::None: return tr("No weights");
    case WeightPlace::RoutesBinding: return tr("The Worker's routes");
    case WeightPlace::PoolWeights: return tr("Weights of the pools");
    case WeightPlace::OriginWeights: return tr("Weights of the origins in one pool");
    }
    return {};
}

QString leaseKindName(RouteLease::Kind kind)
{
    return kind == RouteLease::Kind::Drill ? QStringLiteral("drill") : QStringLiteral("weight");
}

const RouteTarget *RoutingState::target(const QString &node) const
{
    for (const RouteTarget &one : targets)
        if (one.node == node)
            return &one;
    return nullptr;
}

ShareMap RoutingState::shares() const
{
    ShareMap out;
    for (const RouteTarget &one : targets)
        out.insert(one.node, one.share);
    return out;
}

ShareMap RoutingState::effectiveShares(const QDateTime &now) const
{
    if (!lease || !lease->isActive(now))
        return shares();
    ShareMap weights;
    double sum = 0;
    for (const RouteTarget &one : targets) {
        const double standing = one.enabled ? one.weight : 0;
        const double weight = std::max(0.0, lease->weights.value(one.node, standing));
        weights.insert(one.node, weight);
        sum += weight;
    }
    if (sum <= 0)
        return shares();
    for (double &weight : weights)
        weight = weight * 100 / sum;
    return weights;
}

PercentMap RoutingState::percents() const
{
    return wholePercents(shares());
}

QList<FieldChange> diffJson(const json &before, const json &after)
{
    QList<FieldChange> out;
    walk(before, after, {}, out);
    return out;
}

bool isRouteConflict(const Error &error)
{
    return error.kind == Error::Kind::Refused && error.code == routeConflict;
}

double tidyPercent(double percent)
{
    return std::round(percent * 100) / 100;
}

QString sharesText(const ShareMap &shares)
{
    QStringList words;
    for (auto it = shares.begin(); it != shares.end(); ++it)
        words.append(QStringLiteral("%1 %2").arg(safeText(it.key(), 60), formatPercent(tidyPercent(it.value()))));
    return words.join(QStringLiteral(", "));
}

nlohmann::ordered_json sharesDocument(const ShareMap &shares)
{
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (auto it = shares.begin(); it != shares.end(); ++it)
        out[it.key().toStdString()] = percentNumber(it.value());
    return out;
}

nlohmann::ordered_json routeDocument(const RoutingState &state)
{
    nlohmann::ordered_json out;
    out["mode"] = routingModeName(state.mode).toStdString();
    out["readAt"] = state.readAt.toUTC().toString(Qt::ISODate).toStdString();
    out["version"] = state.version ? nlohmann::ordered_json(*state.version) : nlohmann::ordered_json(nullptr);
    nlohmann::ordered_json weights = nlohmann::ordered_json::object();
    for (const RouteTarget &one : state.targets)
        weights[one.node.toStdString()] = percentNumber(one.share);
    out["weights"] = std::move(weights);
    out["lease"] = nullptr;
    if (state.lease) {
        nlohmann::ordered_json lease;
        lease["id"] = state.lease->id.toStdString();
        lease["kind"] = leaseKindName(state.lease->kind).toStdString();
        lease["owner"] = state.lease->owner.toStdString();
        nlohmann::ordered_json held = nlohmann::ordered_json::object();
        for (auto it = state.lease->weights.begin(); it != state.lease->weights.end(); ++it)
            held[it.key().toStdString()] = it.value();
        lease["weights"] = std::move(held);
        lease["expiresAt"] = state.lease->expiresAt.toUTC().toString(Qt::ISODate).toStdString();
        lease["active"] = state.lease->isActive(state.readAt);
        out["lease"] = std::move(lease);
    }
    out["effective"] = sharesDocument(state.effectiveShares(state.readAt));
    nlohmann::ordered_json targets = nlohmann::ordered_json::array();
    for (const RouteTarget &one : state.targets) {
        nlohmann::ordered_json target;
        target["node"] = one.node.toStdString();
        target["known"] = one.isKnown;
        target["place"] = one.place.toStdString();
        target["weight"] = one.weight;
        target["enabled"] = one.enabled;
        targets.push_back(std::move(target));
    }
    out["targets"] = std::move(targets);
    out["warnings"] = nlohmann::ordered_json::array();
    for (const QString &warning : state.warnings)
        out["warnings"].push_back(warning.toStdString());
    return out;
}

} // namespace hybridge
