// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/lab.h"

#include "app/lab/cloudflare/accountviews.h"
#include "app/lab/cloudflare/api.h"
#include "app/lab/connector/connector.h"
#include "app/lab/control/control.h"
#include "app/lab/edge/balanced.h"
#include "app/lab/edge/edge.h"
#include "app/lab/edge/traffic.h"
#include "app/lab/edge/worker.h"
#include "app/lab/engines/engine.h"
#include "app/lab/fleet/fleetfile.h"
#include "app/lab/fleet/routing.h"
#include "app/lab/gcp/billing.h"
#include "app/lab/gcp/compute.h"
#include "app/lab/gcp/tpu.h"
#include "app/lab/http/logged.h"
#include "app/lab/http/server.h"
#include "app/lab/node/node.h"
#include "app/lab/workerd/cache.h"
#include "app/lab/world/world.h"

#include <atomic>
#include <set>

namespace hybridge::lab {

namespace {

std::atomic<const char *> endingRoom{"nothing"}; ///< of the lab of this process, for a signal handler

constexpr const char *ControlAddress = "127.0.0.1";
constexpr const char *CloudflareAddress = "127.80.0.1";
constexpr const char *GoogleAddress = "127.80.0.2";
constexpr const char *CacheAddress = "127.80.0.3";
constexpr const char *EndpointAddress = EndpointHost; ///< nodes: 127.81.x.y, see hostnameOf

/// The node's own loopback: what its engine and its connector listen on.
std::string insideOf(std::size_t index)
{
    return "127.82." + std::to_string(index / 250) + '.' + std::to_string(index % 250 + 1);
}

/// Where the node's connector finds the engine.
std::string engineAddress(const NodeSpec &node)
{
    return node.engine == EngineKind::Ollama ? "http://127.0.0.1:11434" : "http://127.0.0.1:8000";
}

/// What the wizard or an operator would have set: Ollama behind a tunnel needs httpHostHeader.
nlohmann::json usualConfiguration(const NodeSpec &node, const std::string &hostname)
{
    const bool ollama = node.engine == EngineKind::Ollama;
    nlohmann::json rule{{"hostname", hostname}, {"service", engineAddress(node)}};
    rule["originRequest"] = nlohmann::json::object();
    if (ollama)
        rule["originRequest"]["httpHostHeader"] = "localhost:11434";
    return {{"ingress", nlohmann::json::array({rule, {{"service", "http_status:404"}}})}};
}

/// Workers reach the nodes' hostnames, and nothing else of this machine.
std::unique_ptr<WorkerRuntime> runtimeOf(const LabOptions &options)
{
    if (options.workerd.empty())
        return nullptr;
    return std::make_unique<WorkerRuntime>(
        options.workerd, options.stateDir / "workerd", std::vector<std::string>{"127.81.0.0/16"});
}

} // namespace

struct Lab::Rooms {
    struct NodePorts {
        const NodeSpec *node = nullptr;
        Server::PortId engine = 0;
        Server::PortId metrics = 0;
    };

    const bool siblings;
    Identity identity;
    World world;
    Configurations configurations;
    const std::string routing;
    Balancing balancing;
    Zone zone;
    GoogleAuth auth{identity};
    std::unique_ptr<ComputeApi> compute;
    TpuApi tpu{world, identity, auth};
    BillingApi billing{world, identity, auth};
    std::map<std::string, Handler> engines;
    TunnelPath tunnels{world, configurations, engines};
    Edge edge{world, identity, tunnels};
    Monitoring monitoring{world, balancing, tunnelProbe(world, tunnels)};
    BalancingApi balancingApi{balancing, monitoring, world.seed()};
    BalancedCounts balancedCounts;
    WorkerEdge workers;
    Scripts scripts{world.seed(),
        [this](const std::string &script, const std::vector<ScriptShare> &shares) {
            return workers.deploy(script, shares);
        },
        [this](const std::string &script) { workers.withdraw(script); }};
    CloudflareApi cloudflare{world, configurations, identity, {balancingApi, zone, scripts, routing == "worker" ? nullptr : &balancedCounts}};
    std::vector<NodePorts> ports;
    std::mutex portsMutex;
    std::set<std::pair<std::string, std::string>> mistaken; ///< node and fault: whose tunnel was given a wrong configuration
    NodeServer nodes;
    Server server; ///< after all that its handlers use
    std::filesystem::path fleetFile;
    std::string controlUrl;

    explicit Rooms(const LabOptions &options)
        : siblings(options.siblings)
        , identity(makeIdentity(options.seed))
        , world({options.seed, options.nodes, options.tpu, options.gpus})
        , routing(options.workerd.empty() ? "load-balancer" : "worker")
        , balancing(options.seed, options.workerd.empty())
        , zone(identity, options.seed, options.workerd.empty() ? "pro" : "free")
        , workers(options.seed, runtimeOf(options))
        , nodes(world, {options.stateDir, options.nodeBinary, options.sshd, "op"})
    {
        tunnels.setReadTimeout(std::chrono::seconds(options.readTimeout));
        balancedCounts.setLag(std::chrono::seconds(options.analyticsLag));
    }

    Addresses open();
    void followProcesses();
    void followMistakes();
    void followRoutes();
};

Addresses Lab::Rooms::open()
{
    Addresses at;
    nodes.start();
    const Server::PortId control = server.listen(ControlAddress, controlHandler(world));
    at.control = server.url(control);
    at.cloudflare = server.url(server.listen(CloudflareAddress,
        logged(world, "cloudflare", {},
            [this](const Request &request, Answer &answer) { cloudflare.serve(request, answer); })));
    at.google = server.url(
        server.listen(GoogleAddress, logged(world, "gcp", {}, [this](const Request &request, Answer &answer) {
            const auto below = [&request](const char *base) { return request.path.rfind(base, 0) == 0; };
            if (request.path == "/token")
                auth.serveToken(request, answer);
            else if (below(TpuApi::BasePath))
                tpu.serve(request, answer);
            else if (below(BillingApi::CatalogueBase) || below(BillingApi::BudgetsBase)
                || below(BillingApi::QuotasBase))
                billing.serve(request, answer);
            else
                compute->serve(request, answer);
        })));
    compute = std::make_unique<ComputeApi>(world, identity, auth, at.google + ComputeApi::BasePath,
        [this](const std::string &node) { return nodes.hostPublicKey(node); }, siblings);
    std::size_t index = 0;
    for (const NodeSpec &node : world.nodes()) {
        if (node.machine == MachineKind::Gce)
            world.setMaxRun(node.id, std::chrono::hours(24)); // as its settings say
        const std::string hostname = hostnameOf(world, node);
        engines[node.id] = engineHandler(world, node);
        configurations.replace(node.tunnelId, usualConfiguration(node, hostname));
        const std::string inside = insideOf(index++);
        const Server::PortId engine = server.listen(inside, logged(world, "engine", node.id, engines.at(node.id)));
        const Server::PortId metrics
            = server.listen(inside, logged(world, "connector", node.id, connectorHandler(world, configurations, node)));
        const Server::PortId published
            = server.listen(hostname, logged(world, "edge", node.id, edge.node(node, hostname)));
        ports.push_back({&node, engine, metrics});
        at.nodes[node.id] = {server.url(published), server.url(engine), server.url(metrics), nodes.sshPort(node.id),
            nodes.hostKeyLine(node.id)};
    }
    if (routing == "worker") {
        const std::string secret = secretHex(16);
        const Server::PortId cache = server.listen(CacheAddress, cacheHandler(secret));
        workers.useCache({server.url(cache).substr(std::string_view("http://").size()), secret});
        std::map<std::string, std::string> urls;
        for (const auto &[id, node] : at.nodes)
            urls[id] = node.edge;
        setUpRouter(scripts, world, identity, urls);
        zone.addRoute(std::string(EndpointAddress) + "/*", RouterScript);
    } else {
        setUpBalancing(balancing, world, identity, EndpointAddress);
    }
    monitoring.start();
    // A route comes before a load balancer of the same name, as at Cloudflare.
    const Front front
        = workers.front([this](const Request &request) { return zone.scriptFor(EndpointAddress, request.path); },
            balancedFront(world, balancing, monitoring, tunnels, balancedCounts, EndpointAddress));
    at.endpoint = server.url(server.listen(EndpointAddress, logged(world, "edge", {}, edge.endpoint(front))));
    at.sshUser = nodes.user();
    at.sshIdentity = nodes.clientKeyPath();
    world.onChange([this] { followProcesses(); });
    world.onChange([this] { followMistakes(); });
    followProcesses();
    followRoutes();
    return at;
}

/// A process that does not run refuses connections: its port is shut with it, and opened with it.
void Lab::Rooms::followProcesses()
{
    const std::lock_guard lock(portsMutex); // two changes at once: the later one has to win
    for (const NodePorts &port : ports) {
        server.setOpen(port.engine, world.engine(port.node->id).listening);
        server.setOpen(port.metrics, world.connector(port.node->id).running);
    }
}

/// The visitors that a demo shows come through the endpoint like everybody: they go where it sends them now.
void Lab::Rooms::followRoutes()
{
    using namespace std::chrono_literals;
    const std::string script = zone.scriptFor(EndpointAddress, "/v1/chat/completions");
    const Shares now = script.empty() ? balancedShares(world, *balancing.state(), monitoring, EndpointAddress)
                                      : workerShares(world, workers.deployed(script), Wall::now());
    for (const auto &[node, usual] : initialShares(world, MostBackends)) {
        const auto share = now.find(node->id);
        world.setVisitors(node->id, share == now.end() ? 0 : share->second * 100 / usual);
    }
    world.after(1s, [this] { followRoutes(); });
}

/// A mistake in a tunnel's configuration is made, and taken back, where an operator would make it. What somebody else wrote
/// stays.
void Lab::Rooms::followMistakes()
{
    const std::lock_guard lock(portsMutex);
    std::set<std::pair<std::string, std::string>> wanted;
    for (const ActiveFault &fault : world.faults()) {
        if (fault.fault == "host-header-missing" || fault.fault == "catch-all-open")
            wanted.emplace(fault.node, fault.fault);
    }
    if (wanted == mistaken)
        return;
    for (const NodeSpec &node : world.nodes()) {
        const auto changed = [&](const char *fault) { return wanted.contains({node.id, fault}) != mistaken.contains({node.id, fault}); };
        const auto wrong = [&](const char *fault) { return wanted.contains({node.id, fault}); };
        if (!changed("host-header-missing") && !changed("catch-all-open"))
            continue;
        nlohmann::json config = configurations.current(node.tunnelId).config;
        if (changed("host-header-missing")) {
            for (nlohmann::json &rule : config["ingress"]) {
                if (!rule.contains("originRequest"))
                    continue;
                if (wrong("host-header-missing"))
                    rule["originRequest"].erase("httpHostHeader");
                else
                    rule["originRequest"]["httpHostHeader"] = "localhost:11434";
            }
        }
        if (changed("catch-all-open") && !config["ingress"].empty())
            config["ingress"].back()["service"] = wrong("catch-all-open") ? engineAddress(node) : "http_status:404";
        configurations.replace(node.tunnelId, config);
    }
    mistaken = wanted;
}

Lab::Lab(const LabOptions &options) : m_rooms(std::make_unique<Rooms>(options))
{
    const Addresses at = m_rooms->open();
    m_rooms->controlUrl = at.control;
    m_rooms->fleetFile = writeFleet(options.stateDir, m_rooms->world.nodes(), m_rooms->identity, at, m_rooms->routing);
}

Lab::~Lab()
{
    const auto end = [](const char *name, auto &room) {
        endingRoom = name;
        room.stop();
    };
    // The world first: what waits inside a handler or a command returns, then the servers can end their threads.
    end("the world", m_rooms->world);
    end("the monitors", m_rooms->monitoring);
    end("the nodes", m_rooms->nodes);
    end("the workers", m_rooms->workers);
    end("the servers", m_rooms->server);
    endingRoom = "what is left";
    m_rooms.reset();
    endingRoom = "the process";
}

const char *Lab::ending()
{
    return endingRoom;
}

const std::filesystem::path &Lab::fleetFile() const
{
    return m_rooms->fleetFile;
}

const std::string &Lab::routing() const
{
    return m_rooms->routing;
}

const std::string &Lab::controlUrl() const
{
    return m_rooms->controlUrl;
}

} // namespace hybridge::lab
