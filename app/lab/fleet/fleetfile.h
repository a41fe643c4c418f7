// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/identity/identity.h"
#include "app/lab/world/types.h"

#include <filesystem>
#include <map>
#include <string>

namespace hybridge::lab {

/// Where everything of this run answers.
struct Addresses {
    std::string control;
    std::string cloudflare; ///< all of these "http://127.x.y.z:PORT"
    std::string google;
    std::string endpoint;
    struct OfNode {
        std::string edge;
        std::string engine;
        std::string metrics;
        int sshPort = 0;
        std::string hostKeyLine;
    };
    std::map<std::string, OfNode> nodes;
    std::string sshUser;
    std::filesystem::path sshIdentity;
};

/// Writes fleet.json, known_hosts and the secrets (files of mode 0600 below secrets/) into @p directory, an absolute
/// path; gives the path of fleet.json. @p routing: "worker" or "load-balancer". Throws std::runtime_error.
std::filesystem::path writeFleet(const std::filesystem::path &directory, const std::vector<NodeSpec> &nodes,
    const Identity &identity, const Addresses &addresses, const std::string &routing);

} // namespace hybridge::lab
