// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <QString>

namespace hybridge::gcp {

/// The Error that an answer of a Google API outside 2xx stands for. Decides on errors[0].reason, then details[].reason,
/// then the HTTP status; names the missing permission or the API that is off, with the command that cures it. Pure.
///
/// Kinds: Unauthorized (401, 403), RateLimited (429, 403 with a rate reason), NotFound (404, 410), Timeout (408, 504),
/// Remote (busy, changed meanwhile, 5xx), Protocol (the rest).
[[nodiscard]] Error computeError(const HttpResponse &response);

/// True for the operation errors that mean "no capacity in this zone now": another zone or later.
[[nodiscard]] bool isCapacityCode(const QString &code);

} // namespace hybridge::gcp
