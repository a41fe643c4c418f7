// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/links.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>

namespace hybridge::lab {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kBufferLimit = 256 * 1024;   ///< bytes under way in one direction before we stop reading
constexpr std::size_t kMostSilentConnections = 64; ///< held for one silent node; the oldest goes first
constexpr int kBacklog = 256;
constexpr auto kPolicyPeriod = 50ms;
/// With many connections a short pause lets packets gather; it costs a sample no visible time.
constexpr std::size_t kCrowd = 100;
constexpr auto kGatherTime = 1ms;

struct Connection;

/// What an epoll event points to.
struct Source {
    enum class Kind { Wake, Listener, Client, Server } kind = Kind::Wake;
    std::size_t node = 0;
    Connection *connection = nullptr;
};

/// Bytes on their way in one direction.
struct Stream {
    struct Packet {
        Clock::time_point due;
        std::string bytes;
    };
    std::deque<Packet> packets;
    std::size_t size = 0;
    bool ended = false; ///< the sender has closed; pass it on when the packets are through
};

struct Connection {
    std::size_t node = 0;
    Fd client;
    Fd server;
    Source clientSource;
    Source serverSource;
    Stream toServer;
    Stream toClient;
    std::uint32_t clientEvents = 0; ///< what epoll watches now; 0 = not watched
    std::uint32_t serverEvents = 0;
    bool dead = false;
};

struct Port {
    Fd reserved; ///< bound, never listening: the port stays ours while it refuses
    Fd listener;
    Source source;
    int number = 0;
    LinkPolicy policy;
};

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

Fd boundSocket(int port)
{
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    const sockaddr_in address = loopback(port);
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
        || ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        throw std::runtime_error(std::string("No port for SSH on 127.0.0.1: ") + std::strerror(errno));
    return fd;
}

int portOf(const Fd &fd)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr *>(&address), &size);
    return ntohs(address.sin_port);
}

} // namespace

struct Links::Private {
    LinkHost &host;
    Fd epoll;
    std::shared_ptr<Fd> event = std::make_shared<Fd>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    Source wakeSource;
    std::deque<Port> ports; // a deque keeps addresses: epoll points into it
    std::list<Connection> connections;
    std::array<char, 64 * 1024> scratch;
    std::atomic<bool> stopping{false};
    std::thread thread;
    Clock::time_point nextPolicies;

    explicit Private(LinkHost &owner) : host(owner) { }

    void watch(int fd, Source &source, std::uint32_t &now, std::uint32_t wanted)
    {
        if (now == wanted)
            return;
        epoll_event event_{};
        event_.events = wanted;
        event_.data.ptr = &source;
        ::epoll_ctl(epoll.get(), wanted == 0 ? EPOLL_CTL_DEL : now == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event_);
        now = wanted;
    }

    void listen(Port &port)
    {
        port.listener = boundSocket(port.number);
        if (::listen(port.listener.get(), kBacklog) != 0)
            throw std::runtime_error(std::string("Could not listen for SSH: ") + std::strerror(errno));
        std::uint32_t unwatched = 0;
        watch(port.listener.get(), port.source, unwatched, EPOLLIN);
    }

    /// A closed descriptor leaves epoll only when no process has it any more, and a child that is just being started has
    /// all of ours until it runs its program: epoll would tell of what is freed.
    void unlisten(Port &port)
    {
        if (port.listener)
            ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, port.listener.get(), nullptr);
        port.listener.reset();
    }

    void unwatch(Connection &connection)
    {
        watch(connection.client.get(), connection.clientSource, connection.clientEvents, 0);
        if (connection.server)
            watch(connection.server.get(), connection.serverSource, connection.serverEvents, 0);
    }

    bool tryListen(Port &port)
    {
        try {
            listen(port);
        } catch (const std::runtime_error &) {
            unlisten(port);
        }
        return static_cast<bool>(port.listener);
    }

    const LinkPolicy &policyOf(const Connection &connection) const { return ports[connection.node].policy; }

    void giveToServer(Connection &connection)
    {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
            connection.dead = true;
            return;
        }
        connection.server = Fd(pair[0]);
        host.connected(connection.node, Fd(pair[1]));
    }

    void accept(Port &port, std::size_t node)
    {
        while (true) {
            Fd client(::accept4(port.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!client)
                return;
            const int on = 1;
            ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            Connection &connection = connections.emplace_back();
            connection.node = node;
            connection.client = std::move(client);
            connection.clientSource = {Source::Kind::Client, node, &connection};
            connection.serverSource = {Source::Kind::Server, node, &connection};
            if (port.policy.reach == LinkPolicy::Reach::Open)
                giveToServer(connection);
            else
                forgetOldestSilent(node);
            update(connection);
        }
    }

    void forgetOldestSilent(std::size_t node)
    {
        std::size_t held = 0;
        for (auto at = connections.rbegin(); at != connections.rend(); ++at) {
            if (at->node == node && !at->server && ++held > kMostSilentConnections)
                at->dead = true;
        }
    }

    /// Reads what has come from one end into the stream.
    void pull(Fd &from, Stream &stream, std::chrono::milliseconds latency)
    {
        while (stream.size < kBufferLimit && !stream.ended) {
            const ssize_t n = ::read(from.get(), scratch.data(), scratch.size());
            if (n > 0) {
                stream.packets.push_back(
                    {Clock::now() + latency, std::string(scratch.data(), static_cast<std::size_t>(n))});
                stream.size += static_cast<std::size_t>(n);
                if (static_cast<std::size_t>(n) < scratch.size())
                    return;
            } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
                return;
            } else {
                stream.ended = true;
            }
        }
    }

    /// Writes what is due; false when the receiver is gone.
    static bool push(Stream &stream, Fd &to, Clock::time_point now)
    {
        while (!stream.packets.empty() && stream.packets.front().due <= now) {
            Stream::Packet &packet = stream.packets.front();
            const ssize_t n = ::send(to.get(), packet.bytes.data(), packet.bytes.size(), MSG_NOSIGNAL);
            if (n < 0)
                return errno == EAGAIN || errno == EINTR;
            stream.size -= static_cast<std::size_t>(n);
            if (static_cast<std::size_t>(n) < packet.bytes.size()) {
                packet.bytes.erase(0, static_cast<std::size_t>(n));
                return true;
            }
            stream.packets.pop_front();
        }
        return true;
    }

    /// Moves what can be moved and tells epoll what to wait for.
    void update(Connection &connection)
    {
        if (connection.dead)
            return;
        const bool moving = connection.server && policyOf(connection).reach == LinkPolicy::Reach::Open;
        if (!moving) {
            unwatch(connection);
            return;
        }
        const auto now = Clock::now();
        Stream &up = connection.toServer;
        Stream &down = connection.toClient;
        if (!push(up, connection.server, now) || !push(down, connection.client, now) || (up.ended && up.packets.empty())
            || (down.ended && down.packets.empty())) {
            connection.dead = true; // SSH never uses half-closed connections
            return;
        }
        const auto wanted = [now](const Stream &incoming, const Stream &outgoing) {
            std::uint32_t events = 0;
            if (incoming.size < kBufferLimit && !incoming.ended)
                events |= EPOLLIN;
            if (!outgoing.packets.empty() && outgoing.packets.front().due <= now)
                events |= EPOLLOUT;
            return events;
        };
        watch(connection.client.get(), connection.clientSource, connection.clientEvents, wanted(up, down));
        watch(connection.server.get(), connection.serverSource, connection.serverEvents, wanted(down, up));
    }

    void apply(std::size_t node)
    {
        Port &port = ports[node];
        const LinkPolicy wanted = host.policy(node);
        if (wanted == port.policy)
            return;
        const LinkPolicy before = std::exchange(port.policy, wanted);
        const bool refused = wanted.reach == LinkPolicy::Reach::Refused;
        if (refused)
            unlisten(port);
        else if (!port.listener && !tryListen(port)) {
            port.policy = before; // asked again in 50 ms
            return;
        }
        for (Connection &connection : connections) {
            if (connection.node != node)
                continue;
            if (refused || before.identity != wanted.identity)
                connection.dead = true;
            else if (wanted.reach == LinkPolicy::Reach::Open && !connection.server)
                giveToServer(connection);
            update(connection);
        }
    }

    /// How long nothing need be done unless something comes.
    int patience(Clock::time_point now) const
    {
        auto next = nextPolicies;
        for (const Connection &connection : connections) {
            if (policyOf(connection).latency == 0ms && connection.toServer.packets.empty()
                && connection.toClient.packets.empty())
                continue;
            for (const Stream *stream : {&connection.toServer, &connection.toClient}) {
                if (!stream->packets.empty() && stream->packets.front().due > now)
                    next = std::min(next, stream->packets.front().due);
            }
        }
        return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, 0ns)).count());
    }

    void run()
    {
        std::array<epoll_event, 256> events;
        while (!stopping) {
            const int count
                = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), patience(Clock::now()));
            for (int i = 0; i < count; ++i) {
                Source &source = *static_cast<Source *>(events[static_cast<std::size_t>(i)].data.ptr);
                switch (source.kind) {
                case Source::Kind::Wake: {
                    std::uint64_t number;
                    [[maybe_unused]] const ssize_t n = ::read(event->get(), &number, sizeof number);
                    nextPolicies = {};
                    break;
                }
                case Source::Kind::Listener:
                    accept(ports[source.node], source.node);
                    break;
                case Source::Kind::Client:
                    pull(source.connection->client, source.connection->toServer, policyOf(*source.connection).latency);
                    update(*source.connection);
                    break;
                case Source::Kind::Server:
                    pull(source.connection->server, source.connection->toClient, policyOf(*source.connection).latency);
                    update(*source.connection);
                    break;
                }
            }
            const auto now = Clock::now();
            if (now >= nextPolicies) {
                host.refresh();
                for (std::size_t node = 0; node < ports.size(); ++node)
                    apply(node);
                nextPolicies = now + kPolicyPeriod;
            }
            for (Connection &connection : connections) {
                const bool late
                    = (!connection.toServer.packets.empty() && connection.toServer.packets.front().due <= now)
                    || (!connection.toClient.packets.empty() && connection.toClient.packets.front().due <= now);
                if (late)
                    update(connection);
            }
            for (Connection &connection : connections) {
                if (connection.dead)
                    unwatch(connection);
            }
            connections.remove_if([](const Connection &connection) { return connection.dead; });
            if (connections.size() > kCrowd)
                std::this_thread::sleep_for(kGatherTime);
        }
    }
};

Links::Links(LinkHost &host) : d(std::make_unique<Private>(host)) { }

Links::~Links()
{
    stop();
}

void Links::start(std::size_t nodes)
{
    d->epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
    std::uint32_t unwatched = 0;
    d->watch(d->event->get(), d->wakeSource, unwatched, EPOLLIN);
    for (std::size_t node = 0; node < nodes; ++node) {
        Port &port = d->ports.emplace_back();
        port.reserved = boundSocket(0);
        port.number = portOf(port.reserved);
        port.source = {Source::Kind::Listener, node, nullptr};
        port.policy = d->host.policy(node);
        if (port.policy.reach != LinkPolicy::Reach::Refused)
            d->listen(port);
    }
    d->nextPolicies = Clock::now();
    d->thread = std::thread([this] { d->run(); });
}

void Links::stop()
{
    if (!d->thread.joinable())
        return;
    d->stopping = true;
    waker()();
    d->thread.join();
    d->connections.clear();
    d->ports.clear();
}

std::function<void()> Links::waker() const
{
    return [event = d->event] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(event->get(), &one, sizeof one);
    };
}

int Links::port(std::size_t node) const
{
    return node < d->ports.size() ? d->ports[node].number : 0;
}

} // namespace hybridge::lab
