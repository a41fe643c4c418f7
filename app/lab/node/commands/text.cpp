// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace hybridge::lab {

using namespace std::chrono;

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join(const std::vector<std::string> &parts, std::string_view separator)
{
    std::string joined;
    for (const std::string &part : parts) {
        if (&part != &parts.front())
            joined += separator;
        joined += part;
    }
    return joined;
}

std::string number(double value, int decimals)
{
    std::array<char, 64> text;
    const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return std::string(text.data(), static_cast<std::size_t>(size));
}

std::optional<long> wholeNumber(std::string_view text)
{
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string jsonString(std::string_view text)
{
    std::string json = "\"";
    for (const char c : text) {
        switch (c) {
        case '"':
            json += "\\\"";
            break;
        case '\\':
            json += "\\\\";
            break;
        case '\n':
            json += "\\n";
            break;
        case '\t':
            json += "\\t";
            break;
        case '\r':
            json += "\\r";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20) {
                std::array<char, 8> escaped;
                std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
                json += escaped.data();
            } else {
                json += c;
            }
        }
    }
    return json + '"';
}

bool isPlainUtf8(std::string_view text)
{
    std::size_t i = 0;
    while (i < text.size()) {
        const auto c = static_cast<unsigned char>(text[i]);
        std::size_t more = 0;
        if (c < 0x80) {
            if (c < 0x20 && c != '\n' && c != '\t')
                return false;
        } else if (c >= 0xc2 && c < 0xe0) {
            more = 1;
        } else if (c >= 0xe0 && c < 0xf0) {
            more = 2;
        } else if (c >= 0xf0 && c < 0xf5) {
            more = 3;
        } else {
            return false;
        }
        for (std::size_t k = 1; k <= more; ++k) {
            if (i + k >= text.size() || (static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80)
                return false;
        }
        i += more + 1;
    }
    return true;
}

std::string localTime(Wall::time_point at, const char *strftimeFormat)
{
    const std::time_t seconds_ = Wall::to_time_t(at);
    std::tm parts{};
    ::localtime_r(&seconds_, &parts);
    std::array<char, 128> text;
    return std::string(text.data(), std::strftime(text.data(), text.size(), strftimeFormat, &parts));
}

std::string systemdTime(Wall::time_point at)
{
    return localTime(at, "%a %Y-%m-%d %H:%M:%S %Z");
}

std::string rfc3339(Wall::time_point at, int decimals)
{
    const std::time_t seconds_ = Wall::to_time_t(floor<seconds>(at));
    std::tm parts{};
    ::gmtime_r(&seconds_, &parts);
    std::array<char, 64> text;
    std::string result(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts));
    if (decimals > 0) {
        const auto nanoseconds_ = duration_cast<nanoseconds>(at.time_since_epoch()).count() % 1'000'000'000;
        std::snprintf(text.data(), text.size(), ".%09lld", static_cast<long long>(nanoseconds_));
        result += std::string(text.data()).substr(0, static_cast<std::size_t>(decimals) + 1);
    }
    return result + 'Z';
}

long long microseconds(Wall::time_point at)
{
    return duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

std::string systemdSpan(std::chrono::microseconds span)
{
    struct Unit {
        const char *suffix;
        long long length;
    };
    static constexpr std::array<Unit, 6> units{{{"month", 2'629'800'000'000}, {"day", 86'400'000'000},
        {"h", 3'600'000'000}, {"min", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}}};
    long long left = span.count();
    std::vector<std::string> parts;
    for (const Unit &unit : units) {
        const long long count = left / unit.length;
        if (count > 0 && parts.size() < 2) {
            // months and days are words of their own
            const bool word = unit.length >= 86'400'000'000;
            parts.push_back(std::to_string(count) + (word ? " " : "") + unit.suffix + (word && count > 1 ? "s" : ""));
        }
        left %= unit.length;
        if (!parts.empty() && unit.length == 1'000'000)
            break;
    }
    return parts.empty() ? "0" : join(parts, " ");
}

std::optional<std::chrono::microseconds> parseSystemdSpan(std::string_view text)
{
    struct Unit {
        std::string_view suffix;
        double length;
    };
    static constexpr std::array<Unit, 18> units{{{"us", 1}, {"usec", 1}, {"ms", 1e3}, {"msec", 1e3}, {"", 1e6},
        {"s", 1e6}, {"sec", 1e6}, {"second", 1e6}, {"seconds", 1e6}, {"m", 6e7}, {"min", 6e7}, {"minute", 6e7},
        {"minutes", 6e7}, {"h", 3.6e9}, {"hr", 3.6e9}, {"hour", 3.6e9}, {"hours", 3.6e9}, {"d", 8.64e10}}};
    double total = 0;
    bool any = false;
    while (true) {
        while (!text.empty() && text.front() == ' ')
            text.remove_prefix(1);
        if (text.empty())
            break;
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || value < 0)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::size_t size = 0;
        while (size < text.size() && text[size] >= 'a' && text[size] <= 'z')
            ++size;
        const std::string_view suffix = text.substr(0, size);
        text.remove_prefix(size);
        bool known = false;
        for (const Unit &unit : units) {
            if (unit.suffix == suffix) {
                total += value * unit.length;
                known = true;
            }
        }
        if (!known || total > 1e17)
            return std::nullopt;
        any = true;
    }
    if (!any)
        return std::nullopt;
    return std::chrono::microseconds(std::llround(total));
}

std::string dockerSpan(Wall::duration span)
{
    const long long s = duration_cast<seconds>(span).count();
    const auto plural = [](long long count, const char *word) {
        return std::to_string(count) + ' ' + word + (count == 1 ? "" : "s");
    };
    if (s < 1)
        return "Less than a second";
    if (s < 60)
        return plural(s, "second");
    if (s < 120)
        return "About a minute";
    if (s < 3600)
        return plural(s / 60, "minute");
    if (s < 7200)
        return "About an hour";
    if (s < 48 * 3600)
        return plural(s / 3600, "hour");
    return plural(s / 86400, "day");
}

std::string hexDigits(std::uint64_t seed, std::string_view salt, std::size_t digits)
{
    std::uint64_t state = seed ^ 0x9e3779b97f4a7c15ULL;
    for (const char c : salt)
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    std::string text;
    while (text.size() < digits) {
        state += 0x9e3779b97f4a7c15ULL; // splitmix64
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        z ^= z >> 31;
        std::array<char, 17> hex;
        std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(z));
        text += hex.data();
    }
    text.resize(digits);
    return text;
}

std::optional<std::string> optionValue(
    const std::vector<std::string> &arguments, std::size_t &i, std::string_view longName, std::string_view shortName)
{
    const std::string_view argument = arguments[i];
    const auto next = [&]() -> std::optional<std::string> {
        return i + 1 < arguments.size() ? std::optional(arguments[++i]) : std::optional(std::string());
    };
    if (!longName.empty() && argument == longName)
        return next();
    if (!longName.empty() && argument.size() > longName.size() && argument.starts_with(longName)
        && argument[longName.size()] == '=')
        return std::string(argument.substr(longName.size() + 1));
    if (!shortName.empty() && argument == shortName)
        return next();
    if (!shortName.empty() && argument.starts_with(shortName) && !argument.starts_with("--"))
        return std::string(argument.substr(shortName.size()));
    return std::nullopt;
}

} // namespace hybridge::lab
