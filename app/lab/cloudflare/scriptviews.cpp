// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/scriptviews.h"

#include "app/lab/cloudflare/bindings.h"
#include "app/lab/http/multipart.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

namespace hybridge::lab {

namespace {

using nlohmann::json;

constexpr const char *Author = "operator@example.com";

std::string etagOf(const ScriptVersion &version)
{
    std::uint64_t hash = 0;
    for (const WorkerModule &module : version.bundle.modules)
        hash = mix(hash, hashOf(module.content));
    return Random(hash).hex(64);
}

json annotationsOf(const std::string &message, const std::string &triggeredBy)
{
    json annotations = json::object();
    if (!message.empty())
        annotations["workers/message"] = message;
    if (!triggeredBy.empty())
        annotations["workers/triggered_by"] = triggeredBy;
    return annotations;
}

} // namespace

json settingsView(const ScriptVersion &version, const json &scriptSettings)
{
    json view = scriptSettings;
    view["bindings"] = toldBindings(version.bundle.bindings);
    view["compatibility_date"] = version.bundle.compatibilityDate;
    view["compatibility_flags"] = version.bundle.compatibilityFlags;
    view["usage_model"] = "standard";
    view["placement"] = json::object();
    view["annotations"] = annotationsOf(version.message, version.triggeredBy);
    return view;
}

json uploadedView(const std::string &name, const ScriptVersion &version, const std::string &tag,
    Wall::time_point created, Wall::time_point modified, const json &scriptSettings)
{
    json view = scriptSettings;
    view["id"] = name;
    view["tag"] = tag;
    view["etag"] = etagOf(version);
    view["handlers"] = {"fetch"};
    view["created_on"] = rfc3339(created);
    view["modified_on"] = rfc3339(modified);
    view["startup_time_ms"] = 2;
    view["usage_model"] = "standard";
    view["has_modules"] = true;
    view["has_assets"] = false;
    view["compatibility_date"] = version.bundle.compatibilityDate;
    view["compatibility_flags"] = version.bundle.compatibilityFlags;
    view["last_deployed_from"] = "api";
    return view;
}

json versionView(const ScriptVersion &version, bool whole)
{
    const std::string created = rfc3339(version.created);
    json view{{"id", version.id}, {"number", version.number},
        {"metadata",
            {{"created_on", created}, {"modified_on", created}, {"source", "api"}, {"author_email", Author},
                {"hasPreview", false}}},
        {"annotations", annotationsOf(version.message, version.triggeredBy)}};
    if (whole) {
        view["resources"] = {{"bindings", toldBindings(version.bundle.bindings)},
            {"script", {{"etag", etagOf(version)}, {"handlers", {"fetch"}}, {"last_deployed_from", "api"}}},
            {"script_runtime",
                {{"compatibility_date", version.bundle.compatibilityDate},
                    {"compatibility_flags", version.bundle.compatibilityFlags}, {"usage_model", "standard"}}}};
    }
    return view;
}

json deploymentView(
    const std::string &id, Wall::time_point created, const std::string &message, const std::vector<ScriptShare> &shares)
{
    json versions = json::array();
    for (const ScriptShare &share : shares)
        versions.push_back({{"version_id", share.version->id}, {"percentage", share.percent}});
    return {{"id", id}, {"source", "api"}, {"strategy", "percentage"}, {"author_email", Author},
        {"created_on", rfc3339(created)}, {"annotations", annotationsOf(message, "deployment")},
        {"versions", versions}};
}

ApiReply contentView(const ScriptVersion &version)
{
    std::vector<FormPart> parts;
    for (const WorkerModule &module : version.bundle.modules)
        parts.push_back({module.name, module.name, module.type, module.content});
    const std::string boundary = "hybridge-lab-" + version.id;
    ApiReply reply;
    reply.raw = multipartBody(parts, boundary);
    reply.rawType = "multipart/form-data; boundary=" + boundary;
    return reply;
}

} // namespace hybridge::lab
