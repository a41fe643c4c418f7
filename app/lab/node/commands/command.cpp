// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"

#include <algorithm>
#include <array>

namespace hybridge::lab {

std::unique_ptr<Command> makeAudit(CommandRequest request); // audit.cpp

namespace {

struct Family {
    std::string_view name;
    std::unique_ptr<Command> (*make)(CommandRequest);
};

constexpr std::array<Family, 16> kFamilies{{{"ss", makeAudit}, {"nc", makeAudit}, {"timedatectl", makeAudit}, {"df", makeAudit},
    {"firewall-cmd", makeAudit}, {"install", makeAudit}, {"apt-get", makeAudit}, {"dnf", makeAudit}, {"systemctl", makeSystemctl}, {"journalctl", makeJournalctl},
    {"docker", makeDocker}, {"nvidia-smi", makeNvidiaSmi}, {"cloudflared", makeCloudflared}, {"sudo", makeSudo},
    {"systemd-run", makeSystemdRun}, {"hybridge-lease", makeHybridgeLease}}};

constexpr std::array<std::string_view, 6> kSystemFolders{
    "/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/", "/usr/local/sbin/"};

std::string_view bareName(std::string_view program)
{
    for (const std::string_view folder : kSystemFolders) {
        if (program.starts_with(folder))
            return program.substr(folder.size());
    }
    return program;
}

} // namespace

const std::vector<std::string_view> &labCommands()
{
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> list;
        for (const Family &family : kFamilies)
            list.push_back(family.name);
        return list;
    }();
    return names;
}

bool isLabCommand(std::string_view program)
{
    const auto &names = labCommands();
    return std::find(names.begin(), names.end(), bareName(program)) != names.end();
}

std::unique_ptr<Command> makeCommand(CommandRequest request)
{
    request.argv.front() = std::string(bareName(request.argv.front()));
    for (const Family &family : kFamilies) {
        if (family.name == request.argv.front())
            return family.make(std::move(request));
    }
    return nullptr;
}

} // namespace hybridge::lab
