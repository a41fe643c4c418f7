// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/fd.h"

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hybridge::lab {

/// What every process on a node sees.
struct NodeShell {
    std::string nodeId;
    std::filesystem::path home;           ///< working directory and $HOME
    std::vector<std::string> environment; ///< "KEY=value"; nothing else of the lab's own environment is passed on
};

/// A process on a node, leader of its own session. The pipe ends are ours, close-on-exec and non-blocking.
struct ShellProcess {
    pid_t pid = -1;
    Fd exited; ///< readable when the process has ended (pidfd)
    Fd in;
    Fd out;
    Fd err;
};

/// Runs `/bin/sh -c COMMAND` as sshd does without a terminal. Empty command: a shell that reads its commands from
/// stdin. Throws std::runtime_error (out of processes or descriptors).
ShellProcess startShell(const NodeShell &shell, const std::string &command);

/// Runs argv with the environment of the shell and the three given descriptors; pid of a session leader.
/// Throws std::runtime_error.
pid_t startProcess(const NodeShell &shell, const std::vector<std::string> &argv, int in, int out, int err);

/// A descriptor that becomes readable when the process ends.
Fd watchProcess(pid_t pid);

/// Ends every process of this user that runs on the nodes behind the given socket (KILL): of one node, or of all when
/// nodeId is empty. This is what the loss of a machine does.
void killNodeProcesses(const std::string &socketPath, const std::string &nodeId);

} // namespace hybridge::lab
