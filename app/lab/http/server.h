// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/http/workers.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace hybridge::lab {

/// One HTTP/1.1 server for any number of addresses and ports of the loopback. One thread waits for all of them and for
/// every idle connection; a request takes a thread only while it is worked on. A port can be shut, so that it refuses
/// like that of a dead process, and opened again under the same number, and what is under way on it is cut: the reason
/// why this is no cpp-httplib, which needs a thread a port and can neither refuse nor cut.
class Server {
public:
    Server();
    ~Server(); ///< stop()
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    using PortId = std::uint64_t;
    /// Takes a port from the kernel on @p address (127.x.y.z). Throws std::runtime_error.
    PortId listen(const std::string &address, Handler handler);
    /// "http://127.x.y.z:PORT"
    std::string url(PortId id) const;
    int port(PortId id) const;
    /// Shut: new connections are refused, those that exist are reset.
    void setOpen(PortId id, bool open);

    /// Ends all threads; handlers that wait for something must be released first.
    void stop();

private:
    struct Port;
    struct Connection;

    void run();
    void acceptFrom(Port &port);
    void serve(const std::shared_ptr<Connection> &connection);
    bool readRequest(Connection &connection, Request &request);
    void watch(const std::shared_ptr<Connection> &connection);
    void drop(const std::shared_ptr<Connection> &connection, bool reset = false);
    void openLocked(Port &port);

    int m_epoll = -1;
    int m_wake = -1;
    mutable std::mutex m_mutex;
    std::map<std::uint64_t, std::unique_ptr<Port>> m_ports;
    std::map<std::uint64_t, std::shared_ptr<Connection>> m_connections;
    std::uint64_t m_nextId = 1;
    bool m_stopping = false;
    Workers m_workers{4000}; ///< a stream through a Worker holds two: at the endpoint and at the node's hostname
    std::thread m_thread;
};

} // namespace hybridge::lab
