// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/shell.h"
#include "app/lab/world/world.h"

#include <functional>
#include <memory>
#include <string>

namespace hybridge::lab {

/// Runs, on one thread of the lab, what the commands on all nodes do: each process that stands for `systemctl`,
/// `nvidia-smi` … is connected to a unix socket of this server and only prints. Each command lands in the world's log,
/// room "shell".
class CommandServer {
public:
    /// @p shellOf gives the environment of a node's processes (for what systemd-run starts).
    CommandServer(World &world, std::string user, std::function<NodeShell(const NodeSpec &)> shellOf);
    ~CommandServer();
    CommandServer(const CommandServer &) = delete;
    CommandServer &operator=(const CommandServer &) = delete;

    /// Listens on @p socketPath (at most 107 bytes) and starts the thread. Throws std::runtime_error.
    void start(const std::string &socketPath);
    /// Ends every connection; the commands end with them.
    void stop();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace hybridge::lab
