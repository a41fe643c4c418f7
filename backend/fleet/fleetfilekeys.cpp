// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfilekeys.h"

#include <algorithm>
#include <vector>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

/// Levenshtein's distance, case aside. Both texts are short: known keys, and keys of at most 200 bytes.
int distance(const QString &a, const QString &b)
{
    std::vector<int> row(static_cast<std::size_t>(b.size()) + 1);
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = static_cast<int>(i);
    for (qsizetype i = 0; i < a.size(); ++i) {
        int diagonal = row[0];
        row[0] = static_cast<int>(i) + 1;
        for (qsizetype j = 0; j < b.size(); ++j) {
            const auto at = static_cast<std::size_t>(j);
            const int change = a.at(i).toLower() == b.at(j).toLower() ? 0 : 1;
            const int best = std::min({row[at + 1] + 1, row[at] + 1, diagonal + change});
            diagonal = row[at + 1];
            row[at + 1] = best;
        }
    }
    return row.back();
}

} // namespace

const QList<FleetKeySet> &fleetKeySets()
{
    static const QStringList access{u"clientId"_s, u"clientSecret"_s, u"token"_s};
    static const QList<FleetKeySet> sets{
        {u""_s,
            {u"version"_s, u"name"_s, u"plan"_s, u"endpoint"_s, u"cloudflare"_s, u"gcp"_s, u"routing"_s, u"nodes"_s},
            {u"version"_s}},
        {u"/endpoint"_s, {u"url"_s, u"access"_s}, {u"url"_s}},
        {u"/endpoint/access"_s, access, {}},
        {u"/cloudflare"_s, {u"accountId"_s, u"zoneId"_s, u"team"_s, u"token"_s, u"apiBase"_s}, {}},
        {u"/gcp"_s,
            {u"project"_s, u"billingAccount"_s, u"credentials"_s, u"computeBase"_s, u"tpuBase"_s, u"billingBase"_s,
                u"budgetsBase"_s, u"quotasBase"_s},
            {}},
        {u"/routing"_s, {u"mode"_s, u"script"_s, u"loadBalancer"_s}, {u"mode"_s}},
        {u"/nodes/*"_s,
            {u"id"_s, u"label"_s, u"colour"_s, u"url"_s, u"access"_s, u"tunnel"_s, u"ssh"_s, u"machine"_s, u"engine"_s,
                u"connector"_s, u"accelerator"_s, u"price"_s},
            {u"id"_s}},
        {u"/nodes/*/access"_s, access, {}},
        {u"/nodes/*/ssh"_s,
            {u"host"_s, u"port"_s, u"user"_s, u"identity"_s, u"proxyCommand"_s, u"proxyEnv"_s, u"jump"_s}, {}},
        {u"/nodes/*/machine"_s, {u"kind"_s, u"zone"_s, u"instance"_s, u"alternatives"_s, u"spotRestart"_s}, {u"kind"_s}},
        {u"/nodes/*/machine/spotRestart"_s,
            {u"from"_s, u"to"_s, u"days"_s, u"timeZone"_s, u"firstPauseSeconds"_s, u"giveUpMinutes"_s}, {}},
        {u"/nodes/*/machine/alternatives/*"_s, {u"zone"_s, u"machineType"_s}, {u"zone"_s}},
        {u"/nodes/*/engine"_s, {u"kind"_s, u"url"_s, u"apiKey"_s, u"service"_s, u"models"_s}, {u"kind"_s}},
        {u"/nodes/*/connector"_s, {u"service"_s, u"metrics"_s}, {}},
        {u"/nodes/*/price"_s, {u"perHour"_s, u"watts"_s, u"baseWatts"_s, u"perKWh"_s, u"amortization"_s, u"currency"_s}, {}},
        {u"/nodes/*/price/amortization"_s, {u"amount"_s, u"months"_s}, {u"amount"_s, u"months"_s}},
    };
    return sets;
}

const FleetKeySet &fleetKeySet(const QString &path)
{
    const QList<FleetKeySet> &sets = fleetKeySets();
    const auto found
        = std::find_if(sets.cbegin(), sets.cend(), [&](const FleetKeySet &set) { return set.path == path; });
    Q_ASSERT(found != sets.cend());
    return *found;
}

QString nearestFleetKey(const FleetKeySet &set, const QString &wrong)
{
    QString nearest;
    int least = 3;
    for (const QString &key : set.keys) {
        const int far = distance(key, wrong);
        if (far < least && far < key.size()) {
            least = far;
            nearest = key;
        }
    }
    return nearest;
}

} // namespace hybridge
