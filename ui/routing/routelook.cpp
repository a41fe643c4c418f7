// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/routelook.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace hybridge {

QList<RouteLook> routeLooks(const RoutingState &state, const FleetState &fleet, const Tokens &tokens)
{
    QList<RouteLook> out;
    int strangers = 0;
    for (const RouteTarget &target : state.targets) {
        RouteLook look;
        look.id = target.node;
        look.enabled = target.enabled;
        const NodeState *node = target.isKnown ? fleet.node(target.node) : nullptr;
        look.label = safeText(node && !node->config.label.isEmpty() ? node->config.label : target.node, 80);
        look.colour = nodeColour(node ? node->config.colour : QString(), node ? fleet.indexOf(target.node) : fleet.nodeCount() + strangers++, tokens);
        if (node) {
            look.condition = node->diagnosis.condition;
            look.note = node->diagnosis.summary;
        } else {
            look.note = QCoreApplication::translate("RouteLook", "The fleet file has no such node: nothing is known of it.");
        }
        if (!target.enabled)
            look.note = QCoreApplication::translate("RouteLook", "Switched off at the router: a share would not count.");
        out.append(look);
    }
    return out;
}

QString shareText(double percent)
{
    const double tidy = tidyPercent(percent);
    const bool isWhole = std::abs(tidy - std::round(tidy)) < 0.005;
    return QStringLiteral("%1 %").arg(QLocale().toString(tidy, 'f', isWhole ? 0 : tidy * 10 == std::round(tidy * 10) ? 1 : 2));
}

QString sharesWords(const ShareMap &shares, const QList<RouteLook> &looks)
{
    QStringList words;
    for (const RouteLook &look : looks)
        if (shares.value(look.id) > 0)
            words.append(QStringLiteral("%1 %2").arg(look.label, shareText(shares.value(look.id))));
    return words.isEmpty() ? QCoreApplication::translate("RouteLook", "nobody") : words.join(QStringLiteral(", "));
}

} // namespace hybridge
