// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace hybridge::cloudflare {

/// What stands around every answer of Cloudflare's API v4:
/// {"success", "errors", "messages", "result", "result_info"}. Only result and its paging are of interest.
struct Envelope {
    nlohmann::json result;            ///< may be null
    std::optional<qint64> count;      ///< items on this page
    std::optional<qint64> totalCount; ///< items on all pages
};

/// The result of an answer, or the Error that it stands for. Codes decide, never texts; HTML, truncated and foreign
/// bodies are Errors too. @p permission is the permission group that the call needs, named when it is missing. Pure.
///
/// Kinds: Unauthorized (1000, 6003, 9109, 10000), NotFound (7000, 7003, HTTP 404), RateLimited (429), Timeout, Remote
/// (5xx, success false), Protocol. Error::serviceCode is Cloudflare's own code.
[[nodiscard]] Result<Envelope> parseEnvelope(const HttpResponse &response, const QString &permission);

} // namespace hybridge::cloudflare
