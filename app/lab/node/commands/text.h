// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Text in the forms that the tools on a node print.
namespace hybridge::lab {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string> &parts, std::string_view separator);
/// printf with one floating-point argument.
std::string number(double value, int decimals = 0);
std::optional<long> wholeNumber(std::string_view text);

/// A JSON string with its quotes. Text that is not UTF-8 comes through as it is.
std::string jsonString(std::string_view text);
bool isPlainUtf8(std::string_view text); ///< valid UTF-8 without control bytes except tab and line feed

/// "Mon 2026-11-23 00:34:39 UTC", in the machine's zone.
std::string systemdTime(Wall::time_point at);
std::string rfc3339(Wall::time_point at, int decimals); ///< UTC, with Z
std::string localTime(Wall::time_point at, const char *strftimeFormat);
long long microseconds(Wall::time_point at); ///< since the epoch
/// "1min 29s", "5h 3min" as systemd shows a span, at most two units.
std::string systemdSpan(std::chrono::microseconds span);
/// systemd's own notation: "90", "90s", "1min 30s", "2h", "500ms".
std::optional<std::chrono::microseconds> parseSystemdSpan(std::string_view text);
/// "About an hour", "3 hours", "5 seconds" as docker says it.
std::string dockerSpan(Wall::duration span);

/// Hexadecimal digits that depend on the seeds alone (boot ids, container ids).
std::string hexDigits(std::uint64_t seed, std::string_view salt, std::size_t digits);

/// The value of "--name=value" or "--name value" (then i moves on); nullopt when arguments[i] is something else.
std::optional<std::string> optionValue(const std::vector<std::string> &arguments, std::size_t &i,
    std::string_view longName, std::string_view shortName = {});

} // namespace hybridge::lab
