// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/gcp/auth.h"
#include "app/lab/gcp/googlecall.h"

namespace hybridge::lab {

class World;

/// The Cloud TPU API v2 below /tpu/v2: nodes (list, get, start, stop) and their long-running operations. Only a lab
/// with a TPU has any.
class TpuApi {
public:
    TpuApi(World &world, const Identity &identity, const GoogleAuth &auth)
        : m_world(world)
        , m_identity(identity)
        , m_auth(auth)
    {
    }

    static constexpr const char *BasePath = "/tpu/v2";
    void serve(const Request &request, Answer &answer);

private:
    void serveNodes(const GoogleCall &call) const;
    nlohmann::json node(const NodeSpec &spec) const;
    nlohmann::json operation(const Operation &operation) const;
    std::string place(const std::string &zone) const;

    World &m_world;
    const Identity &m_identity;
    const GoogleAuth &m_auth;
};

} // namespace hybridge::lab
