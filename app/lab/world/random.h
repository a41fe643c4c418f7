// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hybridge::lab {

/// SplitMix64: one good mix of 64 bits. Written out because the standard's distributions differ between libraries, and
/// the same seed has to give the same world everywhere.
constexpr std::uint64_t mix(std::uint64_t value)
{
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t salt)
{
    return mix(seed ^ mix(salt));
}

/// FNV-1a: std::hash may differ between libraries.
constexpr std::uint64_t hashOf(std::string_view text)
{
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

/// 0 (with) to 1 (without).
constexpr double fraction(std::uint64_t bits)
{
    return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

/// Not for secrets: whoever knows the seed knows them all.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : m_state(seed) { }
    constexpr std::uint64_t next() { return m_state = mix(m_state); }
    constexpr double unit() { return fraction(next()); }

    /// @p digits lower-case hexadecimal digits.
    std::string hex(int digits)
    {
        static constexpr char Digits[] = "0123456789abcdef";
        std::string text;
        for (int i = 0; i < digits; ++i)
            text += Digits[next() >> 60];
        return text;
    }

    /// A version 4 UUID.
    std::string uuid()
    {
        static constexpr char Variant[] = "89ab";
        return hex(8) + '-' + hex(4) + "-4" + hex(3) + '-' + Variant[next() >> 62] + hex(3) + '-' + hex(12);
    }

private:
    std::uint64_t m_state;
};

} // namespace hybridge::lab
