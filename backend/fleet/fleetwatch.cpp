// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetwatch.h"

#include <QPointer>
#include <QTimer>

namespace hybridge {

namespace {
template<class T>
bool tried(const Reading<T> &reading)
{
    return reading.triedAt().count() != 0;
}

std::optional<SecretRef> nodeKey(const NodeConfig &node)
{
    return node.engine ? node.engine->apiKey : std::nullopt;
}
} // namespace

bool isSettled(const NodeState &node, bool cloudflare, bool compute)
{
    const NodeConfig &config = node.config;
    if (!config.url.isEmpty() && !tried(node.edge))
        return false;
    if (cloudflare && !config.tunnel.isEmpty() && !tried(node.tunnel))
        return false;
    const bool cloud = config.machine && config.machine->kind != MachineKind::Host;
    if (compute && cloud && !tried(node.machine))
        return false;
    if (!config.ssh)
        return !config.engine || config.url.isEmpty() || tried(node.engine);
    // No address: a machine that is off. Nothing more comes over SSH.
    if (config.ssh->host.isEmpty() && cloud && (!compute || tried(node.machine))
        && (!node.machine.isKnown() || node.machine->externalIp.isEmpty()))
        return true;
    if (node.link == LinkState::Waiting || node.link == LinkState::Blocked || node.link == LinkState::Closed)
        return true;
    if (node.link != LinkState::Connected)
        return false;
    const bool services = (config.connector && !config.connector->service.isEmpty()) || (config.engine && !config.engine->service.isEmpty());
    if (services && !tried(node.services))
        return false;
    const bool units = (config.connector && config.connector->service.startsWith(QLatin1String("systemd:")))
        || (config.engine && config.engine->service.startsWith(QLatin1String("systemd:")));
    if (units && config.ssh->user != QLatin1String("root") && !tried(node.control))
        return false;
    if (config.engine && !tried(node.engine))
        return false;
    if (config.connector && !config.connector->metrics.isEmpty() && !tried(node.connector))
        return false;
    return config.accelerator != AcceleratorKind::Nvidia || tried(node.accelerators);
}

FleetWatch::FleetWatch(FleetState &state, WatchWays &ways, WatchSchedule schedule, QObject *parent)
    : QObject(parent), m_state(state), m_schedule(schedule), m_tick(new QTimer(this))
{
    const FleetConfig &config = state.config();
    // Only what passes the unified hostname passes the Worker; on the paid plan nobody counts.
    m_budget = std::make_shared<ProbeBudget>(config.plan == QLatin1String("paid") ? 10000000 : 10000);
    for (const NodeConfig &node : config.nodes) {
        std::unique_ptr<Shell> shell = node.ssh ? ways.shell(node) : nullptr;
        std::shared_ptr<ApiTransport> engineApi = !node.ssh && !node.url.isEmpty() ? ways.hostname(node.url, node.access, nodeKey(node)) : nullptr;
        m_nodes.push_back(std::make_unique<NodeWatch>(m_state, node, std::move(shell), std::move(engineApi), ways.engineKey(node), m_schedule));
        m_hostnames.push_back(node.url.isEmpty() ? nullptr
                                                 : std::make_unique<HostnameWatch>(m_state, node.id, ways.hostname(node.url, node.access, nodeKey(node)),
                                                     probePath(node.engine), m_schedule, nullptr));
    }
    if (config.endpoint)
        m_endpoint = std::make_unique<HostnameWatch>(m_state, QString(), ways.hostname(config.endpoint->url, config.endpoint->access, std::nullopt),
            QStringLiteral("/v1/models"), m_schedule, m_budget);
    if (config.cloudflare && ways.cloudflare())
        m_tunnels = std::make_unique<TunnelWatch>(m_state, *ways.cloudflare(), m_schedule);
    if (config.gcp && ways.compute()) {
        m_machines = std::make_unique<MachineWatch>(m_state, *ways.compute(), ways.tpu(), m_schedule);
        connect(m_machines.get(), &MachineWatch::addressRead, this, [this](const QString &id, const QString &address, const QList<HostKey> &keys) {
            if (NodeWatch *watch = node(id))
                watch->setAddress(address, keys);
        });
    }
    connect(&m_state, &FleetState::diagnosisChanged, this, &FleetWatch::react);
    // Values age without anybody writing them; the lamp must follow.
    m_tick->setInterval(1000);
    connect(m_tick, &QTimer::timeout, &m_state, &FleetState::tick);
}

FleetWatch::~FleetWatch() = default;

void FleetWatch::start()
{
    for (const auto &watch : m_nodes)
        watch->start();
    for (const auto &watch : m_hostnames)
        if (watch)
            watch->start();
    if (m_endpoint)
        m_endpoint->start();
    if (m_tunnels)
        m_tunnels->start();
    if (m_machines)
        m_machines->start();
    m_tick->start();
}

NodeWatch *FleetWatch::node(const QString &id) const
{
    const int index = m_state.indexOf(id);
    return index < 0 ? nullptr : m_nodes.at(size_t(index)).get();
}

void FleetWatch::runNow(const QString &id)
{
    for (size_t i = 0; i < m_nodes.size(); ++i) {
        if (!id.isEmpty() && m_state.at(int(i)).config.id != id)
            continue;
        m_nodes[i]->runNow();
        if (m_hostnames[i])
            m_hostnames[i]->runNow();
    }
    if (m_endpoint)
        m_endpoint->runNow();
    if (m_tunnels)
        m_tunnels->runNow();
    if (m_machines)
        m_machines->runNow();
}

bool FleetWatch::isSettled() const
{
    for (int i = 0; i < m_state.nodeCount(); ++i)
        if (!hybridge::isSettled(m_state.at(i), m_tunnels != nullptr, m_machines != nullptr))
            return false;
    if (m_tunnels && m_tunnels->rounds() == 0)
        return false; // the list may be there, its connections are not yet
    return !m_endpoint || tried(m_state.endpoint().edge);
}

void FleetWatch::react(const QString &id, const Diagnosis &before, const Diagnosis &after)
{
    if (before.condition == NodeCondition::Unknown && after.condition == NodeCondition::Healthy)
        return;
    // A lamp that flickers must not turn the probes into a storm.
    const MonotonicMs now = m_state.clock().monotonic();
    if (const auto last = m_reacted.constFind(id); last != m_reacted.constEnd() && now - *last < 3s)
        return;
    m_reacted.insert(id, now);
    // Something has changed: the other witnesses are asked at once instead of at their next turn.
    const int index = m_state.indexOf(id);
    if (index >= 0 && m_hostnames.at(size_t(index)))
        m_hostnames.at(size_t(index))->runNow();
    if (m_endpoint)
        m_endpoint->watchClosely();
    if (m_tunnels)
        m_tunnels->runNow();
}

Task<void> FleetWatch::proveAll(std::stop_token stop)
{
    std::vector<Task<Result<ProofFacts>>> proofs;
    for (int i = 0; i < m_state.nodeCount(); ++i)
        if (m_hostnames.at(size_t(i)) && m_state.at(i).config.engine)
            proofs.push_back(prove(m_state.at(i).config.id, stop)); // all run from here on, side by side
    for (auto &proof : proofs)
        static_cast<void>(co_await proof); // what came of it stands in the state
}

void FleetWatch::lookAtMachines()
{
    if (m_machines)
        m_machines->runNow();
}

void FleetWatch::lookAtTunnels()
{
    if (m_tunnels)
        m_tunnels->runNow();
}

Task<Result<ProofFacts>> FleetWatch::prove(QString id, std::stop_token stop)
{
    const int index = m_state.indexOf(id);
    if (index < 0 || !m_hostnames.at(size_t(index)) || !m_state.at(index).config.engine)
        co_return Error(Error::Kind::NotFound, tr("%1 has no hostname with a model server behind it.").arg(id));
    const NodeState &node = m_state.at(index);
    QString model = node.config.engine->models.value(0);
    if (node.engine.isKnown() && node.engine->models && !node.engine->models->isEmpty() && model.isEmpty())
        model = node.engine->models->first();
    const QPointer<FleetWatch> self(this);
    Result<ProofFacts> proof = co_await probeToken(m_hostnames.at(size_t(index))->transport(), model, QStringLiteral("node"),
        m_schedule.tokenTimeout, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    const MonotonicMs now = m_state.clock().monotonic();
    m_state.update(id, [&](NodeState &changed) { changed.proof.update(proof, now); });
    co_return proof;
}

} // namespace hybridge
