// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace hybridge::lab {

namespace {

constexpr int kPatienceMs = 5; ///< loopback answers within microseconds, or its queue is full

Fd connectTo(const sockaddr *address, socklen_t size)
{
    Fd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return fd;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd.get(), address, size) == 0)
        return fd;
    if (errno != EINPROGRESS)
        return {};
    pollfd ready{fd.get(), POLLOUT, 0};
    if (::poll(&ready, 1, kPatienceMs) == 0)
        return fd;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        errno = error;
        return {};
    }
    return fd;
}

} // namespace

Fd connectToLoopback(const std::string &host, int port)
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    const std::string literal = host == "localhost" ? "127.0.0.1" : host;
    if (port > 0 && port < 65536 && ::inet_pton(AF_INET, literal.c_str(), &v4.sin_addr) == 1
        && ntohl(v4.sin_addr.s_addr) >> 24 == 127)
        return connectTo(reinterpret_cast<const sockaddr *>(&v4), sizeof v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    if (port > 0 && port < 65536 && ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1
        && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr))
        return connectTo(reinterpret_cast<const sockaddr *>(&v6), sizeof v6);
    errno = EACCES;
    return {};
}

} // namespace hybridge::lab
