// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/lab.h"
#include "app/lab/workerd/runtime.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

enum ExitCode { Done = 0, Failed = 1, BadUsage = 2, EndTooLong = 3 };
constexpr unsigned LongestEnd = 60; ///< seconds

volatile std::sig_atomic_t endFd = -1;

void onEndSignal(int)
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(endFd, &one, sizeof one);
}

/// A lab whose end hangs says at what, and ends: nobody waits for it for good.
void onEndTooLong(int)
{
    const auto say = [](const char *text) { [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, ::strlen(text)); };
    say("hybridge-lab: the end takes too long; it waits for ");
    say(hybridge::lab::Lab::ending());
    say(".\n");
    ::_exit(EndTooLong);
}

/// Three listening ports a node and two sockets behind each: the usual 1024 is soon used up.
void raiseFileLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// Absolute, ours alone, and used by no other lab: the lock lives as long as the process.
fs::path claimStateDir(const std::string &asked)
{
    const fs::path path = fs::absolute(asked).lexically_normal();
    fs::create_directories(path);
    struct stat found { };
    if (::stat(path.c_str(), &found) != 0 || found.st_uid != ::geteuid())
        throw std::runtime_error("The state folder " + path.string() + " belongs to somebody else.");
    fs::permissions(path, fs::perms::owner_all);
    const int lock = ::open((path / "lab.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0)
        throw std::runtime_error("Another lab runs in " + path.string() + "; end it, or give another --state-dir.");
    return fs::canonical(path);
}

/// Beside this program, or where a package puts what is not run by hand.
fs::path nodeBinary()
{
    const fs::path here = fs::canonical("/proc/self/exe").parent_path();
    for (const fs::path &candidate : {here / "hybridge-lab-node", here / "../libexec/hybridge/hybridge-lab-node"}) {
        if (fs::exists(candidate))
            return fs::canonical(candidate);
    }
    throw std::runtime_error("hybridge-lab-node, the nodes' commands, is missing beside this program.");
}

/// Until SIGTERM or SIGINT, or until a parent that holds a pipe to our stdin is gone.
void waitForEnd()
{
    struct stat input { };
    const bool parentHolds = ::fstat(STDIN_FILENO, &input) == 0 && (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode));
    std::array<pollfd, 2> waits{pollfd{endFd, POLLIN, 0}, pollfd{parentHolds ? STDIN_FILENO : -1, POLLIN, 0}};
    for (;;) {
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
            return;
        if (waits[0].revents != 0)
            return;
        if (waits[1].revents != 0) {
            std::array<char, 256> ignored{};
            const ssize_t got = ::read(STDIN_FILENO, ignored.data(), ignored.size());
            if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
                return;
        }
    }
}

} // namespace

int main(int argc, char **argv)
{
    // OpenSSL's exit handler frees what a thread that is just ending frees too.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    std::string stateDir;
    std::string routing;
    std::string sshd;
    hybridge::lab::LabOptions options;
    CLI::App app("A whole hybrid cloud on the loopback: Cloudflare, Google Cloud, vLLM, Ollama and nodes with SSH, for "
                 "demos and tests.",
        "hybridge-lab");
    app.set_version_flag("--version", HYBRIDGE_VERSION);
    app.add_option("--state-dir", stateDir, "Folder for the fleet file, keys and secrets of this run")->required();
    app.add_option("--seed", options.seed, "The same seed gives the same world");
    app.add_option("--nodes", options.nodes, "How many nodes; the first two are gcp and home")
        ->check(CLI::Range(2, 1000));
    app.add_flag("--tpu", options.tpu, "One more node, tpu: a TPU VM");
    app.add_option("--gpus", options.gpus, "How many GPUs a node has")->check(CLI::Range(1, 16));
    app.add_flag("--siblings", options.siblings,
        "Each VM has a second one of its name in us-central1-b, stopped: where it may run when its own zone has no capacity");
    app.add_option("--read-timeout", options.readTimeout, "Seconds without a byte after which the edge answers 524")
        ->check(CLI::Range(1, 3600));
    app.add_option("--analytics-lag", options.analyticsLag, "Seconds that the load balancer's analytics are behind")
        ->check(CLI::Range(0, 3600));
    app.add_option("--routing", routing,
           "What routes the endpoint: worker (needs workerd) or load-balancer; worker where workerd is found")
        ->check(CLI::IsMember({"worker", "load-balancer"}))
        ->take_last();
    app.add_option("--sshd", sshd, "Serve the nodes by this OpenSSH sshd instead of libssh")->check(CLI::ExistingFile);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? Done : BadUsage;
    }

    try {
        raiseFileLimit();
        endFd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        std::signal(SIGPIPE, SIG_IGN);
        std::signal(SIGTERM, onEndSignal);
        std::signal(SIGINT, onEndSignal);
        options.stateDir = claimStateDir(stateDir);
        options.nodeBinary = nodeBinary();
        if (routing != "load-balancer")
            options.workerd = hybridge::lab::WorkerRuntime::find(fs::canonical("/proc/self/exe").parent_path());
        if (routing == "worker" && options.workerd.empty())
            throw std::runtime_error("workerd is not found: set HYBRIDGE_WORKERD, or give --routing load-balancer.");
        if (!sshd.empty())
            options.sshd = fs::canonical(sshd);
        const hybridge::lab::Lab lab(options);
        const nlohmann::ordered_json line{
            {"fleet", lab.fleetFile().string()}, {"control", lab.controlUrl()}, {"routing", lab.routing()}};
        std::cout << line.dump() << std::endl;
        waitForEnd();
        std::signal(SIGALRM, onEndTooLong);
        ::alarm(LongestEnd);
    } catch (const std::exception &error) {
        std::cerr << "hybridge-lab: " << error.what() << '\n';
        return Failed;
    }
    return Done;
}
