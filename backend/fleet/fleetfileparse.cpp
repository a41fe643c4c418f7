// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetfilereader.h"
#include "backend/fleet/secretcache.h"
#include "backend/http/origin.h"

#include <QCoreApplication>
#include <QDir>
#include <QHash>
#include <QSet>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

using Json = nlohmann::ordered_json;

QString tr(const char *text)
{
    return QCoreApplication::translate("FleetFile", text);
}

std::optional<AccessRefs> readAccess(const FleetObject &parent, const QString &kind)
{
    std::optional<AccessRefs> result;
    parent.object("access", kind, [&](const FleetObject &object) {
        const std::optional<SecretRef> id = object.secret("clientId");
        const std::optional<SecretRef> secret = object.secret("clientSecret");
        const std::optional<SecretRef> token = object.secret("token");
        for (const char *key : {"clientId", "clientSecret"}) {
            if (object.has("token") && object.has(key))
                object.refuse("token", tr("a log-in token beside \"%1\"").arg(QLatin1String(key)), tr("either a service token or a log-in token: Access refuses both at once"));
            else if (!object.has("token") && !object.has(key))
                FleetObject::refuseAt(object.context(), object.pointer(), tr("no \"%1\"").arg(QLatin1String(key)), tr("that key: this part means nothing without it"));
        }
        if (token)
            result = loginTokenRefs(*token);
        else if (id && secret)
            result = AccessRefs{*id, *secret};
    });
    return result;
}

EndpointConfig readEndpoint(const FleetObject &object)
{
    EndpointConfig endpoint;
    endpoint.url = object.url("url").value_or(QUrl());
    endpoint.access = readAccess(object, u"/endpoint/access"_s);
    return endpoint;
}

CloudflareConfig readCloudflare(const FleetObject &object)
{
    CloudflareConfig cloudflare;
    cloudflare.accountId = object.text("accountId", FleetTextRule::identifier);
    cloudflare.zoneId = object.text("zoneId", FleetTextRule::identifier);
    cloudflare.team = object.text("team", FleetTextRule::domainLabel);
    cloudflare.token = object.secret("token");
    cloudflare.apiBase = object.url("apiBase").value_or(cloudflare.apiBase);
    return cloudflare;
}

GcpCredentialsRef readGcpCredentials(const FleetObject &object)
{
    GcpCredentialsRef credentials;
    const Json *json = object.value("credentials");
    if (!json || *json == "adc")
        return credentials;
    const QString expected = tr("adc, file:PATH, command:[\"PROGRAM\",\"ARGUMENT\"] or env:NAME");
    const QString text = json->is_string() ? QString::fromStdString(json->get_ref<const std::string &>()) : QString();
    const Result<SecretRef> ref = parseSecretRef(text, object.context().home);
    if (!ref || ref->store == SecretRef::Store::Keyring) {
        const QString found = json->is_string()
            ? (ref ? tr("a reference to the keyring")
                   : tr("a text that is none of these (not shown: it may be a credential)"))
            : describeJson(*json);
        object.refuse("credentials", found, ref || !text.contains(u':') ? expected : ref.error().detail);
        return credentials;
    }
    credentials.name = ref->name;
    credentials.command = ref->command;
    credentials.source = ref->store == SecretRef::Store::File ? GcpCredentialsRef::Source::File
        : ref->store == SecretRef::Store::Command             ? GcpCredentialsRef::Source::Command
                                                              : GcpCredentialsRef::Source::Environment;
    return credentials;
}

GcpConfig readGcp(const FleetObject &object)
{
    GcpConfig gcp;
    gcp.project = object.text("project", FleetTextRule::project);
    gcp.billingAccount = object.text("billingAccount", FleetTextRule::billingAccount);
    gcp.credentials = readGcpCredentials(object);
    gcp.computeBase = object.url("computeBase").value_or(gcp.computeBase);
    gcp.tpuBase = object.url("tpuBase").value_or(gcp.tpuBase);
    gcp.billingBase = object.url("billingBase").value_or(gcp.billingBase);
    gcp.budgetsBase = object.url("budgetsBase").value_or(gcp.budgetsBase);
    gcp.quotasBase = object.url("quotasBase").value_or(gcp.quotasBase);
    return gcp;
}

RoutingConfig readRouting(const FleetObject &object)
{
    static const QStringList modes{u"worker"_s, u"load-balancer"_s};
    RoutingConfig routing;
    if (const std::optional<int> mode = object.word("mode", modes))
        routing.mode = modes.at(*mode);
    routing.script = object.text("script", FleetTextRule::identifier);
    routing.loadBalancer = object.text("loadBalancer", FleetTextRule::host);
    return routing;
}

std::map<QString, QString> readProxyEnv(const FleetObject &ssh)
{
    std::map<QString, QString> result;
    const Json *json = ssh.value("proxyEnv");
    if (!json)
        return result;
    if (!json->is_object()) {
        ssh.refuse("proxyEnv", describeJson(*json), tr("an object { ... } of environment variables"));
        return result;
    }
    const FleetObject::Context &context = ssh.context();
    for (const auto &item : json->items()) {
        const QString name = QString::fromStdString(item.key());
        const std::string pointer = pointerTo(ssh.pointerOf("proxyEnv"), item.key());
        if (name.startsWith(u"x-"_s))
            continue;
        if (!FleetTextRule::variable.accepts(name)) {
            FleetObject::refuseAt(context, pointer, tr("such a name"), tr(FleetTextRule::variable.expected));
            continue;
        }
        if (!item.value().is_string()) {
            FleetObject::refuseAt(context, pointer, describeJson(item.value()), tr("a text"));
            continue;
        }
        const QString text = QString::fromStdString(item.value().get_ref<const std::string &>());
        const Result<SecretRef> ref = parseSecretRef(text, context.home);
        if (!ref && isSecretVariable(name)) {
            FleetObject::refuseAt(context, pointer,
                tr("a text that is no reference (not shown: it may be the secret itself)"), ref.error().detail,
                ref.error().remedy);
            continue;
        }
        if (text.size() > 4096 || text.contains(QChar::Null)) {
            FleetObject::refuseAt(context, pointer, tr("a value that is too long or holds a zero byte"),
                tr("a text of at most 4096 characters"));
            continue;
        }
        result.emplace(name, ref ? ref->text() : text);
    }
    return result;
}

SshConfig readSsh(const FleetObject &object)
{
    SshConfig ssh;
    ssh.host = object.text("host", FleetTextRule::host);
    ssh.port = static_cast<quint16>(object.integer("port", 1, 65535).value_or(22));
    ssh.user = object.text("user", FleetTextRule::user);
    ssh.identity = expandHome(object.text("identity", FleetTextRule::path), object.context().home);
    ssh.proxyCommand = object.text("proxyCommand", FleetTextRule::commandLine);
    ssh.proxyEnv = readProxyEnv(object);
    ssh.jump = object.text("jump", FleetTextRule::jumpHost);
    return ssh;
}

SpotRestartConfig readSpotRestart(const FleetObject &object)
{
    static const QStringList week {u"mon"_s, u"tue"_s, u"wed"_s, u"thu"_s, u"fri"_s, u"sat"_s, u"sun"_s};
    SpotRestartConfig restart;
    restart.from = QTime::fromString(object.text("from", FleetTextRule::timeOfDay), u"HH:mm"_s);
    restart.to = QTime::fromString(object.text("to", FleetTextRule::timeOfDay), u"HH:mm"_s);
    if (object.has("from") != object.has("to"))
        object.refuse(object.has("from") ? "from" : "to", tr("one end of the window alone"), tr("both \"from\" and \"to\", or neither"));
    else if (restart.from.isValid() && restart.from == restart.to)
        object.refuse("to", tr("the same time as \"from\""), tr("a later time; leave out both for the whole day"));
    object.array("days", [&](const Json &item, const std::string &pointer, int) {
        const QString day = item.is_string() ? QString::fromStdString(item.get_ref<const std::string &>()) : QString();
        if (!week.contains(day) || restart.days.contains(day))
            FleetObject::refuseAt(object.context(), pointer, describeJson(item), tr("one of %1, each once").arg(week.join(u", "_s)));
        else
            restart.days.append(day);
    });
    restart.timeZone = object.text("timeZone", FleetTextRule::timeZone);
    restart.firstPauseSeconds = object.integer("firstPauseSeconds", 1, 3600).value_or(SpotRestartConfig::UsualPause);
    restart.giveUpMinutes = object.integer("giveUpMinutes", 1, 10080).value_or(SpotRestartConfig::UsualEnd);
    return restart;
}

MachineConfig readMachine(const FleetObject &object, std::optional<SpotRestartConfig> &restart)
{
    MachineConfig machine;
    machine.kind = static_cast<MachineKind>(object.word("kind", {u"gce"_s, u"tpu"_s, u"host"_s}).value_or(2));
    machine.zone = object.text("zone", FleetTextRule::cloudName);
    machine.instance = object.text("instance", FleetTextRule::cloudName);
    object.array("alternatives", [&](const Json &item, const std::string &pointer, int) {
        if (!item.is_object()) {
            FleetObject::refuseAt(object.context(), pointer, describeJson(item), tr("an object { ... }"));
            return;
        }
        const FleetObject place(object.context(), item, pointer, u"/nodes/*/machine/alternatives/*"_s);
        MachineAlternative alternative;
        alternative.zone = place.text("zone", FleetTextRule::cloudName);
        alternative.machineType = place.text("machineType", FleetTextRule::cloudName);
        machine.alternatives.append(alternative);
    });
    object.object("spotRestart", u"/nodes/*/machine/spotRestart"_s, [&](const FleetObject &part) { restart = readSpotRestart(part); });
    if (restart && machine.kind != MachineKind::Gce)
        object.refuse("spotRestart", tr("a restart for a machine of kind %1").arg(machineKindName(machine.kind)), tr("it for machines of kind gce alone: no other can be started again after a preemption"));
    return machine;
}

EngineConfig readEngine(const FleetObject &object)
{
    EngineConfig engine;
    engine.kind = static_cast<EngineKind>(object.word("kind", {u"vllm"_s, u"ollama"_s, u"openai"_s}).value_or(0));
    engine.url = object.url("url").value_or(QUrl());
    engine.apiKey = object.secret("apiKey");
    engine.service = object.text("service", FleetTextRule::service);
    object.array("models", [&](const Json &item, const std::string &pointer, int) {
        const QString name = item.is_string() ? QString::fromStdString(item.get_ref<const std::string &>()) : QString();
        if (!FleetTextRule::model.accepts(name))
            FleetObject::refuseAt(object.context(), pointer, describeJson(item), tr(FleetTextRule::model.expected));
        else if (engine.models.contains(name))
            FleetObject::refuseAt(object.context(), pointer, tr("the model %1 a second time").arg(describeJson(item)),
                tr("each model once"));
        else
            engine.models.append(name);
    });
    return engine;
}

ConnectorConfig readConnector(const FleetObject &object)
{
    ConnectorConfig connector;
    connector.service = object.text("service", FleetTextRule::service);
    connector.metrics = object.url("metrics").value_or(QUrl());
    return connector;
}

PriceConfig readPrice(const FleetObject &object)
{
    PriceConfig price;
    price.perHour = object.amount("perHour", 1e6);
    const Json *watts = object.value("watts");
    if (watts && watts->is_string() && *watts != "measured")
        object.refuse("watts", describeJson(*watts), tr("a number of watts, or \"measured\""));
    else if (watts && watts->is_string())
        price.measuredWatts = true;
    else
        price.watts = object.amount("watts", 1e6);
    price.baseWatts = object.amount("baseWatts", 1e6).value_or(0);
    price.perKWh = object.amount("perKWh", 1e6);
    object.object("amortization", u"/nodes/*/price/amortization"_s, [&](const FleetObject &part) {
        const std::optional<double> amount = part.amount("amount", 1e9);
        const std::optional<int> months = part.integer("months", 1, 600);
        if (amount && months)
            price.amortization = AmortizationConfig {*amount, *months};
    });
    if (const QString currency = object.text("currency", FleetTextRule::currency); !currency.isEmpty())
        price.currency = currency;
    return price;
}

NodeConfig readNode(const FleetObject &object, SpotRestarts &restarts)
{
    NodeConfig node;
    std::optional<SpotRestartConfig> restart;
    node.id = object.text("id", FleetTextRule::nodeId);
    node.label = object.text("label", FleetTextRule::label);
    if (node.label.isEmpty())
        node.label = node.id;
    node.colour = object.text("colour", FleetTextRule::colour);
    node.url = object.url("url").value_or(QUrl());
    node.access = readAccess(object, u"/nodes/*/access"_s);
    node.tunnel = object.text("tunnel", FleetTextRule::uuid);
    object.object("ssh", u"/nodes/*/ssh"_s, [&](const FleetObject &part) { node.ssh = readSsh(part); });
    object.object("machine", u"/nodes/*/machine"_s, [&](const FleetObject &part) { node.machine = readMachine(part, restart); });
    if (restart)
        restarts.insert(node.id, *restart);
    object.object("engine", u"/nodes/*/engine"_s, [&](const FleetObject &part) { node.engine = readEngine(part); });
    object.object(
        "connector", u"/nodes/*/connector"_s, [&](const FleetObject &part) { node.connector = readConnector(part); });
    static const QStringList accelerators{u"nvidia"_s, u"amd"_s, u"tpu"_s, u"none"_s};
    if (const std::optional<int> kind = object.word("accelerator", accelerators))
        node.accelerator = static_cast<AcceleratorKind>(*kind + 1);
    object.object("price", u"/nodes/*/price"_s, [&](const FleetObject &part) { node.price = readPrice(part); });
    if (node.ssh && node.machine && node.machine->kind == MachineKind::Host) {
        const Json &ssh = *object.value("ssh");
        const auto host = ssh.find("host");
        if (host == ssh.end() || host->is_null())
            FleetObject::refuseAt(object.context(), object.pointerOf("ssh"), tr("no \"host\""),
                tr("the host's name or address (only of gce and tpu machines does a cloud tell it)"));
    }
    return node;
}

/// Ids must differ, and what names another node must name one that is there and lead to an end.
void checkReferences(
    const QList<NodeConfig> &nodes, const QList<std::string> &pointers, const FleetObject::Context &context)
{
    QHash<QString, int> index;
    for (int i = 0; i < int(nodes.size()); ++i) {
        const QString &id = nodes.at(i).id;
        if (id.isEmpty())
            continue;
        if (const auto first = index.constFind(id); first != index.cend())
            FleetObject::refuseAt(context, pointerTo(pointers.at(i), "id"), tr("the id \"%1\" a second time").arg(id),
                tr("an id of its own (node %1 of the list has it)").arg(*first + 1),
                tr("Give one of the two nodes another id."));
        else
            index.insert(id, i);
    }
    for (int i = 0; i < int(nodes.size()); ++i) {
        const NodeConfig &node = nodes.at(i);
        if (!node.ssh || node.ssh->jump.isEmpty())
            continue;
        const QString &jump = node.ssh->jump;
        const std::string pointer = pointerTo(pointerTo(pointers.at(i), "ssh"), "jump");
        if (!index.contains(jump)) {
            // A bare word is meant as a node's id; a host that is none is written with a dot, a user or a port.
            static const QString hostMarks = u".:@"_s;
            const bool isHost
                = std::any_of(hostMarks.cbegin(), hostMarks.cend(), [&](QChar c) { return jump.contains(c); });
            if (!isHost)
                FleetObject::refuseAt(context, pointer, tr("the text \"%1\", which is no node's id").arg(jump),
                    tr(FleetTextRule::jumpHost.expected));
            continue;
        }
        QSet<QString> passed{node.id};
        for (QString next = jump; index.contains(next);) {
            if (passed.contains(next)) {
                FleetObject::refuseAt(context, pointer, tr("a way that leads back to \"%1\"").arg(next),
                    tr("jump hosts that end at a host reached directly"));
                break;
            }
            passed.insert(next);
            const NodeConfig &via = nodes.at(index.value(next));
            next = via.ssh ? via.ssh->jump : QString();
        }
        if (const NodeConfig &via = nodes.at(index.value(jump)); !via.ssh)
            FleetObject::refuseAt(context, pointer, tr("the node \"%1\", which has no \"ssh\"").arg(jump),
                tr("a node that is reached by SSH"));
    }
}

QString readLabControl(const FleetObject &root)
{
    const Json *lab = root.value("x-lab");
    if (!lab || !lab->is_object())
        return {};
    const auto control = lab->find("control");
    if (control == lab->end() || !control->is_string())
        return {};
    const QString text = QString::fromStdString(control->get_ref<const std::string &>());
    // An extension key is never a reason to refuse a file; one that points elsewhere is simply no lab.
    return checkFleetUrl(text) == UrlFault::None && isLoopbackHost(QUrl(text).host()) ? text : QString();
}

FleetConfig readRoot(const FleetObject &root, SpotRestarts &restarts)
{
    FleetConfig config;
    (void)root.integer("version", 1, 1);
    config.name = root.text("name", FleetTextRule::label);
    static const QStringList plans{u"free"_s, u"paid"_s};
    config.plan = plans.at(root.word("plan", plans).value_or(0));
    root.object("endpoint", u"/endpoint"_s, [&](const FleetObject &part) { config.endpoint = readEndpoint(part); });
    root.object(
        "cloudflare", u"/cloudflare"_s, [&](const FleetObject &part) { config.cloudflare = readCloudflare(part); });
    root.object("gcp", u"/gcp"_s, [&](const FleetObject &part) { config.gcp = readGcp(part); });
    root.object("routing", u"/routing"_s, [&](const FleetObject &part) { config.routing = readRouting(part); });
    QList<std::string> pointers;
    root.array("nodes", [&](const Json &item, const std::string &pointer, int) {
        if (!item.is_object()) {
            FleetObject::refuseAt(root.context(), pointer, describeJson(item), tr("a node as an object { ... }"));
            return;
        }
        config.nodes.append(readNode(FleetObject(root.context(), item, pointer, u"/nodes/*"_s), restarts));
        pointers.append(pointer);
    });
    checkReferences(config.nodes, pointers, root.context());
    for (NodeConfig &node : config.nodes)
        if (!node.access && config.endpoint)
            node.access = config.endpoint->access;
    config.labControl = readLabControl(root);
    return config;
}

/// Another version is one clear sentence, not fifty about keys that it may well know.
bool isOtherVersion(const Json &root)
{
    const auto version = root.find("version");
    return version != root.end() && version->is_number_integer() && *version != 1;
}

} // namespace

Result<FleetConfig> FleetParse::result() const
{
    if (config)
        return *config;
    return fleetError(problems);
}

FleetParse parseFleet(const QByteArray &bytes, const QString &home)
{
    FleetParse parse;
    if (bytes.size() > fleetFileLimit) {
        FleetProblem problem;
        problem.found = tr("a file of %1 bytes").arg(bytes.size());
        problem.expected = tr("at most 4 MiB");
        parse.problems.append(problem);
        return parse;
    }
    FleetDocument document;
    if (!readFleetJson(bytes, document, parse.problems))
        return parse;
    const FleetObject::Context context{document, parse.problems, home};
    if (!document.root.is_object()) {
        FleetObject::refuseAt(context, {}, describeJson(document.root), tr("an object { ... }"));
        return parse;
    }
    if (isOtherVersion(document.root)) {
        FleetObject::refuseAt(context, "/version", describeJson(document.root["version"]), tr("version 1"),
            tr("This file was written for another release of Hybridge."));
        return parse;
    }
    SpotRestarts restarts;
    FleetConfig config = readRoot(FleetObject(context, document.root, {}, u""_s), restarts);
    // In the order of the file; those without a line keep the place where they were found.
    std::stable_sort(parse.problems.begin(), parse.problems.end(),
        [](const FleetProblem &a, const FleetProblem &b) { return a.line < b.line; });
    if (parse.problems.isEmpty()) {
        parse.config = std::move(config);
        parse.spotRestarts = std::move(restarts);
    }
    return parse;
}

Result<FleetConfig> parseFleetConfig(const QByteArray &bytes)
{
    return parseFleet(bytes, QDir::homePath()).result();
}

} // namespace hybridge
