// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/identity/identity.h"
#include "app/lab/world/types.h"

#include <map>
#include <mutex>
#include <optional>

namespace hybridge::lab {

/// Google's OAuth token endpoint: service account assertions (RS256, checked against the lab's own key) and refresh
/// tokens, with the real refusals (facts: gcp 1).
class GoogleAuth {
public:
    explicit GoogleAuth(const Identity &identity) : m_identity(identity) { }

    void serveToken(const Request &request, Answer &answer);
    /// Who a request's bearer token belongs to; empty: nobody, the caller answers 401.
    std::string userOf(const Request &request) const;
    /// Was a request's token granted before @p time?
    bool grantedBefore(const Request &request, Wall::time_point time) const;

private:
    struct Token {
        std::string user;
        Monotonic::time_point expires;
        Wall::time_point granted;
    };
    std::optional<Token> tokenOf(const Request &request) const;
    std::string refusedAssertion(const std::string &assertion) const;
    void grant(const std::string &user, Answer &answer);

    const Identity &m_identity;
    mutable std::mutex m_mutex;
    std::map<std::string, Token> m_tokens;
};

/// Base64url without padding; false for anything else.
bool base64UrlDecoded(std::string_view text, std::string &bytes);

} // namespace hybridge::lab
