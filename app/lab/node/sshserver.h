// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/keys.h"
#include "app/lab/node/shell.h"

#include <functional>
#include <memory>
#include <string>

namespace hybridge::lab {

/// sshd's MaxSessions.
inline constexpr std::size_t kMostSessionChannels = 10;

/// An SSH server on libssh, unprivileged, for all nodes on one thread. It behaves as OpenSSH's sshd does where a client
/// can tell: public key alone, ten session channels a connection (a running process holds its place, also when its
/// channel is gone), exit code and signal, nothing killed when the client goes, direct-tcpip. Refused: terminals,
/// subsystems, agent and X11 forwarding, forwarding to anything but loopback.
class SshServer {
public:
    /// @p user and @p authorized: the one account and its key, "ssh-ed25519 AAAA…".
    /// @p note is told what clients do ("exec …", "direct-tcpip …"), on the server's thread.
    SshServer(std::string user, std::string authorized,
        std::function<void(const std::string &node, const std::string &what, int status)> note);
    ~SshServer();
    SshServer(const SshServer &) = delete;
    SshServer &operator=(const SshServer &) = delete;

    void start(); ///< throws std::runtime_error
    void stop();
    /// Takes a connection that has just been accepted. Any thread. The key is copied.
    void serve(Fd connection, const KeyPair &hostKey, NodeShell shell);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace hybridge::lab
