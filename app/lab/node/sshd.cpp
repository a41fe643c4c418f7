// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/sshd.h"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <pwd.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace hybridge::lab {

namespace {

namespace fs = std::filesystem;

fs::path findWrapper()
{
    std::error_code error;
    for (const char *root : {"/usr/lib", "/usr/lib64"}) {
        if (const fs::path plain = fs::path(root) / "libnss_wrapper.so"; fs::exists(plain, error))
            return plain;
        for (const auto &folder : fs::directory_iterator(root, error)) {
            if (const fs::path file = folder.path() / "libnss_wrapper.so"; fs::exists(file, error))
                return file;
        }
    }
    return {};
}

/// For sshd_config: blanks are kept by quotes, % starts a token in some options.
std::string quoted(const std::string &text, bool tokens = false)
{
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += c;
        if (c == '%' && tokens)
            result += '%';
    }
    return result + '"';
}

void writeFile(const fs::path &path, const std::string &text)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush())
        throw std::runtime_error("The file " + path.string() + " could not be written.");
}

} // namespace

SshdLauncher::SshdLauncher(fs::path program, std::string user, fs::path authorizedKeys)
    : m_program(std::move(program))
    , m_wrapper(findWrapper())
    , m_user(std::move(user))
    , m_authorizedKeys(std::move(authorizedKeys))
{
    if (::access(m_program.c_str(), X_OK) != 0)
        throw std::runtime_error("sshd cannot be run: " + m_program.string());
    if (m_wrapper.empty()) {
        const passwd *account = ::getpwuid(::getuid());
        if (account == nullptr)
            throw std::runtime_error(
                "This user has no account, and libnss-wrapper is not installed; sshd needs one of them.");
        m_user = account->pw_name;
    }
    // As root, sshd insists on its privilege separation folder; a package's service would have made it.
    std::error_code ignored;
    if (::geteuid() == 0)
        fs::create_directories("/run/sshd", ignored);
}

void SshdLauncher::prepare(
    const fs::path &folder, const std::string &name, const KeyPair &hostKey, const NodeShell &shell) const
{
    const fs::path key = folder / (name + "_key");
    hostKey.savePrivate(key);
    std::string config = "HostKey " + quoted(key) + '\n';
    config += "AuthorizedKeysFile " + quoted(m_authorizedKeys, true) + '\n';
    config += "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
              "PermitRootLogin prohibit-password\nAllowTcpForwarding local\nX11Forwarding no\nAllowAgentForwarding no\n"
              "PermitTTY no\nPermitUserRC no\nPermitUserEnvironment no\nMaxSessions 10\nUseDNS no\nPrintMotd no\n"
              "LogLevel ERROR\n";
    config += "SetEnv"; // all on one line: sshd takes only the first SetEnv
    for (const std::string &variable : shell.environment)
        config += ' ' + quoted(variable);
    writeFile(folder / (name + "_config"), config + '\n');

    // With the wrapper, sshd looks up its own unprivileged account there too.
    const std::string ids = std::to_string(::getuid()) + ':' + std::to_string(::getgid());
    writeFile(folder / "passwd",
        m_user + ":x:" + ids + "::" + shell.home.string()
            + ":/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n");
    writeFile(folder / "group", m_user + ":x:" + std::to_string(::getgid()) + ":\nnogroup:x:65534:\n");
}

void SshdLauncher::serve(Fd connection, const fs::path &folder, const std::string &name)
{
    NodeShell environment;
    environment.home = folder;
    environment.environment = {"PATH=/usr/bin:/bin"};
    if (!m_wrapper.empty()) {
        environment.environment.insert(environment.environment.end(),
            {"LD_PRELOAD=" + m_wrapper.string(), "NSS_WRAPPER_PASSWD=" + (folder / "passwd").string(),
                "NSS_WRAPPER_GROUP=" + (folder / "group").string()});
    }
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const int fd = connection.get();
    // sshd expects a blocking connection before it takes over.
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    m_processes.push_back(startProcess(environment,
        {m_program.string(), "-i", "-f", (folder / (name + "_config")).string(), "-E", (folder / "sshd.log").string()},
        fd, fd, null.get()));
}

void SshdLauncher::reap()
{
    std::erase_if(m_processes, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void SshdLauncher::stop()
{
    for (const pid_t pid : m_processes)
        ::kill(pid, SIGKILL);
    for (const pid_t pid : m_processes)
        ::waitpid(pid, nullptr, 0);
    m_processes.clear();
}

} // namespace hybridge::lab
