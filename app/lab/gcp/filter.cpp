// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/filter.h"

#include <regex>
#include <vector>

namespace hybridge::lab {

namespace {

/// Words, operators and quoted texts (marked by a leading quote).
std::vector<std::string> tokensOf(const std::string &filter)
{
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < filter.size();) {
        const char c = filter[i];
        if (c == ' ' || c == '(' || c == ')') {
            ++i;
        } else if (c == '"' || c == '\'') {
            const std::size_t end = filter.find(c, i + 1);
            tokens.push_back('"' + filter.substr(i + 1, end == std::string::npos ? end : end - i - 1));
            i = end == std::string::npos ? filter.size() : end + 1;
        } else if (c == '=' || (c == '!' && filter.substr(i, 2) == "!=")) {
            tokens.emplace_back(c == '=' ? "=" : "!=");
            i += c == '=' ? 1 : 2;
        } else {
            const std::size_t end = filter.find_first_of(" ()=!", i + 1);
            tokens.push_back(filter.substr(i, end == std::string::npos ? end : end - i));
            i = end == std::string::npos ? filter.size() : end;
        }
    }
    return tokens;
}

std::string textOf(const nlohmann::json &value)
{
    return value.is_string() ? value.get<std::string>() : value.dump();
}

} // namespace

bool passesFilter(const std::string &filter, const nlohmann::json &item, bool &bad)
{
    const std::vector<std::string> tokens = tokensOf(filter);
    bool passes = true;
    for (std::size_t i = 0; i < tokens.size(); i += 4) {
        if (i + 2 >= tokens.size() || (i + 3 < tokens.size() && tokens[i + 3] != "AND")) {
            bad = true;
            return false;
        }
        const std::string &verb = tokens[i + 1];
        const std::string wanted = tokens[i + 2].starts_with('"') ? tokens[i + 2].substr(1) : tokens[i + 2];
        const std::string actual = item.contains(tokens[i]) ? textOf(item[tokens[i]]) : std::string();
        bool same = actual == wanted;
        if (verb == "eq" || verb == "ne") {
            try {
                same = std::regex_match(actual, std::regex(wanted));
            } catch (const std::regex_error &) {
                bad = true;
                return false;
            }
        } else if (verb != "=" && verb != "!=") {
            bad = true;
            return false;
        }
        passes = passes && same == (verb == "=" || verb == "eq");
    }
    return passes;
}

} // namespace hybridge::lab
