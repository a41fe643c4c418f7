// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/http/apirequest.h"
#include "backend/http/httpresponse.h"

namespace hybridge {

/// Sends requests to one outside system. What services depend on and what tests fake (tests/support/faketransport.h).
/// GUI thread; never blocks.
class ApiTransport {
public:
    virtual ~ApiTransport() = default;
    /// One request, with retries where that is safe. Errors: Network, Timeout, Cancelled, Tls, Protocol (too long),
    /// OutcomeUnknown (a non-idempotent request left and no answer came), RateLimited (local budget), Invalid (a path
    /// that leaves the base URL), and whatever the authorizer says (Unauthorized, Unavailable).
    virtual Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) = 0;
};

} // namespace hybridge
