// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatmodels.h"

#include "backend/fleet/fleetstate.h"
#include "backend/fleet/servedmodels.h"

#include <algorithm>

namespace hybridge {

QList<ChatModelChoice> modelsBehindBalancer(const QList<ChatModelChoice> &listed, const FleetState &fleet)
{
    struct Known {
        QString label;
        QStringList names;
    };
    QList<Known> nodes;
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &node = fleet.at(i);
        if (node.engine.isKnown() && node.engine->models && node.weight.value_or(100.0) > 0)
            nodes.append({node.config.label, answeredModels(node)});
    }
    if (nodes.size() < 2)
        return listed;
    QList<ChatModelChoice> everywhere;
    QList<ChatModelChoice> somewhere;
    const auto sort = [&](ChatModelChoice choice) {
        QStringList having;
        for (const Known &node : nodes)
            if (node.names.contains(choice.name))
                having.append(node.label);
        if (having.size() == nodes.size()) {
            everywhere.append(choice);
        } else {
            choice.onlyOn = having;
            somewhere.append(choice);
        }
    };
    const auto isListed = [&](const QString &name) {
        return std::any_of(listed.begin(), listed.end(), [&](const ChatModelChoice &choice) { return choice.name == name; });
    };
    for (const QString &name : nodes.constFirst().names)
        if (!isListed(name) && std::all_of(nodes.begin(), nodes.end(), [&](const Known &node) { return node.names.contains(name); }))
            everywhere.append(ChatModelChoice {name});
    for (const ChatModelChoice &choice : listed)
        sort(choice);
    return everywhere + somewhere;
}

QString usualModel(const QList<ChatModelChoice> &models)
{
    const auto usual = std::find_if(models.begin(), models.end(), [](const ChatModelChoice &choice) { return !choice.isVirtual; });
    return usual == models.end() ? QString() : usual->name;
}

} // namespace hybridge
