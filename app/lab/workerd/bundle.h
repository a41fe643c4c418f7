// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace hybridge::lab {

struct WorkerModule {
    std::string name;
    std::string type; ///< media type, as uploaded
    std::string content;
};

/// All that a Worker's version consists of; secrets in clear.
struct WorkerBundle {
    std::vector<WorkerModule> modules;                 ///< the main one first
    nlohmann::json bindings = nlohmann::json::array(); ///< as the API takes them
    std::string compatibilityDate;
    std::vector<std::string> compatibilityFlags;
};

/// The server of the Cache API; without an address there is none, as in a bare workerd.
struct WorkerCache {
    std::string address; ///< "127.x.y.z:PORT"
    std::string secret;  ///< goes along as X-Lab-Cache: other users of this machine reach the port too
};

/// Writes workerd's configuration and the modules into @p folder, mode 0600: one socket "http", which the caller hands
/// over by descriptor, and subrequests to @p networks alone. Throws std::runtime_error.
void writeWorkerdConfig(
    const std::filesystem::path &folder, const WorkerBundle &bundle, const std::vector<std::string> &networks,
    const WorkerCache &cache);

} // namespace hybridge::lab
