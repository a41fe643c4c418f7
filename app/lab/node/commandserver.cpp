// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commandserver.h"

#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/nodeleases.h"
#include "app/lab/node/commands/pausedcontainers.h"
#include "app/lab/node/commands/text.h"
#include "app/lab/node/commands/transientunits.h"
#include "app/lab/node/protocol.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace hybridge::lab {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kOutputLimit = 256 * 1024; ///< unread output of one command before it must wait
constexpr auto kSlowReaderPause = 50ms;
constexpr std::size_t kLongestLogged = 2000; ///< of a command line, in the world's log

/// One process on a node, or (without descriptor) one command that PID 1 runs.
struct Client {
    Fd fd;
    std::string input;  ///< the greeting, until it is whole
    std::string output; ///< frames not yet written
    std::unique_ptr<Command> command;
    std::string node;
    std::string line; ///< for the log
    Clock::time_point due = Clock::time_point::max();
    std::function<void(int)> done; ///< of a command without descriptor
    std::string unit;              ///< which runs such a command
    bool uninterruptible = false;
    bool logged = false;
    bool writable = true;
    bool ended = false; ///< the exit frame is in output
    bool dead = false;
};

/// A program that PID 1 started on a node.
struct Job {
    pid_t pid = -1;
    Fd exited;
    std::string node;
    std::string unit;
    std::function<void(int)> done;
};

void addFrame(std::string &output, FrameType type, std::string_view payload)
{
    do {
        const std::string_view part = payload.substr(0, kFrameLimit);
        output += static_cast<char>(type);
        for (unsigned i = 0; i < 4; ++i)
            output += static_cast<char>(part.size() >> (8 * i) & 0xff);
        output += part;
        payload.remove_prefix(part.size());
    } while (!payload.empty());
}

std::uint32_t lengthAt(const std::string &bytes)
{
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
        length |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return length;
}

} // namespace

struct CommandServer::Private {
    World &world;
    std::string user;
    std::function<NodeShell(const NodeSpec &)> shellOf;
    TransientUnits units;
    PausedContainers paused;
    NodeLeases leases;
    Fd epoll;
    Fd listener;
    Fd event;
    std::string path;
    std::map<int, Client> clients; ///< by descriptor
    std::list<Client> internal;    ///< PID 1's
    std::map<int, Job> jobs;       ///< by pidfd
    std::mutex mutex;
    std::vector<std::function<void()>> posted;
    std::atomic<bool> stopping{false};
    std::thread thread;

    Private(World &w, std::string u, std::function<NodeShell(const NodeSpec &)> s)
        : world(w)
        , user(std::move(u))
        , shellOf(std::move(s))
        , units(
              w,
              [this](const std::string &node, const std::string &unit, std::vector<std::string> argv,
                  std::function<void(int)> done) {
                  post([this, node, unit, argv = std::move(argv), done = std::move(done)] {
                      launch(node, unit, argv, done);
                  });
              },
              [this](
                  const std::string &node, const std::string &unit) { post([this, node, unit] { kill(node, unit); }); })
        , paused(w)
        , leases(w, paused)
    {
    }

    void post(std::function<void()> work)
    {
        {
            const std::lock_guard lock(mutex);
            posted.push_back(std::move(work));
        }
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(event.get(), &one, sizeof one);
    }

    void watch(int operation, int fd, std::uint32_t events)
    {
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.fd = fd;
        ::epoll_ctl(epoll.get(), operation, fd, &wanted);
    }

    CommandRequest request(const NodeSpec &node, bool root, std::string directory, std::vector<std::string> argv)
    {
        return CommandRequest{world, units, paused, leases, node, user, root, std::move(directory), std::move(argv)};
    }

    /// As PID 1 of a node: a command of ours runs here, anything else as a process.
    void launch(const std::string &nodeId, const std::string &unit, const std::vector<std::string> &argv,
        const std::function<void(int)> &done)
    {
        const NodeSpec *node = world.find(nodeId);
        if (!node || argv.empty())
            return;
        if (isLabCommand(argv.front())) {
            Client &client = internal.emplace_back();
            client.node = nodeId;
            client.line = join(argv, " ");
            client.command = makeCommand(request(*node, true, "/", argv));
            client.done = done;
            client.unit = unit;
            client.due = Clock::now();
            return;
        }
        NodeShell shell = shellOf(*node);
        shell.environment.push_back(std::string(kRootVariable) + "=1");
        // The program is looked up in the node's PATH by `env`, like everything else on a node.
        std::vector<std::string> command{"/usr/bin/env", "--"};
        command.insert(command.end(), argv.begin(), argv.end());
        const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        try {
            Job job;
            job.node = nodeId;
            job.unit = unit;
            job.pid = startProcess(shell, command, null.get(), null.get(), null.get());
            job.exited = watchProcess(job.pid);
            job.done = done;
            const int fd = job.exited.get();
            watch(EPOLL_CTL_ADD, fd, EPOLLIN);
            jobs[fd] = std::move(job);
        } catch (const std::runtime_error &) {
            done(203); // systemd's EXIT_EXEC
        }
    }

    void kill(const std::string &nodeId, const std::string &unit)
    {
        for (const auto &[fd, job] : jobs) {
            if (job.node == nodeId && job.unit == unit)
                ::kill(-job.pid, SIGTERM);
        }
        for (Client &client : internal) {
            if (client.node == nodeId && client.unit == unit && !client.ended) {
                finish(client, 128 + SIGTERM);
                client.dead = true;
            }
        }
    }

    void accept()
    {
        while (true) {
            Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!fd)
                return;
            const int number = fd.get();
            watch(EPOLL_CTL_ADD, number, EPOLLIN);
            clients[number].fd = std::move(fd);
        }
    }

    /// Reads the greeting; anything that comes later is ignored.
    void read(Client &client)
    {
        std::array<char, 4096> buffer;
        const ssize_t n = ::read(client.fd.get(), buffer.data(), buffer.size());
        if (n <= 0) {
            client.dead = n == 0 || (errno != EAGAIN && errno != EINTR);
            return;
        }
        if (client.command || client.ended)
            return;
        client.input.append(buffer.data(), static_cast<std::size_t>(n));
        if (client.input.size() < 4)
            return;
        const std::size_t length = lengthAt(client.input);
        if (length > kGreetingLimit)
            client.dead = true;
        else if (client.input.size() >= length + 4)
            begin(client, std::string_view(client.input).substr(4, length));
    }

    void begin(Client &client, std::string_view greeting)
    {
        if (!greeting.empty() && greeting.back() == '\0')
            greeting.remove_suffix(1);
        std::vector<std::string> words = split(greeting, '\0');
        const NodeSpec *node = words.size() >= 4 ? world.find(words[0]) : nullptr;
        if (!node || !world.machineUp(words[0]) || !isLabCommand(words[3])) {
            client.dead = true;
            return;
        }
        client.node = words[0];
        std::vector<std::string> argv(words.begin() + 3, words.end());
        client.line = join(argv, " ").substr(0, kLongestLogged);
        client.command = makeCommand(request(*node, words[1] == "1", words[2], std::move(argv)));
        client.due = Clock::now();
        client.input.clear();
    }

    void log(Client &client, int status)
    {
        if (!client.logged)
            world.note("shell", client.node, client.line, status);
        client.logged = true;
    }

    void step(Client &client)
    {
        if (client.output.size() > kOutputLimit) {
            client.due = Clock::now() + kSlowReaderPause;
            return;
        }
        if (client.command->endless())
            log(client, -1);
        CommandOutput output;
        const CommandStep next = client.command->step(output);
        if (output.uninterruptible != client.uninterruptible) {
            client.uninterruptible = output.uninterruptible;
            addFrame(client.output, client.uninterruptible ? FrameType::Uninterruptible : FrameType::Interruptible, {});
        }
        if (!output.out.empty() || output.busy) // an empty frame wakes the process, which the kernel books
            addFrame(client.output, FrameType::Out, output.out);
        if (!output.err.empty())
            addFrame(client.output, FrameType::Err, output.err);
        switch (next.next) {
        case CommandStep::Next::Wait:
            client.due = Clock::now() + next.pause;
            break;
        case CommandStep::Next::Exit:
            log(client, next.code);
            addFrame(client.output, FrameType::Exit, std::string(1, static_cast<char>(next.code)));
            finish(client, next.code);
            break;
        case CommandStep::Next::Exec: {
            log(client, -1);
            std::string argv;
            for (const std::string &argument : next.argv)
                argv += argument + '\0';
            if (argv.size() > kFrameLimit)
                client.dead = true;
            addFrame(client.output, FrameType::Exec, argv);
            finish(client, 0);
            break;
        }
        }
        write(client);
    }

    static void finish(Client &client, int code)
    {
        client.ended = true;
        client.due = Clock::time_point::max();
        client.command.reset();
        if (client.done)
            client.done(code);
    }

    void write(Client &client)
    {
        if (!client.fd) {
            client.output.clear();
            client.dead = client.ended;
            return;
        }
        while (!client.output.empty()) {
            const ssize_t n = ::send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0) {
                client.dead = errno != EAGAIN;
                break;
            }
            client.output.erase(0, static_cast<std::size_t>(n));
        }
        const bool writable = client.output.empty();
        if (writable != client.writable && !client.dead)
            watch(EPOLL_CTL_MOD, client.fd.get(), EPOLLIN | (writable ? 0u : static_cast<std::uint32_t>(EPOLLOUT)));
        client.writable = writable;
        if (client.ended && client.output.empty())
            client.dead = true;
    }

    void reap(int fd)
    {
        const auto found = jobs.find(fd);
        int status = 0;
        if (found == jobs.end() || ::waitpid(found->second.pid, &status, WNOHANG) != found->second.pid)
            return;
        const std::function<void(int)> done = std::move(found->second.done);
        jobs.erase(found);
        done(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }

    void runPosted()
    {
        std::uint64_t number;
        [[maybe_unused]] const ssize_t n = ::read(event.get(), &number, sizeof number);
        std::vector<std::function<void()>> work;
        {
            const std::lock_guard lock(mutex);
            work.swap(posted);
        }
        for (const auto &job : work)
            job();
    }

    int patience() const
    {
        auto next = Clock::time_point::max();
        for (const auto &[fd, client] : clients)
            next = std::min(next, client.due);
        for (const Client &client : internal)
            next = std::min(next, client.due);
        if (next == Clock::time_point::max())
            return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        return static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000));
    }

    void run()
    {
        std::array<epoll_event, 256> events;
        while (!stopping) {
            const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), patience());
            for (int i = 0; i < count; ++i) {
                const epoll_event &ready = events[static_cast<std::size_t>(i)];
                if (ready.data.fd == listener.get()) {
                    accept();
                } else if (ready.data.fd == event.get()) {
                    runPosted();
                } else if (const auto client = clients.find(ready.data.fd); client != clients.end()) {
                    if ((ready.events & EPOLLOUT) != 0)
                        write(client->second);
                    if ((ready.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !client->second.dead)
                        read(client->second);
                } else {
                    reap(ready.data.fd);
                }
            }
            const auto now = Clock::now();
            for (auto &[fd, client] : clients) {
                if (!client.dead && client.due <= now)
                    step(client);
            }
            for (Client &client : internal) {
                if (!client.dead && client.due <= now)
                    step(client);
            }
            for (auto at = clients.begin(); at != clients.end();) {
                Client &client = at->second;
                if (client.dead && client.command)
                    log(client, -1); // killed, or its reader has gone
                at = client.dead ? clients.erase(at) : std::next(at);
            }
            internal.remove_if([](const Client &client) { return client.dead; });
        }
    }
};

CommandServer::CommandServer(World &world, std::string user, std::function<NodeShell(const NodeSpec &)> shellOf)
    : d(std::make_unique<Private>(world, std::move(user), std::move(shellOf)))
{
}

CommandServer::~CommandServer()
{
    stop();
}

void CommandServer::start(const std::string &socketPath)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socketPath.size() >= sizeof address.sun_path)
        throw std::runtime_error("The path of the nodes' socket is too long: " + socketPath);
    std::memcpy(address.sun_path, socketPath.c_str(), socketPath.size());
    d->path = socketPath;
    d->epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
    d->event = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    d->listener = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!d->epoll || !d->event || !d->listener
        || ::bind(d->listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0
        || ::listen(d->listener.get(), 1024) != 0)
        throw std::runtime_error("Could not listen on " + socketPath + ": " + std::strerror(errno));
    d->watch(EPOLL_CTL_ADD, d->listener.get(), EPOLLIN);
    d->watch(EPOLL_CTL_ADD, d->event.get(), EPOLLIN);
    d->thread = std::thread([this] { d->run(); });
}

void CommandServer::stop()
{
    if (!d->thread.joinable())
        return;
    d->stopping = true;
    d->post([] {});
    d->thread.join();
    d->clients.clear();
    d->internal.clear();
    d->listener.reset();
    ::unlink(d->path.c_str());
}

} // namespace hybridge::lab
