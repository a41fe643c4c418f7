// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checkfacts.h"
#include "backend/checklist/checktypes.h"

#include <span>

namespace hybridge {

/// What has to be read before a check can be judged; a set of bits.
namespace CheckPart {
enum : unsigned {
    Audit = 1U << 0, ///< one command on the node
    Gpus = 1U << 1,
    EdgePort = 1U << 2,
    Services = 1U << 3,
    Engine = 1U << 4,
    Connector = 1U << 5,
    Connectors = 1U << 6, ///< the tunnel's, by the API
    Configuration = 1U << 7,
    Instance = 1U << 8,
    Hostname = 1U << 9, ///< with and without the token
    Stream = 1U << 10,
    Dns = 1U << 11,
    Key = 1U << 12,
    Zone = 1U << 13,
    Tunnels = 1U << 14,
    Access = 1U << 15,
    ApiToken = 1U << 16,
    Worker = 1U << 17,
    Budgets = 1U << 18,
    Quotas = 1U << 19,
    Firewalls = 1U << 20,
    All = (1U << 21) - 1,
};
} // namespace CheckPart

/// What a check is about.
enum class CheckScope {
    Nodes, ///< each node
    Hostnames, ///< each node's hostname and the endpoint's
    Fleet, ///< once
};

/// One line of the checklist.
struct Check {
    const char *id; ///< stable; "access.refuses-without-token"
    CheckGroup group;
    CheckScope scope;
    unsigned needs; ///< CheckPart bits
    const char *title; ///< a statement that is true when all is well; translated by checkTitle()
    const char *why;
    /// Judges @p facts; @p node is null for what is about no single node (the endpoint's hostname too). Pure.
    CheckVerdict (*decide)(const FleetCheckFacts &facts, const NodeCheckFacts *node);
};

/// All checks, from the bottom up.
[[nodiscard]] std::span<const Check> checkCatalogue();
[[nodiscard]] const Check *findCheck(const QString &id);
[[nodiscard]] QString checkTitle(const Check &check);
[[nodiscard]] QString checkWhy(const Check &check);

/// The verdicts of @p check on everything that it applies to, in the fleet file's order; not-applicable ones are left out.
/// Pure.
[[nodiscard]] QList<CheckResult> judgeCheck(const Check &check, const FleetCheckFacts &facts);
/// The whole checklist. Pure.
[[nodiscard]] QList<CheckResult> judgeAll(const FleetCheckFacts &facts);

} // namespace hybridge
