// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/forward.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>

namespace hybridge::lab {

namespace {

constexpr std::size_t LongestHead = 64 * 1024;
constexpr std::size_t Gathered = 256 * 1024; ///< a body of known length up to this is sent with that length
constexpr int Look = 50;                     ///< ms between two looks at the client

/// What belongs to one connection only.
bool hopByHop(std::string_view name)
{
    for (const char *each : {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
             "upgrade", "content-length", "expect"}) {
        if (equalsIgnoreCase(name, each))
            return true;
    }
    return false;
}

std::string bytesOf(const Request &request)
{
    std::string bytes = request.method + ' ' + request.target + " HTTP/1.1\r\n";
    for (const auto &[name, value] : request.headers) {
        if (!hopByHop(name))
            bytes += name + ": " + value + "\r\n";
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    return bytes + "Connection: close\r\n\r\n" + request.body;
}

/// The status line and header fields at the front of @p bytes; 0: broken.
int parseStatus(std::string_view head, Headers &headers)
{
    int status = 0;
    if (!head.starts_with("HTTP/1.1 ") && !head.starts_with("HTTP/1.0 "))
        return 0;
    if (std::from_chars(head.data() + 9, head.data() + head.size(), status).ec != std::errc() || status < 100)
        return 0;
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
        const std::size_t end = head.find("\r\n");
        const std::string_view field = head.substr(0, end);
        head.remove_prefix(end + 2);
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos)
            return 0;
        std::string_view value = field.substr(colon + 1);
        while (value.starts_with(' '))
            value.remove_prefix(1);
        headers.add(std::string(field.substr(0, colon)), std::string(value));
    }
    return status;
}

/// Both directions of the connection: what is left of the request goes out while the answer already comes.
class Exchange {
public:
    Exchange(int fd, std::string out, Answer &answer) : m_fd(fd), m_out(std::move(out)), m_answer(answer) { }

    enum class Got { More, End, ClientGone };
    Got more(std::string &in)
    {
        for (;;) {
            if (m_answer.gone())
                return Got::ClientGone;
            pollfd wait{m_fd, static_cast<short>(POLLIN | (m_sent < m_out.size() ? POLLOUT : 0)), 0};
            const int ready = ::poll(&wait, 1, Look);
            if (ready < 0 && errno != EINTR)
                return Got::End;
            if (ready <= 0)
                continue;
            if ((wait.revents & POLLOUT) != 0) {
                const ssize_t sent
                    = ::send(m_fd, m_out.data() + m_sent, m_out.size() - m_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (sent > 0)
                    m_sent += static_cast<std::size_t>(sent);
                else if (errno != EAGAIN && errno != EINTR)
                    m_sent = m_out.size(); // it reads no more; it may have answered all the same
            }
            if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
                std::array<char, 65536> piece{};
                const ssize_t got = ::recv(m_fd, piece.data(), piece.size(), MSG_DONTWAIT);
                if (got > 0) {
                    in.append(piece.data(), static_cast<std::size_t>(got));
                    return Got::More;
                }
                if (got == 0 || (errno != EAGAIN && errno != EINTR))
                    return Got::End;
            }
        }
    }

private:
    const int m_fd;
    const std::string m_out;
    std::size_t m_sent = 0;
    Answer &m_answer;
};

/// Takes chunks off the front of a stream.
class Chunks {
public:
    /// Passes on what is whole of @p in; false: broken, or the client is gone.
    bool feed(std::string &in, Answer &answer)
    {
        std::size_t at = 0;
        std::string plain;
        while (!m_ended && at < in.size()) {
            if (m_left > 0) {
                const std::size_t part = std::min(m_left, in.size() - at);
                plain.append(in, at, part);
                m_left -= part;
                at += part;
                m_crlf = m_left == 0;
                continue;
            }
            const std::size_t end = in.find("\r\n", at);
            if (end == std::string::npos)
                break;
            if (m_crlf) { // behind a chunk
                if (end != at)
                    return false;
                m_crlf = false;
                at += 2;
                continue;
            }
            const auto [stop, error] = std::from_chars(in.data() + at, in.data() + end, m_left, 16);
            if (error != std::errc())
                return false;
            at = end + 2;
            m_ended = m_left == 0;
        }
        in.erase(0, at);
        return plain.empty() || answer.write(plain);
    }
    bool ended() const { return m_ended; }

private:
    std::size_t m_left = 0;
    bool m_crlf = false;
    bool m_ended = false;
};

} // namespace

Forwarded forward(int fd, const Request &request, Answer &answer)
{
    Exchange exchange(fd, bytesOf(request), answer);
    std::string in;
    Headers headers;
    int status = 0;
    while (status < 200) {
        std::size_t end = 0;
        while ((end = in.find("\r\n\r\n")) == std::string::npos) {
            const Exchange::Got got = in.size() > LongestHead ? Exchange::Got::End : exchange.more(in);
            if (got != Exchange::Got::More)
                return got == Exchange::Got::End ? Forwarded::Unanswered : Forwarded::ClientGone;
        }
        headers = {};
        status = parseStatus(std::string_view(in).substr(0, end + 2), headers);
        if (status == 0)
            return Forwarded::Unanswered;
        in.erase(0, end + 4);
    }

    const std::string length = headers.value("content-length");
    const bool chunked = equalsIgnoreCase(headers.value("transfer-encoding"), "chunked");
    Headers out;
    for (const auto &[name, value] : headers) {
        if (!hopByHop(name))
            out.add(name, value);
    }
    if (request.method == "HEAD" || status == 204 || status == 304) {
        answer.send(status, std::move(out), {});
        return Forwarded::Answered;
    }
    std::size_t size = 0;
    const bool known = !chunked && !length.empty()
        && std::from_chars(length.data(), length.data() + length.size(), size).ec == std::errc();
    if (known && size <= Gathered) {
        while (in.size() < size) {
            const Exchange::Got got = exchange.more(in);
            if (got == Exchange::Got::ClientGone)
                return Forwarded::ClientGone;
            if (got == Exchange::Got::End) {
                answer.cut();
                return Forwarded::Answered;
            }
        }
        answer.send(status, std::move(out), in.substr(0, size));
        return Forwarded::Answered;
    }

    if (!answer.begin(status, std::move(out)))
        return Forwarded::ClientGone;
    Chunks chunks;
    std::size_t passed = 0;
    for (;;) {
        if (chunked) {
            if (!chunks.feed(in, answer)) {
                answer.cut();
                return Forwarded::ClientGone;
            }
        } else if (!in.empty()) {
            passed += in.size();
            if (!answer.write(in)) {
                answer.cut();
                return Forwarded::ClientGone;
            }
            in.clear();
        }
        if (chunked ? chunks.ended() : known && passed >= size)
            break;
        const Exchange::Got got = exchange.more(in);
        if (got == Exchange::Got::ClientGone) {
            answer.cut();
            return Forwarded::ClientGone;
        }
        if (got == Exchange::Got::End && (chunked || known)) {
            answer.cut();
            return Forwarded::Answered;
        }
        if (got == Exchange::Got::End)
            break; // a body that ends with its connection
    }
    answer.end();
    return Forwarded::Answered;
}

} // namespace hybridge::lab
