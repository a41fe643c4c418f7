// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetfileproblem.h"

#include <nlohmann/json.hpp>

#include <QByteArray>

#include <string>
#include <unordered_map>

namespace hybridge {

/// A JSON document that keeps the order of its keys, and on which line each value stands.
struct FleetDocument {
    nlohmann::ordered_json root;
    std::unordered_map<std::string, int> lines; ///< by JSON pointer, UTF-8
    [[nodiscard]] int lineOf(const std::string &pointer) const
    {
        const auto found = lines.find(pointer);
        return found == lines.end() ? 0 : found->second;
    }
};

/// Reads strict JSON: UTF-8, no duplicate keys, nothing after the end, at most 32 deep, 1000 keys an object and 10 000
/// items an array. Fills @p document and adds what is wrong to @p problems; false when the text cannot be used at all.
/// Pure; never throws; no text of the file but its keys stands in a problem.
bool readFleetJson(const QByteArray &bytes, FleetDocument &document, QList<FleetProblem> &problems);

/// @p pointer with one more key, escaped as RFC 6901 says.
[[nodiscard]] std::string pointerTo(const std::string &pointer, const std::string &key);

} // namespace hybridge
