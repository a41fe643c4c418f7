// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/stepfacts.h"

#include <algorithm>
#include <initializer_list>

namespace hybridge {

bool hasCloudMachine(const NodeConfig &node)
{
    return node.machine && node.machine->kind != MachineKind::Host;
}

bool machineIsOff(const NodeState &node)
{
    // TERMINATED is Compute's word for stopped; STOPPED is the TPU API's.
    return hasCloudMachine(node.config) && node.machine.isKnown() && !node.machine.error()
        && (node.machine->status == QLatin1String("TERMINATED") || node.machine->status == QLatin1String("STOPPED")
            || node.machine->status == QLatin1String("PREEMPTED"));
}

bool machineIsOn(const NodeState &node)
{
    return hasCloudMachine(node.config) && node.machine.isKnown() && !node.machine.error()
        && (node.machine->status == QLatin1String("RUNNING") || node.machine->status == QLatin1String("READY"));
}

namespace {
bool isOneOf(const NodeState &node, std::initializer_list<const char *> words)
{
    return hasCloudMachine(node.config) && node.machine.isKnown() && !node.machine.error()
        && std::any_of(words.begin(), words.end(), [&](const char *word) { return node.machine->status == QLatin1String(word); });
}
} // namespace

bool machineIsStarting(const NodeState &node)
{
    return isOneOf(node, {"PROVISIONING", "STAGING", "STARTING", "CREATING"});
}

bool machineIsStopping(const NodeState &node)
{
    return isOneOf(node, {"STOPPING", "SUSPENDING", "PENDING_STOP"});
}

const ServiceFacts *serviceOf(const NodeState &node, const QString &service, MonotonicMs since)
{
    if (!node.services.isKnown() || node.services.sampledAt() < since)
        return nullptr;
    for (const ServiceFacts &one : *node.services.value())
        if (one.service == service)
            return &one;
    return nullptr;
}

} // namespace hybridge
