// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QString>

#include <nlohmann/json.hpp>

#include <optional>

namespace hybridge {

/// Fields of foreign JSON objects. Absent and null mean "not told"; a wrong type throws (a std::exception), so use
/// them inside decode() only. Unknown keys are of no interest.

/// nullptr when @p key is absent or null, or @p object is no object.
[[nodiscard]] const nlohmann::json *jsonField(const nlohmann::json &object, const char *key);
/// Empty when absent.
[[nodiscard]] QString jsonText(const nlohmann::json &object, const char *key);
/// Must be there and not be empty.
[[nodiscard]] QString jsonRequiredText(const nlohmann::json &object, const char *key);
/// Numbers, and numbers written as strings (Google's int64).
[[nodiscard]] std::optional<qint64> jsonInteger(const nlohmann::json &object, const char *key);
[[nodiscard]] std::optional<double> jsonNumber(const nlohmann::json &object, const char *key);
[[nodiscard]] std::optional<bool> jsonBool(const nlohmann::json &object, const char *key);
/// RFC 3339, in UTC; invalid when absent or unreadable.
[[nodiscard]] QDateTime jsonTime(const nlohmann::json &object, const char *key);
/// RFC 3339 with offsets and any number of fraction digits; UTC; invalid when unreadable. Pure.
[[nodiscard]] QDateTime parseRfc3339(const QString &text);

} // namespace hybridge
