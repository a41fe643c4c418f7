// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Engine and model.
#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"
#include "backend/checklist/modelfit.h"
#include "backend/http/jsonfields.h"

#include <QHostAddress>
#include <QSet>

#include <algorithm>

namespace hybridge::checks {

namespace {

constexpr double AllOnGpu = 0.995;
constexpr double LeastUsedMiB = 1024;

/// The engine as it answered; or what the row has to say without it.
const EngineFacts *engineOf(const Node &node, CheckVerdict *instead)
{
    if (const auto stopped = machineStopped(node)) {
        *instead = *stopped;
        return nullptr;
    }
    if (!node.engine) {
        *instead = notAsked();
        return nullptr;
    }
    if (!*node.engine) {
        *instead = unread(node.engine->error());
        return nullptr;
    }
    if (!(*node.engine)->ready.value_or(false)) {
        *instead = unknown((*node.engine)->loading ? tr("The model server is loading its model.") : tr("The model server is not ready."));
        return nullptr;
    }
    return &**node.engine;
}

QString loopbackRemedy(const NodeConfig &node)
{
    if (node.engine->kind == EngineKind::Ollama)
        return tr("Take OLLAMA_HOST=0.0.0.0 out of ollama's drop-in, restart it, and give the tunnel's rule httpHostHeader localhost:11434.");
    if (!containerOf(node.engine->service).isEmpty())
        return tr("Publish the container's port as 127.0.0.1:%1:%1 instead of %1:%1.").arg(node.engine->url.port(80));
    return tr("Start the server with --host 127.0.0.1.");
}

bool isLoopbackPublish(const QString &port)
{
    // "127.0.0.1:8000->8000/tcp", "[::1]:8000->8000/tcp", "0.0.0.0:8000->8000/tcp", ":::8000->8000/tcp"
    QString host = port.section(QLatin1String("->"), 0, 0).section(QLatin1Char(':'), 0, -2);
    host.remove(QLatin1Char('[')).remove(QLatin1Char(']'));
    const QHostAddress address(host);
    return !address.isNull() && address.isLoopback();
}

CheckVerdict startsAtBoot(const Node &node, const QString &service, const Fact<ServiceFacts> &fact)
{
    if (!node.config.ssh || service.isEmpty())
        return notApplicable();
    if (const auto stopped = machineStopped(node))
        return *stopped;
    if (!fact)
        return notAsked();
    if (!*fact)
        return unread(fact->error());
    const ServiceFacts &facts = **fact;
    const QString container = containerOf(service);
    if (facts.state == ServiceState::NotFound)
        return fail(tr("The node knows no %1.").arg(service), tr("Install it, or name the right service in the fleet file."));
    if (facts.unitFileState.isEmpty() && container.isEmpty())
        return unknown(tr("The node did not tell whether %1 starts at boot.").arg(service));
    CheckFix fix;
    if (!container.isEmpty()) {
        if (facts.unitFileState == QLatin1String("always") || facts.unitFileState == QLatin1String("unless-stopped"))
            return pass(tr("Restart policy %1.").arg(facts.unitFileState));
        const QString now = facts.unitFileState.isEmpty() ? QStringLiteral("no") : facts.unitFileState;
        fix.title = tr("Set the restart policy");
        fix.diff = QStringLiteral("- restart: %1\n+ restart: unless-stopped").arg(now);
        fix.commands.append({{QStringLiteral("docker"), QStringLiteral("update"), QStringLiteral("--restart"), QStringLiteral("unless-stopped"), container}, false, {}});
        fix.undo = QStringLiteral("docker update --restart %1 %2").arg(now, container);
        return fail(tr("The container's restart policy is \"%1\".").arg(now), tr("Set it: docker update --restart unless-stopped %1").arg(container), fix);
    }
    static const QSet<QString> starts {QStringLiteral("enabled"), QStringLiteral("static"), QStringLiteral("generated"), QStringLiteral("alias"), QStringLiteral("indirect")};
    const QString unit = unitOf(service);
    if (starts.contains(facts.unitFileState))
        return pass(tr("%1 is %2.").arg(unit, facts.unitFileState));
    fix.title = tr("Enable %1").arg(unit);
    fix.diff = QStringLiteral("- %1: %2\n+ %1: enabled").arg(unit, facts.unitFileState);
    fix.commands.append({{QStringLiteral("systemctl"), QStringLiteral("enable"), unit}, true, {}});
    fix.undo = QStringLiteral("sudo systemctl disable %1").arg(unit);
    if (facts.unitFileState == QLatin1String("masked"))
        return fail(tr("%1 is masked.").arg(unit), tr("Unmask and enable it: sudo systemctl unmask %1, sudo systemctl enable %1").arg(unit));
    return fail(tr("%1 is %2.").arg(unit, facts.unitFileState), tr("Enable it: sudo systemctl enable %1").arg(unit), fix);
}

} // namespace

CheckVerdict engineRunning(const Facts &, const Node *node)
{
    if (!node->config.engine)
        return notApplicable();
    if (const auto stopped = machineStopped(*node))
        return *stopped;
    if (!node->engine)
        return notAsked();
    const QString service = node->engineService && *node->engineService ? tr("%1 is %2").arg((*node->engineService)->service, serviceStateName((*node->engineService)->state)) : QString();
    const QString tail = service.isEmpty() ? QString() : QStringLiteral(" %1.").arg(service);
    if (!*node->engine) {
        const Error &error = node->engine->error();
        const bool answered = error.kind == Error::Kind::Remote || error.kind == Error::Kind::Protocol || error.kind == Error::Kind::Timeout
            || (error.kind == Error::Kind::Network && (error.code == 111 || error.code == 502));
        return answered ? fail(error.summary + tail, error.remedy.isEmpty() ? tr("Look at its log: hybridgectl logs %1 engine").arg(node->config.id) : error.remedy) : unread(error);
    }
    const EngineFacts &facts = **node->engine;
    if (facts.loading)
        return unknown(tr("It is loading its model.") + tail, tr("Wait until it has opened its port, and check again."));
    if (!facts.ready.value_or(false))
        return fail(tr("It answers that it cannot serve.") + tail, tr("Look at its log: hybridgectl logs %1 engine").arg(node->config.id));
    return pass(tr("%1 %2 answers with %3 models.").arg(engineKindName(facts.kind), facts.version).arg(facts.models ? int(facts.models->size()) : 0) + tail);
}

CheckVerdict engineBoot(const Facts &, const Node *node)
{
    return node->config.engine ? startsAtBoot(*node, node->config.engine->service, node->engineService) : notApplicable();
}

CheckVerdict connectorBoot(const Facts &, const Node *node)
{
    return node->config.connector ? startsAtBoot(*node, node->config.connector->service, node->connectorService) : notApplicable();
}

CheckVerdict engineLoopback(const Facts &, const Node *node)
{
    if (!node->config.engine || !node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.listeners)
        return unknown(tr("The node did not tell what listens: %1").arg(audit.refusalOf(QStringLiteral("listeners"))), tr("Install iproute2 on the node, for ss."));
    const int port = node->config.engine->url.port(80);
    QStringList wide;
    QStringList all;
    for (const ListeningSocket &socket : *audit.listeners) {
        if (socket.port != port)
            continue;
        const QString text = QStringLiteral("%1:%2").arg(socket.address.contains(QLatin1Char(':')) ? QLatin1Char('[') + socket.address + QLatin1Char(']') : socket.address).arg(port);
        all.append(text);
        if (!socket.isLoopback())
            wide.append(text);
    }
    if (all.isEmpty())
        return unknown(tr("Nothing listens at port %1 now.").arg(port));
    if (!wide.isEmpty())
        return fail(tr("It listens at %1: whoever reaches this machine reaches the model server.").arg(wide.join(QLatin1String(", "))), loopbackRemedy(node->config));
    return pass(tr("It listens at %1 alone.").arg(all.join(QLatin1String(", "))));
}

CheckVerdict enginePublished(const Facts &, const Node *node)
{
    if (!node->config.engine || !node->config.ssh || containerOf(node->config.engine->service).isEmpty())
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.publishedPorts)
        return unknown(tr("Docker did not tell the container's ports. %1").arg(audit.refusalOf(QStringLiteral("ports"))).trimmed(), tr("Let the login ask docker: sudo usermod -aG docker USER, then log in anew."));
    QStringList wide;
    for (const QString &port : *audit.publishedPorts)
        if (!isLoopbackPublish(port))
            wide.append(port);
    if (!wide.isEmpty())
        return fail(tr("Published to every interface: %1").arg(wide.join(QLatin1String(", "))), loopbackRemedy(node->config));
    return pass(audit.publishedPorts->isEmpty() ? tr("The container publishes no port.") : tr("Published on loopback alone: %1").arg(audit.publishedPorts->join(QLatin1String(", "))));
}

CheckVerdict modelPresent(const Facts &, const Node *node)
{
    if (!node->config.engine || node->config.engine->models.isEmpty())
        return notApplicable();
    CheckVerdict instead;
    const EngineFacts *engine = engineOf(*node, &instead);
    if (!engine)
        return instead;
    if (!engine->models)
        return unknown(tr("The model server did not list its models."));
    QStringList missing;
    for (const QString &model : node->config.engine->models)
        if (!hasModel(engine->kind, *engine->models, model))
            missing.append(model);
    const QString served = engine->models->mid(0, 8).join(QLatin1String(", "));
    if (!missing.isEmpty())
        return fail(tr("%1 is not served; served are: %2.").arg(missing.join(QLatin1String(", ")), served.isEmpty() ? tr("none") : served),
            engine->kind == EngineKind::Ollama ? tr("Fetch it on the node: ollama pull %1").arg(missing.first()) : tr("Start the server with this model, or name the one that it serves in the fleet file."));
    return pass(tr("Served: %1.").arg(served));
}

CheckVerdict modelOnGpu(const Facts &, const Node *node)
{
    if (!node->config.engine || node->config.engine->kind == EngineKind::OpenAi || node->config.accelerator != AcceleratorKind::Nvidia)
        return notApplicable();
    CheckVerdict instead;
    const EngineFacts *engine = engineOf(*node, &instead);
    if (!engine)
        return instead;
    if (engine->kind == EngineKind::Ollama) {
        if (!engine->loadedModels || engine->loadedModels->isEmpty() || !engine->vramFraction)
            return unknown(tr("No model is loaded now, so nothing tells where it would be."), tr("Ask it for something, and check again."));
        const QString share = formatPercent(*engine->vramFraction * 100);
        if (*engine->vramFraction < AllOnGpu)
            return fail(tr("%1 of the loaded model is in GPU memory, the rest runs on the CPU.").arg(share),
                tr("Look at nvidia-smi and at ollama's log for why the GPU was not taken; a smaller model or context fits whole."));
        return pass(tr("%1 of %2 is in GPU memory.").arg(share, engine->loadedModels->first().name));
    }
    if (const auto unseen = unreadFact(node->gpus))
        return *unseen;
    double used = 0;
    bool told = false;
    for (const GpuAudit::Card &card : (*node->gpus)->cards) {
        told = told || card.memoryUsedMiB;
        used += card.memoryUsedMiB.value_or(0);
    }
    if (!told)
        return unknown(tr("The cards do not tell how much of their memory is used."));
    if (used < LeastUsedMiB)
        return fail(tr("The server answers, but %1 of GPU memory are used: the model is not there.").arg(formatMiB(used)), tr("Look whether the container was started with --gpus all."));
    return pass(tr("%1 of GPU memory are used.").arg(formatMiB(used)));
}

CheckVerdict modelFits(const Facts &, const Node *node)
{
    if (!node->config.engine || node->config.engine->kind == EngineKind::OpenAi || node->config.accelerator != AcceleratorKind::Nvidia)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->gpus))
        return *instead;
    const QList<GpuAudit::Card> &cards = (*node->gpus)->cards;
    const std::optional<double> total = cards.first().memoryTotalMiB;
    if (!total)
        return unknown(tr("The card does not tell how much memory it has."));
    const double totalGib = *total / 1024;
    const EngineFacts *engine = node->engine && *node->engine ? &**node->engine : nullptr;
    if (engine && engine->kind == EngineKind::Ollama && engine->loadedModels && !engine->loadedModels->isEmpty() && engine->loadedModels->first().sizeMiB) {
        const LoadedModel &model = engine->loadedModels->first();
        const double need = *model.sizeMiB / 1024 + 1;
        const QString evidence = tr("%1 takes %2 with its context, the card has %3.").arg(model.name, formatMiB(model.sizeMiB), formatMiB(total));
        return need <= totalGib * double(cards.size()) ? pass(evidence) : fail(evidence, tr("Take a smaller model or a shorter context."));
    }
    const QString name = node->config.engine->models.value(0, engine && engine->models ? engine->models->value(0) : QString());
    const std::optional<ModelNeed> need = modelNeed(name, engine && engine->maxModelLen ? *engine->maxModelLen : 4096);
    if (!need)
        return unknown(tr("The name %1 tells no size.").arg(name.isEmpty() ? unknownText() : name));
    const int gpus = int(cards.size());
    const double perGpu = need->perGpu(gpus);
    const QString evidence = tr("%1 needs about %2 GiB a card (weights %3, context %4, overhead %5); the card has %6 GiB, 90 % of it usable.")
                                 .arg(name)
                                 .arg(perGpu, 0, 'f', 1)
                                 .arg(need->weights / gpus, 0, 'f', 1)
                                 .arg(need->cache / gpus, 0, 'f', 1)
                                 .arg(need->overhead, 0, 'f', 1)
                                 .arg(totalGib, 0, 'f', 1);
    switch (modelFit(perGpu, totalGib)) {
    case ModelFit::Fits: return pass(evidence);
    case ModelFit::Tight: return pass(evidence + QLatin1Char(' ') + tr("It is tight: long or many requests wait."));
    case ModelFit::TooBig: break;
    }
    const int cardsNeeded = [&] {
        for (int n = gpus + 1; n <= 16; ++n)
            if (modelFit(need->perGpu(n), totalGib) != ModelFit::TooBig)
                return n;
        return 0;
    }();
    return fail(evidence, cardsNeeded > 0 ? tr("Take a smaller or more quantised model, a shorter --max-model-len, or %1 such cards.").arg(cardsNeeded) : tr("Take a smaller model."));
}

CheckVerdict modelFailover(const Facts &facts, const Node *)
{
    QList<const Node *> nodes;
    for (const Node &node : facts.nodes)
        if (node.config.engine)
            nodes.append(&node);
    if (nodes.size() < 2 || !facts.config.routing)
        return notApplicable();
    QMap<QString, QStringList> speakers; // public name -> nodes
    QStringList wrong;
    int readable = 0;
    const bool worker = facts.config.routing->mode == QLatin1String("worker");
    if (worker && !facts.worker)
        return notAsked();
    if (worker && !*facts.worker)
        return unread(facts.worker->error());
    for (const Node *node : nodes) {
        CheckVerdict instead;
        const EngineFacts *engine = engineOf(*node, &instead);
        if (!engine || !engine->models)
            continue;
        ++readable;
        if (!worker) {
            for (const QString &model : *engine->models)
                speakers[model.endsWith(QLatin1String(":latest")) ? model.chopped(7) : model].append(node->config.id);
            continue;
        }
        const nlohmann::json *backends = jsonField((*facts.worker)->routesBinding, "backends");
        for (const nlohmann::json &backend : backends && backends->is_array() ? *backends : nlohmann::json::array()) {
            const auto word = [](const nlohmann::json &value) { return value.is_string() ? safeText(QString::fromStdString(value.get<std::string>()), 200) : QString(); };
            const nlohmann::json *id = jsonField(backend, "id");
            if (!id || word(*id) != node->config.id)
                continue;
            const auto claim = [&](const QString &name, const QString &local) {
                if (hasModel(engine->kind, *engine->models, local))
                    speakers[name].append(node->config.id);
                else
                    wrong.append(name == local ? tr("%1 does not serve %2").arg(node->config.id, local) : tr("%1 does not serve %2, which \"%3\" means there").arg(node->config.id, local, name));
            };
            if (const nlohmann::json *models = jsonField(backend, "models"); models && models->is_array())
                for (const nlohmann::json &model : *models)
                    claim(word(model), word(model));
            if (const nlohmann::json *aliases = jsonField(backend, "aliases"); aliases && aliases->is_object())
                for (const auto &[name, local] : aliases->items())
                    claim(safeText(QString::fromStdString(name), 200), word(local));
        }
    }
    if (readable < 2)
        return unknown(tr("Fewer than two model servers tell their models now."));
    if (!wrong.isEmpty())
        return fail(wrong.mid(0, 4).join(QLatin1String("; ")) + QLatin1Char('.'), tr("Serve these models, or change models and aliases of the router's ROUTES."));
    QStringList shared;
    for (auto it = speakers.begin(); it != speakers.end(); ++it)
        if (it->size() > 1)
            shared.append(QStringLiteral("%1 (%2)").arg(it.key(), it->join(QLatin1String(", "))));
    if (shared.isEmpty())
        return fail(tr("No model name is known to two nodes: a failover ends in 404."),
            worker ? tr("Give two backends the same alias in ROUTES.") : tr("Serve one name on both: vLLM --served-model-name chat, and on Ollama: ollama cp MODEL chat"));
    return pass(tr("Known to several nodes: %1.").arg(shared.mid(0, 6).join(QLatin1String("; "))));
}

} // namespace hybridge::checks
