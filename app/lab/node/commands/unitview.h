// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/node/commands/command.h"

#include <string>
#include <utility>
#include <vector>

namespace hybridge::lab {

enum class TimestampStyle { Pretty, Unix, Microseconds };

/// One unit as systemd sees it: a service of the world, or one that systemd-run made.
struct UnitView {
    std::string id; ///< with suffix
    std::string description;
    bool loaded = false;
    bool transient = false;
    bool timer = false;
    std::string active = "inactive"; ///< ActiveState
    std::string sub = "dead";        ///< SubState
    std::string result = "success";
    std::string fileState; ///< "enabled", "disabled", "transient", empty when not loaded
    int mainPid = 0;
    int exitCode = 0; ///< ExecMainCode: 0 none yet, 1 exited, 2 killed
    int exitStatus = 0;
    int restarts = 0;
    Wall::time_point changed;       ///< of the state
    Wall::time_point activeSince;   ///< epoch: never
    Wall::time_point inactiveSince; ///< epoch: never
    Wall::time_point due;           ///< timers
    std::string type = "simple";    ///< Type= of a service
    std::string restart = "on-failure"; ///< Restart= of a service
    std::string dropIn; ///< path of the file that changes it; empty: none
};

/// "cloudflared" -> "cloudflared.service"; names with a known suffix stay.
std::string unitName(const std::string &name);
/// The world's name of a unit's service, "systemd:cloudflared"; empty when it is no service.
std::string worldService(const std::string &unit);

UnitView viewUnit(const CommandRequest &request, const std::string &unit);

/// Every property that the lab knows, in the order in which systemd prints them.
std::vector<std::pair<std::string, std::string>> unitProperties(const UnitView &unit, TimestampStyle style);

} // namespace hybridge::lab
