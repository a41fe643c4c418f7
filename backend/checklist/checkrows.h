// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checkfacts.h"
#include "backend/checklist/checktypes.h"

#include <QCoreApplication>

namespace hybridge::checks {

/// The decisions behind the catalogue's lines: pure functions on facts. Internal to the checklist; tests call them through
/// the catalogue.

using Facts = FleetCheckFacts;
using Node = NodeCheckFacts;

[[nodiscard]] inline QString tr(const char *text)
{
    return QCoreApplication::translate("Checklist", text);
}

[[nodiscard]] CheckVerdict pass(QString evidence);
[[nodiscard]] CheckVerdict fail(QString evidence, QString remedy, std::optional<CheckFix> fix = {});
[[nodiscard]] CheckVerdict unknown(QString evidence, QString remedy = {});
[[nodiscard]] CheckVerdict notApplicable();
/// Unknown, because it could not be read.
[[nodiscard]] CheckVerdict unread(const Error &error);
/// Unknown: nobody has asked yet, or nobody can.
[[nodiscard]] CheckVerdict notAsked();

/// Why nothing on @p node can be asked now although all may be well: its machine is stopped. Empty: go on.
[[nodiscard]] std::optional<CheckVerdict> machineStopped(const Node &node);
/// What stands in the row as long as @p fact is not there: nobody has asked, or it could not be read. Empty: go on.
template<typename T> [[nodiscard]] std::optional<CheckVerdict> unreadFact(const Fact<T> &fact)
{
    if (!fact)
        return notAsked();
    return *fact ? std::nullopt : std::optional(unread(fact->error()));
}
/// The same of a fact that a stopped machine cannot tell.
template<typename T> [[nodiscard]] std::optional<CheckVerdict> unreadOn(const Node &node, const Fact<T> &fact)
{
    const auto stopped = machineStopped(node);
    return stopped ? stopped : unreadFact(fact);
}
[[nodiscard]] bool isCloudMachine(const NodeConfig &node);
/// "systemd:UNIT" without its kind; empty for anything else.
[[nodiscard]] QString unitOf(const QString &service);
[[nodiscard]] QString containerOf(const QString &service);

// machine, accelerator, login
CheckVerdict machineClock(const Facts &facts, const Node *node);
CheckVerdict machineDisk(const Facts &facts, const Node *node);
CheckVerdict machineQuota(const Facts &facts, const Node *node);
CheckVerdict machineMaxRun(const Facts &facts, const Node *node);
CheckVerdict machineIdleStop(const Facts &facts, const Node *node);
CheckVerdict gpuDriver(const Facts &facts, const Node *node);
CheckVerdict gpuPersistence(const Facts &facts, const Node *node);
CheckVerdict sshKeys(const Facts &facts, const Node *node);
CheckVerdict sshSudo(const Facts &facts, const Node *node);

// engine, model
CheckVerdict engineRunning(const Facts &facts, const Node *node);
CheckVerdict engineBoot(const Facts &facts, const Node *node);
CheckVerdict engineLoopback(const Facts &facts, const Node *node);
CheckVerdict enginePublished(const Facts &facts, const Node *node);
CheckVerdict modelPresent(const Facts &facts, const Node *node);
CheckVerdict modelOnGpu(const Facts &facts, const Node *node);
CheckVerdict modelFits(const Facts &facts, const Node *node);
CheckVerdict modelFailover(const Facts &facts, const Node *node);

// connector, tunnel
CheckVerdict connectorRunning(const Facts &facts, const Node *node);
CheckVerdict connectorBoot(const Facts &facts, const Node *node);
CheckVerdict connectorRestart(const Facts &facts, const Node *node);
CheckVerdict connectorVersion(const Facts &facts, const Node *node);
CheckVerdict connectorTcp(const Facts &facts, const Node *node);
CheckVerdict connectorUdp(const Facts &facts, const Node *node);
CheckVerdict connectorInbound(const Facts &facts, const Node *node);
CheckVerdict tunnelHealthy(const Facts &facts, const Node *node);
CheckVerdict tunnelOwn(const Facts &facts, const Node *node);
CheckVerdict tunnelIngress(const Facts &facts, const Node *node);
CheckVerdict tunnelCatchAll(const Facts &facts, const Node *node);
CheckVerdict tunnelHostHeader(const Facts &facts, const Node *node);

// access
CheckVerdict accessRefuses(const Facts &facts, const Node *node);
CheckVerdict accessLetsIn(const Facts &facts, const Node *node);
CheckVerdict accessApplication(const Facts &facts, const Node *node);
CheckVerdict accessServiceAuth(const Facts &facts, const Node *node);
CheckVerdict accessNamedMails(const Facts &facts, const Node *node);
CheckVerdict accessTokens(const Facts &facts, const Node *node);

// edge, router, accounts
CheckVerdict dnsNameservers(const Facts &facts, const Node *node);
CheckVerdict dnsRecord(const Facts &facts, const Node *node);
CheckVerdict edgeAnswers(const Facts &facts, const Node *node);
CheckVerdict edgeStream(const Facts &facts, const Node *node);
CheckVerdict routerShipped(const Facts &facts, const Node *node);
CheckVerdict routerRoutes(const Facts &facts, const Node *node);
CheckVerdict routerSideDoors(const Facts &facts, const Node *node);
CheckVerdict apiToken(const Facts &facts, const Node *node);
CheckVerdict apiTokenNarrow(const Facts &facts, const Node *node);
CheckVerdict costBudget(const Facts &facts, const Node *node);

} // namespace hybridge::checks
