// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleettrust.h"
#include "backend/fleet/secretcache.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

using Json = nlohmann::json;

constexpr qint64 stateLimit = qint64(256) * 1024;
constexpr std::size_t filesLimit = 200;

QString tr(const char *text)
{
    return QCoreApplication::translate("FleetTrust", text);
}

/// "llm.example.com", with the port where it is not the scheme's own.
QString hostOf(const QUrl &url)
{
    return url.port() < 0 ? url.host() : u"%1:%2"_s.arg(url.host()).arg(url.port());
}

/// Collects what a file asks for; says the same thing only once.
class Collector {
public:
    void command(const QString &text, const QString &purpose)
    {
        const FleetCommand entry{text, purpose};
        if (!m_demands.commands.contains(entry))
            m_demands.commands.append(entry);
    }
    void secret(const SecretRef &ref, const QString &host, const QString &purpose)
    {
        const FleetSecretUse entry{ref.text(), host};
        if (!m_demands.secrets.contains(entry))
            m_demands.secrets.append(entry);
        if (ref.store == SecretRef::Store::Command)
            command(argumentVectorText(ref.command), purpose);
    }
    void secret(const QString &text, const QString &host)
    {
        const FleetSecretUse entry{text, host};
        if (!m_demands.secrets.contains(entry))
            m_demands.secrets.append(entry);
    }
    void access(const std::optional<AccessRefs> &access, const QUrl &url)
    {
        if (!access || url.isEmpty())
            return;
        if (isLoginToken(*access))
            return secret(access->clientId, hostOf(url), tr("Access to %1").arg(hostOf(url)));
        secret(access->clientId, hostOf(url), tr("Access to %1").arg(hostOf(url)));
        secret(access->clientSecret, hostOf(url), tr("Access to %1").arg(hostOf(url)));
    }
    void login(const FleetLogin &login)
    {
        if (!m_demands.logins.contains(login))
            m_demands.logins.append(login);
    }
    [[nodiscard]] FleetDemands demands() const { return m_demands; }

private:
    FleetDemands m_demands;
};

void collectGcp(Collector &collector, const GcpConfig &gcp)
{
    QString credentials = tr("your Google credentials (adc)");
    switch (gcp.credentials.source) {
    case GcpCredentialsRef::Source::Adc:
        break;
    case GcpCredentialsRef::Source::File:
        credentials = u"file:"_s + gcp.credentials.name;
        break;
    case GcpCredentialsRef::Source::Environment:
        credentials = u"env:"_s + gcp.credentials.name;
        break;
    case GcpCredentialsRef::Source::Command:
        credentials = u"command:"_s + argumentVectorText(gcp.credentials.command);
        collector.command(argumentVectorText(gcp.credentials.command), tr("Google credentials"));
        break;
    }
    for (const QUrl &base : {gcp.computeBase, gcp.tpuBase, gcp.billingBase, gcp.budgetsBase, gcp.quotasBase})
        collector.secret(credentials, hostOf(base));
}

void collectSsh(Collector &collector, const FleetConfig &config, const NodeConfig &node)
{
    const SshConfig &ssh = *node.ssh;
    QString host = ssh.host.isEmpty() ? tr("the address that the cloud reports for %1").arg(node.id) : ssh.host;
    if (host.contains(u':'))
        host = u'[' + host + u']';
    if (ssh.port != 22)
        host += u':' + QString::number(ssh.port);
    const FleetLogin login{ssh.user.isEmpty() ? host : ssh.user + u'@' + host,
        ssh.identity.isEmpty() ? tr("your usual keys") : ssh.identity};
    collector.login(login);
    if (!ssh.jump.isEmpty() && !config.node(ssh.jump)) // a node is listed for itself
        collector.login(FleetLogin{ssh.jump, login.identity});
    if (!ssh.proxyCommand.isEmpty())
        collector.command(ssh.proxyCommand, tr("Way to node %1").arg(node.id));
    for (const auto &[name, value] : ssh.proxyEnv) {
        const Result<SecretRef> ref = parseSecretRef(value, QDir::homePath());
        if (ref)
            collector.secret(
                *ref, tr("the command that leads to node %1").arg(node.id), tr("Way to node %1").arg(node.id));
    }
}

Json readState(const QString &path)
{
    QFile file(path);
    if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly))
        return Json::object();
    const QByteArray bytes = file.read(stateLimit + 1);
    if (bytes.size() > stateLimit)
        return Json::object();
    Json state = Json::parse(bytes.cbegin(), bytes.cend(), nullptr, false);
    const bool isOurs = state.is_object() && state.contains("version") && state["version"] == 1
        && state.contains("files") && state["files"].is_array();
    return isOurs ? state : Json::object();
}

bool hasHash(const Json &entry, const QByteArray &hash)
{
    return entry.is_object() && entry.contains("sha256") && entry["sha256"] == hash.toStdString();
}

} // namespace

QStringList FleetDemands::lines() const
{
    QStringList result;
    for (const FleetCommand &command : commands)
        result.append(tr("run: %1 (%2)").arg(command.command, command.purpose));
    for (const FleetSecretUse &use : secrets)
        result.append(tr("send: %1 -> %2").arg(use.secret, use.host));
    for (const FleetLogin &login : logins)
        result.append(tr("log in: %1 (%2)").arg(login.target, login.identity));
    return result;
}

FleetDemands demandsOf(const FleetConfig &config)
{
    Collector collector;
    if (config.endpoint)
        collector.access(config.endpoint->access, config.endpoint->url);
    if (config.cloudflare && config.cloudflare->token)
        collector.secret(*config.cloudflare->token, hostOf(config.cloudflare->apiBase), tr("Cloudflare API"));
    if (config.gcp)
        collectGcp(collector, *config.gcp);
    for (const NodeConfig &node : config.nodes) {
        collector.access(node.access, node.url);
        if (node.ssh)
            collectSsh(collector, config, node);
        if (node.engine && node.engine->apiKey) {
            const QUrl &url = node.ssh ? node.engine->url : node.url;
            const QString host = node.ssh ? tr("node %1 (%2)").arg(node.id, hostOf(url)) : hostOf(url);
            collector.secret(*node.engine->apiKey, host, tr("Engine of node %1").arg(node.id));
            if (node.ssh && !node.url.isEmpty())
                collector.secret(*node.engine->apiKey, hostOf(node.url), tr("Engine of node %1").arg(node.id));
        }
    }
    return collector.demands();
}

FleetTrust::FleetTrust(QString stateFile) : m_stateFile(std::move(stateFile)) { }

QString FleetTrust::defaultPath()
{
    // Qt 6.4 has no StateLocation; the rule is the XDG base directory specification's.
    const QString state = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base = state.startsWith(u'/') ? state : QDir::homePath() + u"/.local/state"_s;
    return base + u"/hybridge/trusted.json"_s;
}

TrustDecision FleetTrust::check(const QByteArray &hash, const FleetConfig &config) const
{
    TrustDecision decision;
    decision.demands = demandsOf(config);
    const Json state = readState(m_stateFile);
    const Json files = state.contains("files") ? state["files"] : Json::array();
    const bool isKnown = !hash.isEmpty()
        && std::any_of(files.begin(), files.end(), [&](const Json &entry) { return hasHash(entry, hash); });
    if (isKnown)
        decision.verdict = TrustDecision::Verdict::Known;
    else if (decision.demands.isEmpty())
        decision.verdict = TrustDecision::Verdict::Harmless;
    return decision;
}

Result<void> FleetTrust::remember(const QByteArray &hash, const QString &path, const QDateTime &at)
{
    const Json state = readState(m_stateFile);
    Json files = Json::array();
    if (state.contains("files"))
        for (const Json &entry : state["files"])
            if (!hasHash(entry, hash))
                files.push_back(entry);
    files.push_back(Json{{"sha256", hash.toStdString()}, {"path", path.toStdString()},
        {"at", at.toUTC().toString(Qt::ISODate).toStdString()}});
    while (files.size() > filesLimit)
        files.erase(files.begin());
    const std::string text = Json{{"version", 1}, {"files", files}}.dump(1, ' ', false, Json::error_handler_t::replace);

    const QString folder = QFileInfo(m_stateFile).absolutePath();
    const auto failed = [&](const QString &why) {
        return Error(Error::Kind::Unavailable,
            tr("That this fleet file is trusted could not be kept in %1: %2.").arg(m_stateFile, why))
            .withRemedy(tr("You will be asked again the next time."));
    };
    if (!QFileInfo::exists(folder)) {
        if (!QDir().mkpath(folder))
            return failed(tr("the folder cannot be made"));
        QFile::setPermissions(folder, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    }
    QSaveFile file(m_stateFile);
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || file.write(text.data(), qint64(text.size())) != qint64(text.size()) || !file.commit())
        return failed(file.errorString());
    return {};
}

Error untrustedError(const QString &path, const FleetDemands &demands)
{
    return Error(Error::Kind::Refused,
        tr("The fleet file %1 was not written by this program, and nobody has looked at it yet.").arg(path),
        demands.lines().join(QChar::LineFeed))
        .withRemedy(tr("Read what it would do. If that is what you want, run the command again with --trust."));
}

} // namespace hybridge
