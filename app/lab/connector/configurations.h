// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <regex>

namespace hybridge::lab {

/// The remotely managed configurations of the tunnels: written by the Cloudflare API, obeyed by edge and connector.
class Configurations {
public:
    struct Version {
        int number = 0;
        nlohmann::json config; ///< {"ingress": […]}
        Wall::time_point createdAt;
        std::vector<std::shared_ptr<const std::regex>> paths; ///< one a rule; null: every path
    };

    /// Empty (number 0) for an unknown tunnel.
    Version current(const std::string &tunnel) const;
    /// Replaces the whole configuration. Gives an empty text, or why cloudflared would refuse it.
    std::string replace(const std::string &tunnel, nlohmann::json config);
    /// The rule for @p hostname and @p path, as cloudflared picks it; null when none is there at all.
    nlohmann::json rule(const std::string &tunnel, const std::string &hostname, const std::string &path) const;

private:
    mutable std::mutex m_mutex;
    std::map<std::string, Version> m_versions;
};

} // namespace hybridge::lab
