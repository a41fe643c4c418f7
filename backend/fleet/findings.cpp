// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/findings.h"

#include "backend/base/units.h"
#include "backend/host/nvidiafailure.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Diagnosis", text);
}

template<class T>
bool recent(const Reading<T> &reading, MonotonicMs now, std::chrono::milliseconds limit)
{
    // A value remembered from an earlier run (never tried in this one) is shown, but it is no evidence.
    return reading.isKnown() && reading.triedAt().count() != 0 && now - reading.sampledAt() <= limit;
}

/// A try has failed in a way that means something: the first one after a good sample may be a hiccup.
template<class T>
bool failing(const Reading<T> &reading)
{
    if (!reading.error() || reading.error()->kind == Error::Kind::Cancelled)
        return false;
    return !reading.isKnown() || reading.failures() >= 2;
}

/// What comes over SSH is evidence only while the link stands.
bool onNode(const NodeState &node)
{
    return node.config.ssh && node.link == LinkState::Connected;
}

const ServiceFacts *service(const NodeState &node, const QString &name, MonotonicMs now)
{
    if (name.isEmpty() || !recent(node.services, now, EvidenceLimits().onNode))
        return nullptr;
    for (const ServiceFacts &facts : *node.services)
        if (facts.service == name)
            return &facts;
    return nullptr;
}

QString unitOf(const QString &service)
{
    return service.section(QLatin1Char(':'), 1);
}

/// The command that shows why a service ended, as the operator would type it.
QString logCommand(const QString &service)
{
    return service.startsWith(QLatin1String("docker:"))
        ? QStringLiteral("docker logs --tail 50 %1").arg(unitOf(service))
        : QStringLiteral("journalctl -u %1 -n 50 --no-pager").arg(unitOf(service));
}

QString startCommand(const QString &service)
{
    return service.startsWith(QLatin1String("docker:")) ? QStringLiteral("docker start %1").arg(unitOf(service))
                                                        : QStringLiteral("sudo systemctl start %1").arg(unitOf(service));
}

/// "docker:vllm is failed (exit code 137, killed for memory)"
QString describe(const ServiceFacts &facts)
{
    QStringList why;
    if (facts.oomKilled || facts.result == QLatin1String("oom-kill"))
        why.append(tr("killed for memory"));
    else if (!facts.result.isEmpty() && facts.result != QLatin1String("success"))
        why.append(safeText(facts.result, 40));
    if (facts.exitCode && *facts.exitCode != 0)
        why.append(tr("exit code %1").arg(*facts.exitCode));
    const QString state = tr("%1 is %2").arg(unitOf(facts.service), serviceStateName(facts.state));
    return why.isEmpty() ? state : tr("%1 (%2)").arg(state, why.join(QStringLiteral(", ")));
}

bool isEnded(const ServiceFacts &facts)
{
    return facts.state == ServiceState::Inactive || facts.state == ServiceState::Failed
        || facts.state == ServiceState::NotFound;
}

QString join(const QStringList &parts)
{
    QStringList said;
    for (const QString &part : parts)
        if (!part.isEmpty())
            said.append(part);
    return said.join(QStringLiteral("; "));
}

} // namespace

QString engineTitle(const NodeState &node)
{
    if (!node.config.engine)
        return tr("The engine");
    switch (node.config.engine->kind) {
    case EngineKind::Vllm: return QStringLiteral("vLLM");
    case EngineKind::Ollama: return QStringLiteral("Ollama");
    case EngineKind::OpenAi: break;
    }
    return tr("The engine");
}

bool mayBeLoading(const ServiceFacts &facts, const QDateTime &now)
{
    if (facts.state != ServiceState::Active && facts.state != ServiceState::Activating)
        return false;
    return facts.restarts.value_or(0) < 3
        && (!facts.since.isValid() || std::chrono::seconds(facts.since.secsTo(now)) <= EvidenceLimits().loading);
}

bool engineServes(const NodeState &node, MonotonicMs now)
{
    return recent(node.engine, now, EvidenceLimits().onNode) && !failing(node.engine) && node.engine->ready.value_or(false);
}

bool pathAlive(const NodeState &node, MonotonicMs now)
{
    if (!node.config.url.isEmpty() && recent(node.edge, now, EvidenceLimits().edge))
        return node.edge->verdict == EdgeFacts::Verdict::Served || node.edge->verdict == EdgeFacts::Verdict::OriginDown;
    return recent(node.tunnel, now, EvidenceLimits().cloud)
        && (node.tunnel->status == QLatin1String("healthy") || node.tunnel->status == QLatin1String("degraded"));
}

std::optional<Finding> machineFinding(const NodeState &node, MonotonicMs now)
{
    if (!node.config.machine)
        return std::nullopt;
    const MachineConfig &config = *node.config.machine;
    if (config.kind == MachineKind::Host) {
        // Own hardware has no API. Silence on every way in at once is the evidence; a refused port is not silence.
        const bool silent = node.link == LinkState::Waiting && node.ssh.error() && node.ssh.error()->code != 111
            && (node.ssh.error()->kind == Error::Kind::Timeout || node.ssh.error()->kind == Error::Kind::Network);
        const bool tunnelDown = recent(node.tunnel, now, EvidenceLimits().cloud) && node.tunnel->status == QLatin1String("down");
        if (silent && tunnelDown && !pathAlive(node, now))
            return Finding {Layer::Machine, NodeCondition::Down, tr("The machine seems to be off or without a network."),
                join({tr("SSH does not answer (%1)").arg(node.ssh.error()->summary), tr("the tunnel is down")}),
                tr("Look whether the machine is powered and has a network link."), {}};
        return std::nullopt;
    }
    if (failing(node.machine) && node.machine.error()->kind == Error::Kind::NotFound)
        return Finding {Layer::Machine, NodeCondition::Down, tr("The cloud knows no instance of this name."),
            node.machine.error()->summary, tr("Compare instance, zone and project in the fleet file with the cloud console."), {}};
    if (!recent(node.machine, now, EvidenceLimits().cloud))
        return std::nullopt;
    const MachineFacts &machine = *node.machine;
    const QString status = machine.status;
    const auto is = [&status](std::initializer_list<const char *> words) {
        return std::any_of(words.begin(), words.end(), [&](const char *w) { return status == QLatin1String(w); });
    };
    const QString told = tr("Google reports %1").arg(safeText(status, 40));
    const QString since = machine.lastStop.isValid()
        ? tr("stopped since %1").arg(QLocale().toString(machine.lastStop.toLocalTime(), QLocale::ShortFormat)) : QString();
    if (is({"TERMINATED", "STOPPED", "SUSPENDED", "PREEMPTED"})) {
        const QString start = QStringLiteral("hybridgectl up %1").arg(node.config.id);
        if (!machine.startError.isEmpty())
            return Finding {Layer::Machine, NodeCondition::Stopped,
                machine.startError.contains(QLatin1String("EXHAUSTED")) || machine.startError.contains(QLatin1String("STOCKOUT"))
                    ? tr("The machine is stopped: the zone %1 had no capacity for its last start.").arg(config.zone)
                    : tr("The machine is stopped: its last start failed."),
                join({told, safeText(machine.startError, 80), safeText(machine.startErrorText, 200)}),
                tr("Start it later, or create it in another zone that has capacity."), start};
        if (machine.preempted)
            return Finding {Layer::Machine, NodeCondition::Stopped, tr("Google took this Spot machine back (preempted)."), join({told, since}),
                config.kind == MachineKind::Tpu ? tr("A preempted TPU VM cannot be started again: delete it and make it anew.")
                                                : tr("Start it again; a Spot machine may find no capacity at once."),
                config.kind == MachineKind::Tpu ? QString() : start};
        return Finding {Layer::Machine, NodeCondition::Stopped, tr("The machine is stopped."), join({told, since}),
            tr("Start it when it is needed; a stopped machine holds no capacity."), start};
    }
    if (is({"STOPPING", "SUSPENDING", "DEPROVISIONING", "PENDING_STOP"}))
        return Finding {Layer::Machine, NodeCondition::Stopped, tr("The machine is stopping."), told, {}, {}};
    if (is({"PROVISIONING", "STAGING", "PENDING", "STARTING", "CREATING", "RESTARTING"}))
        return Finding {Layer::Machine, NodeCondition::Starting, tr("The machine is starting."), told,
            tr("Wait: a start takes about a minute."), {}};
    if (is({"REPAIRING"}))
        return Finding {Layer::Machine, NodeCondition::Down, tr("Google is repairing the machine."), told,
            tr("Wait, or start another machine."), {}};
    return std::nullopt;
}

std::optional<Finding> acceleratorFinding(const NodeState &node, MonotonicMs now)
{
    if (node.config.accelerator == AcceleratorKind::None || !onNode(node))
        return std::nullopt;
    if (failing(node.accelerators)) {
        const Error &error = *node.accelerators.error();
        const bool starting = nvidiaProblem(error) == NvidiaProblem::Starting; // slow is not broken
        if (!starting && error.kind != Error::Kind::Network && error.kind != Error::Kind::HostKey)
            return Finding {Layer::Accelerator, NodeCondition::Degraded, error.summary, safeText(error.detail),
                error.remedy, QStringLiteral("nvidia-smi")};
    } else if (recent(node.accelerators, now, EvidenceLimits().onNode)) {
        for (const AcceleratorFacts &gpu : *node.accelerators)
            if (!gpu.error.isEmpty())
                return Finding {Layer::Accelerator, NodeCondition::Degraded,
                    gpu.index ? tr("GPU %1 has failed.").arg(*gpu.index) : tr("A GPU has failed."),
                    join({gpu.name, gpu.error}),
                    tr("Look for an Xid line in the kernel log; most often only a reboot brings the card back."),
                    QStringLiteral("sudo dmesg | grep -i xid")};
    }
    if (recent(node.engine, now, EvidenceLimits().onNode) && node.engine->vramFraction && *node.engine->vramFraction < 0.99) {
        const double cpu = (1 - *node.engine->vramFraction) * 100;
        return Finding {Layer::Accelerator, NodeCondition::Degraded,
            cpu > 99 ? tr("%1 runs on the CPU, not on the GPU.").arg(engineTitle(node))
                     : tr("%1 runs %2 of its model on the CPU.").arg(engineTitle(node), formatPercent(cpu)),
            tr("/api/ps: %1 of the loaded model is in GPU memory").arg(formatPercent(*node.engine->vramFraction * 100)),
            tr("Free GPU memory or take a smaller model, then load it again; after a driver update restart the engine."),
            QStringLiteral("ollama ps")};
    }
    return std::nullopt;
}

std::optional<Finding> engineFinding(const NodeState &node, MonotonicMs now)
{
    if (!node.config.engine)
        return std::nullopt;
    const EngineConfig &config = *node.config.engine;
    const QString title = engineTitle(node);
    const ServiceFacts *unit = onNode(node) ? service(node, config.service, now) : nullptr;
    if (unit && isEnded(*unit) && !engineServes(node, now)) {
        const bool missing = unit->state == ServiceState::NotFound;
        return Finding {Layer::Engine, NodeCondition::Down,
            missing ? tr("%1 is not installed under this name.").arg(title) : tr("%1 is not running.").arg(title), describe(*unit),
            missing ? tr("Correct engine.service in the fleet file.") : tr("Read its last lines, then start it."),
            missing ? QString() : startCommand(config.service)};
    }
    if (onNode(node) && failing(node.engine)) {
        const Error &error = *node.engine.error();
        if (error.kind == Error::Kind::Timeout)
            return Finding {Layer::Engine, NodeCondition::Down, tr("%1 accepts connections but does not answer.").arg(title),
                join({error.summary, unit ? describe(*unit) : QString()}),
                tr("Restart it; requests in flight are lost already."), logCommand(config.service)};
        if (error.kind == Error::Kind::Network && error.code == 111) {
            if (!unit || (unit->state != ServiceState::Active && unit->state != ServiceState::Activating))
                return Finding {Layer::Engine, NodeCondition::Down, tr("%1 refuses connections.").arg(title), error.summary,
                    tr("Look whether it runs and on which address it listens."), logCommand(config.service)};
            const QDateTime wall = QDateTime::currentDateTimeUtc();
            if (unit->restarts.value_or(0) >= 3)
                return Finding {Layer::Engine, NodeCondition::Down, tr("%1 keeps crashing while it starts.").arg(title),
                    tr("%1 restarts; %2").arg(*unit->restarts).arg(describe(*unit)),
                    tr("Read its last lines: most often the model does not fit the GPU's memory."), logCommand(config.service)};
            if (!mayBeLoading(*unit, wall))
                return Finding {Layer::Engine, NodeCondition::Down, tr("%1 runs but has not opened its port.").arg(title),
                    tr("%1 for %2").arg(describe(*unit), formatDuration(std::chrono::seconds(unit->since.secsTo(wall)))),
                    tr("Read its last lines."), logCommand(config.service)};
            return Finding {Layer::Engine, NodeCondition::Starting, tr("%1 is loading its model.").arg(title),
                join({describe(*unit), tr("its port is still closed")}),
                tr("Wait: loading takes seconds to minutes."), logCommand(config.service)};
        }
        if (error.kind == Error::Kind::Unauthorized)
            return Finding {Layer::Engine, NodeCondition::Degraded, tr("%1 refuses our API key.").arg(title), error.summary,
                tr("Set engine.apiKey in the fleet file to the key that the engine was started with."), {}};
        if (error.kind != Error::Kind::Network && error.kind != Error::Kind::HostKey)
            return Finding {Layer::Engine, NodeCondition::Down, tr("%1 answers with a failure.").arg(title),
                join({error.summary, safeText(error.detail, 160)}),
                error.remedy.isEmpty() ? tr("Read its last lines.") : error.remedy, logCommand(config.service)};
    }
    if (recent(node.engine, now, EvidenceLimits().onNode) && !failing(node.engine) && node.engine->ready == false) {
        if (node.engine->loading)
            return Finding {Layer::Engine, NodeCondition::Starting, tr("%1 is loading its model.").arg(title),
                join({unit ? describe(*unit) : QString(), node.engine->notes.isEmpty() ? tr("its port is still closed") : join(node.engine->notes)}),
                tr("Wait: loading takes seconds to minutes."), logCommand(config.service)};
        return Finding {Layer::Engine, NodeCondition::Down, tr("%1 says that it cannot serve.").arg(title),
            node.engine->notes.isEmpty() ? tr("it answers that it is not ready") : join(node.engine->notes), tr("Read its last lines."), logCommand(config.service)};
    }
    if (recent(node.edge, now, EvidenceLimits().edge) && node.edge->verdict == EdgeFacts::Verdict::OriginDown
        && !engineServes(node, now))
        return Finding {Layer::Engine, NodeCondition::Down, tr("%1 cannot be reached behind its connector.").arg(title),
            tr("the edge answered %1").arg(node.edge->status),
            tr("Look on the node whether the engine runs; while it loads its model this is normal."), logCommand(config.service)};
    return std::nullopt;
}

std::optional<Finding> modelFinding(const NodeState &node, MonotonicMs now)
{
    if (!node.config.engine || !engineServes(node, now) || !node.engine->models)
        return std::nullopt;
    QStringList missing;
    for (const QString &model : node.config.engine->models)
        if (!hasModel(node.config.engine->kind, *node.engine->models, model))
            missing.append(model);
    if (missing.isEmpty())
        return std::nullopt;
    const bool ollama = node.config.engine->kind == EngineKind::Ollama;
    return Finding {Layer::Model, NodeCondition::Degraded,
        missing.size() == 1 ? tr("The model %1 is not there.").arg(missing.first())
                            : tr("%1 models are not there.").arg(missing.size()),
        node.engine->models->isEmpty()
            ? tr("%1 lists no model").arg(engineTitle(node))
            : tr("%1 lists %2").arg(engineTitle(node), safeText(node.engine->models->join(QStringLiteral(", ")), 200)),
        ollama ? tr("Pull it on the node.") : tr("Start the engine with this model, or correct engine.models in the fleet file."),
        ollama ? QStringLiteral("ollama pull %1").arg(missing.first()) : QString()};
}

std::optional<Finding> connectorFinding(const NodeState &node, MonotonicMs now)
{
    const bool tunnelKnown = recent(node.tunnel, now, EvidenceLimits().cloud);
    if (node.config.connector && onNode(node)) {
        if (const ServiceFacts *unit = service(node, node.config.connector->service, now)) {
            if (isEnded(*unit)) {
                const bool alive = pathAlive(node, now);
                const bool missing = unit->state == ServiceState::NotFound;
                return Finding {Layer::Connector, alive ? NodeCondition::Degraded : NodeCondition::Down,
                    missing ? tr("The connector is not installed under this name.")
                        : alive ? tr("The connector on this machine is stopped; another one carries the tunnel.")
                                : tr("The connector is stopped."),
                    describe(*unit),
                    missing ? tr("Install it, or correct connector.service in the fleet file.") : tr("Start it."),
                    missing ? QString() : startCommand(unit->service)};
            }
            if (unit->state == ServiceState::Activating && !pathAlive(node, now))
                return Finding {Layer::Connector, NodeCondition::Starting, tr("The connector is starting."), describe(*unit),
                    tr("Wait. If it keeps restarting, outbound port 7844 is blocked or its token is wrong."),
                    logCommand(unit->service)};
        }
    }
    if (tunnelKnown && node.tunnel->status == QLatin1String("inactive"))
        return Finding {Layer::Connector, NodeCondition::Down, tr("No connector has ever run for this tunnel."),
            tr("Cloudflare reports the tunnel %1 as inactive").arg(safeText(node.tunnel->name, 60)),
            tr("Install cloudflared on the node with this tunnel's token."), {}};
    return std::nullopt;
}

std::optional<Finding> tunnelFinding(const NodeState &node, MonotonicMs now)
{
    const bool known = recent(node.tunnel, now, EvidenceLimits().cloud);
    const QString status = known ? node.tunnel->status : QString();
    const bool readyKnown = onNode(node) && recent(node.connector, now, EvidenceLimits().onNode) && node.connector->readyConnections;
    const int ready = readyKnown ? *node.connector->readyConnections : -1;
    const bool edgeCut = recent(node.edge, now, EvidenceLimits().edge) && node.edge->verdict == EdgeFacts::Verdict::NoConnector;
    const QString told = join({status.isEmpty() ? QString() : tr("Cloudflare reports %1").arg(safeText(status, 40)),
        readyKnown ? tr("cloudflared has %1 of 4 connections").arg(ready) : QString(),
        edgeCut ? tr("the edge answered %1 (no connector)").arg(node.edge->status) : QString()});
    const QString journal = logCommand(node.config.connector && !node.config.connector->service.isEmpty()
            ? node.config.connector->service : QStringLiteral("systemd:cloudflared"));
    // The API lags behind by up to a poll: two fresh witnesses on the path outvote its word.
    const bool down = status == QLatin1String("down") ? !(ready > 0 && pathAlive(node, now))
                                                      : ready == 0 || (edgeCut && ready <= 0);
    if (down)
        return Finding {Layer::Tunnel, NodeCondition::Down, tr("The tunnel has no connection to the edge."), told,
            tr("Look whether the node reaches the Internet, outbound UDP and TCP port 7844 above all."), journal};
    if (status == QLatin1String("degraded"))
        return Finding {Layer::Tunnel, NodeCondition::Degraded,
            node.tunnel->connections ? tr("The tunnel has lost connections: %1 of 4 are left.").arg(*node.tunnel->connections)
                                     : tr("The tunnel has lost connections."),
            told, tr("It still serves. Look in the connector's log for dropped connections; often UDP port 7844 is disturbed."), journal};
    return std::nullopt;
}

std::optional<Finding> accessFinding(const NodeState &node, MonotonicMs now)
{
    if (!recent(node.edge, now, EvidenceLimits().edge) || node.edge->verdict != EdgeFacts::Verdict::AccessRefused)
        return std::nullopt;
    return Finding {Layer::Access, NodeCondition::Degraded, tr("Access does not let our service token in."),
        join({tr("the edge answered %1").arg(node.edge->status), node.edge->reason}), node.edge->remedy, {}};
}

std::optional<Finding> edgeFinding(const NodeState &node, MonotonicMs now)
{
    if (node.config.url.isEmpty())
        return std::nullopt;
    const QString host = node.config.url.host();
    // A secret that is missing here, or a budget that is used up, says nothing about the path.
    const auto speaksOfThePath = [](Error::Kind kind) {
        return kind == Error::Kind::Network || kind == Error::Kind::Timeout || kind == Error::Kind::Tls
            || kind == Error::Kind::Protocol;
    };
    if (failing(node.edge) && speaksOfThePath(node.edge.error()->kind)) {
        const Error &error = *node.edge.error();
        return Finding {Layer::Edge, NodeCondition::Degraded, tr("%1 cannot be reached from here.").arg(host),
            join({error.summary, safeText(error.detail, 160)}),
            error.remedy.isEmpty() ? tr("Look whether this computer is online and the name resolves.") : error.remedy, {}};
    }
    if (!recent(node.edge, now, EvidenceLimits().edge))
        return std::nullopt;
    const EdgeFacts &edge = *node.edge;
    switch (edge.verdict) {
    case EdgeFacts::Verdict::Served:
    case EdgeFacts::Verdict::AccessRefused: return std::nullopt;
    case EdgeFacts::Verdict::NoConnector:
        return Finding {Layer::Edge, NodeCondition::Down, tr("%1 leads to a tunnel without a connector.").arg(host),
            join({tr("the edge answered %1").arg(edge.status), edge.reason}),
            tr("Point its DNS record at this node's tunnel."), {}};
    case EdgeFacts::Verdict::OriginDown:
        return Finding {Layer::Edge, NodeCondition::Down, tr("The connector cannot reach the engine."),
            join({tr("the edge answered %1").arg(edge.status), engineServes(node, now) ? tr("the engine answers on the node") : QString()}),
            tr("Compare the service address in the tunnel's ingress rule with the engine's address."), {}};
    case EdgeFacts::Verdict::DnsWrong:
    case EdgeFacts::Verdict::EdgeFailure: break;
    }
    return Finding {Layer::Edge, NodeCondition::Down,
        edge.reason.isEmpty() ? tr("The edge answers %1 for %2.").arg(edge.status).arg(host) : edge.reason,
        tr("the edge answered %1").arg(edge.status), edge.remedy, {}};
}

std::optional<Finding> sshFinding(const NodeState &node)
{
    if (!node.config.ssh)
        return std::nullopt;
    if ((node.link == LinkState::Waiting || node.link == LinkState::Blocked) && node.ssh.error()) {
        const Error &error = *node.ssh.error();
        return Finding {Layer::Ssh, NodeCondition::Degraded, error.summary, safeText(error.detail), error.remedy, {}};
    }
    if (node.link == LinkState::Connected && node.control.error() && node.control.error()->kind != Error::Kind::Cancelled
        && node.control.error()->kind != Error::Kind::Network && node.control.error()->kind != Error::Kind::Timeout) {
        const Error &error = *node.control.error();
        return Finding {Layer::Ssh, NodeCondition::Degraded, error.summary, safeText(error.detail), error.remedy, {}};
    }
    return std::nullopt;
}

} // namespace hybridge
