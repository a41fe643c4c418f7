// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/googlecall.h"

#include "app/lab/gcp/filter.h"

#include <algorithm>
#include <charconv>

namespace hybridge::lab {

using nlohmann::json;

namespace {
void sendJson(Answer &answer, int status, const json &body)
{
    answer.send(status, {{"Content-Type", "application/json; charset=UTF-8"}},
        body.dump(-1, ' ', false, json::error_handler_t::replace));
}
} // namespace

std::vector<json> GoogleCall::page(const std::vector<json> &items, std::string &next, std::size_t most) const
{
    std::size_t size = most;
    std::size_t from = 0;
    const auto read = [&](const char *name, std::size_t &number) {
        const auto text = request.queryValue(name);
        if (text)
            std::from_chars(text->data(), text->data() + text->size(), number);
    };
    read("maxResults", size);
    read("pageSize", size);
    read("pageToken", from);
    size = std::clamp<std::size_t>(size, 1, most);
    from = std::min(from, items.size());
    const std::size_t to = std::min(items.size(), from + size);
    if (to < items.size())
        next = std::to_string(to);
    return {items.begin() + static_cast<std::ptrdiff_t>(from), items.begin() + static_cast<std::ptrdiff_t>(to)};
}

bool GoogleCall::keepFiltered(std::vector<json> &items) const
{
    const std::string filter = request.queryValue("filter").value_or(std::string());
    bool bad = false;
    if (!filter.empty())
        std::erase_if(items, [&](const json &item) { return !passesFilter(filter, item, bad); });
    if (bad)
        refuse(400, "invalid",
            "Invalid value for field 'filter': '" + filter + "'. Invalid list filter expression.", "INVALID_ARGUMENT");
    return !bad;
}

json GoogleCall::body() const
{
    json parsed = json::parse(request.body, nullptr, false);
    if (parsed.is_object())
        return parsed;
    refuse(400, "parseError", "Parse Error", "INVALID_ARGUMENT");
    return nullptr;
}

void GoogleCall::reply(const json &body) const
{
    sendJson(answer, 200, body);
}

void GoogleCall::refuse(
    int status, const char *reason, const std::string &message, const char *word, const json &details) const
{
    json error{{"code", status}, {"message", message},
        {"errors", json::array({{{"message", message}, {"domain", "global"}, {"reason", reason}}})}, {"status", word}};
    if (!details.is_null())
        error["details"] = details;
    sendJson(answer, status, {{"error", error}});
}

void GoogleCall::notFound(const std::string &resource) const
{
    refuse(404, "notFound", "The resource '" + resource + "' was not found", "NOT_FOUND");
}

} // namespace hybridge::lab
