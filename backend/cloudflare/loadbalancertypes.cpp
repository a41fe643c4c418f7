// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/loadbalancertypes.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
const QString readBalancers = QStringLiteral("Load Balancers Read");
const QString readPools = QStringLiteral("Load Balancing: Monitors and Pools Read");
constexpr std::size_t mostItems = 1000;

const json &listOf(const json &list)
{
    if (!list.is_array() || list.size() > mostItems)
        throw std::runtime_error("no list, or too long");
    return list;
}

const json &objectOf(const json &object)
{
    if (!object.is_object() || object.size() > mostItems)
        throw std::runtime_error("no object, or too large");
    return object;
}

QString shown(const json &object, const char *key, int most = 200)
{
    return safeText(jsonText(object, key), most);
}

double weightOf(double weight)
{
    if (!std::isfinite(weight) || weight < 0 || weight > 1)
        throw std::runtime_error("weight out of range");
    return weight;
}

int wholeOf(const json &object, const char *key, int otherwise)
{
    return int(std::clamp<qint64>(jsonInteger(object, key).value_or(otherwise), 0, 1000000));
}

LoadBalancer loadBalancerFrom(const json &j)
{
    LoadBalancer balancer;
    balancer.document = objectOf(j);
    balancer.id = safeText(jsonRequiredText(j, "id"), 64);
    balancer.name = shown(j, "name", 255);
    balancer.enabled = jsonBool(j, "enabled").value_or(true);
    balancer.proxied = jsonBool(j, "proxied").value_or(false);
    balancer.steeringPolicy = shown(j, "steering_policy", 60);
    balancer.fallbackPool = shown(j, "fallback_pool", 64);
    balancer.sessionAffinity = shown(j, "session_affinity", 40);
    if (const json *pools = jsonField(j, "default_pools"))
        for (const json &pool : listOf(*pools))
            balancer.defaultPools.append(safeText(QString::fromStdString(pool.get<std::string>()), 64));
    if (const json *steering = jsonField(j, "random_steering")) {
        if (const auto weight = jsonNumber(objectOf(*steering), "default_weight"))
            balancer.defaultWeight = weightOf(*weight);
        if (const json *weights = jsonField(*steering, "pool_weights"))
            for (const auto &[pool, weight] : objectOf(*weights).items())
                balancer.poolWeights.insert(safeText(QString::fromStdString(pool), 64), weightOf(weight.get<double>()));
    }
    if (const json *adaptive = jsonField(j, "adaptive_routing"))
        balancer.failoverAcrossPools = jsonBool(*adaptive, "failover_across_pools").value_or(false);
    return balancer;
}

Origin originFrom(const json &j)
{
    Origin origin;
    objectOf(j);
    origin.name = shown(j, "name");
    origin.address = shown(j, "address", 255);
    origin.enabled = jsonBool(j, "enabled").value_or(true);
    origin.weight = weightOf(jsonNumber(j, "weight").value_or(1));
    origin.healthy = jsonBool(j, "healthy");
    if (const json *headers = jsonField(j, "header"))
        if (const json *hosts = jsonField(*headers, "Host"))
            for (const json &host : listOf(*hosts))
                if (origin.host.isEmpty())
                    origin.host = safeText(QString::fromStdString(host.get<std::string>()), 255);
    return origin;
}

Pool poolFrom(const json &j)
{
    Pool pool;
    pool.document = objectOf(j);
    pool.id = safeText(jsonRequiredText(j, "id"), 64);
    pool.name = shown(j, "name");
    pool.enabled = jsonBool(j, "enabled").value_or(true);
    pool.minimumOrigins = wholeOf(j, "minimum_origins", 1);
    pool.monitor = shown(j, "monitor", 64);
    if (const json *steering = jsonField(j, "origin_steering"))
        pool.originSteering = shown(*steering, "policy", 60);
    if (const json *origins = jsonField(j, "origins"))
        for (const json &origin : listOf(*origins))
            pool.origins.append(originFrom(origin));
    return pool;
}

Monitor monitorFrom(const json &j)
{
    Monitor monitor;
    monitor.document = objectOf(j);
    monitor.id = safeText(jsonRequiredText(j, "id"), 64);
    monitor.description = shown(j, "description");
    monitor.type = shown(j, "type", 20);
    if (monitor.type.isEmpty())
        monitor.type = QStringLiteral("http");
    monitor.method = shown(j, "method", 20);
    monitor.path = shown(j, "path", 500);
    monitor.port = wholeOf(j, "port", 0);
    monitor.expectedCodes = shown(j, "expected_codes", 100);
    monitor.expectedBody = shown(j, "expected_body", 300);
    monitor.interval = wholeOf(j, "interval", 60);
    monitor.timeout = wholeOf(j, "timeout", 5);
    monitor.retries = wholeOf(j, "retries", 2);
    monitor.consecutiveDown = wholeOf(j, "consecutive_down", 0);
    monitor.consecutiveUp = wholeOf(j, "consecutive_up", 0);
    monitor.followRedirects = jsonBool(j, "follow_redirects").value_or(false);
    monitor.allowInsecure = jsonBool(j, "allow_insecure").value_or(false);
    if (const json *headers = jsonField(j, "header"))
        for (const auto &[name, values] : objectOf(*headers).items()) {
            QStringList all;
            for (const json &value : listOf(values))
                all.append(QString::fromStdString(value.get<std::string>()));
            monitor.headers.insert(safeText(QString::fromStdString(name), 120), all);
        }
    return monitor;
}

void healthOf(const json &location, const QString &region, QList<OriginHealth> &out)
{
    const json *origins = jsonField(location, "origins");
    if (!origins)
        return;
    for (const json &entry : listOf(*origins)) {
        for (const auto &[address, facts] : objectOf(entry).items()) {
            if (!facts.is_object() || out.size() >= qsizetype(mostItems))
                continue;
            OriginHealth health;
            health.address = safeText(QString::fromStdString(address), 255);
            health.healthy = jsonBool(facts, "healthy");
            health.reason = shown(facts, "failure_reason");
            health.code = wholeOf(facts, "response_code", 0);
            health.rtt = shown(facts, "rtt", 40);
            health.region = region;
            out.append(health);
        }
    }
}

template <class T, class Read>
Result<T> read(const HttpResponse &response, const QString &permission, Read how)
{
    const Result<Envelope> envelope = parseEnvelope(response, permission);
    if (!envelope)
        return envelope.error();
    return decode<T>(envelope->result, how);
}

template <class T, class One>
Result<QList<T>> readList(const HttpResponse &response, const QString &permission, One one)
{
    return read<QList<T>>(response, permission, [one](const json &result) {
        QList<T> out;
        if (!result.is_null())
            for (const json &item : listOf(result))
                out.append(one(item));
        return out;
    });
}
} // namespace

Result<LoadBalancer> parseLoadBalancer(const HttpResponse &response)
{
    return read<LoadBalancer>(response, readBalancers, loadBalancerFrom);
}

Result<QList<LoadBalancer>> parseLoadBalancers(const HttpResponse &response)
{
    return readList<LoadBalancer>(response, readBalancers, loadBalancerFrom);
}

Result<Pool> parsePool(const HttpResponse &response)
{
    return read<Pool>(response, readPools, poolFrom);
}

Result<QList<Pool>> parsePools(const HttpResponse &response)
{
    return readList<Pool>(response, readPools, poolFrom);
}

Result<Monitor> parseMonitor(const HttpResponse &response)
{
    return read<Monitor>(response, readPools, monitorFrom);
}

Result<QList<OriginHealth>> parsePoolHealth(const HttpResponse &response)
{
    return read<QList<OriginHealth>>(response, readPools, [](const json &result) {
        QList<OriginHealth> out;
        const json *locations = jsonField(result, "pop_health");
        if (!locations || !locations->is_object())
            return out;
        if (locations->contains("origins")) {
            healthOf(*locations, {}, out);
            return out;
        }
        for (const auto &[name, location] : objectOf(*locations).items())
            if (location.is_object())
                healthOf(location, safeText(QString::fromStdString(name), 80), out);
        return out;
    });
}

} // namespace hybridge::cloudflare
