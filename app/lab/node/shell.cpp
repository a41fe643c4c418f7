// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/shell.h"

#include "app/lab/node/protocol.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace hybridge::lab {

namespace {

struct Pipe {
    Fd read;
    Fd write;
};

Pipe makePipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error(std::string("No pipe for a command: ") + std::strerror(errno));
    return {Fd(ends[0]), Fd(ends[1])};
}

void setNonBlocking(const Fd &fd)
{
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char *> pointers(const std::vector<std::string> &strings)
{
    std::vector<char *> list;
    list.reserve(strings.size() + 1);
    for (const std::string &string : strings)
        list.push_back(const_cast<char *>(string.c_str()));
    list.push_back(nullptr);
    return list;
}

/// The environment block of a process as the kernel tells it; empty when it is not ours to read.
std::string environmentOf(const std::string &pid)
{
    std::ifstream file("/proc/" + pid + "/environ", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

bool hasVariable(const std::string &environment, const std::string &entry)
{
    const std::size_t at = environment.find(entry + '\0');
    return at != std::string::npos && (at == 0 || environment[at - 1] == '\0');
}

} // namespace

pid_t startProcess(const NodeShell &shell, const std::vector<std::string> &argv, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    // Not every library in the lab's process opens its sockets close-on-exec.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    ::posix_spawn_file_actions_addchdir_np(&actions, shell.home.c_str());
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all); // the lab ignores SIGPIPE, its nodes must not
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    const int rc = ::posix_spawn(
        &pid, argv.front().c_str(), &actions, &attributes, pointers(argv).data(), pointers(shell.environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (rc != 0)
        throw std::runtime_error("Could not run " + argv.front() + ": " + std::strerror(rc));
    return pid;
}

Fd watchProcess(pid_t pid)
{
    // glibc 2.36 declares pidfd_open(), Debian's headers of the baseline may not; the call itself is Linux 5.3.
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

ShellProcess startShell(const NodeShell &shell, const std::string &command)
{
    Pipe in = makePipe();
    Pipe out = makePipe();
    Pipe err = makePipe();
    std::vector<std::string> argv{"/bin/sh"};
    if (!command.empty())
        argv.insert(argv.end(), {"-c", command});
    ShellProcess process;
    process.pid = startProcess(shell, argv, in.read.get(), out.write.get(), err.write.get());
    process.exited = watchProcess(process.pid);
    process.in = std::move(in.write);
    process.out = std::move(out.read);
    process.err = std::move(err.read);
    for (const Fd *fd : {&process.in, &process.out, &process.err})
        setNonBlocking(*fd);
    return process;
}

void killNodeProcesses(const std::string &socketPath, const std::string &nodeId)
{
    const std::string socket = std::string(kSocketVariable) + '=' + socketPath;
    const std::string node = std::string(kNodeVariable) + '=' + nodeId;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string pid = entry.path().filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const std::string environment = environmentOf(pid);
        if (hasVariable(environment, socket) && (nodeId.empty() || hasVariable(environment, node)))
            ::kill(static_cast<pid_t>(std::stol(pid)), SIGKILL);
    }
}

} // namespace hybridge::lab
