// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/prometheus.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace hybridge {

namespace {

constexpr qsizetype MostBytes = 4 << 20;
constexpr qsizetype MostSamples = 20000;
constexpr qsizetype MostLabels = 64;
constexpr std::size_t MostLineBytes = 16 << 10;

bool isBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool isNameByte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string_view skipBlanks(std::string_view text)
{
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    return text;
}

std::string_view takeName(std::string_view &text)
{
    std::size_t length = 0;
    while (length < text.size() && isNameByte(text[length]))
        ++length;
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    return name;
}

std::optional<QByteArray> takeQuoted(std::string_view &text)
{
    if (text.empty() || text.front() != '"')
        return std::nullopt;
    QByteArray value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            text.remove_prefix(i + 1);
            return value;
        }
        if (c != '\\') {
            value.append(c);
            continue;
        }
        if (++i == text.size())
            return std::nullopt;
        value.append(text[i] == 'n' ? '\n' : text[i]);
    }
    return std::nullopt;
}

std::optional<double> number(std::string_view word)
{
    if (!word.empty() && word.front() == '+')
        word.remove_prefix(1);
    const auto is = [word](std::string_view wanted) {
        return word.size() == wanted.size() && std::equal(word.begin(), word.end(), wanted.begin(), [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
        });
    };
    if (is("nan"))
        return std::numeric_limits<double>::quiet_NaN();
    if (is("inf") || is("infinity"))
        return std::numeric_limits<double>::infinity();
    if (is("-inf") || is("-infinity"))
        return -std::numeric_limits<double>::infinity();
    double value = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (fault == std::errc::result_out_of_range)
        return std::numeric_limits<double>::infinity(); // 1e999: as strtod reads it
    if (fault != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    return value;
}

QByteArray bytes(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

/// The labels between the braces; text stands behind the closing brace afterwards. False when they are malformed.
bool takeLabels(std::string_view &text, PrometheusSample &sample)
{
    text.remove_prefix(1);
    while (true) {
        text = skipBlanks(text);
        if (text.empty())
            return false;
        if (text.front() == '}') {
            text.remove_prefix(1);
            return true;
        }
        const std::string_view key = takeName(text);
        text = skipBlanks(text);
        if (key.empty() || text.empty() || text.front() != '=')
            return false;
        text = skipBlanks(text.substr(1));
        std::optional<QByteArray> value = takeQuoted(text);
        if (!value || sample.labels.size() == MostLabels)
            return false;
        sample.labels.append({bytes(key), *std::move(value)});
        text = skipBlanks(text);
        if (!text.empty() && text.front() == ',')
            text.remove_prefix(1);
        else if (text.empty() || text.front() != '}')
            return false;
    }
}

enum class Line { Sample, Nothing, Bad };

Line readLine(std::string_view line, const QList<QByteArray> &wanted, PrometheusSample &sample)
{
    line = skipBlanks(line);
    if (line.empty() || line.front() == '#')
        return Line::Nothing;
    const std::string_view name = takeName(line);
    if (name.empty() || (name.front() >= '0' && name.front() <= '9'))
        return Line::Bad;
    const auto isName = [name](const QByteArray &other) {
        return std::string_view(other.constData(), static_cast<std::size_t>(other.size())) == name;
    };
    if (!wanted.isEmpty() && std::none_of(wanted.begin(), wanted.end(), isName))
        return Line::Nothing;
    sample.name = bytes(name);
    line = skipBlanks(line);
    if (!line.empty() && line.front() == '{' && !takeLabels(line, sample))
        return Line::Bad;
    line = skipBlanks(line);
    std::size_t length = 0;
    while (length < line.size() && !isBlank(line[length]))
        ++length;
    const std::optional<double> value = number(line.substr(0, length));
    if (!value)
        return Line::Bad;
    sample.value = *value; // a timestamp or an exemplar may follow; neither is of use here
    return Line::Sample;
}

} // namespace

QByteArray PrometheusSample::label(const QByteArray &key) const
{
    for (const auto &[name_, value_] : labels)
        if (name_ == key)
            return value_;
    return {};
}

std::optional<double> PrometheusText::sum(const QByteArray &name) const
{
    std::optional<double> total;
    for (const PrometheusSample &sample : samples)
        if (sample.name == name && std::isfinite(sample.value))
            total = total.value_or(0) + sample.value;
    return total;
}

std::optional<double> PrometheusText::largest(const QByteArray &name) const
{
    std::optional<double> most;
    for (const PrometheusSample &sample : samples)
        if (sample.name == name && std::isfinite(sample.value))
            most = std::max(most.value_or(sample.value), sample.value);
    return most;
}

PrometheusText parsePrometheus(const QByteArray &text, const QList<QByteArray> &wanted)
{
    PrometheusText page;
    page.truncated = text.size() > MostBytes;
    std::string_view rest(text.constData(), static_cast<std::size_t>(std::min(text.size(), MostBytes)));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        PrometheusSample sample;
        const Line kind = line.size() > MostLineBytes ? Line::Bad : readLine(line, wanted, sample);
        if (kind == Line::Bad)
            ++page.badLines;
        if (kind != Line::Sample)
            continue;
        if (page.samples.size() == MostSamples) {
            page.truncated = true;
            break;
        }
        page.samples.append(std::move(sample));
    }
    return page;
}

} // namespace hybridge
