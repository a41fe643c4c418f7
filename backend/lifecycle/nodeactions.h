// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"
#include "backend/lifecycle/lifecycletypes.h"

#include <QList>

namespace hybridge {

/// Something that can be done to a node now.
struct NodeAction {
    OperationRequest request;
    QString text; ///< for a button: "Take GCP L4 down"
    QString shortText; ///< the same beside the node's name: "Take down"
    bool isMain = false; ///< one of the two or three that stand open; the rest lie in a menu
    bool endsService = false; ///< takes something away: never the button that Enter presses
};

/// What is valid for @p node in its present state, main ones first. Nothing for what is in transition. What is not known
/// (no reading of a service, of the machine) is offered, for the operation looks first. Pure.
[[nodiscard]] QList<NodeAction> nodeActions(const NodeState &node, MonotonicMs now);

} // namespace hybridge
