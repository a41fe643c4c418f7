// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/gcp/auth.h"
#include "app/lab/gcp/googlecall.h"
#include "app/lab/gcp/places.h"
#include "app/lab/gcp/policies.h"
#include "app/lab/gcp/vmsettings.h"

#include <functional>

namespace hybridge::lab {

class World;
struct ActiveFault;

/// Compute Engine v1 below /compute/v1: instances (list, get, change, guest attributes, serial port), operations of
/// zones and regions (list, get, wait), resource policies, regions, zones and the project with their quotas.
class ComputeApi {
public:
    /// @p siblings: each VM has a second one of its name in us-central1-b, off. @p hostKey gives a node's "ssh-ed25519 AAAA…", what its guest attributes publish; empty: not known yet.
    using HostKey = std::function<std::string(const std::string &node)>;
    ComputeApi(World &world, const Identity &identity, const GoogleAuth &auth, std::string base, HostKey hostKey, bool siblings = false);

    static constexpr const char *BasePath = "/compute/v1";
    void serve(const Request &request, Answer &answer);

private:
    void route(GoogleCall &call);
    bool struckByFault(const GoogleCall &call) const;
    bool changeStruckByFault(const GoogleCall &call, const NodeSpec &node) const;
    void aggregated(const GoogleCall &call) const;
    void listInstances(const GoogleCall &call) const;
    void serveInstance(const GoogleCall &call);
    void serveDisk(const GoogleCall &call) const;
    void changeInstance(const GoogleCall &call, const NodeSpec &node);
    void changePower(const GoogleCall &call, const NodeSpec &node);
    void changeSettings(const GoogleCall &call, const NodeSpec &node);
    void accept(const GoogleCall &call, const NodeSpec &node, std::function<void(VmSettings::Vm &)> effect);
    void answerChange(const GoogleCall &call, const NodeSpec &node, const std::optional<Operation> &accepted) const;
    void serveOperations(const GoogleCall &call) const;
    void servePolicies(const GoogleCall &call);
    nlohmann::json project() const;
    nlohmann::json region(const std::string &name) const;
    nlohmann::json firewalls() const;
    nlohmann::json zone(const std::string &name) const;
    nlohmann::json instance(const NodeSpec &node) const;
    nlohmann::json operation(const Operation &operation) const;
    std::string zoneUrl(const std::string &zone) const;
    std::string regionUrl(const std::string &region) const;
    bool isPlaced(const NodeSpec &vm) const;
    std::string placeOf(const Operation &operation) const;
    std::vector<Operation> operationsIn(const std::string &place) const;
    const NodeSpec *vm(const std::string &zone, const std::string &nameOrId) const;

    World &m_world;
    const Identity &m_identity;
    const GoogleAuth &m_auth;
    const std::string m_base; ///< "http://127.x.y.z:PORT/compute/v1"
    const HostKey m_hostKey;
    const std::vector<NodeSpec> m_vms; ///< of the nodes; a sibling is the node's own but for zone and id
    VmSettings m_settings;
    mutable Places m_places;
    Policies m_policies;
};

/// "us-central1" of "us-central1-a".
std::string regionOfZone(const std::string &zone);

} // namespace hybridge::lab
