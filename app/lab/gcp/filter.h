// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace hybridge::lab {

/// Compute's `filter` parameter, the part of it that clients of one instance use: `field = "value"`, `field != value`,
/// `field eq regex`, `field ne regex`, joined by AND, with or without brackets. Gives whether @p item passes; a filter
/// that is not understood sets @p bad.
bool passesFilter(const std::string &filter, const nlohmann::json &item, bool &bad);

} // namespace hybridge::lab
