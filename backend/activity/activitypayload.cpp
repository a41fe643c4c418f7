// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitypayload.h"

#include <nlohmann/json.hpp>

#include <QRegularExpression>

#include <cmath>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

constexpr qsizetype textLimit = 16000; ///< characters of one text
constexpr std::size_t entriesLimit = 1000; ///< of one list
constexpr qsizetype payloadLimit = qsizetype(256) * 1024;
constexpr int depthLimit = 16;

bool isSecretName(const std::string &key)
{
    static const QRegularExpression pattern(
        u"secret|token|passw|passphrase|private_?key|assertion|api_?key|credential"_s, QRegularExpression::CaseInsensitiveOption);
    const QByteArray name = QByteArray::fromStdString(key);
    return isSecretHeader(name) || pattern.match(QString::fromUtf8(name)).hasMatch();
}

Json cleaned(const Json &value, const Redactor &redactor, int depth)
{
    if (depth > depthLimit)
        return nullptr;
    if (value.is_string()) {
        QString text = redactor(QString::fromStdString(value.get_ref<const std::string &>()));
        if (text.size() > textLimit)
            text = text.left(textLimit) + u'…';
        return text.toStdString();
    }
    if (value.is_array()) {
        Json list = Json::array();
        for (const Json &entry : value) {
            if (list.size() == entriesLimit)
                break;
            list.push_back(cleaned(entry, redactor, depth + 1));
        }
        return list;
    }
    if (value.is_object()) {
        Json object = Json::object();
        for (const auto &[key, entry] : value.items()) {
            const std::string name = redactor(QString::fromStdString(key)).toStdString();
            object[name] = isSecretName(key) && entry.is_string() ? Json("•••") : cleaned(entry, redactor, depth + 1);
        }
        return object;
    }
    return value.is_binary() ? Json(nullptr) : value;
}

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

Json seconds(const std::optional<double> &value)
{
    return value && std::isfinite(*value) ? Json(std::round(*value * 1000) / 1000) : Json(nullptr);
}

Json stepDocument(const StepReport &step)
{
    Json entry = Json::object();
    entry["id"] = step.id.toStdString();
    entry["name"] = step.name.toStdString();
    entry["state"] = stepStateName(step.state).toStdString();
    entry["seconds"] = seconds(step.seconds);
    entry["detail"] = textOrNull(step.detail);
    return entry;
}

Json strings(const QStringList &values)
{
    Json list = Json::array();
    for (const QString &value : values)
        list.push_back(value.toStdString());
    return list;
}

} // namespace

ActivityPayload ActivityPayload::of(const Json &object, const Redactor &redactor)
{
    Json clean = cleaned(object, redactor, 0);
    if (!clean.is_object())
        clean = Json {{"value", std::move(clean)}};
    ActivityPayload payload;
    payload.m_json = QByteArray::fromStdString(clean.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (payload.m_json.size() > payloadLimit)
        payload.m_json = "{\"leftOut\":" + QByteArray::number(payload.m_json.size()) + '}';
    return payload;
}

ActivityPayload begunPayload(const OperationReport &report, const Redactor &redactor)
{
    Json object = Json::object();
    object["operation"] = report.operation.toStdString();
    object["node"] = textOrNull(report.node);
    object["program"] = "hybridge " HYBRIDGE_VERSION;
    return ActivityPayload::of(object, redactor);
}

ActivityPayload planPayload(const OperationPlan &plan, const Redactor &redactor)
{
    Json object = Json::object();
    object["steps"] = Json::array();
    for (const StepReport &step : plan.steps)
        object["steps"].push_back(stepDocument(step));
    object["calls"] = strings(plan.calls);
    object["warnings"] = strings(plan.warnings);
    object["undo"] = textOrNull(plan.undo);
    return ActivityPayload::of(object, redactor);
}

ActivityPayload stepPayload(const StepReport &step, const Redactor &redactor)
{
    return ActivityPayload::of(stepDocument(step), redactor);
}

ActivityPayload callPayload(const CallReport &call, const Redactor &redactor)
{
    Json object = Json::object();
    object["call"] = call.call.toStdString();
    object["outcome"] = textOrNull(call.outcome);
    object["seconds"] = seconds(call.seconds);
    object["failed"] = call.isFailed;
    return ActivityPayload::of(object, redactor);
}

ActivityPayload notePayload(const QString &text, const Redactor &redactor)
{
    Json object = Json::object();
    object["text"] = text.toStdString();
    return ActivityPayload::of(object, redactor);
}

ActivityPayload endedPayload(const OperationReport &report, const Redactor &redactor)
{
    Json object = operationDocument(report);
    object["steps"] = Json::array();
    for (const StepReport &step : report.steps)
        object["steps"].push_back(stepDocument(step));
    return ActivityPayload::of(object, redactor);
}

} // namespace hybridge
