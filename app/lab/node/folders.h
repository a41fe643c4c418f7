// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/shell.h"
#include "app/lab/world/types.h"

#include <filesystem>
#include <string>

namespace hybridge::lab {

/// What of the nodes lies on the disk: DIR/bin with the commands, DIR/nodes/ID with `bin` and `home`, and a folder with
/// a short name for the sockets (a unix socket's path has at most 107 bytes, a state folder's may have more).
class NodeFolders {
public:
    /// Makes them. Throws std::runtime_error.
    NodeFolders(std::filesystem::path stateDir, const std::filesystem::path &nodeBinary);
    ~NodeFolders(); ///< removes the short folder
    NodeFolders(const NodeFolders &) = delete;
    NodeFolders &operator=(const NodeFolders &) = delete;

    void addNode(const NodeSpec &node);
    std::filesystem::path folder(const NodeSpec &node) const { return m_stateDir / "nodes" / node.id; }
    /// What a process on the node sees: its PATH holds the lab's commands and named coreutils, nothing else.
    NodeShell shell(const NodeSpec &node, const std::string &user) const;
    std::string socketPath() const { return (m_shortDir / "s").string(); }

private:
    std::filesystem::path m_stateDir;
    std::filesystem::path m_shortDir;
};

} // namespace hybridge::lab
