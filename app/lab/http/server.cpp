// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/server.h"

#include "app/lab/http/wire.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace hybridge::lab {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int Backlog = 1024;
constexpr std::size_t LongestHead = 64 * 1024;
constexpr std::size_t LongestBody = 32 * 1024 * 1024;
constexpr auto RequestTime = 20s; ///< from its first byte to its last

sockaddr_in addressOf(const std::string &address, int port)
{
    sockaddr_in socketAddress{};
    socketAddress.sin_family = AF_INET;
    socketAddress.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, address.c_str(), &socketAddress.sin_addr) != 1 || !address.starts_with("127."))
        throw std::runtime_error("The lab listens on 127.x.y.z only, not on " + address + ".");
    return socketAddress;
}

/// SO_REUSEPORT lets the socket that keeps the number and the one that listens share it; the kernel gives the port to
/// nobody else meanwhile.
int boundSocket(const std::string &address, int port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    const sockaddr_in wanted = addressOf(address, port);
    sockaddr where{};
    std::memcpy(&where, &wanted, sizeof wanted);
    if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0
        || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || ::bind(fd, &where, sizeof where) != 0) {
        const int error = errno;
        if (fd >= 0)
            ::close(fd);
        throw std::runtime_error("No port on " + address + ": " + std::strerror(error) + '.');
    }
    return fd;
}

int portOf(int fd)
{
    sockaddr_in bound{};
    sockaddr raw{};
    socklen_t length = sizeof raw;
    ::getsockname(fd, &raw, &length);
    std::memcpy(&bound, &raw, sizeof bound);
    return ntohs(bound.sin_port);
}

void closeWithReset(int fd)
{
    const linger hard{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(fd);
}

} // namespace

struct Server::Port {
    std::uint64_t id = 0;
    std::string address;
    int number = 0;
    int keeper = -1;   ///< bound, never listens: keeps the number
    int listener = -1; ///< -1 while shut
    Handler handler;
};

struct Server::Connection {
    std::uint64_t id = 0;
    int fd = -1;
    Port *port = nullptr;
    std::string buffer;
    bool reset = false; ///< close with RST; guarded by the server's mutex
};

Server::Server() : m_epoll(::epoll_create1(EPOLL_CLOEXEC)), m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = 0;
    if (m_epoll < 0 || m_wake < 0 || ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, m_wake, &event) != 0)
        throw std::runtime_error(std::string("The server cannot start: ") + std::strerror(errno) + '.');
    m_thread = std::thread([this] { run(); });
}

Server::~Server()
{
    stop();
    ::close(m_epoll);
    ::close(m_wake);
}

void Server::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping)
            return;
        m_stopping = true;
        for (const auto &[id, connection] : m_connections)
            ::shutdown(connection->fd, SHUT_RDWR);
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_wake, &one, sizeof one);
    m_thread.join();
    m_workers.stop();
    const std::lock_guard lock(m_mutex);
    for (const auto &[id, connection] : m_connections)
        ::close(connection->fd);
    m_connections.clear();
    for (const auto &[id, port] : m_ports) {
        ::close(port->keeper);
        if (port->listener >= 0)
            ::close(port->listener);
    }
    m_ports.clear();
}

Server::PortId Server::listen(const std::string &address, Handler handler)
{
    auto port = std::make_unique<Port>();
    port->address = address;
    port->keeper = boundSocket(address, 0);
    port->number = portOf(port->keeper);
    port->handler = std::move(handler);
    const std::lock_guard lock(m_mutex);
    const PortId id = port->id = m_nextId++;
    Port &added = *m_ports.emplace(id, std::move(port)).first->second;
    openLocked(added);
    return id;
}

void Server::openLocked(Port &port)
{
    port.listener = boundSocket(port.address, port.number);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = port.id;
    if (::listen(port.listener, Backlog) != 0 || ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, port.listener, &event) != 0)
        throw std::runtime_error("Cannot listen on " + port.address + ": " + std::strerror(errno) + '.');
}

void Server::setOpen(PortId id, bool open)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_ports.find(id);
    if (found == m_ports.end() || m_stopping || (found->second->listener >= 0) == open)
        return;
    Port &port = *found->second;
    if (open) {
        openLocked(port);
        return;
    }
    ::close(std::exchange(port.listener, -1)); // leaves epoll by itself; its backlog is reset
    for (const auto &[connectionId, connection] : m_connections) {
        if (connection->port == &port) {
            connection->reset = true;
            ::shutdown(connection->fd, SHUT_RDWR); // its thread, or epoll, sees the end and drops it
        }
    }
}

std::string Server::url(PortId id) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_ports.find(id);
    return found == m_ports.end() ? std::string()
                                  : "http://" + found->second->address + ':' + std::to_string(found->second->number);
}

int Server::port(PortId id) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_ports.find(id);
    return found == m_ports.end() ? 0 : found->second->number;
}

void Server::run()
{
    std::array<epoll_event, 128> events{};
    for (;;) {
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR)
            return;
        for (int i = 0; i < count; ++i) {
            const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
            std::shared_ptr<Connection> connection;
            {
                const std::lock_guard lock(m_mutex);
                if (m_stopping)
                    return;
                if (const auto port = m_ports.find(id); port != m_ports.end()) {
                    acceptFrom(*port->second);
                    continue;
                }
                const auto found = m_connections.find(id);
                if (found == m_connections.end())
                    continue;
                connection = found->second;
            }
            char byte = 0;
            if (::recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
                drop(connection);
            else
                m_workers.run([this, connection] { serve(connection); });
        }
    }
}

void Server::acceptFrom(Port &port)
{
    while (port.listener >= 0) {
        const int fd = ::accept4(port.listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            return;
        const int on = 1;
        const timeval patience{10, 0};
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        auto connection = std::make_shared<Connection>();
        connection->id = m_nextId++;
        connection->fd = fd;
        connection->port = &port;
        epoll_event event{};
        event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
        event.data.u64 = connection->id;
        m_connections.emplace(connection->id, connection);
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

void Server::watch(const std::shared_ptr<Connection> &connection)
{
    const std::lock_guard lock(m_mutex);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    event.data.u64 = connection->id;
    ::epoll_ctl(m_epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

void Server::drop(const std::shared_ptr<Connection> &connection, bool reset)
{
    const std::lock_guard lock(m_mutex);
    if (m_connections.erase(connection->id) == 0)
        return;
    if (reset || connection->reset)
        closeWithReset(connection->fd);
    else
        ::close(connection->fd);
}

void Server::serve(const std::shared_ptr<Connection> &connection)
{
    do {
        Request request;
        if (!readRequest(*connection, request)) {
            drop(connection);
            return;
        }
        Wire wire(connection->fd, request);
        try {
            connection->port->handler(request, wire);
        } catch (const std::exception &) {
            // What a client sends must not end the lab; a handler that throws is a defect, and answers as one.
            wire.sendText(500, "The lab could not handle this request.\n");
        }
        if (!wire.reusable()) {
            drop(connection, wire.unfinished());
            return;
        }
    } while (!connection->buffer.empty());
    watch(connection);
}

bool Server::readRequest(Connection &connection, Request &request)
{
    const Clock::time_point deadline = Clock::now() + RequestTime;
    const auto more = [&] {
        pollfd waiting{connection.fd, POLLIN, 0};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0)
            return false;
        std::array<char, 16384> piece{};
        const ssize_t got = ::recv(connection.fd, piece.data(), piece.size(), 0);
        if (got <= 0)
            return false;
        connection.buffer.append(piece.data(), static_cast<std::size_t>(got));
        return true;
    };
    const auto refuse = [&](int status) {
        request.headers.set("connection", "close");
        Wire(connection.fd, request).sendText(status, std::string(reasonPhrase(status)) + '\n');
        return false;
    };

    std::size_t used = 0;
    for (;;) {
        const Parsed parsed = parseHead(connection.buffer, request, used);
        if (parsed == Parsed::Bad)
            return refuse(400);
        if (parsed == Parsed::Complete)
            break;
        if (connection.buffer.size() > LongestHead)
            return refuse(431);
        if (!more())
            return false;
    }
    connection.buffer.erase(0, used);
    if (equalsIgnoreCase(request.headers.value("expect"), "100-continue")) {
        static constexpr std::string_view Continue = "HTTP/1.1 100 Continue\r\n\r\n";
        [[maybe_unused]] const ssize_t sent = ::send(connection.fd, Continue.data(), Continue.size(), MSG_NOSIGNAL);
    }

    if (equalsIgnoreCase(request.headers.value("transfer-encoding"), "chunked")) {
        for (;;) {
            std::size_t line = 0;
            while ((line = connection.buffer.find("\r\n")) == std::string::npos) {
                if (connection.buffer.size() > LongestHead || !more())
                    return false;
            }
            std::size_t size = 0;
            const char *begin = connection.buffer.data();
            if (std::from_chars(begin, begin + line, size, 16).ec != std::errc()
                || request.body.size() + size > LongestBody)
                return refuse(413);
            while (connection.buffer.size() < line + 2 + size + 2) {
                if (!more())
                    return false;
            }
            request.body.append(connection.buffer, line + 2, size);
            connection.buffer.erase(0, line + 2 + size + 2);
            if (size == 0)
                return true; // trailers are not supported: none of our clients sends any
        }
    }
    const std::string length = request.headers.value("content-length");
    if (length.empty())
        return true;
    std::size_t size = 0;
    if (std::from_chars(length.data(), length.data() + length.size(), size).ec != std::errc())
        return refuse(400);
    if (size > LongestBody)
        return refuse(413);
    while (connection.buffer.size() < size) {
        if (!more())
            return false;
    }
    request.body = connection.buffer.substr(0, size);
    connection.buffer.erase(0, size);
    return true;
}

} // namespace hybridge::lab
