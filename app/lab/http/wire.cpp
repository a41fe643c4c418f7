// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/wire.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>

#include <sys/socket.h>

namespace hybridge::lab {

namespace {

std::string httpDate()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string(text.data(), length);
}

bool wantsKeepAlive(const Request &request)
{
    const std::string wish = request.headers.value("connection");
    return request.http10 ? equalsIgnoreCase(wish, "keep-alive") : !equalsIgnoreCase(wish, "close");
}

} // namespace

Wire::Wire(int fd, const Request &request)
    : m_fd(fd)
    , m_headOnly(request.method == "HEAD")
    , m_http10(request.http10)
    , m_keepAlive(wantsKeepAlive(request))
{
}

std::string Wire::head(int status, const Headers &headers, std::string_view framing) const
{
    std::string text = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(reasonPhrase(status)) + "\r\n";
    if (!headers.has("date"))
        text += "Date: " + httpDate() + "\r\n";
    for (const auto &[name, value] : headers) {
        // A value that holds a line end would forge a header.
        if (value.find_first_of("\r\n") == std::string::npos)
            text += name + ": " + value + "\r\n";
    }
    text += framing;
    text += m_keepAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return text;
}

bool Wire::push(std::string_view bytes)
{
    while (!bytes.empty() && !m_broken) {
        const ssize_t sent = ::send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno != EINTR)
            m_broken = true;
    }
    return !m_broken;
}

void Wire::send(int status, Headers headers, std::string body)
{
    if (m_state != State::Nothing)
        return;
    const bool bodiless = status == 204 || status == 304;
    std::string text
        = head(status, headers, bodiless ? std::string() : "Content-Length: " + std::to_string(body.size()) + "\r\n");
    if (!m_headOnly && !bodiless)
        text += body;
    push(text);
    m_state = State::Ended;
}

bool Wire::begin(int status, Headers headers)
{
    if (m_state != State::Nothing)
        return false;
    m_state = State::Streaming;
    if (m_http10)
        m_keepAlive = false;
    return push(head(status, headers, m_http10 ? "" : "Transfer-Encoding: chunked\r\n"));
}

bool Wire::write(std::string_view bytes)
{
    if (m_state != State::Streaming || m_broken)
        return false;
    if (bytes.empty() || m_headOnly)
        return true;
    if (m_http10)
        return push(bytes);
    std::array<char, 20> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    std::string chunk(size.data(), end);
    chunk += "\r\n";
    chunk += bytes;
    chunk += "\r\n";
    return push(chunk);
}

void Wire::end()
{
    if (m_state != State::Streaming)
        return;
    if (!m_http10 && !m_headOnly)
        push("0\r\n\r\n");
    m_state = State::Ended;
}

bool Wire::gone()
{
    if (m_broken)
        return true;
    char byte = 0;
    const ssize_t seen = ::recv(m_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return seen == 0 || (seen < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Wire::cut()
{
    m_broken = true;
}

} // namespace hybridge::lab
