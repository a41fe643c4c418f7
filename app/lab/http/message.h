// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybridge::lab {

bool equalsIgnoreCase(std::string_view a, std::string_view b);

/// Header fields in the order sent; names compare without case.
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : m_fields(fields) { }

    const std::string *find(std::string_view name) const; ///< the first one
    std::string value(std::string_view name) const;       ///< empty when absent
    bool has(std::string_view name) const { return find(name) != nullptr; }
    void add(std::string name, std::string value);
    void set(std::string name, std::string value); ///< replaces all of that name
    void remove(std::string_view name);
    auto begin() const { return m_fields.begin(); }
    auto end() const { return m_fields.end(); }

private:
    std::vector<std::pair<std::string, std::string>> m_fields;
};

struct Request {
    std::string method;
    std::string target; ///< as sent
    std::string path;   ///< percent-decoded, without the query
    std::vector<std::pair<std::string, std::string>> query;
    Headers headers;
    std::string body;
    bool http10 = false;

    std::optional<std::string> queryValue(std::string_view name) const;
    /// "/a/b/" gives {"a", "b"}.
    std::vector<std::string> segments() const;
    /// The media type without parameters, lower case.
    std::string mediaType() const;
};

/// What a parser says about the bytes so far.
enum class Parsed { Complete, Incomplete, Bad };

/// Reads a request line and header fields from the front of @p bytes; @p used is how many they took.
Parsed parseHead(std::string_view bytes, Request &request, std::size_t &used);

/// application/x-www-form-urlencoded, as in a query string.
std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text);
std::string percentDecoded(std::string_view text, bool plusIsBlank);
std::string_view reasonPhrase(int status);

} // namespace hybridge::lab
