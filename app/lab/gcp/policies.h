// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hybridge::lab {

/// The resource policies of the project's regions: instance schedules, kept and shown. They are not carried out: the
/// lab's machines stop only when asked. Any thread.
class Policies {
public:
    /// Empty: the body is a valid new policy. Otherwise what Google says about it.
    static std::string refusedBody(const nlohmann::json &body);

    void insert(const std::string &region, nlohmann::json policy);
    bool remove(const std::string &region, const std::string &name);
    std::optional<nlohmann::json> find(const std::string &region, const std::string &name) const;
    std::vector<nlohmann::json> list(const std::string &region) const;

private:
    mutable std::mutex m_mutex;
    std::map<std::pair<std::string, std::string>, nlohmann::json> m_policies; ///< by region and name
};

} // namespace hybridge::lab
