// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatjson.h"

#include "backend/chat/chatcompare.h"

namespace hybridge {

namespace {

using Json = nlohmann::ordered_json;

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

template<class T>
Json orNull(const std::optional<T> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json spreadDocument(const std::optional<ChatSpread> &spread)
{
    if (!spread)
        return nullptr;
    return {{"count", spread->count}, {"least", spread->least}, {"median", spread->median}, {"p95", spread->p95}, {"most", spread->most}};
}

QString flowName(ChatFlow flow)
{
    return flow == ChatFlow::Unknown ? QString() : flow == ChatFlow::Even ? QStringLiteral("even") : QStringLiteral("lumps");
}

Json failureDocument(const std::optional<ChatFailure> &failure)
{
    if (!failure)
        return nullptr;
    return {{"layer", chatLayerName(failure->layer).toStdString()}, {"kind", failure->kind.toStdString()}, {"summary", failure->summary.toStdString()},
        {"detail", failure->detail.toStdString()}, {"remedy", textOrNull(failure->remedy)}, {"partial", failure->partial}};
}

} // namespace

Json answerDocument(const ChatAnswer &answer)
{
    Json out;
    out["target"] = answer.target.text().toStdString();
    const bool proved = answer.path.proof != ChatProof::None;
    out["servedBy"] = proved ? textOrNull(answer.path.servedBy) : Json(nullptr);
    out["servedByProof"] = textOrNull(chatProofName(answer.path.proof));
    out["model"] = textOrNull(answer.model);
    out["askedModel"] = textOrNull(answer.askedModel);
    out["status"] = answer.path.status > 0 ? Json(answer.path.status) : Json(nullptr);
    out["text"] = answer.message.text.toStdString();
    out["reasoning"] = textOrNull(answer.message.reasoning);
    out["toolCalls"] = Json::array();
    for (const ChatToolCall &call : answer.message.toolCalls)
        out["toolCalls"].push_back({{"index", call.index}, {"id", textOrNull(call.id)}, {"name", textOrNull(call.name)}, {"arguments", call.arguments.toStdString()}});
    out["finish"] = textOrNull(answer.finish);
    out["stopped"] = answer.stopped;
    out["attempts"] = orNull(answer.path.attempts);
    out["ray"] = textOrNull(answer.path.ray);
    out["requestId"] = textOrNull(answer.path.requestId);
    out["routes"] = textOrNull(answer.path.routesVersion);
    out["usage"] = {{"prompt", orNull(answer.usage.prompt)}, {"completion", orNull(answer.usage.completion)}, {"estimated", answer.usage.estimated}};
    out["timing"] = {{"connectMs", orNull(answer.timing.connectMs)}, {"firstByteMs", orNull(answer.timing.firstByteMs)}, {"firstTokenMs", orNull(answer.timing.firstTokenMs)},
        {"totalMs", orNull(answer.timing.totalMs)}, {"gapMedianMs", orNull(answer.timing.gapMedianMs)}, {"gapP95Ms", orNull(answer.timing.gapP95Ms)},
        {"gapMaxMs", orNull(answer.timing.gapMaxMs)}};
    out["tokensPerSecond"] = orNull(answer.tokensPerSecond);
    out["flow"] = textOrNull(flowName(answer.flow.flow));
    out["cost"] = answer.cost ? Json {{"amount", answer.cost->amount}, {"currency", answer.cost->currency.toStdString()}, {"basis", answer.cost->basis.toStdString()}} : Json(nullptr);
    out["notes"] = Json::array();
    for (const QString &note : answer.notes)
        out["notes"].push_back(note.toStdString());
    out["error"] = failureDocument(answer.failure);
    return out;
}

Json comparisonDocument(const QList<ChatAnswer> &answers)
{
    const ChatComparison comparison = compareAnswers(answers);
    Json out;
    out["targets"] = Json::array();
    for (const ChatCompareRow &row : comparison.rows) {
        Json served = Json::array();
        for (const QString &node : row.servedBy)
            served.push_back(node.toStdString());
        out["targets"].push_back({{"target", row.target.text().toStdString()}, {"runs", row.runs}, {"failed", row.failed}, {"servedBy", served},
            {"connectMs", spreadDocument(row.connectMs)}, {"firstByteMs", spreadDocument(row.firstByteMs)}, {"firstTokenMs", spreadDocument(row.firstTokenMs)},
            {"totalMs", spreadDocument(row.totalMs)}, {"tokensPerSecond", spreadDocument(row.tokensPerSecond)}});
    }
    out["findings"] = Json::array();
    for (const QString &sentence : comparison.sentences)
        out["findings"].push_back(sentence.toStdString());
    out["answers"] = Json::array();
    for (const ChatAnswer &answer : answers)
        out["answers"].push_back(answerDocument(answer));
    return out;
}

} // namespace hybridge
