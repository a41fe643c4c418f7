// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/balanced.h"

#include "app/lab/world/random.h"
#include "app/lab/world/text.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// Keeps what a probe is answered, as long as the monitor waits for it.
class Probed : public Answer {
public:
    explicit Probed(Monotonic::time_point deadline) : m_deadline(deadline) { }

    void send(int status, Headers, std::string body) override
    {
        m_status = status;
        m_body = std::move(body);
    }
    bool begin(int status, Headers) override
    {
        m_status = status;
        return true;
    }
    bool write(std::string_view bytes) override
    {
        static constexpr std::size_t Looked = 64 * 1024;
        if (m_body.size() < Looked)
            m_body += bytes;
        return !gone();
    }
    void end() override { }
    bool gone() override { return Monotonic::now() >= m_deadline; }
    void cut() override { }

    int status() const { return m_status; }
    const std::string &body() const { return m_body; }

private:
    const Monotonic::time_point m_deadline;
    int m_status = 0;
    std::string m_body;
};

RequestFacts factsOf(const Request &request)
{
    RequestFacts facts;
    facts.second = unixSeconds(Wall::now());
    facts.method = request.method;
    facts.host = request.headers.value("host");
    facts.host = facts.host.substr(0, facts.host.find(':'));
    facts.path = request.path;
    const std::size_t mark = request.target.find('?');
    if (mark != std::string::npos)
        facts.query = request.target.substr(mark + 1);
    facts.userAgent = request.headers.value("user-agent");
    return facts;
}

} // namespace

const NodeSpec *nodeBehind(const World &world, const std::string &address)
{
    static constexpr std::string_view Suffix = ".cfargotunnel.com";
    if (!address.ends_with(Suffix))
        return nullptr;
    const std::string tunnel = address.substr(0, address.size() - Suffix.size());
    const auto &nodes = world.nodes();
    const auto node
        = std::find_if(nodes.begin(), nodes.end(), [&](const NodeSpec &spec) { return spec.tunnelId == tunnel; });
    return node == nodes.end() ? nullptr : &*node;
}

Front balancedFront(const World &world, const Balancing &balancing, const Monitoring &monitoring,
    const TunnelPath &path, BalancedCounts &counts, std::string hostname)
{
    auto draws = std::make_shared<std::atomic<std::uint64_t>>(0);
    return [&world, &balancing, &monitoring, &path, &counts, hostname = std::move(hostname), draws](
               const Request &request, Answer &answer) {
        const std::shared_ptr<const Balancing::State> state = balancing.state();
        const auto plan = std::find_if(state->plans.begin(), state->plans.end(),
            [&](const BalancerPlan &each) { return each.hostname == hostname && each.enabled; });
        if (plan == state->plans.end())
            return sendEdgeError(530, 1016, answer);
        const Pick pick = steer(
            *plan, factsOf(request),
            [&](const Pool &pool, const Origin &origin) { return monitoring.healthy(pool.id, origin.address); },
            mix(world.seed(), 0x6c62 + draws->fetch_add(1)));
        if (pick.fixed) {
            Headers headers;
            if (!pick.fixed->type.empty())
                headers.add("Content-Type", pick.fixed->type);
            if (!pick.fixed->location.empty())
                headers.add("Location", pick.fixed->location);
            return answer.send(pick.fixed->status, std::move(headers), pick.fixed->body);
        }
        const NodeSpec *node = pick.origin ? nodeBehind(world, pick.origin->address) : nullptr;
        if (!node)
            return sendEdgeError(530, 1016, answer);
        counts.add(hostname, pick.pool->name, pick.origin->name, Wall::now());
        path.pass(*node, pick.origin->host.empty() ? hostname : pick.origin->host, request, answer);
    };
}

Monitoring::Probe tunnelProbe(const World &world, const TunnelPath &path)
{
    return [&world, &path](const json &monitor, const json &origin) {
        ProbeResult result;
        const auto type = monitor["type"].get<std::string>();
        const NodeSpec *node = nodeBehind(world, origin["address"].get<std::string>());
        if (!node || (type != "http" && type != "https")) { // a TCP monitor does not work on a tunnel
            result.reason = "TCP connection failed";
            return result;
        }
        Request request;
        request.method = monitor["method"].get<std::string>();
        request.target = monitor["path"].get<std::string>();
        request.path = percentDecoded(std::string_view(request.target).substr(0, request.target.find('?')), false);
        for (const auto &[name, values] : monitor["header"].items()) {
            for (const json &value : values)
                request.headers.add(name, value.get<std::string>());
        }
        request.headers.set("User-Agent",
            "Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/traffic-manager/)");
        std::string host = request.headers.value("host");
        if (origin.contains("header") && origin["header"].contains("Host")) // the origin's wins
            host = origin["header"]["Host"][0].get<std::string>();
        const Monotonic::time_point begun = Monotonic::now();
        Probed probed(begun + std::chrono::seconds(monitor["timeout"].get<int>()));
        path.pass(*node, host, request, probed);
        result.milliseconds = std::chrono::duration<double, std::milli>(Monotonic::now() - begun).count();
        result.code = probed.gone() ? 0 : probed.status();
        const auto body = monitor["expected_body"].get<std::string>();
        result.healthy = result.code != 0
            && Monitoring::expected(monitor["expected_codes"].get<std::string>(), result.code)
            && (body.empty() || probed.body().find(body) != std::string::npos);
        if (result.code == 0)
            result.reason = "HTTP timeout occurred";
        else if (!result.healthy)
            result.reason = "Response code mismatch error";
        return result;
    };
}

} // namespace hybridge::lab
