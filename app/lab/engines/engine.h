// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/world/types.h"

namespace hybridge::lab {

class World;

/// The model server of a node, as it is seen on the node itself: vLLM or Ollama look-alike, by the node's kind. Serves
/// the node's own port and what the edge passes on. Where a real one would drop the connection it calls `cut`.
Handler engineHandler(World &world, const NodeSpec &node);

} // namespace hybridge::lab
