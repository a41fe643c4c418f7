// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

namespace hybridge::lab {

class World;

/// The lab's own control API: GET/POST/DELETE /faults, GET /log, GET /state. A web page that the user happens to visit
/// must not steer it: the Host has to be a loopback one, no Origin is let in, and a body has to be JSON.
Handler controlHandler(World &world);

} // namespace hybridge::lab
