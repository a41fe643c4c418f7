// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"

namespace hybridge {

/// The names under which @p node answers: its models', and NAME for Ollama's NAME:latest. Empty while they are not known.
/// Pure.
[[nodiscard]] QStringList answeredModels(const NodeState &node);

} // namespace hybridge
