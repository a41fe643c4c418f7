// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatservice.h"

namespace hybridge {

class FleetState;

/// What one node listed, as it is of use behind a balancer, which rewrites no name and sends each request anywhere: first the
/// names that all nodes answer to, also those that this one lists otherwise (Ollama's NAME:latest); of the others it is told
/// who alone has them. As it was while fewer than two nodes have told their models. Nodes with a weight of 0 do not count.
/// Pure.
[[nodiscard]] QList<ChatModelChoice> modelsBehindBalancer(const QList<ChatModelChoice> &listed, const FleetState &fleet);

/// What is asked for where nobody has chosen: the first that is a model, and not one of the router's own names; empty: there
/// is none. Pure.
[[nodiscard]] QString usualModel(const QList<ChatModelChoice> &models);

} // namespace hybridge
