// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

namespace hybridge::lab {

/// "2026-01-26T10:00:00.123Z"
std::string rfc3339(Wall::time_point time);
/// Seconds since the epoch.
long long unixSeconds(Wall::time_point time);
const char *toText(ServiceState state); ///< "active", "inactive", "failed", "activating"
const char *toText(MachineKind kind);   ///< "gce", "host"
const char *toText(EngineKind kind);    ///< "vllm", "ollama"

} // namespace hybridge::lab
