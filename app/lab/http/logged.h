// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

#include <string>

namespace hybridge::lab {

class World;

/// @p handler, with each of its calls written to the world's log when it has ended.
Handler logged(World &world, std::string room, std::string node, Handler handler);

} // namespace hybridge::lab
