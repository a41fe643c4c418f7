// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/requestjson.h"

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString textAt(const nlohmann::ordered_json &document, const char *key)
{
    const auto it = document.find(key);
    return it != document.end() && it->is_string() ? QString::fromStdString(it->get<std::string>()) : QString();
}

std::optional<qint64> numberAt(const nlohmann::ordered_json &document, const char *key)
{
    const auto it = document.find(key);
    if (it == document.end() || !it->is_number_integer())
        return std::nullopt;
    return it->get<qint64>();
}

} // namespace

nlohmann::ordered_json requestDocument(const OperationRequest &request)
{
    nlohmann::ordered_json out;
    out["kind"] = operationName(request.kind).toStdString();
    out["node"] = request.node.toStdString();
    if (!request.service.isEmpty())
        out["service"] = request.service.toStdString();
    if (request.discardLocalSsd)
        out["discardLocalSsd"] = *request.discardLocalSsd;
    if (!request.lastBackendOverride.isEmpty())
        out["overrideLastBackend"] = request.lastBackendOverride.toStdString();
    out["drainSeconds"] = request.drainLimit.count();
    out["strictDrain"] = request.strictDrain;
    if (request.maxRun)
        out["maxRunSeconds"] = request.maxRun->count();
    if (!request.cause.isEmpty())
        out["cause"] = request.cause.toStdString();
    if (!request.continues.isEmpty())
        out["continues"] = request.continues.toStdString();
    return out;
}

std::optional<OperationRequest> requestFromDocument(const nlohmann::ordered_json &document)
{
    if (!document.is_object())
        return std::nullopt;
    const auto kind = operationKindFromName(textAt(document, "kind"));
    if (!kind)
        return std::nullopt;
    OperationRequest request;
    request.kind = *kind;
    request.node = textAt(document, "node");
    if (request.node.isEmpty())
        return std::nullopt;
    request.service = textAt(document, "service");
    if (const auto seconds = numberAt(document, "drainSeconds"); seconds && *seconds >= 0 && *seconds <= 86400)
        request.drainLimit = std::chrono::seconds(*seconds);
    const auto strict = document.find("strictDrain");
    request.strictDrain = strict != document.end() && strict->is_boolean() && strict->get<bool>();
    if (const auto seconds = numberAt(document, "maxRunSeconds"); seconds && *seconds > 0)
        request.maxRun = std::chrono::seconds(*seconds);
    return request;
}

} // namespace hybridge
