// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

namespace hybridge::lab {

/// The cache of one place of the edge, as workerd speaks to it for the Cache API: GET finds, PUT carries a whole HTTP
/// response and keeps it, PURGE forgets. Keeps the newest 100 responses of up to 64 KiB, whatever they say about their
/// age. Who does not show @p secret as X-Lab-Cache gets nothing.
Handler cacheHandler(std::string secret);

} // namespace hybridge::lab
