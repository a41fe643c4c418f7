// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/connector/configurations.h"
#include "app/lab/http/answer.h"

namespace hybridge::lab {

class World;

/// The metrics server of a node's cloudflared: /ready /healthcheck /metrics /config /diag/tunnel.
Handler connectorHandler(World &world, const Configurations &configurations, const NodeSpec &node);

} // namespace hybridge::lab
