// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/operation.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QUuid>

#include <cmath>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Operation", text);
}

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

} // namespace

QString stepStateName(StepState state)
{
    switch (state) {
    case StepState::Pending: return u"pending"_s;
    case StepState::Running: return u"running"_s;
    case StepState::Done: return u"done"_s;
    case StepState::Failed: return u"failed"_s;
    case StepState::Skipped: return u"skipped"_s;
    }
    return {};
}

std::optional<StepState> stepStateOf(const QString &name)
{
    for (const StepState state : {StepState::Pending, StepState::Running, StepState::Done, StepState::Failed, StepState::Skipped})
        if (name == stepStateName(state))
            return state;
    return std::nullopt;
}

QString stepStateLabel(StepState state)
{
    switch (state) {
    case StepState::Pending: return tr("Waiting");
    case StepState::Running: return tr("Running");
    case StepState::Done: return tr("Done");
    case StepState::Failed: return tr("Failed");
    case StepState::Skipped: return tr("Skipped");
    }
    return {};
}

QString operationResultName(OperationResult result)
{
    switch (result) {
    case OperationResult::Running: return u"running"_s;
    case OperationResult::Done: return u"done"_s;
    case OperationResult::Failed: return u"failed"_s;
    case OperationResult::Cancelled: return u"cancelled"_s;
    case OperationResult::Refused: return u"refused"_s;
    }
    return {};
}

std::optional<OperationResult> operationResultOf(const QString &name)
{
    for (const OperationResult result : {OperationResult::Running, OperationResult::Done, OperationResult::Failed,
             OperationResult::Cancelled, OperationResult::Refused})
        if (name == operationResultName(result))
            return result;
    return std::nullopt;
}

QString operationResultLabel(OperationResult result)
{
    switch (result) {
    case OperationResult::Running: return tr("Running");
    case OperationResult::Done: return tr("Done");
    case OperationResult::Failed: return tr("Failed");
    case OperationResult::Cancelled: return tr("Cancelled");
    case OperationResult::Refused: return tr("Refused");
    }
    return {};
}

OperationResult resultOf(const Error &error)
{
    switch (error.kind) {
    case Error::Kind::Cancelled: return OperationResult::Cancelled;
    case Error::Kind::Refused: return OperationResult::Refused;
    default: return OperationResult::Failed;
    }
}

QString newOperationId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

Json errorDocument(const Error &error, Layer layer)
{
    Json document = Json::object();
    document["layer"] = layerName(layer).toStdString();
    document["kind"] = errorKindName(error.kind).toStdString();
    document["summary"] = error.summary.toStdString();
    document["detail"] = textOrNull(error.detail);
    return document;
}

Json operationDocument(const OperationReport &report)
{
    Json steps = Json::array();
    for (const StepReport &step : report.steps) {
        Json entry = Json::object();
        entry["name"] = step.name.toStdString();
        entry["state"] = stepStateName(step.state).toStdString();
        // Milliseconds are as fine as a step's time is known.
        entry["seconds"] = step.seconds ? Json(std::round(*step.seconds * 1000) / 1000) : Json(nullptr);
        entry["detail"] = textOrNull(step.detail);
        steps.push_back(std::move(entry));
    }
    Json document = Json::object();
    document["operation"] = report.operation.toStdString();
    document["node"] = textOrNull(report.node);
    document["result"] = operationResultName(report.result).toStdString();
    document["error"] = report.error ? errorDocument(*report.error, report.errorLayer) : Json(nullptr);
    document["steps"] = std::move(steps);
    return document;
}

} // namespace hybridge
