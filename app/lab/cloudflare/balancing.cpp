// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/balancing.h"

#include "app/lab/cloudflare/balancingrules.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// What each account may have without Enterprise (facts: cloudflare 3).
constexpr std::size_t MostPools = 20;
constexpr std::size_t MostMonitors = 30;
constexpr std::size_t MostBalancers = 20;

Balancing::Objects &objectsOf(Balancing::State &state, Balancing::Kind kind)
{
    return kind == Balancing::Kind::Monitor ? state.monitors
        : kind == Balancing::Kind::Pool     ? state.pools
                                            : state.balancers;
}

std::size_t mostOf(Balancing::Kind kind)
{
    return kind == Balancing::Kind::Monitor ? MostMonitors : kind == Balancing::Kind::Pool ? MostPools : MostBalancers;
}

const char *nameOf(Balancing::Kind kind)
{
    return kind == Balancing::Kind::Monitor ? "monitor" : kind == Balancing::Kind::Pool ? "pool" : "load balancer";
}

json defaultOf(Balancing::Kind kind)
{
    return kind == Balancing::Kind::Monitor ? defaultMonitor()
        : kind == Balancing::Kind::Pool     ? defaultPool()
                                            : defaultBalancer();
}

ApiReply notFound(Balancing::Kind kind)
{
    return refused(404, 1001, std::string(nameOf(kind)) + " not found: resource not found");
}

ApiReply invalid(const std::string &why)
{
    return refused(400, 1002, why + ": validation failed");
}

bool readOnly(const std::string &key)
{
    return key == "id" || key == "created_on" || key == "modified_on" || key == "disabled_at" || key == "zone_name";
}

bool namesPool(const json &object, const std::string &id)
{
    if (!object.is_object())
        return false;
    const auto lists = [&](const json &list) {
        return list.is_array() && std::find(list.begin(), list.end(), json(id)) != list.end();
    };
    if (object.value("fallback_pool", json()) == id || lists(object.value("default_pools", json())))
        return true;
    for (const char *key : {"region_pools", "country_pools", "pop_pools"}) {
        if (!object.contains(key) || !object[key].is_object())
            continue;
        for (const auto &[place, list] : object[key].items()) {
            if (lists(list))
                return true;
        }
    }
    for (const json &rule : object.value("rules", json::array())) {
        if (rule.contains("overrides") && namesPool(rule["overrides"], id))
            return true;
    }
    return false;
}

json referrers(const Balancing::State &state, Balancing::Kind kind, const std::string &id)
{
    json found = json::array();
    const auto add = [&found](const char *type, const json &object) {
        found.push_back({{"reference_type", "referrer"}, {"resource_id", object["id"]},
            {"resource_name", object["name"]}, {"resource_type", type}});
    };
    if (kind == Balancing::Kind::Monitor) {
        for (const auto &[poolId, pool] : state.pools) {
            if (pool.value("monitor", json()) == id)
                add("pool", pool);
        }
    } else if (kind == Balancing::Kind::Pool) {
        for (const auto &[balancerId, balancer] : state.balancers) {
            if (namesPool(balancer, id))
                add("load_balancer", balancer);
        }
    }
    return found;
}

} // namespace

Balancing::Balancing(std::uint64_t seed, bool entitled)
    : m_entitled(entitled)
    , m_state(std::make_shared<State>())
    , m_nextId(mix(seed, 0x6c62616c))
{
}

std::shared_ptr<const Balancing::State> Balancing::state() const
{
    const std::lock_guard lock(m_mutex);
    return m_state;
}

void Balancing::onChange(std::function<void()> listener)
{
    const std::lock_guard lock(m_mutex);
    m_listeners.push_back(std::move(listener));
}

void Balancing::publish(State state, std::unique_lock<std::mutex> &lock)
{
    state.plans.clear();
    for (const auto &[id, balancer] : state.balancers)
        state.plans.push_back(planOf(balancer, state.pools));
    ++state.revision;
    m_state = std::make_shared<const State>(std::move(state));
    const auto listeners = m_listeners;
    lock.unlock();
    for (const auto &listener : listeners)
        listener();
}

std::string Balancing::refusalOf(Kind kind, const json &object, const State &state) const
{
    if (kind == Kind::Monitor)
        return whyNoMonitor(object);
    if (kind == Kind::Pool)
        return whyNoPool(object, [&](const std::string &id) { return state.monitors.contains(id); });
    return whyNoBalancer(object, [&](const std::string &id) { return state.pools.contains(id); });
}

ApiReply Balancing::create(Kind kind, const json &body, std::string id)
{
    if (!m_entitled)
        return refused(403, 1000, "Load Balancing is not enabled for this account. Please subscribe to the add-on.");
    if (!body.is_object())
        return refused(400, 1000, "The body has to be a JSON object");
    std::unique_lock lock(m_mutex);
    State next = *m_state;
    Objects &objects = objectsOf(next, kind);
    if (objects.size() >= mostOf(kind))
        return invalid(std::string("the number of ") + nameOf(kind) + "s exceeds the quota");
    if (id.empty())
        id = Random(m_nextId = mix(m_nextId)).hex(32);
    const std::string now = rfc3339(Wall::now());
    json object = defaultOf(kind);
    for (const auto &[key, value] : body.items()) {
        if (!readOnly(key) && !value.is_null())
            object[key] = completed(kind == Kind::Balancer, key, value);
    }
    object["id"] = id;
    object["created_on"] = object["modified_on"] = now;
    if (const std::string why = refusalOf(kind, object, next); !why.empty())
        return invalid(why);
    const json &name = object.value("name", json());
    if (kind != Kind::Monitor
        && std::any_of(objects.begin(), objects.end(), [&](const auto &item) { return item.second["name"] == name; }))
        return refused(400, 1003, "value not unique");
    objects[id] = object;
    publish(std::move(next), lock);
    return given(object);
}

ApiReply Balancing::replace(Kind kind, const std::string &id, const json &body)
{
    if (!body.is_object())
        return refused(400, 1000, "The body has to be a JSON object");
    std::unique_lock lock(m_mutex);
    State next = *m_state;
    Objects &objects = objectsOf(next, kind);
    const auto found = objects.find(id);
    if (found == objects.end())
        return notFound(kind);
    json object = defaultOf(kind);
    for (const auto &[key, value] : body.items()) {
        if (!readOnly(key) && !value.is_null())
            object[key] = completed(kind == Kind::Balancer, key, value);
    }
    object["id"] = id;
    object["created_on"] = found->second["created_on"];
    object["modified_on"] = rfc3339(Wall::now());
    if (const std::string why = refusalOf(kind, object, next); !why.empty())
        return invalid(why);
    found->second = object;
    publish(std::move(next), lock);
    return given(object);
}

ApiReply Balancing::patch(Kind kind, const std::string &id, const json &body)
{
    if (!body.is_object())
        return refused(400, 1000, "The body has to be a JSON object");
    std::unique_lock lock(m_mutex);
    State next = *m_state;
    Objects &objects = objectsOf(next, kind);
    const auto found = objects.find(id);
    if (found == objects.end())
        return notFound(kind);
    json &object = found->second;
    const json defaults = defaultOf(kind);
    for (const auto &[key, value] : body.items()) {
        if (readOnly(key))
            continue;
        if (!value.is_null())
            object[key] = completed(kind == Kind::Balancer, key, value);
        else if (defaults.contains(key))
            object[key] = defaults[key];
        else
            object.erase(key);
    }
    if (const std::string why = refusalOf(kind, object, next); !why.empty())
        return invalid(why);
    object["modified_on"] = rfc3339(Wall::now());
    const json result = object;
    publish(std::move(next), lock);
    return given(result);
}

ApiReply Balancing::remove(Kind kind, const std::string &id)
{
    std::unique_lock lock(m_mutex);
    State next = *m_state;
    Objects &objects = objectsOf(next, kind);
    const auto found = objects.find(id);
    if (found == objects.end())
        return notFound(kind);
    if (!referrers(next, kind, id).empty())
        return refused(412, 1005, "This object is referenced by other objects, delete them first.");
    objects.erase(found);
    publish(std::move(next), lock);
    return given({{"id", id}});
}

json Balancing::references(Kind kind, const std::string &id) const
{
    return referrers(*state(), kind, id);
}

} // namespace hybridge::lab
