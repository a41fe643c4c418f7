// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/fd.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace hybridge::lab {

/// How the network treats one node's SSH port.
struct LinkPolicy {
    enum class Reach { Open, Refused, Silent };
    Reach reach = Reach::Open;
    std::chrono::milliseconds latency{0}; ///< added to each direction
    int identity = 0;                     ///< when it changes, all connections are cut (another host key, another boot)

    bool operator==(const LinkPolicy &) const = default;
};

/// Who owns the nodes behind the links. Everything here is called on the links' thread.
class LinkHost {
public:
    virtual ~LinkHost() = default;
    virtual void refresh() = 0;                              ///< before a round of questions, about every 50 ms
    virtual LinkPolicy policy(std::size_t node) const = 0;   ///< also called by Links::start()
    virtual void connected(std::size_t node, Fd server) = 0; ///< the server's end of a new connection
};

/// The network between the operator and the nodes: owns each node's TCP port on 127.0.0.1 and carries the bytes of each
/// connection to a socket pair whose other end is given to the SSH server. So every fault of the network is made in one
/// place, for libssh and sshd alike, and neither of them knows.
///
/// Refused: the port stays reserved but does not listen, connections are cut. Silent: TCP connects (the kernel does
/// that), nothing is answered, established connections stop; all of it goes on when the fault goes.
class Links {
public:
    explicit Links(LinkHost &host);
    ~Links();
    Links(const Links &) = delete;
    Links &operator=(const Links &) = delete;

    /// Opens @p nodes ports and starts the thread. Throws std::runtime_error.
    void start(std::size_t nodes);
    void stop();
    /// Refreshes soon, not only after 50 ms. Callable from any thread, and after the links are gone too.
    std::function<void()> waker() const;
    int port(std::size_t node) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace hybridge::lab
