// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QByteArray>

#include <nlohmann/json.hpp>

namespace hybridge {

inline constexpr qsizetype mostJsonBytes = 8 << 20;
inline constexpr int mostJsonDepth = 64;

/// Foreign JSON as a value. Never throws. Errors (Protocol): empty, over @p mostBytes, nested deeper than
/// @p mostDepth, not JSON, not UTF-8. Pure; any thread.
[[nodiscard]] Result<nlohmann::json> parseJson(
    const QByteArray &bytes, qsizetype mostBytes = mostJsonBytes, int mostDepth = mostJsonDepth);

/// The Error for JSON that has another shape than expected; @p what is nlohmann's own text.
[[nodiscard]] Error shapeError(const char *what);

/// The only place where exceptions of nlohmann are caught: @p read takes a const nlohmann::json & and returns a T, and
/// may throw whatever nlohmann throws (at(), get<>()). Any throw is an Error of kind Protocol.
template <class T, class Read>
[[nodiscard]] Result<T> decode(const nlohmann::json &json, Read read)
{
    try {
        return Result<T>(T(read(json)));
    } catch (const std::exception &e) {
        return shapeError(e.what());
    }
}

/// parseJson() and decode() in one step.
template <class T, class Read>
[[nodiscard]] Result<T> decodeBytes(const QByteArray &bytes, Read read)
{
    const Result<nlohmann::json> json = parseJson(bytes);
    if (!json)
        return json.error();
    return decode<T>(*json, read);
}

} // namespace hybridge
