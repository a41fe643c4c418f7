// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computetypes.h"
#include "backend/gcp/failure.h"

namespace hybridge::gcp {

/// What a finished operation with an errorCode means: kind and Failure for the code that calls, summary and remedy for
/// the operator, Google's own words as the evidence. An operation without an errorCode gives Kind::Protocol, for
/// there is nothing to tell. Pure.
///
/// Kinds: Remote (no capacity, quota, not ready, changed meanwhile, unsupported, the rest), Unauthorized (permission,
/// API off, service agent), Refused (Local SSD not decided), RateLimited, NotFound.
[[nodiscard]] Error operationError(const Operation &operation);

} // namespace hybridge::gcp
