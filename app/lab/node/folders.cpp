// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/folders.h"

#include "app/lab/node/commands/command.h"
#include "app/lab/node/protocol.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace hybridge::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 32> kTools{"sh", "timeout", "cat", "echo", "sleep", "uname", "hostname", "date",
    "head", "tail", "grep", "sed", "printf", "true", "false", "kill", "env", "id", "mkdir", "rm", "ls", "test", "tr",
    "wc", "mktemp", "chmod", "cp", "mv", "tee", "sha256sum", "stat", "curl"};

void link(const fs::path &target, const fs::path &name)
{
    std::error_code error;
    fs::remove(name, error);
    fs::create_symlink(target, name, error);
    if (error)
        throw std::runtime_error("Could not make " + name.string() + ": " + error.message());
}

void makeFolder(const fs::path &folder)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error)
        fs::permissions(folder, fs::perms::owner_all, error);
    if (error)
        throw std::runtime_error("Could not make the folder " + folder.string() + ": " + error.message());
}

} // namespace

NodeFolders::NodeFolders(fs::path stateDir, const fs::path &nodeBinary) : m_stateDir(std::move(stateDir))
{
    const fs::path bin = m_stateDir / "bin";
    makeFolder(bin);
    makeFolder(m_stateDir / "nodes");
    for (const std::string_view command : labCommands())
        link(nodeBinary, bin / command);
    std::error_code error;
    for (const std::string_view tool : kTools) {
        for (const char *place : {"/usr/bin", "/bin"}) {
            if (const fs::path program = fs::path(place) / tool; fs::exists(program, error)) {
                link(program, bin / tool);
                break;
            }
        }
    }
    std::string pattern = "/tmp/hybridge-lab-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("Could not make a folder in /tmp for the nodes' socket.");
    m_shortDir = pattern;
}

NodeFolders::~NodeFolders()
{
    std::error_code ignored;
    fs::remove_all(m_shortDir, ignored);
}

void NodeFolders::addNode(const NodeSpec &node)
{
    makeFolder(folder(node));
    makeFolder(folder(node) / "home");
    makeFolder(folder(node) / "home" / ".ssh");
    const fs::path keys = folder(node) / "home" / ".ssh" / "authorized_keys";
    std::ofstream(keys).flush();
    std::error_code error;
    fs::permissions(keys, fs::perms::owner_read | fs::perms::owner_write, error);
    link("../../bin", folder(node) / "bin");
}

NodeShell NodeFolders::shell(const NodeSpec &node, const std::string &user) const
{
    NodeShell shell;
    shell.nodeId = node.id;
    shell.home = folder(node) / "home";
    shell.environment = {"PATH=" + (folder(node) / "bin").string(), "HOME=" + shell.home.string(), "USER=" + user,
        "LOGNAME=" + user, "SHELL=/bin/sh", "LANG=C.UTF-8", std::string(kNodeVariable) + '=' + node.id,
        std::string(kSocketVariable) + '=' + socketPath()};
    return shell;
}

} // namespace hybridge::lab
