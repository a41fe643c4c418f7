// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/bindings.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// Workers Free (facts: cloudflare 4.3).
constexpr std::size_t MostBindings = 64;
constexpr std::size_t LongestValue = 5 * 1024;

std::string textOf(const json &object, const char *key)
{
    return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>()
                                                                                 : std::string();
}

const json *named(const json &bindings, const std::string &name)
{
    const auto found = std::find_if(
        bindings.begin(), bindings.end(), [&](const json &binding) { return textOf(binding, "name") == name; });
    return found == bindings.end() ? nullptr : &*found;
}

ResolvedBindings refusal(int code, std::string message)
{
    ResolvedBindings refused;
    refused.code = code;
    refused.message = std::move(message);
    return refused;
}

} // namespace

ResolvedBindings resolveBindings(
    const json &asked, const json &before, const std::vector<std::string> &kept, bool strict)
{
    ResolvedBindings resolved;
    if (!asked.is_array())
        return refusal(10021, "bindings is no list");
    for (const json &item : asked) {
        const std::string name = textOf(item, "name");
        const std::string type = textOf(item, "type");
        if (name.empty() || type.empty())
            return refusal(10021, "A binding needs a name and a type");
        if (named(resolved.bindings, name))
            return refusal(10021, "Binding name '" + name + "' already in use. Please use a different name.");
        if (type == "inherit") {
            const std::string old = textOf(item, "old_name");
            const json *found = named(before, old.empty() ? name : old);
            if (!found && strict)
                return refusal(10056, "Binding '" + name + "' was not found and cannot be inherited");
            if (found) {
                json copy = *found;
                copy["name"] = name;
                resolved.bindings.push_back(std::move(copy));
            }
            continue;
        }
        std::string value;
        json binding{{"name", name}, {"type", type}};
        if (type == "json") {
            if (!item.contains("json"))
                return refusal(10021, "json binding '" + name + "' has no json");
            binding["json"] = item["json"];
            value = item["json"].dump(-1, ' ', false, json::error_handler_t::replace);
        } else if (type == "plain_text" || type == "secret_text") {
            // A list that was read and is sent back has no texts for its secrets.
            if (!item.contains("text") || !item["text"].is_string())
                return refusal(10021, type + " binding '" + name + "' has no text");
            value = item["text"].get<std::string>();
            binding["text"] = value;
        } else {
            return refusal(10021, "The lab imitates no bindings of type '" + type + '\'');
        }
        if (value.size() > LongestValue)
            return refusal(10054, "Binding '" + name + "' exceeds the size limit of 5 KB");
        resolved.bindings.push_back(std::move(binding));
    }
    for (const json &binding : before) {
        if (std::find(kept.begin(), kept.end(), textOf(binding, "type")) != kept.end()
            && !named(resolved.bindings, textOf(binding, "name")))
            resolved.bindings.push_back(binding);
    }
    if (resolved.bindings.size() > MostBindings)
        return refusal(10055, "The number of environment variables and secrets exceeds the limit of 64");
    return resolved;
}

json toldBindings(const json &bindings)
{
    json told = json::array();
    for (const json &binding : bindings) {
        json item = binding;
        if (item["type"] == "secret_text")
            item.erase("text");
        told.push_back(std::move(item));
    }
    return told;
}

} // namespace hybridge::lab
