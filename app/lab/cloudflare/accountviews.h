// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/reply.h"
#include "app/lab/identity/identity.h"

#include <string>
#include <vector>

namespace hybridge::lab {

class World;

/// The hostname of the endpoint in the lab.
inline constexpr const char *EndpointHost = "127.80.1.1";

/// What an account tells about itself and is only read here: Access applications, policies and service tokens, DNS records, and
/// the places where a token that is as narrow as it should be has no business.
class AccountViews {
public:
    AccountViews(const World &world, const Identity &identity) : m_world(world), m_identity(identity) { }

    /// …/access/…; @p path begins after "access".
    ApiReply access(const Request &request, const std::vector<std::string> &path) const;
    /// …/dns_records.
    ApiReply dns(const Request &request) const;
    /// True for a path that only a wider token reaches.
    static bool isForeign(const std::vector<std::string> &path);
    /// What it answers there.
    ApiReply foreign() const;

private:
    bool struck(const char *fault) const;
    nlohmann::json app(const std::string &host, const std::string &node) const;
    nlohmann::json token(const std::string &id, const std::string &name, const std::string &clientId, bool operators) const;
    const World &m_world;
    const Identity &m_identity;
};

} // namespace hybridge::lab
