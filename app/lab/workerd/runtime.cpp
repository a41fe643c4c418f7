// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/workerd/runtime.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hybridge::lab {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto StartTime = 20s;
constexpr auto EndTime = 2s;
constexpr int SocketFd = 3; ///< where workerd finds them
constexpr int ControlFd = 4;

/// The address of a socket in @p folder through a descriptor: a path in a state folder may be longer than the 108 bytes
/// that an address has.
sockaddr_un addressIn(int folder, const char *name)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder, name);
    return address;
}

int openFolder(const fs::path &folder)
{
    return ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int withAddress(const fs::path &folder, int (*use)(int, const sockaddr *, socklen_t))
{
    const int at = openFolder(folder);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = addressIn(at, "http");
    sockaddr_storage raw{};
    std::memcpy(&raw, &address, sizeof address);
    const bool done = at >= 0 && fd >= 0 && use(fd, reinterpret_cast<const sockaddr *>(&raw), sizeof address) == 0;
    if (at >= 0)
        ::close(at);
    if (done)
        return fd;
    if (fd >= 0)
        ::close(fd);
    return -1;
}

std::string lastWords(const fs::path &file)
{
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    if (text.size() > 2000)
        text.resize(2000);
    while (text.ends_with('\n'))
        text.pop_back();
    static constexpr std::string_view Prefix = "service main: ";
    if (text.starts_with(Prefix))
        text.erase(0, Prefix.size());
    return text;
}

bool isProgram(const fs::path &file)
{
    std::array<char, 4> magic{};
    std::ifstream in(file, std::ios::binary);
    in.read(magic.data(), magic.size());
    return in && std::memcmp(magic.data(), "\177ELF", 4) == 0 && ::access(file.c_str(), X_OK) == 0;
}

#if defined(__aarch64__)
constexpr const char *PackageName = "workerd-linux-arm64";
#else
constexpr const char *PackageName = "workerd-linux-64";
#endif

/// @p file itself, or what npm's launcher script of that name would start.
fs::path programOf(const fs::path &file)
{
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    if (error)
        return {};
    if (isProgram(real))
        return real;
    // …/node_modules/workerd/bin/workerd
    const fs::path beside
        = real.parent_path().parent_path().parent_path() / "@cloudflare" / PackageName / "bin/workerd";
    return isProgram(beside) ? beside : fs::path();
}

fs::path programIn(const fs::path &modules)
{
    return programOf(modules / "@cloudflare" / PackageName / "bin/workerd");
}

} // namespace

WorkerInstance::~WorkerInstance()
{
    if (m_pid > 0) {
        ::kill(m_pid, SIGTERM);
        const Clock::time_point deadline = Clock::now() + EndTime;
        while (::waitpid(m_pid, nullptr, WNOHANG) == 0) {
            if (Clock::now() >= deadline) {
                ::kill(m_pid, SIGKILL);
                ::waitpid(m_pid, nullptr, 0);
                break;
            }
            std::this_thread::sleep_for(5ms);
        }
    }
    std::error_code ignored;
    fs::remove_all(m_folder, ignored);
}

int WorkerInstance::connect() const
{
    return withAddress(
        m_folder, [](int fd, const sockaddr *address, socklen_t length) { return ::connect(fd, address, length); });
}

WorkerRuntime::WorkerRuntime(fs::path program, fs::path folder, std::vector<std::string> networks)
    : m_program(std::move(program))
    , m_folder(std::move(folder))
    , m_networks(std::move(networks))
{
    std::error_code ignored;
    fs::remove_all(m_folder, ignored); // of a lab that was killed
    fs::create_directories(m_folder);
    fs::permissions(m_folder, fs::perms::owner_all);
    m_thread = std::thread([this] {
        std::unique_lock lock(m_mutex);
        for (;;) {
            m_wake.wait(lock, [this] { return m_stopping || !m_work.empty(); });
            if (m_work.empty())
                return;
            const std::function<void()> work = std::move(m_work.front());
            m_work.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    });
}

WorkerRuntime::~WorkerRuntime()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_thread.join();
    std::error_code ignored;
    fs::remove_all(m_folder, ignored);
}

/// Between fork and exec only what is safe in a process of many threads.
void WorkerRuntime::spawn(WorkerInstance &instance, int socket, int control)
{
    const std::string config = (instance.m_folder / "config.capnp").string();
    const std::string socketOption = "--socket-fd=http=" + std::to_string(SocketFd);
    const std::string controlOption = "--control-fd=" + std::to_string(ControlFd);
    const std::array<const char *, 7> arguments{
        m_program.c_str(), "serve", config.c_str(), "config", socketOption.c_str(), controlOption.c_str(), nullptr};
    const std::array<const char *, 3> environment{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", nullptr};
    const int output = ::open((instance.m_folder / "output").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    // Above all numbers that they are copied to, or one copy would close another's source.
    const int highSocket = ::fcntl(socket, F_DUPFD_CLOEXEC, 10);
    const int highControl = ::fcntl(control, F_DUPFD_CLOEXEC, 10);
    const pid_t parent = ::getpid();
    const pid_t pid = output >= 0 && input >= 0 && highSocket >= 0 && highControl >= 0 ? ::fork() : -1;
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) // it ended before we could say that we go with it
            ::_exit(1);
        ::setpgid(0, 0); // Ctrl-C ends the lab, and the lab ends this
        ::dup2(input, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::dup2(highSocket, SocketFd);
        ::dup2(highControl, ControlFd);
        ::signal(SIGPIPE, SIG_DFL);
        ::signal(SIGTERM, SIG_DFL);
        ::signal(SIGINT, SIG_DFL);
        ::execve(m_program.c_str(), const_cast<char *const *>(arguments.data()),
            const_cast<char *const *>(environment.data()));
        ::_exit(127);
    }
    for (const int fd : {output, input, highSocket, highControl}) {
        if (fd >= 0)
            ::close(fd);
    }
    instance.m_pid = pid;
}

std::shared_ptr<WorkerInstance> WorkerRuntime::start(const WorkerBundle &bundle)
{
    const std::shared_ptr<WorkerInstance> instance(new WorkerInstance);
    {
        const std::lock_guard lock(m_mutex);
        instance->m_folder = m_folder / std::to_string(++m_started);
    }
    fs::create_directories(instance->m_folder);
    writeWorkerdConfig(instance->m_folder, bundle, m_networks, m_cache);
    const int socket = withAddress(instance->m_folder, [](int fd, const sockaddr *address, socklen_t length) {
        return ::bind(fd, address, length) == 0 ? ::listen(fd, 1024) : -1;
    });
    std::array<int, 2> control{-1, -1};
    if (socket < 0 || ::pipe2(control.data(), O_CLOEXEC) != 0)
        throw std::runtime_error(std::string("workerd's socket could not be made: ") + std::strerror(errno));
    std::promise<void> spawned;
    {
        const std::lock_guard lock(m_mutex);
        m_work.emplace_back([&] {
            spawn(*instance, socket, control[1]);
            spawned.set_value();
        });
    }
    m_wake.notify_all();
    spawned.get_future().wait();
    ::close(socket);
    ::close(control[1]);

    // It tells on the control descriptor when its sockets are served, which is after the script has run once.
    std::string told;
    const Clock::time_point deadline = Clock::now() + StartTime;
    bool serving = false;
    while (!serving && instance->m_pid > 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd wait{control[0], POLLIN, 0};
        std::array<char, 512> piece{};
        if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0)
            break;
        const ssize_t got = ::read(control[0], piece.data(), piece.size());
        if (got <= 0)
            break;
        told.append(piece.data(), static_cast<std::size_t>(got));
        serving = told.find("\"listen\"") != std::string::npos;
    }
    ::close(control[0]);
    if (!serving) {
        std::string words = lastWords(instance->m_folder / "output");
        throw std::runtime_error(words.empty() ? "workerd did not start" : words);
    }
    std::error_code ignored;
    fs::remove(instance->m_folder / "config.capnp", ignored); // it holds secrets, and has been read
    return instance;
}

fs::path WorkerRuntime::find(const fs::path &binDir)
{
    if (const char *named = std::getenv("HYBRIDGE_WORKERD"); named && *named != '\0')
        return programOf(named);
    if (const char *path = std::getenv("PATH")) {
        std::string_view rest = path;
        while (!rest.empty()) {
            const std::size_t end = rest.find(':');
            const fs::path folder = std::string(rest.substr(0, end));
            if (folder.is_absolute()) {
                if (fs::path found = programOf(folder / "workerd"); !found.empty())
                    return found;
            }
            if (end == std::string_view::npos)
                break;
            rest.remove_prefix(end + 1);
        }
    }
    std::error_code error;
    for (const fs::path &root : {binDir / "..", binDir / "../../.."}) {
        if (fs::path found = programIn(root / "tests/peers/node_modules"); !found.empty())
            return found;
        for (const auto &folder : fs::directory_iterator(root / "tests/peers/packages", error)) {
            if (!fs::exists(folder.path() / "complete", error))
                continue;
            if (fs::path found = programIn(folder.path() / "node_modules"); !found.empty())
                return found;
        }
    }
    return {};
}

} // namespace hybridge::lab
