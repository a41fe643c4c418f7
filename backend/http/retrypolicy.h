// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <chrono>
#include <optional>

namespace hybridge {

/// How one attempt ended. Either failure is set (no answer) or status is (an answer).
struct AttemptOutcome {
    int attempt = 1; ///< 1 for the first
    int mostAttempts = 3;
    bool idempotent = false;
    std::optional<Error::Kind> failure;
    int status = 0;
    qint64 retryAfterMs = -1; ///< -1 when not told
};

/// How long to wait before the next attempt; empty = stop and hand over what there is. Pure.
///
/// Never repeats what is not idempotent. Repeats after Network failures, 429, 500, 502, 503, 504 and 520 to 524.
/// Retry-After is obeyed (over 60 s: stop). Otherwise the pause doubles from 250 ms (429: 1 s) up to 8 s; @p random
/// in [0, 1) places it in the upper half of that range. Never more than three attempts, whatever mostAttempts says.
[[nodiscard]] std::optional<std::chrono::milliseconds> retryPause(const AttemptOutcome &outcome, double random);

} // namespace hybridge
