// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetfilejson.h"
#include "backend/fleet/secretcache.h"

#include <functional>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

using Json = nlohmann::ordered_json;

QString textOf(const Json &json)
{
    return json.is_string() ? QString::fromStdString(json.get_ref<const std::string &>()) : QString();
}

QString textAt(const Json &object, const char *key)
{
    const auto found = object.find(key);
    return found == object.end() ? QString() : textOf(*found);
}

/// Writes one object over what stood there: a value that means the same stays as it was written, a default that was
/// left out stays left out, and keys that are not named (extensions) are not touched.
class ObjectWriter {
public:
    ObjectWriter(Json &object, QString home) : m_object(object), m_home(std::move(home))
    {
        if (!m_object.is_object())
            m_object = Json::object();
    }

    using Same = std::function<bool(const Json &)>;

    void put(const char *key, const Json &value, bool isDefault, const Same &same)
    {
        const auto standing = m_object.find(key);
        if (standing == m_object.end()) {
            if (!isDefault)
                m_object[key] = value;
            return;
        }
        if (standing->is_null() ? isDefault : same(*standing))
            return;
        if (isDefault)
            m_object.erase(key);
        else
            *standing = value;
    }
    void text(const char *key, const QString &value, const QString &byDefault = {})
    {
        const Json json(value.toStdString());
        put(key, json, value == byDefault, [&](const Json &standing) { return standing == json; });
    }
    void path(const char *key, const QString &value)
    {
        put(key, Json(value.toStdString()), value.isEmpty(),
            [&](const Json &standing) { return expandHome(textOf(standing), m_home) == value; });
    }
    void url(const char *key, const QUrl &value, const QUrl &byDefault = {})
    {
        put(key, Json(value.toString(QUrl::FullyEncoded).toStdString()), value == byDefault,
            [&](const Json &standing) { return QUrl(textOf(standing), QUrl::StrictMode) == value; });
    }
    void number(const char *key, std::optional<double> value, std::optional<double> byDefault = {})
    {
        put(key, value ? Json(*value) : Json(), value == byDefault,
            [&](const Json &standing) { return standing.is_number() && value && standing.get<double>() == *value; });
    }
    void integer(const char *key, int value, int byDefault)
    {
        put(key, Json(value), value == byDefault, [&](const Json &standing) { return standing == value; });
    }
    void secret(const char *key, const std::optional<SecretRef> &value)
    {
        put(key, value ? Json(value->text().toStdString()) : Json(), !value, [&](const Json &standing) {
            const Result<SecretRef> ref = parseSecretRef(textOf(standing), m_home);
            return ref && value && *ref == *value;
        });
    }
    void texts(const char *key, const QStringList &values)
    {
        Json list = Json::array();
        for (const QString &value : values)
            list.push_back(value.toStdString());
        put(key, list, values.isEmpty(), [&](const Json &standing) { return standing == list; });
    }
    /// The object at @p key, written by @p write; removed when @p isThere is false.
    void object(const char *key, bool isThere, const std::function<void(ObjectWriter &)> &write)
    {
        if (!isThere) {
            if (const auto standing = m_object.find(key); standing != m_object.end() && !standing->is_null())
                m_object.erase(key);
            return;
        }
        ObjectWriter part(m_object[key], m_home);
        write(part);
    }
    [[nodiscard]] Json *standing(const char *key)
    {
        const auto found = m_object.find(key);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }
    [[nodiscard]] Json &raw() { return m_object; }
    [[nodiscard]] const QString &home() const { return m_home; }

private:
    Json &m_object;
    QString m_home;
};

void writeAccess(ObjectWriter &parent, const std::optional<AccessRefs> &access)
{
    parent.object("access", access.has_value(), [&](ObjectWriter &object) {
        const bool isLogin = isLoginToken(*access);
        object.secret("clientId", isLogin ? std::nullopt : std::optional(access->clientId));
        object.secret("clientSecret", isLogin ? std::nullopt : std::optional(access->clientSecret));
        object.secret("token", isLogin ? std::optional(access->clientId) : std::nullopt);
    });
}

QString credentialsText(const GcpCredentialsRef &credentials)
{
    switch (credentials.source) {
    case GcpCredentialsRef::Source::Adc:
        break;
    case GcpCredentialsRef::Source::File:
        return u"file:"_s + credentials.name;
    case GcpCredentialsRef::Source::Command:
        return u"command:"_s + argumentVectorText(credentials.command);
    case GcpCredentialsRef::Source::Environment:
        return u"env:"_s + credentials.name;
    }
    return u"adc"_s;
}

void writeGcp(ObjectWriter &object, const GcpConfig &gcp)
{
    const GcpConfig byDefault;
    const QString credentials = credentialsText(gcp.credentials);
    object.text("project", gcp.project);
    object.text("billingAccount", gcp.billingAccount);
    object.put("credentials", Json(credentials.toStdString()), gcp.credentials.source == GcpCredentialsRef::Source::Adc,
        [&](const Json &standing) {
            if (standing == credentials.toStdString())
                return true;
            const Result<SecretRef> ref = parseSecretRef(textOf(standing), object.home());
            return ref && ref->text() == credentials;
        });
    object.url("computeBase", gcp.computeBase, byDefault.computeBase);
    object.url("tpuBase", gcp.tpuBase, byDefault.tpuBase);
    object.url("billingBase", gcp.billingBase, byDefault.billingBase);
    object.url("budgetsBase", gcp.budgetsBase, byDefault.budgetsBase);
    object.url("quotasBase", gcp.quotasBase, byDefault.quotasBase);
}

void writeSsh(ObjectWriter &object, const SshConfig &ssh)
{
    object.text("host", ssh.host);
    object.integer("port", ssh.port, 22);
    object.text("user", ssh.user);
    object.path("identity", ssh.identity);
    object.text("proxyCommand", ssh.proxyCommand);
    object.object("proxyEnv", !ssh.proxyEnv.empty() || object.standing("proxyEnv"), [&](ObjectWriter &variables) {
        for (auto item = variables.raw().begin(); item != variables.raw().end();) {
            const QString name = QString::fromStdString(item.key());
            if (name.startsWith(u"x-"_s) || ssh.proxyEnv.contains(name))
                ++item;
            else
                item = variables.raw().erase(item);
        }
        for (const auto &variable : ssh.proxyEnv) {
            const QString &value = variable.second; // clang 14 captures no structured binding
            const Json json(value.toStdString());
            variables.put(variable.first.toUtf8().constData(), json, false, [&](const Json &standing) {
                const Result<SecretRef> ref = parseSecretRef(textOf(standing), object.home());
                return standing == json || (ref && ref->text() == value);
            });
        }
    });
    object.text("jump", ssh.jump);
}

void writeMachine(ObjectWriter &object, const MachineConfig &machine)
{
    object.text("kind", machineKindName(machine.kind));
    object.text("zone", machine.zone);
    object.text("instance", machine.instance);
    Json *standing = object.standing("alternatives");
    if (machine.alternatives.isEmpty() && !standing)
        return;
    const Json before = standing && standing->is_array() ? *standing : Json::array();
    Json list = Json::array();
    for (const MachineAlternative &alternative : machine.alternatives) {
        Json entry = Json::object();
        for (const Json &old : before) // one that is the same place keeps its extension keys
            if (old.is_object() && textAt(old, "zone") == alternative.zone
                && textAt(old, "machineType") == alternative.machineType)
                entry = old;
        ObjectWriter place(entry, object.home());
        place.text("zone", alternative.zone);
        place.text("machineType", alternative.machineType);
        list.push_back(entry);
    }
    object.raw()["alternatives"] = list;
}

void writeNode(ObjectWriter &object, const NodeConfig &node, const std::optional<AccessRefs> &endpointAccess)
{
    object.text("id", node.id);
    object.text("label", node.label, node.id);
    object.text("colour", node.colour);
    object.url("url", node.url);
    // The endpoint's access is what a node has when nothing is said: it is repeated only where it already was.
    if (node.access != endpointAccess || object.standing("access"))
        writeAccess(object, node.access);
    object.text("tunnel", node.tunnel);
    object.object("ssh", node.ssh.has_value(), [&](ObjectWriter &part) { writeSsh(part, *node.ssh); });
    object.object("machine", node.machine.has_value(), [&](ObjectWriter &part) { writeMachine(part, *node.machine); });
    object.object("engine", node.engine.has_value(), [&](ObjectWriter &part) {
        part.text("kind", engineKindName(node.engine->kind));
        part.url("url", node.engine->url);
        part.secret("apiKey", node.engine->apiKey);
        part.text("service", node.engine->service);
        part.texts("models", node.engine->models);
    });
    object.object("connector", node.connector.has_value(), [&](ObjectWriter &part) {
        part.text("service", node.connector->service);
        part.url("metrics", node.connector->metrics);
    });
    static const QStringList accelerators{u""_s, u"nvidia"_s, u"amd"_s, u"tpu"_s, u"none"_s};
    object.text("accelerator", accelerators.at(static_cast<int>(node.accelerator)));
    object.object("price", node.price.has_value(), [&](ObjectWriter &part) {
        const PriceConfig &price = *node.price;
        part.number("perHour", price.perHour);
        if (price.measuredWatts)
            part.text("watts", u"measured"_s);
        else
            part.number("watts", price.watts);
        part.number("baseWatts", price.baseWatts, 0.0);
        part.number("perKWh", price.perKWh);
        part.object("amortization", price.amortization.has_value(), [&](ObjectWriter &bought) {
            bought.number("amount", price.amortization->amount);
            bought.integer("months", price.amortization->months, 0);
        });
        part.text("currency", price.currency, PriceConfig().currency);
    });
}

void writeNodes(ObjectWriter &root, const FleetConfig &config)
{
    Json *standing = root.standing("nodes");
    if (config.nodes.isEmpty() && !standing)
        return;
    const Json before = standing && standing->is_array() ? *standing : Json::array();
    const std::optional<AccessRefs> access = config.endpoint ? config.endpoint->access : std::nullopt;
    std::map<std::string, const Json *> byId;
    for (const Json &node : before)
        if (node.is_object())
            byId.emplace(textAt(node, "id").toStdString(), &node);
    Json list = Json::array();
    for (const NodeConfig &node : config.nodes) {
        const auto old = byId.find(node.id.toStdString());
        Json entry = old == byId.end() ? Json::object() : *old->second;
        ObjectWriter object(entry, root.home());
        writeNode(object, node, access);
        list.push_back(std::move(entry));
    }
    root.raw()["nodes"] = std::move(list);
}

void writeRoot(ObjectWriter &root, const FleetConfig &config)
{
    root.put("version", Json(1), false, [](const Json &standing) { return standing == 1; });
    root.text("name", config.name);
    root.text("plan", config.plan, FleetConfig().plan);
    root.object("endpoint", config.endpoint.has_value(), [&](ObjectWriter &part) {
        part.url("url", config.endpoint->url);
        writeAccess(part, config.endpoint->access);
    });
    root.object("cloudflare", config.cloudflare.has_value(), [&](ObjectWriter &part) {
        part.text("accountId", config.cloudflare->accountId);
        part.text("zoneId", config.cloudflare->zoneId);
        part.text("team", config.cloudflare->team);
        part.secret("token", config.cloudflare->token);
        part.url("apiBase", config.cloudflare->apiBase, CloudflareConfig().apiBase);
    });
    root.object("gcp", config.gcp.has_value(), [&](ObjectWriter &part) { writeGcp(part, *config.gcp); });
    root.object("routing", config.routing.has_value(), [&](ObjectWriter &part) {
        part.text("mode", config.routing->mode);
        part.text("script", config.routing->script);
        part.text("loadBalancer", config.routing->loadBalancer);
    });
    writeNodes(root, config);
    // labControl comes from the extension "x-lab", which is kept with the other extensions.
    if (!config.labControl.isEmpty() && !root.standing("x-lab"))
        root.raw()["x-lab"] = Json{{"control", config.labControl.toStdString()}};
}

} // namespace

QByteArray writeFleet(const FleetConfig &config, const QByteArray &base, const QString &home)
{
    FleetDocument document;
    QList<FleetProblem> problems;
    if (base.isEmpty() || !readFleetJson(base, document, problems) || !problems.isEmpty())
        document.root = Json::object();
    ObjectWriter root(document.root, home);
    writeRoot(root, config);
    const std::string text = document.root.dump(2, ' ', false, Json::error_handler_t::replace);
    return QByteArray::fromStdString(text) + '\n';
}

} // namespace hybridge
