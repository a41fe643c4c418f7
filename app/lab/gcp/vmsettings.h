// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <string>

namespace hybridge::lab {

/// What an operator can set about a VM, beside its power: the parts of its resource that the world knows nothing of.
/// Any thread.
class VmSettings {
public:
    /// A node's VM, and its sibling's in another zone, are set up apart.
    static std::string keyOf(const NodeSpec &vm) { return vm.id + '/' + vm.zone; }
    struct Vm {
        std::string machineType;
        nlohmann::json scheduling;
        nlohmann::json labels;
        nlohmann::json metadata; ///< its items
        std::vector<std::string> policies; ///< names, of its own region
        std::string labelFingerprint = "p1J3rjo2vBs=";
        std::string metadataFingerprint = "b8cIXyC3Jxw=";
    };
    explicit VmSettings(const std::vector<NodeSpec> &vms);

    Vm of(const NodeSpec &vm) const;
    template <class Change> void change(const std::string &key, Change change)
    {
        const std::lock_guard lock(m_mutex);
        change(m_vms[key]);
    }
    /// A fingerprint never used before, in base64 as the real ones are.
    std::string newFingerprint();
    bool isAttached(const std::string &policy) const;

private:
    mutable std::mutex m_mutex;
    std::map<std::string, Vm> m_vms;
    unsigned int m_fingerprints = 0;
};

} // namespace hybridge::lab
