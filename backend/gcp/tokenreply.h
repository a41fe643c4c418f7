// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/base/secret.h"
#include "backend/http/httpresponse.h"

#include <QString>

#include <chrono>

namespace hybridge::gcp {

/// An access token and how long it may be used before another is fetched.
struct AccessToken {
    Secret token;
    std::chrono::seconds useFor{0};
    QString quotaProject; ///< for x-goog-user-project; empty: none
};

/// What a token endpoint answered: {"access_token", "expires_in"} or an OAuth error. The token is used until 225 s
/// before it expires (the threshold of google-auth 2.39); a short-lived one for half of its life. Errors:
/// Unauthorized with the cause (key, clock, log-in, organisation's rule, client), Remote, RateLimited, Protocol. Pure.
[[nodiscard]] Result<AccessToken> parseTokenReply(const HttpResponse &response);

/// A token printed by a command or held by a variable: one line of visible ASCII. Errors: Invalid. Pure.
[[nodiscard]] Result<Secret> parseBareToken(const QByteArray &text);

} // namespace hybridge::gcp
