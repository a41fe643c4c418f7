// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/vmsettings.h"

#include <algorithm>

namespace hybridge::lab {

using nlohmann::json;

VmSettings::VmSettings(const std::vector<NodeSpec> &vms)
{
    for (const NodeSpec &node : vms) {
        Vm vm;
        vm.machineType = node.machineType;
        vm.scheduling = {{"provisioningModel", "SPOT"}, {"preemptible", true}, {"automaticRestart", false},
            {"onHostMaintenance", "TERMINATE"}, {"instanceTerminationAction", "STOP"},
            {"maxRunDuration", {{"seconds", "86400"}}}};
        vm.labels = {{"role", "inference"}};
        vm.metadata = json::array({{{"key", "enable-guest-attributes"}, {"value", "TRUE"}}});
        m_vms.emplace(keyOf(node), std::move(vm));
    }
}

VmSettings::Vm VmSettings::of(const NodeSpec &vm) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_vms.find(keyOf(vm));
    return found == m_vms.end() ? Vm() : found->second;
}

std::string VmSettings::newFingerprint()
{
    static constexpr std::string_view Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::lock_guard lock(m_mutex);
    std::string text = "lab";
    unsigned int number = ++m_fingerprints;
    while (text.size() < 10) {
        text += Digits[number % Digits.size()];
        number /= static_cast<unsigned int>(Digits.size());
    }
    return text + "A="; // eight bytes
}

bool VmSettings::isAttached(const std::string &policy) const
{
    const std::lock_guard lock(m_mutex);
    return std::any_of(m_vms.begin(), m_vms.end(), [&](const auto &entry) {
        const auto &attached = entry.second.policies;
        return std::find(attached.begin(), attached.end(), policy) != attached.end();
    });
}

} // namespace hybridge::lab
