// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/message.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool isToken(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
    });
}

} // namespace

bool equalsIgnoreCase(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const std::string *Headers::find(std::string_view name) const
{
    const auto found = std::find_if(
        m_fields.begin(), m_fields.end(), [name](const auto &field) { return equalsIgnoreCase(field.first, name); });
    return found == m_fields.end() ? nullptr : &found->second;
}

std::string Headers::value(std::string_view name) const
{
    const std::string *found = find(name);
    return found ? *found : std::string();
}

void Headers::add(std::string name, std::string value)
{
    m_fields.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value)
{
    remove(name);
    add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name)
{
    std::erase_if(m_fields, [name](const auto &field) { return equalsIgnoreCase(field.first, name); });
}

std::optional<std::string> Request::queryValue(std::string_view name) const
{
    const auto found
        = std::find_if(query.begin(), query.end(), [name](const auto &item) { return item.first == name; });
    return found == query.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Request::segments() const
{
    std::vector<std::string> parts;
    std::string_view rest = path;
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        if (slash != 0)
            parts.emplace_back(rest.substr(0, slash));
        if (slash == std::string_view::npos)
            break;
        rest.remove_prefix(slash + 1);
    }
    return parts;
}

std::string Request::mediaType() const
{
    const std::string type = headers.value("content-type");
    std::string media(trimmed(std::string_view(type).substr(0, type.find(';'))));
    std::transform(media.begin(), media.end(), media.begin(), lower);
    return media;
}

Parsed parseHead(std::string_view bytes, Request &request, std::size_t &used)
{
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return Parsed::Incomplete;
    used = end + 4;
    std::string_view head = bytes.substr(0, end + 2);
    const std::size_t lineEnd = head.find("\r\n");
    const std::string_view line = head.substr(0, lineEnd);
    head.remove_prefix(lineEnd + 2);

    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first)
        return Parsed::Bad;
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return Parsed::Bad;
    request.http10 = version == "HTTP/1.0";
    request.method = line.substr(0, first);
    std::string_view target = line.substr(first + 1, last - first - 1);
    request.target = target;
    if (!isToken(request.method) || target.empty() || target.find(' ') != std::string_view::npos)
        return Parsed::Bad;
    if (target.starts_with("http://")) { // the absolute form that proxies get
        const std::size_t slash = target.find('/', 7);
        target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
    const std::size_t mark = target.find('?');
    request.path = percentDecoded(target.substr(0, mark), false);
    if (mark != std::string_view::npos)
        request.query = parseForm(target.substr(mark + 1));
    if (request.path.find('\0') != std::string::npos)
        return Parsed::Bad;

    while (!head.empty()) {
        const std::size_t stop = head.find("\r\n");
        const std::string_view field = head.substr(0, stop);
        head.remove_prefix(stop + 2);
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos || !isToken(field.substr(0, colon)))
            return Parsed::Bad;
        request.headers.add(std::string(field.substr(0, colon)), std::string(trimmed(field.substr(colon + 1))));
    }
    return Parsed::Complete;
}

std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text)
{
    std::vector<std::pair<std::string, std::string>> items;
    while (!text.empty()) {
        const std::size_t end = text.find('&');
        const std::string_view item = text.substr(0, end);
        if (!item.empty()) {
            const std::size_t equals = item.find('=');
            items.emplace_back(percentDecoded(item.substr(0, equals), true),
                equals == std::string_view::npos ? std::string() : percentDecoded(item.substr(equals + 1), true));
        }
        if (end == std::string_view::npos)
            break;
        text.remove_prefix(end + 1);
    }
    return items;
}

std::string percentDecoded(std::string_view text, bool plusIsBlank)
{
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 && hexDigit(text[i + 2]) >= 0) {
            decoded += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
            i += 2;
        } else {
            decoded += plusIsBlank && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

std::string_view reasonPhrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 530:
        return "Origin DNS Error";
    }
    return "Status";
}

} // namespace hybridge::lab
