// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/world/types.h"

namespace hybridge::lab {

class World;

/// @p handler, with a line in the engine's own log for each request, query and all: uvicorn's at the first byte of the
/// answer, GIN's when it is done.
Handler accessLogged(World &world, const NodeSpec &node, Handler handler);

} // namespace hybridge::lab
