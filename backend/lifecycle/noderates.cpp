// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/noderates.h"

#include "backend/fleet/burnrate.h"

#include <nlohmann/json.hpp>

namespace hybridge {

using Json = nlohmann::ordered_json;

namespace {

/// The cloud is asked every 15 s, a node every few seconds; three lost looks are no silence yet.
constexpr auto machineAge = std::chrono::seconds(120);
constexpr auto nodeAge = std::chrono::seconds(60);

bool isCloud(const NodeState &node)
{
    return node.config.machine && node.config.machine->kind != MachineKind::Host;
}

bool isHeard(const NodeState &node, MonotonicMs now)
{
    if (isCloud(node))
        return node.machine.isFresh(now, machineAge);
    if (node.diagnosis.condition == NodeCondition::Stopped)
        return true;
    return node.ssh.isFresh(now, nodeAge) || node.accelerators.isFresh(now, nodeAge) || node.engine.isFresh(now, nodeAge);
}

Json orNull(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

std::optional<double> numberAt(const Json &object, const char *key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

QString textAt(const Json &object, const char *key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

} // namespace

QByteArray priceToJson(const NodePrice &price)
{
    Json json;
    json["zone"] = price.zone.toStdString();
    json["instance"] = price.instance.toStdString();
    json["machineType"] = price.machineType.toStdString();
    json["spot"] = price.isSpot;
    json["onDemandPerHour"] = orNull(price.onDemandPerHour);
    json["spotPerHour"] = orNull(price.spotPerHour);
    json["disksPerMonth"] = orNull(price.disksPerMonth);
    json["disks"] = Json::array();
    for (const QString &disk : price.disks)
        json["disks"].push_back(disk.toStdString());
    json["created"] = price.created.toString(Qt::ISODateWithMs).toStdString();
    json["currency"] = price.currency.toStdString();
    json["at"] = price.at.toString(Qt::ISODateWithMs).toStdString();
    json["problem"] = price.problem.toStdString();
    return QByteArray::fromStdString(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::optional<NodePrice> priceFromJson(const QByteArray &bytes)
{
    const Json json = Json::parse(bytes.cbegin(), bytes.cend(), nullptr, false);
    if (!json.is_object())
        return std::nullopt;
    NodePrice price;
    price.zone = textAt(json, "zone");
    price.instance = textAt(json, "instance");
    price.machineType = textAt(json, "machineType");
    price.isSpot = json.contains("spot") && json["spot"].is_boolean() && json["spot"].get<bool>();
    price.onDemandPerHour = numberAt(json, "onDemandPerHour");
    price.spotPerHour = numberAt(json, "spotPerHour");
    price.disksPerMonth = numberAt(json, "disksPerMonth");
    if (const auto disks = json.find("disks"); disks != json.end() && disks->is_array())
        for (const Json &disk : *disks)
            if (disk.is_string())
                price.disks.append(QString::fromStdString(disk.get<std::string>()));
    price.created = QDateTime::fromString(textAt(json, "created"), Qt::ISODateWithMs);
    price.currency = textAt(json, "currency");
    price.at = QDateTime::fromString(textAt(json, "at"), Qt::ISODateWithMs);
    price.problem = textAt(json, "problem");
    if (price.zone.isEmpty() || price.instance.isEmpty() || !price.at.isValid())
        return std::nullopt;
    return price;
}

QString priceSourceName(PriceSource source)
{
    switch (source) {
    case PriceSource::FleetFile: return QStringLiteral("fleet-file");
    case PriceSource::PriceList: return QStringLiteral("price-list");
    case PriceSource::Power: return QStringLiteral("power");
    case PriceSource::None: break;
    }
    return {};
}

PriceSource priceSource(const NodeState &node)
{
    if (node.config.price && node.config.price->perHour)
        return PriceSource::FleetFile;
    if (node.listPerHour)
        return PriceSource::PriceList;
    if (node.config.price && node.config.price->perKWh && (node.config.price->measuredWatts || node.config.price->watts))
        return PriceSource::Power;
    return PriceSource::None;
}

std::optional<double> flatRate(const NodeState &node)
{
    if (node.config.price && node.config.price->perHour)
        return node.config.price->perHour;
    return node.listPerHour;
}

std::optional<bool> freshlyUp(const NodeState &node, MonotonicMs now)
{
    return isHeard(node, now) ? isBilled(node) : std::nullopt;
}

std::optional<double> freshRate(const NodeState &node, MonotonicMs now)
{
    const std::optional<bool> up = freshlyUp(node, now);
    if (!up)
        return std::nullopt;
    const bool wantsPower = *up && node.config.price && node.config.price->perKWh && node.config.price->measuredWatts;
    if (wantsPower && !node.accelerators.isFresh(now, nodeAge))
        return std::nullopt;
    return burnRate(node);
}

std::optional<double> freshPower(const NodeState &node, MonotonicMs now)
{
    const std::optional<bool> up = freshlyUp(node, now);
    if (!up)
        return std::nullopt;
    if (!*up)
        return 0.0;
    if (node.config.price && node.config.price->measuredWatts && !node.accelerators.isFresh(now, nodeAge))
        return std::nullopt;
    return powerDraw(node);
}

std::optional<bool> freshlyIdle(const NodeState &node, MonotonicMs now)
{
    if (!node.engine.isFresh(now, nodeAge))
        return std::nullopt;
    const EngineFacts &engine = *node.engine;
    if (engine.running && engine.waiting)
        return *engine.running == 0 && *engine.waiting == 0;
    if (engine.loadedModels && engine.loadedModels->isEmpty())
        return true;
    return std::nullopt;
}

std::optional<double> freshTokens(const NodeState &node, MonotonicMs now)
{
    return node.engine.isFresh(now, nodeAge) ? node.engine->generationTokensTotal : std::nullopt;
}

QList<StandingCost> standingCosts(const NodeConfig &node, const NodePrice *price)
{
    QList<StandingCost> standing;
    if (price && price->disksPerMonth && *price->disksPerMonth > 0)
        standing.append(StandingCost {*price->disksPerMonth / hoursAMonth, price->created});
    if (node.price && node.price->amortization)
        if (const std::optional<double> rate = amortizationPerHour(node.price->amortization->amount, node.price->amortization->months))
            standing.append(StandingCost {*rate, QDateTime()});
    return standing;
}

} // namespace hybridge
