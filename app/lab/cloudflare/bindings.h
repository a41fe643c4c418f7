// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace hybridge::lab {

/// What a new version of a Worker is bound to, secrets in clear; or why it is refused.
struct ResolvedBindings {
    nlohmann::json bindings = nlohmann::json::array();
    int code = 0; ///< 0: none refused
    std::string message;
};

/// The list of bindings of an upload or of a PATCH of settings, which is a complete one: what @p asked leaves out is
/// dropped, unless its type is among @p kept; `inherit` takes it over from @p before, and without @p strict one that
/// finds nothing is dropped without a word (facts: cloudflare 4.1).
ResolvedBindings resolveBindings(
    const nlohmann::json &asked, const nlohmann::json &before, const std::vector<std::string> &kept, bool strict);

/// As the API tells them: a secret has a name and a type, and nothing else.
nlohmann::json toldBindings(const nlohmann::json &bindings);

} // namespace hybridge::lab
