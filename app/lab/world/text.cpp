// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace hybridge::lab {

std::string rfc3339(Wall::time_point time)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    const std::time_t seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(), static_cast<int>(milliseconds % 1000));
    return text.data();
}

long long unixSeconds(Wall::time_point time)
{
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

const char *toText(ServiceState state)
{
    switch (state) {
    case ServiceState::Active:
        return "active";
    case ServiceState::Inactive:
        return "inactive";
    case ServiceState::Failed:
        return "failed";
    case ServiceState::Activating:
        return "activating";
    }
    return "";
}

const char *toText(MachineKind kind)
{
    return kind == MachineKind::Gce ? "gce" : kind == MachineKind::Tpu ? "tpu" : "host";
}

const char *toText(EngineKind kind)
{
    return kind == EngineKind::Vllm ? "vllm" : "ollama";
}

} // namespace hybridge::lab
