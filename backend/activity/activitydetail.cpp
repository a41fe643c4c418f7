// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitydetail.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hybridge {

using Json = nlohmann::ordered_json;

namespace {

constexpr qsizetype stepsLimit = 500;
constexpr qsizetype textLimit = 16000;

/// Depth is bounded first: the parser itself recurses when a value is destroyed.
Json parsed(const QByteArray &json)
{
    int depth = 0;
    int deepest = 0;
    bool inText = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json.at(i);
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
        } else if (c == '"') {
            inText = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    if (deepest > 64)
        return Json::object();
    Json value = Json::parse(json.cbegin(), json.cend(), nullptr, false);
    return value.is_object() || value.is_array() ? value : Json::object();
}

QString text(const Json &object, const char *key)
{
    if (!object.is_object())
        return {};
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? QString::fromStdString(found->get_ref<const std::string &>()) : QString();
}

std::optional<double> number(const Json &object, const char *key)
{
    if (!object.is_object())
        return std::nullopt;
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

const Json &member(const Json &object, const char *key)
{
    static const Json none;
    if (!object.is_object())
        return none;
    const auto found = object.find(key);
    return found != object.end() ? *found : none;
}

std::optional<StepReport> stepOf(const Json &object)
{
    const std::optional<StepState> state = stepStateOf(text(object, "state"));
    StepReport step;
    step.id = text(object, "id");
    step.name = text(object, "name");
    if (!state || (step.id.isEmpty() && step.name.isEmpty()))
        return std::nullopt;
    step.state = *state;
    step.seconds = number(object, "seconds");
    step.detail = text(object, "detail");
    return step;
}

QList<StepReport> stepsOf(const Json &list)
{
    QList<StepReport> steps;
    if (!list.is_array())
        return steps;
    for (const Json &entry : list) {
        if (steps.size() == stepsLimit)
            break;
        if (std::optional<StepReport> step = stepOf(entry))
            steps.append(std::move(*step));
    }
    return steps;
}

QStringList textsOf(const Json &list)
{
    QStringList texts;
    if (list.is_array())
        for (const Json &entry : list)
            if (entry.is_string() && texts.size() < 1000)
                texts.append(QString::fromStdString(entry.get_ref<const std::string &>()));
    return texts;
}

OperationPlan planOf(const Json &object)
{
    OperationPlan plan;
    plan.steps = stepsOf(member(object, "steps"));
    plan.calls = textsOf(member(object, "calls"));
    plan.warnings = textsOf(member(object, "warnings"));
    plan.undo = text(object, "undo");
    return plan;
}

void collect(const Json &value, QString &out)
{
    if (out.size() >= textLimit)
        return;
    if (value.is_string())
        out += QString::fromStdString(value.get_ref<const std::string &>()) + QLatin1Char('\n');
    else if (value.is_structured())
        for (const Json &entry : value)
            collect(entry, out);
}

} // namespace

QByteArray stepsToJson(const QList<StepReport> &steps)
{
    Json list = Json::array();
    for (const StepReport &step : steps) {
        Json entry = Json::object();
        entry["id"] = step.id.toStdString();
        entry["name"] = step.name.toStdString();
        entry["state"] = stepStateName(step.state).toStdString();
        entry["seconds"] = step.seconds ? Json(*step.seconds) : Json(nullptr);
        entry["detail"] = step.detail.toStdString();
        list.push_back(std::move(entry));
    }
    return QByteArray::fromStdString(list.dump(-1, ' ', false, Json::error_handler_t::replace));
}

QList<StepReport> stepsFromJson(const QByteArray &json)
{
    return json.isEmpty() ? QList<StepReport>() : stepsOf(parsed(json));
}

QList<StepReport> stepsAfter(QList<StepReport> before, ActivityEvent event, const QByteArray &json)
{
    if (event == ActivityEvent::Plan || event == ActivityEvent::Ended) {
        QList<StepReport> whole = stepsOf(member(parsed(json), "steps"));
        return whole.isEmpty() ? before : whole;
    }
    if (event != ActivityEvent::Step)
        return before;
    std::optional<StepReport> step = stepOf(parsed(json));
    if (!step)
        return before;
    const auto same = std::find_if(before.begin(), before.end(), [&](const StepReport &other) {
        return step->id.isEmpty() ? other.name == step->name : other.id == step->id;
    });
    if (same != before.end())
        *same = std::move(*step);
    else if (before.size() < stepsLimit)
        before.append(std::move(*step));
    return before;
}

ActivityEnd activityEnd(const QByteArray &json)
{
    const Json object = parsed(json);
    ActivityEnd end;
    end.result = operationResultOf(text(object, "result")).value_or(OperationResult::Failed);
    if (end.result == OperationResult::Running)
        end.result = OperationResult::Failed;
    const Json &error = member(object, "error");
    end.errorLayer = text(error, "layer");
    end.errorKind = text(error, "kind");
    end.errorSummary = text(error, "summary");
    end.errorDetail = text(error, "detail");
    return end;
}

QString searchText(const QByteArray &json)
{
    QString out;
    collect(parsed(json), out);
    out.truncate(textLimit);
    return out;
}

ActivityDetail activityDetail(const QList<ActivityRecord> &records)
{
    ActivityDetail detail;
    for (const ActivityRecord &record : records) {
        detail.steps = stepsAfter(std::move(detail.steps), record.event, record.json);
        switch (record.event) {
        case ActivityEvent::Plan:
            detail.plan = planOf(parsed(record.json));
            detail.hasPlan = true;
            break;
        case ActivityEvent::Call: {
            const Json object = parsed(record.json);
            ActivityDetail::Call call;
            call.at = record.at;
            call.call.call = text(object, "call");
            call.call.outcome = text(object, "outcome");
            call.call.seconds = number(object, "seconds");
            const Json &failed = member(object, "failed");
            call.call.isFailed = failed.is_boolean() && failed.get<bool>();
            if (!call.call.call.isEmpty())
                detail.calls.append(call);
            break;
        }
        case ActivityEvent::Note: {
            const QString note = text(parsed(record.json), "text");
            if (!note.isEmpty())
                detail.notes.append({record.at, note});
            break;
        }
        case ActivityEvent::Ended: {
            const ActivityEnd end = activityEnd(record.json);
            detail.errorLayer = end.errorLayer;
            detail.errorKind = end.errorKind;
            detail.errorSummary = end.errorSummary;
            detail.errorDetail = end.errorDetail;
            break;
        }
        case ActivityEvent::Begun:
        case ActivityEvent::Step:
            break;
        }
    }
    return detail;
}

} // namespace hybridge
