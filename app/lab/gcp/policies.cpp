// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/policies.h"

#include <algorithm>
#include <filesystem>

namespace hybridge::lab {

using nlohmann::json;

namespace {
bool isName(const std::string &name)
{
    static constexpr const char *Letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !name.empty() && name.size() <= 63 && name.find_first_not_of(Letters) == std::string::npos
        && name.front() >= 'a' && name.front() <= 'z' && name.back() != '-';
}

bool isCron(const json &schedule)
{
    if (!schedule.is_object() || !schedule.contains("schedule") || !schedule["schedule"].is_string())
        return false;
    const std::string text = schedule["schedule"].get<std::string>();
    return std::count(text.begin(), text.end(), ' ') == 4 && text.front() != ' ' && text.back() != ' ';
}

bool isZone(const std::string &zone)
{
    const bool plain = !zone.empty() && zone.find("..") == std::string::npos && zone.front() != '/';
    // Without the tz database nothing can be said against a name.
    return plain
        && (!std::filesystem::exists("/usr/share/zoneinfo") || std::filesystem::exists("/usr/share/zoneinfo/" + zone));
}
} // namespace

std::string Policies::refusedBody(const json &body)
{
    const auto invalid = [](const char *field, const std::string &value, const char *why) {
        return std::string("Invalid value for field '") + field + "': '" + value + "'. " + why;
    };
    const json name = body.value("name", json());
    if (!name.is_string() || !isName(name.get<std::string>()))
        return invalid("resource.name", name.is_string() ? name.get<std::string>() : "", "Must be a match of regex");
    const json schedule = body.value("instanceSchedulePolicy", json());
    if (!schedule.is_object())
        return "Invalid value for field 'resource': ''. Exactly one policy must be given.";
    const json zone = schedule.value("timeZone", json());
    if (!zone.is_string() || !isZone(zone.get<std::string>()))
        return invalid("resource.instanceSchedulePolicy.timeZone", zone.is_string() ? zone.get<std::string>() : "",
            "The time zone must be a name of the tz database.");
    if (!schedule.contains("vmStartSchedule") && !schedule.contains("vmStopSchedule"))
        return "Invalid value for field 'resource.instanceSchedulePolicy': ''. A start or a stop schedule is required.";
    for (const char *which : {"vmStartSchedule", "vmStopSchedule"}) {
        if (schedule.contains(which) && !isCron(schedule[which]))
            return invalid(which, schedule[which].dump(), "Must be in the format of unix-cron.");
    }
    return {};
}

void Policies::insert(const std::string &region, json policy)
{
    const std::pair key(region, policy["name"].get<std::string>()); // read before it is moved away
    const std::lock_guard lock(m_mutex);
    m_policies.insert_or_assign(key, std::move(policy));
}

bool Policies::remove(const std::string &region, const std::string &name)
{
    const std::lock_guard lock(m_mutex);
    return m_policies.erase({region, name}) > 0;
}

std::optional<json> Policies::find(const std::string &region, const std::string &name) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_policies.find({region, name});
    return found == m_policies.end() ? std::nullopt : std::optional(found->second);
}

std::vector<json> Policies::list(const std::string &region) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<json> found;
    for (const auto &[key, policy] : m_policies) {
        if (key.first == region)
            found.push_back(policy);
    }
    return found;
}

} // namespace hybridge::lab
