// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/servedmodels.h"

namespace hybridge {

QStringList answeredModels(const NodeState &node)
{
    if (!node.engine.isKnown() || !node.engine->models)
        return {};
    QStringList names = *node.engine->models;
    if (node.config.engine && node.config.engine->kind == EngineKind::Ollama) {
        const QString latest = QStringLiteral(":latest");
        for (const QString &name : *node.engine->models)
            if (name.endsWith(latest))
                names.append(name.chopped(latest.size()));
    }
    return names;
}

} // namespace hybridge
