// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/gcp/auth.h"

#include <nlohmann/json.hpp>

#include <functional>

namespace hybridge::lab {

class World;

/// Compute Engine v1 below /compute/v1: instances (list, get, start, stop, reset, guest attributes, serial port) and
/// zone operations (list, get, wait).
class ComputeApi {
public:
    /// @p hostKey gives a node's "ssh-ed25519 AAAA…", what its guest attributes publish; empty: not known yet.
    using HostKey = std::function<std::string(const std::string &node)>;
    ComputeApi(World &world, const Identity &identity, const GoogleAuth &auth, std::string base, HostKey hostKey)
        : m_world(world)
        , m_identity(identity)
        , m_auth(auth)
        , m_base(std::move(base))
        , m_hostKey(std::move(hostKey))
    {
    }

    static constexpr const char *BasePath = "/compute/v1";
    void serve(const Request &request, Answer &answer);

private:
    struct Call;
    bool struckByFault(Answer &answer) const;
    void aggregated(const Call &call) const;
    void listInstances(const Call &call) const;
    void serveInstance(const Call &call) const;
    void changeInstance(const Call &call, const NodeSpec &node) const;
    void serveOperations(const Call &call) const;
    nlohmann::json instance(const NodeSpec &node) const;
    nlohmann::json operation(const Operation &operation) const;
    std::string zoneUrl(const std::string &zone) const;

    World &m_world;
    const Identity &m_identity;
    const GoogleAuth &m_auth;
    const std::string m_base; ///< "http://127.x.y.z:PORT/compute/v1"
    const HostKey m_hostKey;
};

} // namespace hybridge::lab
