// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace hybridge::lab {

class World;

/// Where the nodes live and by what they are served.
struct NodeServerOptions {
    std::filesystem::path stateDir;   ///< the lab's --state-dir; must exist, be absolute and belong to this user
    std::filesystem::path nodeBinary; ///< absolute path of `hybridge-lab-node`
    std::filesystem::path sshd;       ///< absolute path of OpenSSH's sshd; empty: libssh's server
    std::string user = "op";          ///< the only account; its sudo rules are the lab's
};

/// Serves every node of the World over SSH, on 127.0.0.1, and the commands that run in its shells.
///
/// Three threads of its own: the links (TCP and their faults), the SSH sessions (libssh only) and the commands. All
/// public functions may be called from any thread. Faults and services are read from the World about ten times a
/// second; nothing need be called when they change.
class NodeServer {
public:
    NodeServer(World &world, NodeServerOptions options);
    ~NodeServer(); ///< calls stop()
    NodeServer(const NodeServer &) = delete;
    NodeServer &operator=(const NodeServer &) = delete;

    /// Makes the keys and the nodes' folders, opens the ports and starts serving. Throws std::runtime_error with one
    /// sentence when a port, a key, a folder or sshd cannot be had; nothing runs then.
    void start();
    /// Closes all ports and sessions and removes the sockets. Processes that were started on a node and are silent end
    /// when they notice that their lab is gone. May be called twice.
    void stop();

    /// The kernel-chosen port of a node's SSH, fixed from start() to stop(); 0 for an unknown node.
    int sshPort(const std::string &nodeId) const;
    /// A known_hosts line of the node's own key, "[127.0.0.1]:PORT ssh-ed25519 AAAA…", without line end. The key that
    /// the fault `hostkey-changed` shows instead is never told here.
    std::string hostKeyLine(const std::string &nodeId) const;
    /// The node's own host key as "ssh-ed25519 AAAA…" (what a GCP machine reports in its guest attributes).
    std::string hostPublicKey(const std::string &nodeId) const;
    /// The private key that all nodes let in, mode 0600, in the state folder; the public one lies beside it (.pub).
    std::filesystem::path clientKeyPath() const;
    /// The account to log in with.
    const std::string &user() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace hybridge::lab
