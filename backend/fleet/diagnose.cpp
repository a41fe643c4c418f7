// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/diagnose.h"

#include "backend/fleet/findings.h"

#include <QCoreApplication>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Diagnosis", text);
}

/// How much a finding weighs when several stand side by side.
int weight(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Down: return 3;
    case NodeCondition::Starting: return 2;
    default: return 1;
    }
}

/// Whether a fault at @p root makes what was found at @p other follow from it.
bool explains(const Finding &root, const Finding &other)
{
    switch (root.layer) {
    case Layer::Machine: return true;
    case Layer::Accelerator: return other.layer == Layer::Engine;
    case Layer::Engine: return other.layer == Layer::Edge || other.layer == Layer::Model;
    case Layer::Connector: return other.layer == Layer::Tunnel || other.layer == Layer::Edge;
    case Layer::Tunnel: return other.layer == Layer::Edge;
    default: return false;
    }
}

Diagnosis told(const Finding &finding)
{
    Diagnosis d;
    d.condition = finding.condition;
    d.layer = finding.layer;
    d.summary = finding.summary;
    d.evidence = finding.evidence;
    d.remedy = finding.remedy;
    d.command = finding.command;
    return d;
}

/// What a stopped machine takes with it, as far as it is configured.
QStringList machineConsequences(const NodeState &node)
{
    QStringList consequences;
    if (node.config.engine)
        consequences.append(tr("%1 is off with it").arg(engineTitle(node)));
    if (!node.config.tunnel.isEmpty() || node.config.connector)
        consequences.append(tr("its tunnel has no connector"));
    if (!node.config.url.isEmpty())
        consequences.append(tr("%1 does not answer").arg(node.config.url.host()));
    return consequences;
}

/// The lamp when no layer shows a fault: green needs a witness, otherwise it is not known.
Diagnosis withoutFault(const NodeState &node, MonotonicMs now)
{
    Diagnosis d;
    const bool engine = engineServes(node, now);
    const bool edge = node.edge.isKnown() && node.edge.triedAt().count() != 0 && node.edge->verdict == EdgeFacts::Verdict::Served
        && now - node.edge.sampledAt() <= EvidenceLimits().edge;
    const bool tunnel = node.tunnel.isKnown() && node.tunnel.triedAt().count() != 0 && node.tunnel->status == QLatin1String("healthy");
    const bool ssh = node.link == LinkState::Connected;
    QStringList witnesses;
    if (engine)
        witnesses.append(tr("%1 answers on the node").arg(engineTitle(node)));
    if (edge)
        witnesses.append(tr("%1 answers").arg(node.config.url.host()));
    if (tunnel)
        witnesses.append(node.tunnel->connections ? tr("the tunnel has %1 connections").arg(*node.tunnel->connections)
                                                  : tr("the tunnel is healthy"));
    if (ssh && !engine)
        witnesses.append(tr("SSH answers"));
    // What must be seen before green: the engine where there is one, else the hostname, else whatever is configured.
    const bool green = node.config.engine ? engine || edge
        : !node.config.url.isEmpty()      ? edge
        : node.config.ssh                 ? ssh
                                          : tunnel;
    if (green) {
        d.condition = NodeCondition::Healthy;
        d.summary = node.config.engine && !node.config.url.isEmpty() && edge ? tr("Serving.")
            : node.config.engine                                             ? tr("%1 is ready.").arg(engineTitle(node))
                                                                             : tr("Reachable.");
        d.evidence = witnesses.join(QStringLiteral("; "));
        return d;
    }
    QStringList awaited;
    if (node.config.ssh && !ssh)
        awaited.append(tr("SSH"));
    if (node.config.engine && !engine)
        awaited.append(engineTitle(node));
    if (!node.config.url.isEmpty() && !edge)
        awaited.append(node.config.url.host());
    if (!node.config.tunnel.isEmpty() && !node.tunnel.isKnown())
        awaited.append(tr("Cloudflare"));
    if (awaited.isEmpty()) {
        d.summary = tr("Nothing is configured that could be watched.");
        d.remedy = tr("Give this node ssh, an engine, a url or a tunnel in the fleet file.");
    } else {
        d.summary = tr("Not known: no answer yet from %1.").arg(awaited.join(QStringLiteral(", ")));
        d.evidence = witnesses.join(QStringLiteral("; "));
    }
    return d;
}

} // namespace

Diagnosis diagnose(const NodeState &node, MonotonicMs now)
{
    if (const auto machine = machineFinding(node, now)) {
        Diagnosis d = told(*machine);
        d.consequences = machineConsequences(node);
        return d;
    }
    std::vector<Finding> findings; // lowest layer first; SSH last, it is a witness
    for (const auto &finding : {acceleratorFinding(node, now), engineFinding(node, now), modelFinding(node, now),
             connectorFinding(node, now), tunnelFinding(node, now), accessFinding(node, now), edgeFinding(node, now),
             sshFinding(node)})
        if (finding)
            findings.push_back(*finding);
    if (findings.empty())
        return withoutFault(node, now);

    // The gravest one leads; among equals the lowest layer.
    auto root = std::max_element(findings.begin(), findings.end(),
        [](const Finding &a, const Finding &b) { return weight(a.condition) < weight(b.condition); });
    Finding chosen = *root;
    // A lesser fault further down that explains it is the real root, and as grave as what it causes; but what is only
    // starting explains its own silence.
    for (const Finding &lower : findings) {
        if (&lower == &*root)
            break;
        if (explains(lower, chosen)) {
            const NodeCondition condition = lower.condition == NodeCondition::Starting ? lower.condition : chosen.condition;
            chosen = lower;
            chosen.condition = condition;
            break;
        }
    }
    Diagnosis d = told(chosen);
    for (const Finding &other : findings)
        if (other.layer != chosen.layer)
            d.consequences.append(other.summary);
    return d;
}

} // namespace hybridge
