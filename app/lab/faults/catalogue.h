// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <span>
#include <string_view>

namespace hybridge::lab {

/// Which nodes a fault can strike.
enum class FaultFits { Every, Gce, Tpu, Ollama, Docker };

/// A fault that the lab can produce. `state` and `layer` are what `hybridgectl status` must tell while it is on
/// (design, section 5); an empty `state` means: unchanged.
struct FaultKind {
    std::string_view name;
    std::string_view group; ///< the part of the set-up, for people: "Tunnel and connector"
    std::string_view description; ///< a sentence; what stands before a colon is enough for a menu
    FaultFits fits;
    std::string_view state;
    std::string_view layer;
};

/// Every fault, in the order of the table.
std::span<const FaultKind> faultCatalogue();

/// nullptr for an unknown name.
const FaultKind *findFault(std::string_view name);

bool faultFits(const FaultKind &kind, const NodeSpec &node);

/// "every node", "nodes of kind gce", "nodes that run Ollama", "nodes whose engine runs in docker".
std::string_view fitsText(FaultFits fits);

} // namespace hybridge::lab
