// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/fd.h"

#include <string>

namespace hybridge::lab {

/// Connects to "localhost", 127.0.0.0/8 or ::1; no other host. The descriptor is non-blocking and close-on-exec, its
/// connection usually complete, or still under way when the other side's queue is full. Invalid, errno set: refused.
Fd connectToLoopback(const std::string &host, int port);

} // namespace hybridge::lab
