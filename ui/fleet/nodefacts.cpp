// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodefacts.h"

#include "backend/base/units.h"
#include "ui/fleet/freshness.h"
#include "ui/fleet/nodesummary.h"

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NodeFacts", text);
}

template<class T>
FactSection begin(const QString &title, const Reading<T> &reading, MonotonicMs now, std::chrono::milliseconds limit, bool configured)
{
    FactSection out;
    out.title = title;
    out.configured = configured;
    out.age = freshness::ageOf(reading, now);
    out.stale = freshness::isStale(reading, now, limit);
    if (reading.error()) {
        out.error = reading.error()->summary;
        out.remedy = reading.error()->remedy;
    }
    return out;
}

QString told(const QString &text, int most = 200)
{
    const QString safe = safeText(text, most);
    return safe.isEmpty() ? unknownText() : safe;
}

QString told(const QStringList &list)
{
    return told(list.join(QStringLiteral(", ")), 400);
}

QString localTime(const QDateTime &time)
{
    return time.isValid() ? QLocale().toString(time.toLocalTime(), QStringLiteral("d MMM yyyy HH:mm:ss")) : unknownText();
}

QString count(const std::optional<double> &value)
{
    return value ? QLocale().toString(qint64(*value)) : unknownText();
}

QString count(const std::optional<int> &value)
{
    return value ? QLocale().toString(*value) : unknownText();
}

QString share(const std::optional<double> &fraction)
{
    return formatPercent(fraction ? std::optional<double>(*fraction * 100.0) : std::nullopt);
}

QString linkWord(LinkState state)
{
    switch (state) {
    case LinkState::Idle:
        return tr("Not connected yet");
    case LinkState::Dialing:
        return tr("Connecting");
    case LinkState::Connected:
        return tr("Connected");
    case LinkState::Waiting:
        return tr("Waiting for the next try");
    case LinkState::Blocked:
        return tr("Blocked until you decide");
    case LinkState::Closed:
        break;
    }
    return tr("Closed");
}

QString serviceWord(const ServiceFacts &service)
{
    switch (service.state) {
    case ServiceState::Active:
        return tr("active");
    case ServiceState::Inactive:
        return tr("stopped");
    case ServiceState::Failed:
        return service.oomKilled ? tr("failed (out of memory)") : tr("failed");
    case ServiceState::Activating:
        return tr("starting");
    case ServiceState::Deactivating:
        return tr("stopping");
    case ServiceState::Reloading:
        return tr("reloading");
    case ServiceState::NotFound:
        return tr("not found");
    case ServiceState::Unknown:
        break;
    }
    return tr("unknown");
}

QString engineWord(EngineKind kind)
{
    switch (kind) {
    case EngineKind::Vllm:
        return QStringLiteral("vLLM");
    case EngineKind::Ollama:
        return QStringLiteral("Ollama");
    case EngineKind::OpenAi:
        break;
    }
    return tr("OpenAI-compatible");
}

} // namespace

FactSection machineSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Machine"), node.machine, now, freshness::Machine, node.config.machine.has_value());
    if (!node.config.machine)
        return out;
    const MachineConfig &config = *node.config.machine;
    if (config.kind == MachineKind::Host) {
        out.rows.append({tr("Kind"), tr("Own host"), false});
        out.age.reset();
        out.notes.append(tr("No cloud tells about this machine; its SSH link is the witness."));
        return out;
    }
    out.rows.append({tr("Kind"), config.kind == MachineKind::Gce ? tr("Compute Engine VM") : tr("Cloud TPU VM"), false});
    out.rows.append({tr("Instance"), told(config.instance), false});
    if (!node.machine.isKnown()) {
        out.rows.append({tr("Zone"), told(config.zone), false});
        return out;
    }
    const MachineFacts &m = *node.machine;
    out.rows.append({tr("Status"), told(m.status), m.preempted || !m.startError.isEmpty()});
    if (!m.statusMessage.isEmpty())
        out.rows.append({tr("Message"), told(m.statusMessage), false});
    out.rows.append({tr("Type"), told(m.machineType), false});
    out.rows.append({tr("Zone"), told(m.zone.isEmpty() ? config.zone : m.zone), false});
    out.rows.append({tr("Address"), told(m.externalIp), false});
    if (m.spot)
        out.rows.append({tr("Provisioning"), m.preempted ? tr("Spot, preempted") : tr("Spot"), m.preempted});
    if (!m.startError.isEmpty())
        out.rows.append({tr("Last start failed"), told(m.startErrorText.isEmpty() ? m.startError : m.startErrorText), true});
    if (m.lastStart.isValid())
        out.rows.append({tr("Last start"), localTime(m.lastStart), false});
    if (m.lastStop.isValid())
        out.rows.append({tr("Last stop"), localTime(m.lastStop), false});
    return out;
}

FactSection linkSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("SSH link"), node.ssh, now, freshness::Ssh, node.config.ssh.has_value());
    if (!node.config.ssh)
        return out;
    const SshConfig &ssh = *node.config.ssh;
    out.rows.append({tr("State"), linkWord(node.link), node.link == LinkState::Blocked});
    QString host = ssh.host;
    if (host.isEmpty() && node.machine.isKnown())
        host = node.machine->externalIp;
    const QString address = host.isEmpty() ? tr("the address that the cloud reports")
        : ssh.port == 22                   ? host
                                           : QStringLiteral("%1:%2").arg(host).arg(ssh.port);
    out.rows.append({tr("Host"), told(address), false});
    if (!ssh.user.isEmpty())
        out.rows.append({tr("User"), told(ssh.user), false});
    if (node.ssh.isKnown() && !node.ssh->hostKeyFingerprint.isEmpty())
        out.rows.append({tr("Host key"), told(node.ssh->hostKeyFingerprint), false});
    if (node.control.error())
        out.rows.append({tr("Starting and stopping"), node.control.error()->summary, true});
    else if (node.control.isKnown())
        out.rows.append({tr("Starting and stopping"), *node.control ? tr("allowed") : tr("not allowed"), !*node.control});
    return out;
}

FactSection tunnelSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Tunnel"), node.tunnel, now, freshness::Tunnel, !node.config.tunnel.isEmpty());
    if (node.config.tunnel.isEmpty())
        return out;
    if (node.tunnel.isKnown()) {
        const TunnelFacts &t = *node.tunnel;
        out.rows.append({tr("Status"), told(t.status), t.status == QLatin1String("down") || t.status == QLatin1String("degraded")});
        out.rows.append({tr("Name"), told(t.name), false});
        out.rows.append({tr("Connections"), count(t.connections), t.connections && *t.connections == 0});
        out.rows.append({tr("Edge locations"), told(t.colos), false});
        out.rows.append({tr("Version"), told(t.version), false});
        if (t.connectors > 1)
            out.rows.append({tr("Connectors"), QLocale().toString(t.connectors), false});
        if (t.connectedSince.isValid())
            out.rows.append({tr("Connected since"), localTime(t.connectedSince), false});
        if (t.downSince.isValid())
            out.rows.append({tr("Down since"), localTime(t.downSince), true});
    }
    out.rows.append({tr("Tunnel id"), told(node.config.tunnel), false});
    return out;
}

FactSection connectorSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Connector on the node"), node.connector, now, freshness::Connector, node.config.connector.has_value());
    if (!node.connector.isKnown())
        return out;
    const ConnectorFacts &c = *node.connector;
    const QString ready = !c.ready ? unknownText() : *c.ready ? tr("ready") : tr("not ready");
    out.rows.append({tr("State"), ready, c.ready && !*c.ready});
    out.rows.append({tr("Registered connections"), count(c.readyConnections), c.readyConnections && *c.readyConnections == 0});
    out.rows.append({tr("Edge locations"), told(c.edgeLocations), false});
    out.rows.append({tr("Protocol"), told(c.protocol), false});
    out.rows.append({tr("Version"), told(c.version), false});
    if (c.requestsPerSecond)
        out.rows.append({tr("Requests per second"), rateText(c.requestsPerSecond), false});
    if (c.errorsPerSecond)
        out.rows.append({tr("Errors per second"), rateText(c.errorsPerSecond), *c.errorsPerSecond > 0});
    out.notes = c.notes;
    return out;
}

FactSection serviceSection(const NodeState &node, MonotonicMs now)
{
    const bool named = (node.config.engine && !node.config.engine->service.isEmpty())
        || (node.config.connector && !node.config.connector->service.isEmpty());
    FactSection out = begin(tr("Services"), node.services, now, freshness::Services, named);
    if (!node.services.isKnown())
        return out;
    out.headers = {tr("Service"), tr("State"), tr("Since"), tr("Restarts"), tr("At boot")};
    for (const ServiceFacts &service : *node.services) {
        out.table.append({told(service.service), serviceWord(service), localTime(service.since), count(service.restarts),
            told(service.unitFileState)});
        for (const QString &note : service.notes)
            out.notes.append(QStringLiteral("%1: %2").arg(safeText(service.service), safeText(note)));
    }
    return out;
}

FactSection engineSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Engine"), node.engine, now, freshness::Engine, node.config.engine.has_value());
    if (!node.config.engine)
        return out;
    if (!node.engine.isKnown()) {
        out.rows.append({tr("Kind"), engineWord(node.config.engine->kind), false});
        return out;
    }
    const EngineFacts &e = *node.engine;
    out.rows.append({tr("Kind"), e.version.isEmpty() ? engineWord(e.kind) : QStringLiteral("%1 %2").arg(engineWord(e.kind), safeText(e.version, 40)), false});
    const QString ready = e.loading ? tr("loading its model") : !e.ready ? unknownText() : *e.ready ? tr("ready") : tr("not ready");
    out.rows.append({tr("State"), ready, e.ready && !*e.ready && !e.loading});
    out.rows.append({tr("Models"), e.models ? (e.models->isEmpty() ? tr("none") : modelsText(*e.models)) : unknownText(), false});
    if (e.loadedModels)
        for (const LoadedModel &model : *e.loadedModels)
            out.rows.append({tr("In memory"),
                tr("%1, %2, %3 on the GPU").arg(safeText(model.name, 80), formatMiB(model.sizeMiB), share(model.vramFraction)),
                model.vramFraction && *model.vramFraction < 0.999});
    if (e.loadedModels && e.loadedModels->isEmpty())
        out.rows.append({tr("In memory"), tr("none (asleep)"), false});
    out.rows.append({tr("Running"), count(e.running), false});
    out.rows.append({tr("Waiting"), count(e.waiting), false});
    out.rows.append({tr("Tokens per second"), rateText(node.tokensPerSecond ? node.tokensPerSecond : e.tokensPerSecond), false});
    if (e.kvCacheUsage)
        out.rows.append({tr("KV cache"), share(e.kvCacheUsage), *e.kvCacheUsage > 0.95});
    if (e.vramFraction)
        out.rows.append({tr("In GPU memory"), share(e.vramFraction), *e.vramFraction < 0.999});
    if (e.maxModelLen)
        out.rows.append({tr("Context"), tr("%1 tokens").arg(QLocale().toString(*e.maxModelLen)), false});
    out.notes = e.notes;
    return out;
}

FactSection acceleratorSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Accelerators"), node.accelerators, now, freshness::Accelerators,
        node.config.accelerator != AcceleratorKind::None && node.config.accelerator != AcceleratorKind::Unspecified);
    if (!node.accelerators.isKnown())
        return out;
    out.configured = true;
    out.headers = {QStringLiteral("#"), tr("Name"), tr("Use"), tr("Memory"), tr("Temperature"), tr("Power"), tr("Fan"), tr("Clock"),
        tr("State")};
    int position = 0;
    for (const AcceleratorFacts &gpu : *node.accelerators) {
        const QString number = gpu.index ? QString::number(*gpu.index) : QStringLiteral("–");
        NodeSummary memory; // for its wording
        memory.memoryUsedMiB.value = gpu.memoryUsedMiB;
        memory.memoryTotalMiB.value = gpu.memoryTotalMiB;
        const QString power = gpu.powerLimitW ? QStringLiteral("%1 / %2").arg(formatWatts(gpu.powerW), formatWatts(gpu.powerLimitW))
                                              : formatWatts(gpu.powerW);
        const QString clock = gpu.clockSmMHz ? tr("%1 MHz").arg(QLocale().toString(*gpu.clockSmMHz, 'f', 0)) : unknownText();
        QStringList state;
        if (!gpu.error.isEmpty())
            state.append(safeText(gpu.error, 120));
        else if (gpu.throttleReasons && isThrottled(*gpu.throttleReasons))
            state.append(throttleNames(*gpu.throttleReasons));
        else if (gpu.performanceState)
            state.append(QStringLiteral("P%1").arg(*gpu.performanceState));
        if (gpu.mig.value_or(false))
            state.append(QStringLiteral("MIG"));
        out.table.append({number, told(gpu.name, 60), formatPercent(gpu.utilization), memoryText(memory), formatCelsius(gpu.temperatureC), power,
            formatPercent(gpu.fanPercent), clock, state.isEmpty() ? unknownText() : state.join(QStringLiteral(", "))});
        for (const QString &note : gpu.notes)
            out.notes.append(QStringLiteral("GPU %1: %2").arg(gpu.index.value_or(position)).arg(safeText(note)));
        ++position;
    }
    if (node.accelerators->isEmpty())
        out.notes.append(tr("The driver lists no GPU."));
    return out;
}

FactSection edgeSection(const NodeState &node, MonotonicMs now)
{
    FactSection out = begin(tr("Public hostname"), node.edge, now, freshness::Edge, !node.config.url.isEmpty());
    if (node.config.url.isEmpty())
        return out;
    out.rows.append({tr("Address"), told(node.config.url.toDisplayString()), false});
    if (node.edge.isKnown()) {
        const EdgeFacts &e = *node.edge;
        const bool served = e.verdict == EdgeFacts::Verdict::Served;
        out.rows.append({tr("Answer"), served ? tr("served, status %1").arg(e.status) : told(e.reason), !served});
        out.rows.append({tr("Latency"), formatLatency(e.latencyMs), false});
        if (!e.ray.isEmpty())
            out.rows.append({tr("Ray"), told(e.ray), false});
    }
    if (node.proof.isKnown()) {
        const ProofFacts &p = *node.proof;
        const std::optional<std::chrono::milliseconds> age = freshness::ageOf(node.proof, now);
        out.rows.append({tr("Proof"),
            tr("a token through the %1 in %2, %3").arg(safeText(p.path, 20), formatLatency(p.ms), formatAge(age.value_or(0ms))), false});
    } else if (node.proof.error()) {
        out.rows.append({tr("Proof"), node.proof.error()->summary, true});
    }
    return out;
}

} // namespace hybridge
