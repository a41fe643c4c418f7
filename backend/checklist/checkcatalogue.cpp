// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/checkcatalogue.h"

#include "backend/checklist/checkrows.h"

#include <algorithm>
#include <array>

namespace hybridge {

namespace {

using Group = CheckGroup;
using Scope = CheckScope;

#define TEXT(text) QT_TRANSLATE_NOOP("Checklist", text)

constexpr std::array Catalogue {
    Check {"machine.clock", Group::Machine, Scope::Nodes, CheckPart::Audit, TEXT("The clock is right"),
        TEXT("Tokens and certificates are judged by the clock; a log that is minutes off misleads."), checks::machineClock},
    Check {"machine.disk", Group::Machine, Scope::Nodes, CheckPart::Audit, TEXT("There is room on the disk"),
        TEXT("A full disk stops downloads of models, logs and updates, and at last the engine."), checks::machineDisk},
    Check {"machine.quota", Group::Machine, Scope::Nodes, CheckPart::Instance | CheckPart::Quotas, TEXT("The quota covers the GPU"),
        TEXT("A new project's GPU quota is 0: the machine cannot be started again without it."), checks::machineQuota},
    Check {"machine.max-run", Group::Machine, Scope::Nodes, CheckPart::Instance, TEXT("A longest run time or a schedule stops the VM"),
        TEXT("Google stops the VM although this program is off: the last brake on the bill."), checks::machineMaxRun},
    Check {"machine.idle-stop", Group::Machine, Scope::Nodes, CheckPart::Audit | CheckPart::Instance, TEXT("The idle stop is armed"),
        TEXT("A GPU that nobody asks costs as much as one that works."), checks::machineIdleStop},
    Check {"gpu.driver", Group::Accelerator, Scope::Nodes, CheckPart::Gpus | CheckPart::Instance, TEXT("The GPU driver answers"),
        TEXT("Without its driver the model falls back to the CPU, or does not start."), checks::gpuDriver},
    Check {"gpu.persistence", Group::Accelerator, Scope::Nodes, CheckPart::Gpus | CheckPart::Instance, TEXT("Persistence mode is on"),
        TEXT("Without it the driver is loaded anew for each call: seconds, with eight cards half a minute."), checks::gpuPersistence},
    Check {"engine.running", Group::Engine, Scope::Nodes, CheckPart::Services | CheckPart::Engine | CheckPart::Instance, TEXT("The model server runs and answers"),
        TEXT("It is what all the rest is for."), checks::engineRunning},
    Check {"engine.boot", Group::Engine, Scope::Nodes, CheckPart::Services | CheckPart::Instance, TEXT("The model server starts with the machine"),
        TEXT("After a reboot or a Spot restart nobody is there to start it."), checks::engineBoot},
    Check {"engine.loopback", Group::Engine, Scope::Nodes, CheckPart::Audit | CheckPart::Instance, TEXT("The model server listens on loopback alone"),
        TEXT("On every interface it answers the whole LAN without any password: ask, pull, delete."), checks::engineLoopback},
    Check {"engine.docker-published", Group::Engine, Scope::Nodes, CheckPart::Audit | CheckPart::Instance, TEXT("Docker publishes no port to the world"),
        TEXT("Docker opens published ports in front of the firewall."), checks::enginePublished},
    Check {"model.present", Group::Model, Scope::Nodes, CheckPart::Engine | CheckPart::Instance, TEXT("The models of the fleet file are served"),
        TEXT("A request for a model that is not there ends in 404."), checks::modelPresent},
    Check {"model.on-gpu", Group::Model, Scope::Nodes, CheckPart::Engine | CheckPart::Gpus | CheckPart::Instance, TEXT("The model is on the GPU, not on the CPU"),
        TEXT("Ollama falls back to the CPU without a word, ten times slower."), checks::modelOnGpu},
    Check {"model.fits", Group::Model, Scope::Nodes, CheckPart::Engine | CheckPart::Gpus | CheckPart::Instance, TEXT("The model fits the GPU"),
        TEXT("What does not fit does not start, or spills to the CPU under load."), checks::modelFits},
    Check {"model.failover", Group::Model, Scope::Fleet, CheckPart::Engine | CheckPart::Worker, TEXT("Another node can answer for the same name"),
        TEXT("A failover to a node that does not know the model's name answers 404."), checks::modelFailover},
    Check {"connector.running", Group::Connector, Scope::Nodes, CheckPart::Services | CheckPart::Connector | CheckPart::Instance, TEXT("The connector runs"),
        TEXT("Without cloudflared the node has no way to the edge."), checks::connectorRunning},
    Check {"connector.boot", Group::Connector, Scope::Nodes, CheckPart::Services | CheckPart::Instance, TEXT("The connector starts with the machine"),
        TEXT("After a reboot the node stays dark otherwise."), checks::connectorBoot},
    Check {"connector.restart", Group::Connector, Scope::Nodes, CheckPart::Audit | CheckPart::Instance, TEXT("The connector is restarted whatever ended it"),
        TEXT("The packaged unit restarts it after failures alone, and gives up after a few."), checks::connectorRestart},
    Check {"connector.version", Group::Connector, Scope::Nodes, CheckPart::Connectors | CheckPart::Audit | CheckPart::Instance, TEXT("The connector is not out of date"),
        TEXT("Cloudflare supports a version for a year; versions before 2026.7.2 show the tunnel's token to every user of the machine."), checks::connectorVersion},
    Check {"connector.egress-tcp", Group::Connector, Scope::Nodes, CheckPart::EdgePort | CheckPart::Instance, TEXT("The edge's port 7844 is reached over TCP"),
        TEXT("It is what the connector falls back to when UDP is blocked."), checks::connectorTcp},
    Check {"connector.egress-udp", Group::Connector, Scope::Nodes, CheckPart::Connector | CheckPart::Instance, TEXT("The connections run over UDP (QUIC)"),
        TEXT("Over TCP one lost packet holds up every stream of the connection."), checks::connectorUdp},
    Check {"connector.inbound", Group::Connector, Scope::Nodes, CheckPart::Audit | CheckPart::Firewalls | CheckPart::Instance, TEXT("No needless port is open from outside"),
        TEXT("A tunnel needs outgoing connections alone; an open port is only a way in."), checks::connectorInbound},
    Check {"tunnel.healthy", Group::Tunnel, Scope::Nodes, CheckPart::Tunnels | CheckPart::Connectors | CheckPart::Instance, TEXT("The tunnel is healthy"),
        TEXT("Cloudflare sees all connections of the connector."), checks::tunnelHealthy},
    Check {"tunnel.own", Group::Tunnel, Scope::Nodes, CheckPart::Connectors, TEXT("The node has a tunnel of its own"),
        TEXT("Two nodes on one tunnel are one origin: no weights, no failover, no telling them apart."), checks::tunnelOwn},
    Check {"tunnel.ingress", Group::Tunnel, Scope::Nodes, CheckPart::Configuration, TEXT("The hostname leads to the model server"),
        TEXT("Without a rule the connector answers 404."), checks::tunnelIngress},
    Check {"tunnel.catch-all", Group::Tunnel, Scope::Nodes, CheckPart::Configuration, TEXT("The rules end in one for everything else"),
        TEXT("cloudflared refuses the whole configuration otherwise."), checks::tunnelCatchAll},
    Check {"tunnel.host-header", Group::Tunnel, Scope::Nodes, CheckPart::Configuration, TEXT("Ollama is given the Host that it wants"),
        TEXT("On loopback Ollama answers 403 to any other name; OLLAMA_HOST=0.0.0.0 \"helps\" only by dropping that check for the whole LAN."), checks::tunnelHostHeader},
    Check {"access.refuses-without-token", Group::Access, Scope::Hostnames, CheckPart::Hostname, TEXT("Access refuses whoever has no token"),
        TEXT("A hostname without Access is a free GPU for the whole Internet; a path that is left out is enough."), checks::accessRefuses},
    Check {"access.lets-in", Group::Access, Scope::Hostnames, CheckPart::Hostname | CheckPart::Instance, TEXT("Access lets the service token in"),
        TEXT("Otherwise every call of a program ends at the log-in page."), checks::accessLetsIn},
    Check {"access.application", Group::Access, Scope::Hostnames, CheckPart::Access, TEXT("An Access application guards the whole hostname"),
        TEXT("No application means public."), checks::accessApplication},
    Check {"access.service-auth", Group::Access, Scope::Hostnames, CheckPart::Access, TEXT("Tokens are let in by Service Auth, not by Allow"),
        TEXT("An Allow policy sends a service token to the log-in page, whatever it includes."), checks::accessServiceAuth},
    Check {"access.named-mails", Group::Access, Scope::Hostnames, CheckPart::Access, TEXT("People are let in by name"),
        TEXT("One-time PIN or \"everyone\" lets in whoever has a mailbox."), checks::accessNamedMails},
    Check {"access.tokens", Group::Access, Scope::Fleet, CheckPart::Access, TEXT("No service token is about to expire"),
        TEXT("A token that expires takes every client down at once, on a day that nobody has in mind."), checks::accessTokens},
    Check {"dns.nameservers", Group::Edge, Scope::Fleet, CheckPart::Zone, TEXT("The domain's nameservers are Cloudflare's"),
        TEXT("Without them nothing of this is on the way."), checks::dnsNameservers},
    Check {"dns.record", Group::Edge, Scope::Hostnames, CheckPart::Dns, TEXT("The hostname is a proxied record to its own tunnel"),
        TEXT("A grey record by-passes the edge and cannot work; a foreign tunnel answers as somebody else."), checks::dnsRecord},
    Check {"edge.answers", Group::Edge, Scope::Hostnames, CheckPart::Hostname | CheckPart::Instance, TEXT("The public hostname answers"),
        TEXT("The whole way, as a client takes it."), checks::edgeAnswers},
    Check {"edge.stream", Group::Edge, Scope::Hostnames, CheckPart::Stream | CheckPart::Instance, TEXT("A streamed answer arrives as it is made"),
        TEXT("Buffered on the way, tokens come all at once, and a long answer is cut by the edge's time limit."), checks::edgeStream},
    Check {"router.shipped", Group::Router, Scope::Fleet, CheckPart::Worker, TEXT("The deployed router is the one shipped with this version"),
        TEXT("Failover and leases are what the shipped one was tested for."), checks::routerShipped},
    Check {"router.routes", Group::Router, Scope::Fleet, CheckPart::Worker, TEXT("The edge routes by what is shown"),
        TEXT("A binding that was refused, or is not there yet, leaves old weights at work."), checks::routerRoutes},
    Check {"router.side-doors", Group::Router, Scope::Fleet, CheckPart::Worker, TEXT("The router has no address outside of Access"),
        TEXT("An enabled workers.dev or preview address reaches the nodes with the router's own token, without Access."), checks::routerSideDoors},
    Check {"ssh.keys", Group::Login, Scope::Nodes, CheckPart::Audit | CheckPart::Key | CheckPart::Instance, TEXT("SSH keys are private"),
        TEXT("Whoever can write authorized_keys, or read the key, is the operator."), checks::sshKeys},
    Check {"ssh.sudo", Group::Login, Scope::Nodes, CheckPart::Audit | CheckPart::Instance, TEXT("The login may run few things as root"),
        TEXT("A rule for everything makes a stolen key a stolen machine."), checks::sshSudo},
    Check {"account.api-token", Group::Account, Scope::Fleet, CheckPart::ApiToken, TEXT("The Cloudflare API token is valid"),
        TEXT("Without it nothing of the edge can be read or changed."), checks::apiToken},
    Check {"account.api-token-narrow", Group::Account, Scope::Fleet, CheckPart::ApiToken, TEXT("The API token reaches no more than it needs"),
        TEXT("A wide token on a desktop is the key to the whole account."), checks::apiTokenNarrow},
    Check {"account.budget", Group::Account, Scope::Fleet, CheckPart::Budgets, TEXT("A budget with thresholds tells of the cost"),
        TEXT("The first sign of a forgotten GPU should not be the bill."), checks::costBudget},
};

#undef TEXT

void add(QList<CheckResult> &results, const Check &check, const FleetCheckFacts &facts, const NodeCheckFacts *node)
{
    CheckResult result;
    result.verdict = check.decide(facts, node);
    if (result.verdict.state == CheckState::NotApplicable)
        return;
    result.id = QString::fromLatin1(check.id);
    result.node = node ? node->config.id : QString();
    result.group = check.group;
    result.title = checkTitle(check);
    result.why = checkWhy(check);
    result.at = facts.now;
    results.append(result);
}

} // namespace

std::span<const Check> checkCatalogue()
{
    return Catalogue;
}

const Check *findCheck(const QString &id)
{
    const auto found = std::find_if(Catalogue.begin(), Catalogue.end(), [&](const Check &check) { return id == QLatin1String(check.id); });
    return found == Catalogue.end() ? nullptr : &*found;
}

QString checkTitle(const Check &check)
{
    return QCoreApplication::translate("Checklist", check.title);
}

QString checkWhy(const Check &check)
{
    return QCoreApplication::translate("Checklist", check.why);
}

QList<CheckResult> judgeCheck(const Check &check, const FleetCheckFacts &facts)
{
    QList<CheckResult> results;
    if (check.scope != CheckScope::Nodes)
        add(results, check, facts, nullptr);
    if (check.scope != CheckScope::Fleet)
        for (const NodeCheckFacts &node : facts.nodes)
            add(results, check, facts, &node);
    return results;
}

QList<CheckResult> judgeAll(const FleetCheckFacts &facts)
{
    QList<CheckResult> results;
    for (const Check &check : Catalogue)
        results += judgeCheck(check, facts);
    return results;
}

const NodeCheckFacts *FleetCheckFacts::node(const QString &id) const
{
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeCheckFacts &node) { return node.config.id == id; });
    return found == nodes.end() ? nullptr : &*found;
}

NodeCheckFacts *FleetCheckFacts::node(const QString &id)
{
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeCheckFacts &node) { return node.config.id == id; });
    return found == nodes.end() ? nullptr : &*found;
}

bool GateLook::isRefusedByAccess() const
{
    return answered && (refusal == EdgeRefusal::AccessLogin || refusal == EdgeRefusal::AccessDenied || refusal == EdgeRefusal::AccessToken);
}

} // namespace hybridge
