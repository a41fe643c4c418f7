// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/snapshot.h"

#include "backend/http/jsonlimits.h"

#include <nlohmann/json.hpp>

namespace hybridge {

using Json = nlohmann::json;

namespace {

Json number(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

std::optional<double> number(const Json &json, const char *key)
{
    const auto it = json.find(key);
    return it != json.end() && it->is_number() ? std::optional<double>(it->get<double>()) : std::nullopt;
}

QString text(const Json &json, const char *key)
{
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? QString::fromStdString(it->get<std::string>()) : QString();
}

/// Each part carries its own age: a GPU was seen later than its tunnel.
template<class T>
void put(Json &out, const char *key, const Reading<T> &reading, MonotonicMs now, Json value)
{
    if (!reading.isKnown())
        return;
    value["ageMs"] = (now - reading.sampledAt()).count();
    out[key] = std::move(value);
}

Json acceleratorsJson(const QList<AcceleratorFacts> &gpus)
{
    Json list = Json::array();
    for (const AcceleratorFacts &gpu : gpus) {
        Json one;
        one["index"] = gpu.index ? Json(*gpu.index) : Json(nullptr);
        one["name"] = gpu.name.toStdString();
        one["uuid"] = gpu.uuid.toStdString();
        one["utilization"] = number(gpu.utilization);
        one["used"] = number(gpu.memoryUsedMiB);
        one["total"] = number(gpu.memoryTotalMiB);
        one["temperature"] = number(gpu.temperatureC);
        one["power"] = number(gpu.powerW);
        one["limit"] = number(gpu.powerLimitW);
        list.push_back(std::move(one));
    }
    Json out;
    out["list"] = std::move(list);
    return out;
}

QList<AcceleratorFacts> acceleratorsFrom(const Json &json)
{
    QList<AcceleratorFacts> gpus;
    const auto list = json.find("list");
    if (list == json.end() || !list->is_array())
        return gpus;
    for (const Json &one : *list) {
        if (!one.is_object() || gpus.size() >= 64)
            continue;
        AcceleratorFacts gpu;
        if (const auto index = number(one, "index"))
            gpu.index = int(*index);
        gpu.name = text(one, "name");
        gpu.uuid = text(one, "uuid");
        gpu.utilization = number(one, "utilization");
        gpu.memoryUsedMiB = number(one, "used");
        gpu.memoryTotalMiB = number(one, "total");
        gpu.temperatureC = number(one, "temperature");
        gpu.powerW = number(one, "power");
        gpu.powerLimitW = number(one, "limit");
        gpus.append(gpu);
    }
    return gpus;
}

Json nodeJson(const NodeState &node, MonotonicMs now)
{
    Json out = Json::object();
    if (node.machine.isKnown())
        put(out, "machine", node.machine, now,
            Json {{"status", node.machine->status.toStdString()}, {"type", node.machine->machineType.toStdString()}});
    if (node.tunnel.isKnown())
        put(out, "tunnel", node.tunnel, now,
            Json {{"status", node.tunnel->status.toStdString()}, {"name", node.tunnel->name.toStdString()},
                {"connections", node.tunnel->connections ? Json(*node.tunnel->connections) : Json(nullptr)}});
    if (node.engine.isKnown()) {
        Json engine {{"version", node.engine->version.toStdString()}};
        if (node.engine->models)
            for (const QString &model : *node.engine->models)
                engine["models"].push_back(model.toStdString());
        put(out, "engine", node.engine, now, std::move(engine));
    }
    if (node.accelerators.isKnown())
        put(out, "accelerators", node.accelerators, now, acceleratorsJson(*node.accelerators));
    return out;
}

/// When the part was sampled, on this process's clock; empty when the part is missing or damaged.
std::optional<MonotonicMs> sampledAt(const Json &json, const char *key, const QDateTime &savedAt, const Clock &clock)
{
    const auto it = json.find(key);
    if (it == json.end() || !it->is_object())
        return std::nullopt;
    const auto age = number(*it, "ageMs");
    if (!age || *age < 0)
        return std::nullopt;
    return clock.monotonic() - std::chrono::milliseconds(savedAt.msecsTo(clock.now()) + qint64(*age));
}

void restoreNode(NodeState &node, const Json &json, const QDateTime &savedAt, const Clock &clock)
{
    if (const auto at = sampledAt(json, "machine", savedAt, clock); at && !node.machine.isKnown()) {
        MachineFacts machine;
        machine.status = text(json["machine"], "status");
        machine.machineType = text(json["machine"], "type");
        node.machine.restore(machine, *at);
    }
    if (const auto at = sampledAt(json, "tunnel", savedAt, clock); at && !node.tunnel.isKnown()) {
        TunnelFacts tunnel;
        tunnel.status = text(json["tunnel"], "status");
        tunnel.name = text(json["tunnel"], "name");
        if (const auto connections = number(json["tunnel"], "connections"))
            tunnel.connections = int(*connections);
        node.tunnel.restore(tunnel, *at);
    }
    if (const auto at = sampledAt(json, "engine", savedAt, clock); at && !node.engine.isKnown()) {
        EngineFacts engine;
        engine.kind = node.config.engine ? node.config.engine->kind : EngineKind::OpenAi;
        engine.version = text(json["engine"], "version");
        const auto models = json["engine"].find("models");
        if (models != json["engine"].end() && models->is_array()) {
            engine.models = QStringList();
            for (const Json &model : *models)
                if (model.is_string() && engine.models->size() < 200)
                    engine.models->append(QString::fromStdString(model.get<std::string>()));
        }
        node.engine.restore(engine, *at);
    }
    if (const auto at = sampledAt(json, "accelerators", savedAt, clock); at && !node.accelerators.isKnown())
        node.accelerators.restore(acceleratorsFrom(json["accelerators"]), *at);
}

} // namespace

LastKnown snapshotOf(const FleetState &state)
{
    LastKnown known;
    const MonotonicMs now = state.clock().monotonic();
    for (int i = 0; i < state.nodeCount(); ++i) {
        const std::string bytes = nodeJson(state.at(i), now).dump(-1, ' ', false, Json::error_handler_t::replace);
        if (bytes.size() > 2)
            known.entries.insert(state.at(i).config.id, {QByteArray::fromStdString(bytes), state.clock().now()});
    }
    return known;
}

void restoreSnapshot(FleetState &state, const LastKnown &known)
{
    for (auto it = known.entries.begin(); it != known.entries.end(); ++it) {
        const Result<Json> json = parseJson(it->blob);
        if (!json || !json->is_object())
            continue;
        const QDateTime savedAt = it->at;
        state.update(it.key(), [&](NodeState &node) { restoreNode(node, *json, savedAt, state.clock()); });
    }
    state.flush();
}

} // namespace hybridge
