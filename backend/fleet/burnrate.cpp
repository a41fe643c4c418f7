// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/burnrate.h"

#include "backend/gcp/computetypes.h"

#include <cmath>

namespace hybridge {

QString currencyOf(const NodeConfig &node)
{
    return node.price ? node.price->currency : PriceConfig().currency;
}

std::optional<bool> isBilled(const NodeState &node)
{
    if (node.config.machine && node.config.machine->kind != MachineKind::Host) {
        if (!node.machine.isKnown())
            return std::nullopt;
        switch (gcp::instancePhase(node.machine->status)) {
        case gcp::InstancePhase::Starting:
        case gcp::InstancePhase::Running:
        case gcp::InstancePhase::Stopping: // billed until it has stopped
            return true;
        case gcp::InstancePhase::Stopped:
        case gcp::InstancePhase::Suspended:
            return false;
        case gcp::InstancePhase::Repairing: // the host's fault: not billed, and back at any moment
        case gcp::InstancePhase::Changing: // a word that is not known here
            break;
        }
        return std::nullopt;
    }
    // No cloud tells: whoever answers runs. Silence proves nothing; a link may be down.
    if (node.diagnosis.condition == NodeCondition::Stopped)
        return false;
    if (node.ssh.isKnown() || node.accelerators.isKnown() || node.engine.isKnown())
        return true;
    return std::nullopt;
}

std::optional<double> powerDraw(const NodeState &node)
{
    if (!node.config.price)
        return std::nullopt;
    const PriceConfig &price = *node.config.price;
    if (!price.measuredWatts)
        return price.watts ? std::optional(*price.watts + price.baseWatts) : std::nullopt;
    if (!node.accelerators.isKnown())
        return std::nullopt;
    double sum = price.baseWatts;
    for (const AcceleratorFacts &accelerator : *node.accelerators) {
        if (!accelerator.powerW || !std::isfinite(*accelerator.powerW))
            return std::nullopt;
        sum += *accelerator.powerW;
    }
    return sum;
}

std::optional<double> burnRate(const NodeState &node)
{
    static const PriceConfig none;
    const PriceConfig &price = node.config.price ? *node.config.price : none; // no copy: this is asked with each sample
    const bool byPower = price.perKWh && (price.measuredWatts || price.watts);
    const std::optional<double> flat = price.perHour ? price.perHour : node.listPerHour;
    if (!flat && !byPower)
        return std::nullopt;
    const std::optional<bool> running = isBilled(node);
    if (!running)
        return std::nullopt;
    if (!*running)
        return 0.0;
    double rate = flat.value_or(0);
    if (byPower) {
        const std::optional<double> watts = powerDraw(node);
        if (!watts)
            return std::nullopt;
        rate += *watts / 1000 * *price.perKWh;
    }
    return rate;
}

} // namespace hybridge
