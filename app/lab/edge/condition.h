// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace hybridge::lab {

/// What a load balancing rule may ask about a request.
struct RequestFacts {
    std::int64_t second = 0; ///< since the epoch
    std::string method;
    std::string host;
    std::string path;
    std::string query;
    std::string userAgent;
};

/// A condition in Cloudflare's rules language, as far as the lab knows it: comparisons (eq ne lt le gt ge contains, and
/// their signs) of http.request.timestamp.sec, .uri, .uri.path, .uri.query, .method, http.host and http.user_agent,
/// joined by and, or, not and parentheses.
class Condition {
public:
    /// Gives an empty condition and sets @p wrong when @p text is not understood.
    static Condition parse(const std::string &text, std::string &wrong);
    /// An empty condition holds always, as a rule without one does.
    bool holds(const RequestFacts &facts) const;

    struct Node;

private:
    std::shared_ptr<const Node> m_root;
};

} // namespace hybridge::lab
