// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/scripts.h"

#include "app/lab/cloudflare/bindings.h"
#include "app/lab/cloudflare/scriptviews.h"
#include "app/lab/http/multipart.h"
#include "app/lab/world/random.h"

#include <algorithm>
#include <cmath>

namespace hybridge::lab {

namespace {

using nlohmann::json;

ApiReply noSuchWorker()
{
    return refused(404, 10007, "This Worker does not exist on your account.");
}

std::vector<std::string> textsOf(const json &object, const char *key)
{
    std::vector<std::string> texts;
    if (object.contains(key) && object[key].is_array()) {
        for (const json &item : object[key]) {
            if (item.is_string())
                texts.push_back(item.get<std::string>());
        }
    }
    return texts;
}

std::string messageOf(const json &object)
{
    const json annotations = object.is_object() ? object.value("annotations", json()) : json();
    const json message = annotations.is_object() ? annotations.value("workers/message", json()) : json();
    return message.is_string() ? message.get<std::string>().substr(0, 1000) : std::string();
}

bool validName(const std::string &name)
{
    return !name.empty() && name.size() <= 63
        && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos && name.front() != '-';
}

} // namespace

Scripts::Scripts(std::uint64_t seed, Deploy deploy, Withdraw withdraw)
    : m_seed(seed)
    , m_deploy(std::move(deploy))
    , m_withdraw(std::move(withdraw))
{
}

std::optional<Scripts::Script> Scripts::find(const std::string &name) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_scripts.find(name);
    return found == m_scripts.end() ? std::nullopt : std::optional(found->second);
}

bool Scripts::knows(const std::string &script) const
{
    return find(script).has_value();
}

void Scripts::keep(const std::string &name, Script script)
{
    const std::lock_guard lock(m_mutex);
    m_scripts[name] = std::move(script);
}

std::string Scripts::uuid()
{
    const std::lock_guard lock(m_mutex);
    return Random(mix(m_seed, 0x776f726b + m_nextId++)).uuid();
}

std::shared_ptr<ScriptVersion> Scripts::nextVersion(const Script &script, std::string triggeredBy)
{
    auto version = script.versions.empty() ? std::make_shared<ScriptVersion>()
                                           : std::make_shared<ScriptVersion>(*script.versions.back());
    version->id = uuid();
    version->number = script.versions.empty() ? 1 : script.versions.back()->number + 1;
    version->created = Wall::now();
    version->message.clear();
    version->triggeredBy = std::move(triggeredBy);
    return version;
}

ApiReply Scripts::publish(const std::string &name, Script script, std::shared_ptr<const ScriptVersion> version)
{
    const std::vector<ScriptShare> shares{{version, 100}};
    if (const std::string wrong = m_deploy(name, shares); !wrong.empty())
        return refused(400, 10021, wrong);
    script.versions.push_back(version);
    script.modified = Wall::now();
    script.deployments.insert(script.deployments.begin(), {uuid(), script.modified, version->message, shares});
    keep(name, std::move(script));
    return {};
}

ApiReply Scripts::upload(const std::string &name, const json &metadata, std::vector<WorkerModule> modules, bool strict)
{
    const std::lock_guard change(m_change);
    if (!validName(name))
        return refused(400, 10016, "workers.api.error.invalid_script_name");
    Script script = find(name).value_or(Script{});
    if (script.tag.empty()) {
        std::string tag = uuid();
        std::erase(tag, '-');
        script.tag = tag;
        script.created = Wall::now();
        script.settings = {{"logpush", false}, {"observability", {{"enabled", false}}}, {"tags", json::array()},
            {"tail_consumers", json::array()}};
    }
    const std::shared_ptr<ScriptVersion> version = nextVersion(script, "upload");
    const json before = version->bundle.bindings;
    const std::string main = metadata.contains("main_module") && metadata["main_module"].is_string()
        ? metadata["main_module"].get<std::string>()
        : std::string();
    const auto entry
        = std::find_if(modules.begin(), modules.end(), [&](const WorkerModule &module) { return module.name == main; });
    if (entry == modules.end())
        return refused(400, 10021, "No such module \"" + main + "\".");
    std::rotate(modules.begin(), entry, entry + 1);
    ResolvedBindings resolved = resolveBindings(
        metadata.value("bindings", json::array()), before, textsOf(metadata, "keep_bindings"), strict);
    if (resolved.code != 0)
        return refused(400, resolved.code, resolved.message);
    version->bundle.modules = std::move(modules);
    version->bundle.bindings = std::move(resolved.bindings);
    const json date = metadata.value("compatibility_date", json());
    version->bundle.compatibilityDate = date.is_string() ? date.get<std::string>() : "2021-11-02";
    version->bundle.compatibilityFlags = textsOf(metadata, "compatibility_flags");
    version->message = messageOf(metadata);
    for (const char *key : {"logpush", "observability", "tags", "tail_consumers"}) {
        if (metadata.contains(key))
            script.settings[key] = metadata[key];
    }
    if (const ApiReply wrong = publish(name, std::move(script), version); !wrong.ok())
        return wrong;
    const Script now = *find(name);
    return given(uploadedView(name, *version, now.tag, now.created, now.modified, now.settings));
}

ApiReply Scripts::patchSettings(const std::string &name, const json &settings, bool strict)
{
    const std::lock_guard change(m_change);
    std::optional<Script> script = find(name);
    if (!script)
        return noSuchWorker();
    if (!settings.is_object())
        return refused(400, 10021, "The settings are no JSON object");
    const std::shared_ptr<ScriptVersion> version = nextVersion(*script, "settings");
    if (settings.contains("bindings")) {
        ResolvedBindings resolved = resolveBindings(
            settings["bindings"], version->bundle.bindings, textsOf(settings, "keep_bindings"), strict);
        if (resolved.code != 0)
            return refused(400, resolved.code, resolved.message);
        version->bundle.bindings = std::move(resolved.bindings);
    }
    if (settings.contains("compatibility_date") && settings["compatibility_date"].is_string())
        version->bundle.compatibilityDate = settings["compatibility_date"].get<std::string>();
    if (settings.contains("compatibility_flags"))
        version->bundle.compatibilityFlags = textsOf(settings, "compatibility_flags");
    version->message = messageOf(settings);
    for (const char *key : {"logpush", "observability", "tags", "tail_consumers"}) {
        if (settings.contains(key))
            script->settings[key] = settings[key];
    }
    const json told = script->settings;
    if (const ApiReply wrong = publish(name, std::move(*script), version); !wrong.ok())
        return wrong;
    return given(settingsView(*version, told));
}

ApiReply Scripts::uploadRequest(const Request &request, const std::string &name, bool deployed)
{
    const auto parts = parseMultipart(request);
    if (!parts)
        return refused(400, 10001, "The body has to be multipart/form-data with a part named metadata");
    json metadata;
    std::vector<WorkerModule> modules;
    for (const FormPart &part : *parts) {
        if (part.name == "metadata")
            metadata = json::parse(part.body, nullptr, false);
        else
            modules.push_back({part.filename.empty() ? part.name : part.filename, part.type, part.body});
    }
    if (!metadata.is_object())
        return refused(400, 10021, "The part metadata is missing or no JSON object");
    const bool strict = request.queryValue("bindings_inherit") == "strict";
    if (deployed)
        return upload(name, metadata, std::move(modules), strict);

    // A version without traffic: the same checks as for one that is deployed but the runtime's own.
    const std::lock_guard change(m_change);
    std::optional<Script> script = find(name);
    if (!script)
        return noSuchWorker();
    const std::shared_ptr<ScriptVersion> version = nextVersion(*script, "version_upload");
    ResolvedBindings resolved = resolveBindings(metadata.value("bindings", json::array()), version->bundle.bindings,
        textsOf(metadata, "keep_bindings"), strict);
    if (resolved.code != 0)
        return refused(400, resolved.code, resolved.message);
    if (!modules.empty())
        version->bundle.modules = std::move(modules);
    version->bundle.bindings = std::move(resolved.bindings);
    if (metadata.contains("compatibility_flags"))
        version->bundle.compatibilityFlags = textsOf(metadata, "compatibility_flags");
    if (metadata.value("compatibility_date", json()).is_string())
        version->bundle.compatibilityDate = metadata["compatibility_date"].get<std::string>();
    version->message = messageOf(metadata);
    script->versions.push_back(version);
    keep(name, std::move(*script));
    return given(versionView(*version, true));
}

ApiReply Scripts::deployments(
    const Request &request, const std::string &name, const Script &script, const std::vector<std::string> &rest)
{
    const auto view = [](const Deployment &deployment) {
        return deploymentView(deployment.id, deployment.created, deployment.message, deployment.shares);
    };
    if (request.method == "GET" && rest.empty()) {
        json all = json::array();
        for (const Deployment &deployment : script.deployments)
            all.push_back(view(deployment));
        // The document of 2026-07 knows `deployments`; the official client 7.3 walks pages of `items`.
        ApiReply reply = paged(all, request);
        reply.result = {{"deployments", all}, {"items", reply.result}};
        return reply;
    }
    if (request.method == "GET") {
        const auto found = std::find_if(script.deployments.begin(), script.deployments.end(),
            [&](const Deployment &deployment) { return deployment.id == rest[0]; });
        return found == script.deployments.end() ? refused(404, 10209, "Deployment not found") : given(view(*found));
    }
    if (request.method != "POST" || !rest.empty())
        return methodNotAllowed();
    const std::lock_guard change(m_change);
    Script next = *find(name);
    const json body = json::parse(request.body, nullptr, false);
    Deployment deployment{uuid(), Wall::now(), messageOf(body), {}};
    double sum = 0;
    for (const json &item : body.is_object() ? body.value("versions", json::array()) : json::array()) {
        const json id = item.is_object() ? item.value("version_id", json()) : json();
        const json percent = item.is_object() ? item.value("percentage", json()) : json();
        const auto version = std::find_if(
            next.versions.begin(), next.versions.end(), [&](const auto &each) { return json(each->id) == id; });
        if (version == next.versions.end())
            return refused(404, 10211, "Version not found");
        if (!percent.is_number())
            return refused(400, 10210, "A version needs a percentage");
        deployment.shares.push_back({*version, percent.get<double>()});
        sum += percent.get<double>();
    }
    if (std::abs(sum - 100) > 1e-6 || deployment.shares.size() > 2)
        return refused(400, 10210, "The percentages of the versions must sum to 100");
    if (const std::string wrong = m_deploy(name, deployment.shares); !wrong.empty())
        return refused(400, 10021, wrong);
    next.deployments.insert(next.deployments.begin(), deployment);
    keep(name, std::move(next));
    return given(view(deployment));
}

ApiReply Scripts::secrets(
    const Request &request, const std::string &name, const Script &script, const std::vector<std::string> &rest)
{
    const json before = script.versions.back()->bundle.bindings;
    const auto isSecret = [](const json &binding) { return binding["type"] == "secret_text"; };
    if (request.method == "GET") {
        json all = json::array();
        for (const json &binding : before) {
            if (isSecret(binding) && (rest.empty() || binding["name"] == rest[0]))
                all.push_back({{"name", binding["name"]}, {"type", "secret_text"}});
        }
        if (rest.empty())
            return given(all);
        return all.empty() ? refused(404, 10056, "Secret not found") : given(all[0]);
    }
    json bindings = json::array();
    json told = nullptr;
    const json body = json::parse(request.body, nullptr, false);
    const json changed = request.method == "DELETE" && !rest.empty() ? json(rest[0])
        : request.method == "PUT" && body.is_object()                ? body.value("name", json())
                                                                     : json();
    if (!changed.is_string())
        return request.method == "PUT" ? refused(400, 10021, "A secret needs a name, a type and a text")
                                       : methodNotAllowed();
    bool found = false;
    for (const json &binding : before) {
        if (binding["name"] == changed)
            found = true;
        else
            bindings.push_back({{"name", binding["name"]}, {"type", "inherit"}});
    }
    if (request.method == "DELETE" && !found)
        return refused(404, 10056, "Secret not found");
    if (request.method == "PUT") {
        bindings.push_back(body);
        told = {{"name", changed}, {"type", "secret_text"}};
    }
    const ApiReply reply = patchSettings(name, {{"bindings", bindings}}, true);
    return reply.ok() ? given(told) : reply;
}

ApiReply Scripts::remove(const std::string &name)
{
    const std::lock_guard change(m_change);
    {
        const std::lock_guard lock(m_mutex);
        m_scripts.erase(name);
    }
    m_withdraw(name);
    return given(nullptr);
}

ApiReply Scripts::serve(const Request &request, const std::vector<std::string> &path)
{
    if (path.empty()) {
        if (request.method != "GET")
            return methodNotAllowed();
        json all = json::array();
        const std::lock_guard lock(m_mutex);
        for (const auto &[name, script] : m_scripts)
            all.push_back(uploadedView(
                name, *script.versions.back(), script.tag, script.created, script.modified, script.settings));
        return given(all);
    }
    if (path.size() == 1 && request.method == "PUT")
        return uploadRequest(request, path[0], true);
    return ofScript(request, path[0], {path.begin() + 1, path.end()});
}

ApiReply Scripts::ofScript(const Request &request, const std::string &name, const std::vector<std::string> &rest)
{
    std::optional<Script> script = find(name);
    if (!script)
        return noSuchWorker();
    const bool get = request.method == "GET";
    const std::string room = rest.empty() ? std::string() : rest[0];
    const std::vector<std::string> below(rest.empty() ? rest.end() : rest.begin() + 1, rest.end());
    const ScriptVersion &newest = *script->versions.back();
    if (rest.empty() && request.method == "DELETE")
        return remove(name);
    if (get && (rest.empty() || (room == "content" && below == std::vector<std::string>{"v2"})))
        return contentView(newest);
    if (room == "settings" && below.empty()) {
        if (get)
            return given(settingsView(newest, script->settings));
        if (request.method != "PATCH")
            return methodNotAllowed();
        const std::vector<FormPart> parts = parseMultipart(request).value_or(std::vector<FormPart>{});
        const auto part
            = std::find_if(parts.begin(), parts.end(), [](const FormPart &each) { return each.name == "settings"; });
        if (part == parts.end())
            return refused(400, 10201,
                "Missing settings part in multipart upload. Ensure you include a settings part in the upload.");
        return patchSettings(
            name, json::parse(part->body, nullptr, false), request.queryValue("bindings_inherit") == "strict");
    }
    if (room == "script-settings" && below.empty()) {
        if (request.method == "PATCH") {
            const std::lock_guard change(m_change);
            script = find(name);
            const json body = json::parse(request.body, nullptr, false);
            if (!script || !body.is_object())
                return refused(400, 10021, "The settings are no JSON object");
            for (const char *key : {"logpush", "observability", "tags", "tail_consumers"}) {
                if (body.contains(key))
                    script->settings[key] = body[key];
            }
            keep(name, *script);
        } else if (!get) {
            return methodNotAllowed();
        }
        return given(script->settings);
    }
    if (room == "versions" && below.empty() && request.method == "POST")
        return uploadRequest(request, name, false);
    if (room == "versions" && get) {
        json items = json::array();
        for (auto version = script->versions.rbegin(); version != script->versions.rend(); ++version) {
            if (!below.empty() && below[0] == (*version)->id)
                return given(versionView(**version, true));
            items.push_back(versionView(**version, false));
        }
        if (!below.empty())
            return refused(404, 10211, "Version not found");
        ApiReply reply = paged(items, request);
        reply.result = {{"items", reply.result}};
        return reply;
    }
    if (room == "deployments" && below.size() <= 1)
        return deployments(request, name, *script, below);
    if (room == "secrets" && below.size() <= 1)
        return secrets(request, name, *script, below);
    if (room == "subdomain" && below.empty()) {
        if (request.method == "POST") {
            const std::lock_guard change(m_change);
            script = find(name);
            const json body = json::parse(request.body, nullptr, false);
            if (!script || !body.is_object() || !body.contains("enabled") || !body["enabled"].is_boolean())
                return refused(400, 10021, "The body needs a boolean named enabled");
            script->workersDev = body["enabled"].get<bool>();
            script->previews = body.value("previews_enabled", json(script->workersDev)) == true;
            keep(name, *script);
        } else if (!get) {
            return methodNotAllowed();
        }
        return given({{"enabled", script->workersDev}, {"previews_enabled", script->previews}});
    }
    return noSuchRoute();
}

} // namespace hybridge::lab
