// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/world/types.h"

namespace hybridge::lab {

class World;

void serveVllm(World &world, const NodeSpec &node, const Request &request, Answer &answer);
void serveOllama(World &world, const NodeSpec &node, const Request &request, Answer &answer);

} // namespace hybridge::lab
