// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/keys.h"
#include "app/lab/node/shell.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hybridge::lab {

/// Serves connections by OpenSSH's sshd, one process each (`sshd -i`), as this user and without any right of its own.
/// libnss-wrapper, where it is installed, gives it an account with /bin/sh and the node's home; else the account is the
/// one that runs the lab, with its own login shell. Not thread-safe: one thread uses it.
class SshdLauncher {
public:
    /// Throws std::runtime_error when @p program cannot be run.
    SshdLauncher(std::filesystem::path program, std::string user, std::filesystem::path authorizedKeys);

    /// The account that clients must name: the one asked for, or this user's without libnss-wrapper.
    const std::string &user() const { return m_user; }
    /// Writes configuration, key and account into @p folder; @p name tells several identities of a node apart.
    /// Throws std::runtime_error.
    void prepare(const std::filesystem::path &folder, const std::string &name, const KeyPair &hostKey,
        const NodeShell &shell) const;
    /// Throws std::runtime_error when the process cannot be started.
    void serve(Fd connection, const std::filesystem::path &folder, const std::string &name);
    void reap(); ///< collects the processes that have ended
    void stop(); ///< ends and collects all of them

private:
    std::filesystem::path m_program;
    std::filesystem::path m_wrapper; ///< libnss_wrapper.so; may be empty
    std::string m_user;
    std::filesystem::path m_authorizedKeys;
    std::vector<pid_t> m_processes;
};

} // namespace hybridge::lab
