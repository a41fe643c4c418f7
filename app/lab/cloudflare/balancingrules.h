// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace hybridge::lab {

/// What the API fills in where a new object says nothing (schema of monitors, pools and load balancers).
nlohmann::json defaultMonitor();
nlohmann::json defaultPool();
nlohmann::json defaultBalancer();

/// One top-level property as the API keeps it: whole, with what it leaves out filled in by the defaults, never by what
/// stood there before.
nlohmann::json completed(bool ofBalancer, const std::string &key, nlohmann::json value);

/// Why the API refuses an object; empty: it takes it.
using Knows = std::function<bool(const std::string &id)>;
std::string whyNoMonitor(const nlohmann::json &monitor);
std::string whyNoPool(const nlohmann::json &pool, const Knows &monitors);
std::string whyNoBalancer(const nlohmann::json &balancer, const Knows &pools);

} // namespace hybridge::lab
