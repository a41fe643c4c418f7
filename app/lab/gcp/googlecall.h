// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace hybridge::lab {

/// One call of a Google API, authenticated, and how its answers look.
struct GoogleCall {
    const Request &request;
    Answer &answer;
    std::string user;
    std::vector<std::string> path; ///< below what the API's handler took off
    std::string place;             ///< the zone or region that the path names; empty: none

    [[nodiscard]] bool is(const char *method) const { return request.method == method; }
    /// One page of @p items as maxResults (or pageSize) and pageToken (a plain index) ask; sets @p next.
    [[nodiscard]] std::vector<nlohmann::json> page(
        const std::vector<nlohmann::json> &items, std::string &next, std::size_t most = 500) const;
    /// False: the filter is not understood, and answered.
    [[nodiscard]] bool keepFiltered(std::vector<nlohmann::json> &items) const;
    /// The request's body as an object; null with the call answered when it is none.
    [[nodiscard]] nlohmann::json body() const;

    void reply(const nlohmann::json &body) const;
    /// @p details: google.rpc details, or null.
    void refuse(int status, const char *reason, const std::string &message, const char *word,
        const nlohmann::json &details = nullptr) const;
    void notFound(const std::string &resource) const;
};

} // namespace hybridge::lab
