// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

#include <nlohmann/json.hpp>

namespace hybridge::lab {

/// What a service behind Cloudflare's API answers: a result in the envelope, a refusal with its code, or raw bytes.
struct ApiReply {
    int status = 200;
    nlohmann::json result;
    nlohmann::json info; ///< result_info; null: none
    int code = 0;        ///< of a refusal; 0: none
    std::string message;
    std::string raw; ///< with rawType: sent as it is, without an envelope
    std::string rawType;

    bool ok() const { return code == 0; }
};

ApiReply given(nlohmann::json result, nlohmann::json info = nullptr);
ApiReply refused(int status, int code, std::string message);
ApiReply noSuchRoute();
ApiReply methodNotAllowed();

void send(const ApiReply &reply, Answer &answer);
/// A refusal with an error_chain and headers of its own.
void refuse(Answer &answer, int status, int code, const std::string &message, const nlohmann::json &chain = nullptr,
    Headers headers = {});

/// @p all in pages as `page` and `per_page` ask for (20 a page, 1000 at most).
ApiReply paged(const nlohmann::json &all, const Request &request);

/// 32 lower-case hexadecimal digits.
bool isApiId(const std::string &text);

} // namespace hybridge::lab
