// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later

// hybridge-lab-node: what `systemctl`, `nvidia-smi` … are in the shell of a lab node. It knows nothing itself; it tells
// the lab its name and arguments and prints what the lab answers. Plain system calls on purpose: 500 nodes start and
// keep hundreds of these, so it must start within a millisecond or two and stay small.

#include "app/lab/node/protocol.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace hybridge::lab;

namespace {

constexpr int kMachineGone = 255;

[[noreturn]] void fail(const char *what)
{
    std::fprintf(stderr, "hybridge-lab-node: %s: %s\n", what, std::strerror(errno));
    std::_Exit(kMachineGone);
}

/// Writes all of it, or dies as any program does whose reader has gone (SIGPIPE). Somebody may have made the
/// descriptor non-blocking (ssh does); then we wait for room.
bool writeAll(int fd, const char *data, std::size_t size)
{
    while (size > 0) {
        const ssize_t n = ::write(fd, data, size);
        if (n > 0) {
            data += n;
            size -= static_cast<std::size_t>(n);
        } else if (n < 0 && errno == EAGAIN) {
            pollfd room{fd, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return false;
        }
    }
    return true;
}

/// False at the end of the connection.
bool readAll(int fd, char *data, std::size_t size)
{
    while (size > 0) {
        const ssize_t n = ::read(fd, data, size);
        if (n > 0) {
            data += n;
            size -= static_cast<std::size_t>(n);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

std::uint32_t lengthAt(const char *bytes)
{
    const auto *b = reinterpret_cast<const unsigned char *>(bytes);
    return static_cast<std::uint32_t>(b[0]) | static_cast<std::uint32_t>(b[1]) << 8
        | static_cast<std::uint32_t>(b[2]) << 16 | static_cast<std::uint32_t>(b[3]) << 24;
}

int connectToLab(const char *path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    std::strcpy(address.sun_path, path);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        fail("the lab is gone");
    return fd;
}

class Greeting {
public:
    void add(const char *text)
    {
        const std::size_t size = std::strlen(text) + 1;
        if (m_size + size > sizeof m_bytes) {
            errno = E2BIG;
            fail("arguments");
        }
        std::memcpy(m_bytes + m_size, text, size);
        m_size += size;
    }
    bool send(int fd)
    {
        const std::size_t body = m_size - 4;
        for (std::size_t i = 0; i < 4; ++i)
            m_bytes[i] = static_cast<char>(body >> (8 * i) & 0xff);
        return writeAll(fd, m_bytes, m_size);
    }

private:
    char m_bytes[kGreetingLimit];
    std::size_t m_size = 4;
};

void ignoreSignals(bool ignored)
{
    constexpr int signals[]{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
    for (const int signal : signals)
        ::signal(signal, ignored ? SIG_IGN : SIG_DFL);
}

[[noreturn]] void execAsRoot(char *payload, std::size_t size)
{
    constexpr std::size_t kMostArguments = 1024;
    static char *arguments[kMostArguments + 1];
    std::size_t count = 0;
    for (std::size_t at = 0; at < size && count < kMostArguments; at += std::strlen(payload + at) + 1)
        arguments[count++] = payload + at;
    arguments[count] = nullptr;
    ::setenv(kRootVariable, "1", 1);
    ::setenv("USER", "root", 1);
    if (count > 0)
        ::execvp(arguments[0], arguments);
    std::fprintf(stderr, "sudo: %s: command not found\n", count > 0 ? arguments[0] : "");
    std::_Exit(1);
}

const char *baseName(const char *path)
{
    const char *slash = std::strrchr(path, '/');
    return slash ? slash + 1 : path;
}

} // namespace

int main(int argc, char *argv[])
{
    const char *node = std::getenv(kNodeVariable);
    const char *socketPath = std::getenv(kSocketVariable);
    if (node == nullptr || socketPath == nullptr || argc < 1) {
        std::fputs("hybridge-lab-node runs only in the shell of a node of hybridge-lab.\n", stderr);
        return kMachineGone;
    }
    const int fd = connectToLab(socketPath);
    static Greeting greeting;
    static char workingDirectory[4096];
    if (::getcwd(workingDirectory, sizeof workingDirectory) == nullptr)
        std::strcpy(workingDirectory, "/");
    const char *root = std::getenv(kRootVariable);
    greeting.add(node);
    greeting.add(root != nullptr && std::strcmp(root, "1") == 0 ? "1" : "0");
    greeting.add(workingDirectory);
    int first = 0;
    if (std::strcmp(baseName(argv[0]), "hybridge-lab-node") == 0 && argc > 1)
        first = 1;
    greeting.add(baseName(argv[first]));
    for (int i = first + 1; i < argc; ++i)
        greeting.add(argv[i]);
    if (!greeting.send(fd))
        fail("the lab is gone");

    static char payload[kFrameLimit + 1];
    char header[kFrameHeaderBytes];
    while (readAll(fd, header, sizeof header)) {
        const std::size_t size = lengthAt(header + 1);
        if (size > kFrameLimit || !readAll(fd, payload, size))
            break;
        payload[size] = '\0';
        switch (static_cast<FrameType>(header[0])) {
        case FrameType::Out:
            if (!writeAll(STDOUT_FILENO, payload, size))
                return 1;
            break;
        case FrameType::Err:
            if (!writeAll(STDERR_FILENO, payload, size))
                return 1;
            break;
        case FrameType::Exit:
            return size > 0 ? static_cast<unsigned char>(payload[0]) : kMachineGone;
        case FrameType::Exec:
            execAsRoot(payload, size);
        case FrameType::Uninterruptible:
            ignoreSignals(true);
            break;
        case FrameType::Interruptible:
            ignoreSignals(false);
            break;
        }
    }
    return kMachineGone;
}
