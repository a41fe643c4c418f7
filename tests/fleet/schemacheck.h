// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace hybridge {

/// A small JSON Schema validator for tests: the keywords that resources/schema/fleet.schema.json uses, no others; one
/// that it does not know throws, so that the schema cannot grow past it unseen.
/// Gives the first disagreement as "/pointer: keyword", or an empty text.
[[nodiscard]] std::string schemaDisagreement(const nlohmann::json &schema, const nlohmann::json &value);

} // namespace hybridge
