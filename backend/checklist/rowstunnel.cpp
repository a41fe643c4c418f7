// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Connector and tunnel.
#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"
#include "backend/http/jsonfields.h"

#include <QHostAddress>
#include <QRegularExpression>

#include <algorithm>

namespace hybridge::checks {

namespace {

using nlohmann::json;

/// The newest cloudflared that this version of the program knows: a floor where nobody else tells better.
constexpr const char *KnownVersion = "2026.8.2";
constexpr int SupportedMonths = 12;

/// Months since year 0, from "2026.8.2"; 0: no version of that form.
int monthsOf(const QString &version)
{
    static const QRegularExpression form(QStringLiteral("^(20\\d\\d)\\.(\\d{1,2})\\.\\d+"));
    const QRegularExpressionMatch match = form.match(version);
    return match.hasMatch() ? match.captured(1).toInt() * 12 + match.captured(2).toInt() : 0;
}

QString versionOf(const Node &node)
{
    if (node.audit && *node.audit && !(*node.audit)->connectorVersion.isEmpty())
        return (*node.audit)->connectorVersion;
    if (node.connectors && *node.connectors && !(*node.connectors)->isEmpty())
        return (*node.connectors)->first().version;
    if (node.connector && *node.connector)
        return (*node.connector)->version;
    return {};
}

/// Ingress rules as they are in force: the remote ones, else those that the connector runs with.
struct Rules {
    QList<ConnectorIngress> rules;
    bool known = false;
};

Rules rulesOf(const Node &node)
{
    Rules out;
    const json *config = node.configuration && *node.configuration ? &(*node.configuration)->config : nullptr;
    const json *ingress = config ? jsonField(*config, "ingress") : nullptr;
    if (ingress && ingress->is_array()) {
        const auto word = [](const json &object, const char *key) {
            const json *field = jsonField(object, key);
            return field && field->is_string() ? safeText(QString::fromStdString(field->get<std::string>()), 300) : QString();
        };
        const json *common = jsonField(*config, "originRequest");
        for (const json &rule : *ingress) {
            ConnectorIngress one;
            one.hostname = word(rule, "hostname");
            one.path = word(rule, "path");
            one.service = word(rule, "service");
            const json *own = jsonField(rule, "originRequest");
            one.httpHostHeader = own ? word(*own, "httpHostHeader") : QString();
            if (one.httpHostHeader.isEmpty() && common)
                one.httpHostHeader = word(*common, "httpHostHeader");
            out.rules.append(one);
        }
        out.known = true;
    } else if (node.connector && *node.connector && !(*node.connector)->ingress.isEmpty()) {
        out.rules = (*node.connector)->ingress; // a locally managed tunnel
        out.known = true;
    }
    return out;
}

/// The rule that leads to the model server; null: none.
const ConnectorIngress *leadingRule(const Rules &rules, const QString &host)
{
    const auto found = std::find_if(rules.rules.begin(), rules.rules.end(), [&](const ConnectorIngress &rule) {
        return rule.hostname.compare(host, Qt::CaseInsensitive) == 0 && !rule.service.startsWith(QLatin1String("http_status:"));
    });
    return found == rules.rules.end() ? nullptr : &*found;
}

std::optional<CheckVerdict> withoutRules(const Node &node, const Rules &rules)
{
    if (node.config.tunnel.isEmpty())
        return notApplicable();
    if (rules.known)
        return std::nullopt;
    if (!node.configuration)
        return notAsked();
    if (!*node.configuration)
        return unread(node.configuration->error());
    return unknown(tr("The tunnel has no rules at Cloudflare, and the connector does not tell its own."), tr("Set the node's connector.metrics in the fleet file if the tunnel is managed on the node."));
}

CheckFix dropInFix(const QString &unit)
{
    const QString path = QStringLiteral("/etc/systemd/system/%1.service.d/50-hybridge-restart.conf").arg(unit.endsWith(QLatin1String(".service")) ? unit.chopped(8) : unit);
    // StartLimitIntervalSec belongs to [Unit]; in [Service], where guides put it, systemd only warns.
    const QByteArray text = "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nRestart=always\nRestartSec=10\n";
    CheckFix fix;
    fix.title = tr("Add the drop-in");
    fix.diff = QStringLiteral("--- /dev/null\n+++ %1\n").arg(path);
    for (const QByteArray &line : text.trimmed().split('\n'))
        fix.diff += QLatin1Char('+') + QString::fromUtf8(line) + QLatin1Char('\n');
    fix.diff.chop(1);
    fix.commands.append({{QStringLiteral("install"), QStringLiteral("-D"), QStringLiteral("-m"), QStringLiteral("0644"), QStringLiteral("/dev/stdin"), path}, true, text});
    fix.commands.append({{QStringLiteral("systemctl"), QStringLiteral("daemon-reload")}, true, {}});
    fix.undo = QStringLiteral("sudo rm %1 && sudo systemctl daemon-reload").arg(path);
    return fix;
}

} // namespace

CheckVerdict connectorRunning(const Facts &, const Node *node)
{
    if (!node->config.connector || !node->config.ssh)
        return notApplicable();
    if (const auto stopped = machineStopped(*node))
        return *stopped;
    const QString &service = node->config.connector->service;
    if (service.isEmpty()) {
        if (!node->connector)
            return notAsked();
        if (!*node->connector)
            return node->connector->error().code == 111 ? fail(node->connector->error().summary, tr("Start cloudflared on the node.")) : unread(node->connector->error());
        return pass(tr("It answers at its metrics port."));
    }
    if (const auto instead = unreadFact(node->connectorService))
        return *instead;
    const ServiceFacts &facts = **node->connectorService;
    const QString unit = unitOf(service);
    const QString start = unit.isEmpty() ? QStringLiteral("docker start %1").arg(containerOf(service)) : QStringLiteral("sudo systemctl start %1").arg(unit);
    if (facts.state == ServiceState::Active)
        return pass(facts.since.isValid() ? tr("%1 is active since %2.").arg(service, facts.since.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"))) : tr("%1 is active.").arg(service));
    if (facts.state == ServiceState::Unknown)
        return unknown(tr("The node did not tell the state of %1.").arg(service));
    if (facts.state == ServiceState::NotFound)
        return fail(tr("The node knows no %1.").arg(service), tr("Install it: sudo cloudflared service install TOKEN"));
    return fail(tr("%1 is %2.").arg(service, serviceStateName(facts.state)), tr("Start it: %1").arg(start));
}

CheckVerdict connectorRestart(const Facts &, const Node *node)
{
    const QString unit = node->config.connector ? unitOf(node->config.connector->service) : QString();
    if (unit.isEmpty() || !node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.connector)
        return unknown(tr("systemd did not tell how %1 is restarted.").arg(unit), audit.refusalOf(QStringLiteral("unit")));
    if (!audit.connector->isLoaded)
        return unknown(tr("The node knows no unit %1.").arg(unit));
    if (audit.connector->restart == QLatin1String("always"))
        return pass(audit.connector->dropIns.isEmpty() ? tr("Restart=always.") : tr("Restart=always, by %1.").arg(audit.connector->dropIns.join(QLatin1String(", "))));
    return fail(tr("Restart=%1: a clean end of the process leaves the node without a connector.").arg(audit.connector->restart),
        tr("Add a drop-in with Restart=always (sudo systemctl edit %1).").arg(unit), dropInFix(unit));
}

CheckVerdict connectorVersion(const Facts &facts, const Node *node)
{
    if (!node->config.connector && node->config.tunnel.isEmpty())
        return notApplicable();
    if (const auto stopped = machineStopped(*node))
        return *stopped;
    const QString version = versionOf(*node);
    if (version.isEmpty()) {
        if (node->audit && !*node->audit)
            return unread(node->audit->error());
        return node->audit || node->connectors ? unknown(tr("Nobody tells the connector's version.")) : notAsked();
    }
    const int mine = monthsOf(version);
    if (mine == 0)
        return unknown(tr("%1 is no version that can be dated.").arg(version));
    QString newest = QString::fromLatin1(KnownVersion);
    for (const Node &other : facts.nodes)
        if (const QString theirs = versionOf(other); monthsOf(theirs) > monthsOf(newest))
            newest = theirs;
    const QString update = tr("Update it: sudo apt-get install --only-upgrade cloudflared, or sudo dnf update cloudflared; then restart the connector.");
    if (monthsOf(newest) - mine > SupportedMonths)
        return fail(tr("It is %1; the newest that is known here is %2. Versions are supported for a year.").arg(version, newest), update);
    if (mine < 2026 * 12 + 7)
        return fail(tr("It is %1: before 2026.7.2 the tunnel's token stands in the unit, readable by all.").arg(version), update);
    return pass(tr("It is %1; the newest that is known here is %2.").arg(version, newest));
}

CheckVerdict connectorTcp(const Facts &, const Node *node)
{
    if (!node->config.connector || !node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->edgePort))
        return *instead;
    if (**node->edgePort)
        return pass(tr("A TCP connection from the node to port 7844 of the edge opens."));
    return fail(tr("No TCP connection from the node to port 7844 of the edge opens."), tr("Let outgoing TCP and UDP 7844 to region1.v2.argotunnel.com and region2.v2.argotunnel.com through."));
}

CheckVerdict connectorUdp(const Facts &, const Node *node)
{
    if (!node->config.connector || !node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->connector))
        return *instead;
    const QString &protocol = (*node->connector)->protocol;
    if (protocol.isEmpty())
        return unknown(tr("The connector has no connection now, or does not tell its protocol."));
    if (protocol.contains(QLatin1String("quic")))
        return pass(tr("The connections run over %1.").arg(protocol));
    return fail(tr("All connections run over %1: UDP 7844 is blocked, or the protocol was set by hand.").arg(protocol), tr("Let outgoing UDP 7844 through, take --protocol out of the unit, and restart the connector."));
}

CheckVerdict connectorInbound(const Facts &facts, const Node *node)
{
    const bool cloud = isCloudMachine(node->config) && facts.config.gcp;
    if (!node->config.engine && !node->config.connector)
        return notApplicable();
    if (const auto stopped = machineStopped(*node))
        return *stopped;
    QList<int> ports {7844, 8000, 11434};
    if (node->config.engine && !ports.contains(node->config.engine->url.port(80)))
        ports.append(node->config.engine->url.port(80));
    QStringList seen;
    if (cloud && facts.firewalls && *facts.firewalls) {
        for (const gcp::FirewallRule &rule : **facts.firewalls)
            for (const int port : ports)
                for (const QString &protocol : {QStringLiteral("tcp"), QStringLiteral("udp")})
                    if (rule.opensToAll(protocol, port))
                        return fail(tr("Google's firewall rule %1 lets the whole Internet in at %2 %3.").arg(rule.name, protocol).arg(port),
                            tr("Delete it: gcloud compute firewall-rules delete %1. A tunnel needs no open port.").arg(rule.name));
        seen.append(tr("none of Google's %1 firewall rules opens one to the Internet").arg((*facts.firewalls)->size()));
    }
    if (node->audit && *node->audit) {
        const NodeAudit &audit = **node->audit;
        if (audit.openPorts) {
            for (const QString &open : *audit.openPorts) {
                const int port = open.section(QLatin1Char('/'), 0, 0).toInt();
                if (!ports.contains(port))
                    continue;
                CheckFix fix;
                fix.title = tr("Close %1").arg(open);
                fix.diff = QStringLiteral("- firewalld port: %1").arg(open);
                fix.commands.append({{QStringLiteral("firewall-cmd"), QStringLiteral("--permanent"), QStringLiteral("--remove-port=") + open}, true, {}});
                fix.commands.append({{QStringLiteral("firewall-cmd"), QStringLiteral("--reload")}, true, {}});
                fix.undo = QStringLiteral("sudo firewall-cmd --permanent --add-port=%1 && sudo firewall-cmd --reload").arg(open);
                return fail(tr("firewalld lets %1 in.").arg(open), tr("Close it: sudo firewall-cmd --permanent --remove-port=%1. A tunnel needs outgoing connections alone.").arg(open), fix);
            }
            seen.append(audit.openPorts->isEmpty() ? tr("firewalld opens no port") : tr("firewalld opens %1").arg(audit.openPorts->join(QLatin1String(", "))));
        }
    }
    if (!seen.isEmpty())
        return pass(seen.join(QLatin1String("; ")) + QLatin1Char('.'));
    if (cloud && facts.firewalls && !*facts.firewalls)
        return unread(facts.firewalls->error());
    if (cloud && !facts.firewalls)
        return notAsked();
    return notApplicable(); // no firewall here that could be asked; what listens has a row of its own
}

CheckVerdict tunnelHealthy(const Facts &facts, const Node *node)
{
    if (node->config.tunnel.isEmpty() || !facts.config.cloudflare)
        return notApplicable();
    if (const auto instead = unreadOn(*node, facts.tunnels))
        return *instead;
    const auto &all = **facts.tunnels;
    const auto found = std::find_if(all.begin(), all.end(), [&](const cloudflare::Tunnel &tunnel) { return tunnel.id == node->config.tunnel; });
    if (found == all.end())
        return fail(tr("The account has no tunnel %1.").arg(node->config.tunnel), tr("Put the right tunnel id into the fleet file, or make the tunnel anew."));
    int connections = 0;
    if (node->connectors && *node->connectors)
        for (const cloudflare::Connector &connector : **node->connectors)
            connections += int(connector.conns.size());
    const QString evidence = tr("Tunnel %1 is %2, with %3 connections.").arg(found->name, found->statusWord).arg(connections);
    switch (found->status) {
    case cloudflare::TunnelStatus::Healthy: return pass(evidence);
    case cloudflare::TunnelStatus::Degraded: return fail(evidence, tr("Look at the connector's log and at UDP 7844; it still serves."));
    case cloudflare::TunnelStatus::Down: return fail(evidence, tr("Look whether the connector runs, and whether the node may reach the edge."));
    case cloudflare::TunnelStatus::Inactive: return fail(evidence, tr("Install the connector on the node with the tunnel's token."));
    case cloudflare::TunnelStatus::Unknown: break;
    }
    return unknown(evidence);
}

CheckVerdict tunnelOwn(const Facts &facts, const Node *node)
{
    if (node->config.tunnel.isEmpty())
        return notApplicable();
    for (const Node &other : facts.nodes)
        if (&other != node && other.config.tunnel == node->config.tunnel)
            return fail(tr("%1 has the same tunnel.").arg(other.config.label), tr("Make a tunnel for each node; replicas of one tunnel are one origin."));
    if (!facts.config.cloudflare)
        return pass(tr("No other node of the fleet file has this tunnel."));
    if (const auto instead = unreadFact(node->connectors))
        return *instead;
    const auto &connectors = **node->connectors;
    if (connectors.size() > 1) {
        QStringList origins;
        for (const cloudflare::Connector &connector : connectors)
            if (!connector.conns.isEmpty() && !origins.contains(connector.conns.first().originIp))
                origins.append(connector.conns.first().originIp);
        return fail(tr("%1 connectors run on this tunnel (from %2): the edge picks one of them for each request.").arg(connectors.size()).arg(origins.join(QLatin1String(", "))),
            tr("Stop the connector that does not belong here, and give that machine a tunnel of its own."));
    }
    return pass(connectors.isEmpty() ? tr("Its own tunnel; no connector is connected now.") : tr("One connector runs on its own tunnel."));
}

CheckVerdict tunnelIngress(const Facts &, const Node *node)
{
    const Rules rules = rulesOf(*node);
    if (node->hostname.host.isEmpty())
        return notApplicable();
    if (const auto instead = withoutRules(*node, rules))
        return *instead;
    const ConnectorIngress *rule = leadingRule(rules, node->hostname.host);
    if (!rule)
        return fail(tr("No rule of the tunnel is for %1.").arg(node->hostname.host), tr("Add a published hostname %1 to the tunnel.").arg(node->hostname.host));
    const QUrl service(rule->service);
    const QHostAddress address(service.host());
    if (service.host() != QLatin1String("localhost") && (address.isNull() || !address.isLoopback()))
        return fail(tr("%1 leads to %2: not to this node's loopback.").arg(rule->hostname, rule->service), tr("Let it lead to the model server on the node, at 127.0.0.1."));
    return pass(tr("%1 leads to %2.").arg(rule->hostname, rule->service));
}

CheckVerdict tunnelCatchAll(const Facts &, const Node *node)
{
    const Rules rules = rulesOf(*node);
    if (const auto instead = withoutRules(*node, rules))
        return *instead;
    if (rules.rules.isEmpty())
        return fail(tr("The tunnel has no rules at all: everything is answered with 503."), tr("Add a published hostname to the tunnel."));
    const ConnectorIngress &last = rules.rules.last();
    if (!last.hostname.isEmpty() || !last.path.isEmpty())
        return fail(tr("The last of %1 rules is for %2 alone.").arg(rules.rules.size()).arg(last.hostname + last.path), tr("Add a last rule without hostname and path: http_status:404."));
    if (!last.service.startsWith(QLatin1String("http_status:")))
        return fail(tr("Every other hostname that points here is answered by %1.").arg(last.service), tr("Let the last rule answer http_status:404."));
    return pass(tr("The last of %1 rules answers %2.").arg(rules.rules.size()).arg(last.service));
}

CheckVerdict tunnelHostHeader(const Facts &, const Node *node)
{
    if (!node->config.engine || node->config.engine->kind != EngineKind::Ollama || node->hostname.host.isEmpty())
        return notApplicable();
    const Rules rules = rulesOf(*node);
    if (const auto instead = withoutRules(*node, rules))
        return *instead;
    const ConnectorIngress *rule = leadingRule(rules, node->hostname.host);
    if (!rule)
        return unknown(tr("No rule of the tunnel is for %1.").arg(node->hostname.host));
    const QString host = rule->httpHostHeader.section(QLatin1Char(':'), 0, 0);
    const QHostAddress address(host);
    if (host == QLatin1String("localhost") || (!address.isNull() && address.isLoopback()))
        return pass(tr("httpHostHeader is %1.").arg(rule->httpHostHeader));
    return fail(rule->httpHostHeader.isEmpty() ? tr("The rule sets no httpHostHeader: Ollama sees %1.").arg(rule->hostname) : tr("httpHostHeader is %1.").arg(rule->httpHostHeader),
        tr("Set httpHostHeader to localhost:11434 in the rule's origin settings."));
}

} // namespace hybridge::checks
