// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/retrypolicy.h"

#include <algorithm>

namespace hybridge {

namespace {
constexpr int cap = 3;
constexpr qint64 longestObeyedMs = 60 * 1000;

bool isPassing(int status)
{
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504
        || (status >= 520 && status <= 524);
}
} // namespace

std::optional<std::chrono::milliseconds> retryPause(const AttemptOutcome &outcome, double random)
{
    if (!outcome.idempotent || outcome.attempt < 1 || outcome.attempt >= std::min(outcome.mostAttempts, cap))
        return std::nullopt;
    if (outcome.failure ? *outcome.failure != Error::Kind::Network : !isPassing(outcome.status))
        return std::nullopt;
    if (outcome.retryAfterMs > longestObeyedMs)
        return std::nullopt;
    if (outcome.retryAfterMs >= 0)
        return std::chrono::milliseconds(outcome.retryAfterMs);
    const qint64 first = outcome.status == 429 ? 1000 : 250;
    const qint64 whole = std::min<qint64>(first << (outcome.attempt - 1), 8000);
    const double share = std::clamp(random, 0.0, 1.0);
    return std::chrono::milliseconds(whole / 2 + static_cast<qint64>(static_cast<double>(whole / 2) * share));
}

} // namespace hybridge
