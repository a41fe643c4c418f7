// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/statusjson.h"

#include <cmath>

namespace hybridge {

using Json = nlohmann::ordered_json;

namespace {

Json text(const QString &value)
{
    return value.isEmpty() ? Json(nullptr) : Json(value.toStdString());
}

Json number(const std::optional<double> &value)
{
    return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json number(const std::optional<int> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

/// Whole where the value is whole: 37, not 37.0; other programs read these as integers.
Json whole(const std::optional<double> &value)
{
    return value && std::isfinite(*value) ? Json(qint64(std::llround(*value))) : Json(nullptr);
}

Json strings(const QStringList &values)
{
    Json list = Json::array();
    for (const QString &value : values)
        list.push_back(value.toStdString());
    return list;
}

Json moment(const QDateTime &time)
{
    return time.isValid() ? Json(time.toUTC().toString(Qt::ISODate).toStdString()) : Json(nullptr);
}

/// Rounded to a tenth: ages finer than that are noise.
double tenth(double value)
{
    return std::round(value * 10) / 10;
}

template<class T>
Json age(const Reading<T> &reading, MonotonicMs now)
{
    const auto seconds = reading.ageSeconds(now);
    return seconds ? Json(tenth(*seconds)) : Json(nullptr);
}

template<class T>
Json error(const Reading<T> &reading)
{
    return reading.error() ? Json(reading.error()->summary.toStdString()) : Json(nullptr);
}

Json machine(const NodeState &node)
{
    Json out;
    out["kind"] = node.config.machine ? Json(machineKindName(node.config.machine->kind).toStdString()) : Json(nullptr);
    out["status"] = node.machine.isKnown() ? text(node.machine->status) : Json(nullptr);
    if (node.machine.isKnown()) {
        out["zone"] = text(node.machine->zone); // not that of the fleet file where it runs in another for want of capacity
        out["machineType"] = text(node.machine->machineType);
        out["externalIp"] = text(node.machine->externalIp);
        out["startError"] = text(node.machine->startError);
        out["preempted"] = node.machine->preempted;
    }
    return out;
}

Json tunnel(const NodeState &node)
{
    Json out;
    const bool known = node.tunnel.isKnown();
    out["status"] = known ? text(node.tunnel->status) : Json(nullptr);
    out["connections"] = known ? number(node.tunnel->connections) : Json(nullptr);
    out["colos"] = known && node.tunnel->connections ? strings(node.tunnel->colos) : Json(nullptr);
    out["version"] = known ? text(node.tunnel->version) : Json(nullptr);
    return out;
}

Json services(const NodeState &node)
{
    if (!node.services.isKnown())
        return nullptr;
    Json list = Json::array();
    for (const ServiceFacts &facts : *node.services) {
        Json one;
        one["service"] = facts.service.toStdString();
        one["state"] = facts.state == ServiceState::Unknown ? Json(nullptr) : Json(serviceStateName(facts.state).toStdString());
        one["since"] = moment(facts.since);
        one["restarts"] = number(facts.restarts);
        list.push_back(std::move(one));
    }
    return list;
}

Json engine(const NodeState &node)
{
    Json out;
    out["kind"] = node.config.engine ? Json(engineKindName(node.config.engine->kind).toStdString()) : Json(nullptr);
    const EngineFacts none;
    const EngineFacts &facts = node.engine.isKnown() ? *node.engine : none;
    // A failing engine is not ready, whatever it said before; without a link its readiness is simply not known.
    const bool saysNo = node.diagnosis.layer == Layer::Engine
        && (node.diagnosis.condition == NodeCondition::Down || node.diagnosis.condition == NodeCondition::Starting);
    out["ready"] = saysNo ? Json(false) : facts.ready && !node.engine.error() ? Json(*facts.ready) : Json(nullptr);
    out["models"] = facts.models ? strings(*facts.models) : Json(nullptr);
    out["running"] = whole(facts.running);
    out["waiting"] = whole(facts.waiting);
    out["kvCacheUsage"] = number(facts.kvCacheUsage);
    out["vramFraction"] = number(facts.vramFraction);
    out["version"] = text(facts.version);
    out["tokensPerSecond"] = number(facts.tokensPerSecond);
    return out;
}

Json accelerators(const NodeState &node)
{
    if (node.config.accelerator == AcceleratorKind::None)
        return Json::array();
    if (!node.accelerators.isKnown())
        return nullptr;
    Json list = Json::array();
    for (const AcceleratorFacts &gpu : *node.accelerators) {
        Json one;
        one["index"] = number(gpu.index);
        one["name"] = text(gpu.name);
        one["uuid"] = text(gpu.uuid);
        one["utilization"] = whole(gpu.utilization);
        one["memoryUsedMiB"] = whole(gpu.memoryUsedMiB);
        one["memoryTotalMiB"] = whole(gpu.memoryTotalMiB);
        one["temperatureC"] = whole(gpu.temperatureC);
        one["powerW"] = number(gpu.powerW);
        one["powerLimitW"] = number(gpu.powerLimitW);
        one["error"] = text(gpu.error);
        list.push_back(std::move(one));
    }
    return list;
}

Json proof(const NodeState &node)
{
    Json out;
    const bool known = node.proof.isKnown();
    out["at"] = known ? moment(node.proof->at) : Json(nullptr);
    out["path"] = known ? text(node.proof->path) : Json(nullptr);
    out["ms"] = known ? Json(tenth(node.proof->ms)) : Json(nullptr);
    out["error"] = error(node.proof);
    return out;
}

} // namespace

QByteArray dumpJson(const nlohmann::ordered_json &document, int indent)
{
    const std::string bytes = document.dump(indent, ' ', false, Json::error_handler_t::replace);
    return QByteArray(bytes.data(), qsizetype(bytes.size()));
}

QString endpointProblem(const EndpointState &endpoint)
{
    if (endpoint.edge.error())
        return endpoint.edge.error()->summary;
    if (endpoint.edge.isKnown() && endpoint.edge->verdict != EdgeFacts::Verdict::Served)
        return endpoint.edge->reason;
    return {};
}

QString endpointStateName(const EndpointState &endpoint)
{
    if (!endpoint.config || (!endpoint.edge.isKnown() && !endpoint.edge.error()))
        return QStringLiteral("unknown");
    return endpointProblem(endpoint).isEmpty() ? QStringLiteral("ok") : QStringLiteral("failing");
}

nlohmann::ordered_json statusOfNode(const NodeState &node, const Clock &clock)
{
    const MonotonicMs now = clock.monotonic();
    Json out;
    out["id"] = node.config.id.toStdString();
    out["label"] = node.config.label.toStdString();
    out["state"] = conditionName(node.diagnosis.condition).toStdString();
    Json diagnosis;
    diagnosis["layer"] = layerName(node.diagnosis.layer).toStdString();
    diagnosis["summary"] = text(node.diagnosis.summary);
    diagnosis["evidence"] = text(node.diagnosis.evidence);
    diagnosis["remedy"] = text(node.diagnosis.remedy);
    diagnosis["command"] = text(node.diagnosis.command);
    diagnosis["consequences"] = strings(node.diagnosis.consequences);
    out["diagnosis"] = std::move(diagnosis);
    out["machine"] = machine(node);
    out["tunnel"] = tunnel(node);
    out["services"] = services(node);
    out["engine"] = engine(node);
    out["accelerators"] = accelerators(node);
    out["proof"] = proof(node);
    out["weight"] = whole(node.weight);
    Json ages;
    ages["ssh"] = age(node.ssh, now);
    ages["tunnel"] = age(node.tunnel, now);
    ages["machine"] = age(node.machine, now);
    ages["engine"] = age(node.engine, now);
    ages["services"] = age(node.services, now);
    ages["connector"] = age(node.connector, now);
    ages["accelerators"] = age(node.accelerators, now);
    ages["edge"] = age(node.edge, now);
    out["ages"] = std::move(ages);
    Json errors;
    errors["ssh"] = error(node.ssh);
    errors["tunnel"] = error(node.tunnel);
    errors["machine"] = error(node.machine);
    errors["engine"] = error(node.engine);
    errors["services"] = error(node.services);
    errors["connector"] = error(node.connector);
    errors["accelerators"] = error(node.accelerators);
    errors["edge"] = error(node.edge);
    out["errors"] = std::move(errors);
    return out;
}

nlohmann::ordered_json statusFront(const FleetState &state)
{
    Json out;
    out["fleet"] = text(state.config().name);
    out["at"] = moment(state.clock().now());
    const EndpointState &endpoint = state.endpoint();
    Json front;
    front["url"] = endpoint.config ? text(endpoint.config->url.toString()) : Json(nullptr);
    front["state"] = endpointStateName(endpoint).toStdString();
    front["latencyMs"] = endpoint.edge.isKnown() && !endpoint.edge.error() ? Json(tenth(endpoint.edge->latencyMs)) : Json(nullptr);
    front["error"] = text(endpointProblem(endpoint));
    out["endpoint"] = std::move(front);
    return out;
}

nlohmann::ordered_json statusDocument(const FleetState &state)
{
    Json out = statusFront(state);
    Json nodes = Json::array();
    for (int i = 0; i < state.nodeCount(); ++i)
        nodes.push_back(statusOfNode(state.at(i), state.clock()));
    out["nodes"] = std::move(nodes);
    return out;
}

} // namespace hybridge
