// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/engine.h"

#include "app/lab/engines/accesslog.h"
#include "app/lab/engines/completion.h"
#include "app/lab/engines/kinds.h"

namespace hybridge::lab {

Handler engineHandler(World &world, const NodeSpec &node)
{
    return accessLogged(world, node, [&world, &node](const Request &request, Answer &answer) {
        if (!waitWhileHung(world, node, answer))
            return answer.cut();
        if (node.engine == EngineKind::Vllm)
            serveVllm(world, node, request, answer);
        else
            serveOllama(world, node, request, answer);
    });
}

} // namespace hybridge::lab
