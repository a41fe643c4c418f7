// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/balancingapi.h"

#include "app/lab/cloudflare/balancingrules.h"
#include "app/lab/world/random.h"

namespace hybridge::lab {

namespace {

using nlohmann::json;

const Balancing::Objects &objectsOf(const Balancing::State &state, Balancing::Kind kind)
{
    return kind == Balancing::Kind::Monitor ? state.monitors
        : kind == Balancing::Kind::Pool     ? state.pools
                                            : state.balancers;
}

ApiReply notFound(const char *what)
{
    return refused(404, 1001, std::string(what) + " not found: resource not found");
}

} // namespace

ApiReply BalancingApi::objects(const Request &request, Kind kind)
{
    if (request.method == "POST")
        return m_balancing.create(kind, json::parse(request.body, nullptr, false));
    if (request.method != "GET")
        return methodNotAllowed();
    json all = json::array();
    const std::shared_ptr<const Balancing::State> state = m_balancing.state();
    const auto monitor = request.queryValue("monitor");
    for (const auto &[id, item] : objectsOf(*state, kind)) {
        if (!monitor || kind != Kind::Pool || item.value("monitor", json()) == *monitor)
            all.push_back(item);
    }
    return paged(all, request);
}

ApiReply BalancingApi::object(const Request &request, Kind kind, const std::string &id)
{
    if (request.method == "DELETE")
        return m_balancing.remove(kind, id);
    if (request.method == "PUT")
        return m_balancing.replace(kind, id, json::parse(request.body, nullptr, false));
    if (request.method == "PATCH")
        return m_balancing.patch(kind, id, json::parse(request.body, nullptr, false));
    if (request.method != "GET")
        return methodNotAllowed();
    const std::shared_ptr<const Balancing::State> state = m_balancing.state();
    const auto &all = objectsOf(*state, kind);
    const auto found = all.find(id);
    return found == all.end() ? notFound("object") : given(found->second);
}

ApiReply BalancingApi::preview(const Request &request, Kind kind, const std::string &id)
{
    if (request.method != "POST")
        return methodNotAllowed();
    const std::shared_ptr<const Balancing::State> state = m_balancing.state();
    std::vector<json> pools;
    json monitor = defaultMonitor();
    if (kind == Kind::Pool) {
        pools.push_back(state->pools.at(id));
    } else {
        monitor = state->monitors.at(id);
        for (const auto &[poolId, pool] : state->pools) {
            if (pool.value("monitor", json()) == id)
                pools.push_back(pool);
        }
    }
    // The body is the monitor as it would be: nothing of it is kept.
    const json body = json::parse(request.body, nullptr, false);
    if (body.is_object()) {
        for (const auto &[key, value] : body.items())
            monitor[key] = value;
    }
    if (const std::string why = whyNoMonitor(monitor); !why.empty())
        return refused(400, 1002, why + ": validation failed");
    json found = m_monitoring.preview(monitor, pools);
    json names = json::object();
    for (const json &pool : pools)
        names[pool["id"].get<std::string>()] = pool["name"];
    const std::lock_guard lock(m_mutex);
    const std::string previewId = Random(mix(m_seed, 0x70726576 + m_nextPreview++)).hex(32);
    m_previews[previewId] = std::move(found);
    if (m_previews.size() > 50)
        m_previews.erase(m_previews.begin());
    return given({{"preview_id", previewId}, {"pools", names}});
}

ApiReply BalancingApi::ofAccount(const Request &request, const std::vector<std::string> &path)
{
    if (path.size() == 2 && path[0] == "preview" && request.method == "GET") {
        const std::lock_guard lock(m_mutex);
        const auto found = m_previews.find(path[1]);
        return found == m_previews.end() ? notFound("preview") : given(found->second);
    }
    if (path.empty() || path.size() > 3 || (path[0] != "monitors" && path[0] != "pools"))
        return noSuchRoute();
    const Kind kind = path[0] == "monitors" ? Kind::Monitor : Kind::Pool;
    if (path.size() == 1)
        return objects(request, kind);
    if (path.size() == 2)
        return object(request, kind, path[1]);
    const std::shared_ptr<const Balancing::State> state = m_balancing.state();
    if (!objectsOf(*state, kind).contains(path[1]))
        return notFound(kind == Kind::Monitor ? "monitor" : "pool");
    if (path[2] == "references" && request.method == "GET")
        return paged(m_balancing.references(kind, path[1]), request);
    if (path[2] == "health" && kind == Kind::Pool && request.method == "GET")
        return given(m_monitoring.health(state->pools.at(path[1])));
    if (path[2] == "preview")
        return preview(request, kind, path[1]);
    return noSuchRoute();
}

ApiReply BalancingApi::ofZone(const Request &request, const std::vector<std::string> &path)
{
    if (path.empty())
        return objects(request, Kind::Balancer);
    return path.size() == 1 ? object(request, Kind::Balancer, path[0]) : noSuchRoute();
}

} // namespace hybridge::lab
