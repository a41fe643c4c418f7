// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/answerwords.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString words(const char *text)
{
    return QCoreApplication::translate("hybridge::AnswerWords", text);
}

QString nodeLabel(const QString &id, const NodeLabels &labels)
{
    const QString label = labels.value(id);
    return safeText(label.isEmpty() ? id : label, 60);
}

QString localNumber(double value, int decimals)
{
    return QLocale().toString(value, 'f', decimals);
}

QString proofWords(ChatProof proof)
{
    switch (proof) {
    case ChatProof::Header:
        return words("the router says so in a header");
    case ChatProof::Tunnel:
        return words("the SSH link ends on it");
    case ChatProof::Log:
        return words("its engine's log has the request");
    case ChatProof::None:
        break;
    }
    return words("nothing in the answer proves who served it");
}

} // namespace

QString targetWords(const ChatTarget &target, const NodeLabels &labels)
{
    switch (target.way) {
    case ChatTarget::Way::Node:
        return nodeLabel(target.node, labels);
    case ChatTarget::Way::Direct:
        return words("%1, direct").arg(nodeLabel(target.node, labels));
    case ChatTarget::Way::Edge:
        break;
    }
    return words("Protected endpoint");
}

QString servedByWords(const ChatAnswer &answer, const NodeLabels &labels)
{
    return answer.path.servedBy.isEmpty() ? targetWords(answer.target, labels) : nodeLabel(answer.path.servedBy, labels);
}

QString chatCostText(const ChatCost &cost)
{
    if (cost.amount <= 0)
        return u"0 %1"_s.arg(safeText(cost.currency, 8));
    int decimals = 1;
    for (double digit = cost.amount; digit < 1 && decimals < 7; digit *= 10)
        ++decimals;
    return u"%1 %2"_s.arg(localNumber(cost.amount, std::max(2, decimals)), safeText(cost.currency, 8));
}

QString quietLine(const ChatAnswer &answer, const NodeLabels &labels)
{
    QStringList parts {servedByWords(answer, labels)};
    const QString model = answer.model.isEmpty() ? answer.askedModel : answer.model;
    if (!model.isEmpty())
        parts.append(safeText(model.section(u'/', -1), 48)); // without who made it
    if (answer.timing.firstTokenMs)
        parts.append(words("first token %1").arg(formatLatency(answer.timing.firstTokenMs)));
    if (answer.tokensPerSecond)
        parts.append(words("%1 tokens/s").arg(localNumber(*answer.tokensPerSecond, *answer.tokensPerSecond < 100 ? 1 : 0)));
    if (answer.cost)
        parts.append(chatCostText(*answer.cost));
    if (answer.stopped)
        parts.append(words("stopped"));
    else if (answer.finish == "length"_L1)
        parts.append(words("cut at max_tokens"));
    return parts.join(u" · "_s);
}

QString finishWords(const ChatAnswer &answer)
{
    if (answer.stopped)
        return words("stopped by you");
    if (answer.finish.isEmpty())
        return words("none came");
    if (answer.finish == "stop"_L1)
        return words("stop: it ended by itself");
    if (answer.finish == "length"_L1)
        return words("length: cut at max_tokens or at the end of the context");
    if (answer.finish == "tool_calls"_L1)
        return words("tool_calls: it asks for a tool");
    return safeText(answer.finish, 60);
}

QList<AnswerFact> answerFacts(const ChatAnswer &answer, const NodeLabels &labels)
{
    QList<AnswerFact> out;
    const auto add = [&out](const QString &name, const QString &value, const QString &note = {}) { out.append({name, value, note}); };
    add(words("Asked"), targetWords(answer.target, labels));
    add(words("Served by"), answer.path.servedBy.isEmpty() ? unknownText() : nodeLabel(answer.path.servedBy, labels), proofWords(answer.path.proof));
    const QString model = safeText(answer.model, 120);
    add(words("Model"), model.isEmpty() ? unknownText() : model,
        !answer.askedModel.isEmpty() && answer.askedModel != answer.model ? words("asked for %1").arg(safeText(answer.askedModel, 120)) : QString());
    add(words("HTTP status"), answer.path.status == 0 ? unknownText() : QString::number(answer.path.status));
    if (!answer.path.ray.isEmpty())
        add(u"cf-ray"_s, safeText(answer.path.ray, 60), answer.path.colo.isEmpty() ? QString() : words("edge location %1").arg(safeText(answer.path.colo, 12)));
    if (!answer.path.requestId.isEmpty())
        add(words("Request id"), safeText(answer.path.requestId, 80));
    add(words("Attempts"), answer.path.attempts ? QString::number(*answer.path.attempts) : unknownText(),
        answer.path.attempts ? QString() : words("the way does not tell"));
    if (!answer.path.routesVersion.isEmpty())
        add(words("Routes"), words("version %1").arg(safeText(answer.path.routesVersion, 20)));
    add(words("Tokens in"), answer.usage.prompt ? QLocale().toString(*answer.usage.prompt) : unknownText());
    add(words("Tokens out"), answer.usage.completion ? QLocale().toString(*answer.usage.completion) : unknownText(),
        answer.usage.completion ? (answer.usage.estimated ? words("estimate: counted from what came") : words("told by the engine")) : QString());
    if (answer.timing.gapMedianMs)
        add(words("Between tokens"), formatLatency(answer.timing.gapMedianMs),
            words("95 % under %1, longest %2").arg(formatLatency(answer.timing.gapP95Ms), formatLatency(answer.timing.gapMaxMs)));
    if (answer.flow.flow == ChatFlow::Lumps)
        add(words("Flow"), words("in lumps"),
            words("%1 lumps of about %2 tokens after %3 of silence: something on the way gathers tokens")
                .arg(answer.flow.lumps)
                .arg(localNumber(answer.flow.tokensPerLump, 0), formatLatency(answer.flow.pauseMs)));
    else if (answer.flow.flow == ChatFlow::Even)
        add(words("Flow"), words("even"));
    add(words("Finish reason"), finishWords(answer));
    add(words("Cost"), answer.cost ? chatCostText(*answer.cost) : unknownText(), answer.cost ? safeText(answer.cost->basis, 200) : QString());
    for (const QString &note : answer.notes)
        add(words("Note"), safeText(note, 400));
    return out;
}

QString nodeOf(const ChatAnswer &answer)
{
    return answer.path.servedBy.isEmpty() ? answer.target.node : answer.path.servedBy;
}

QString failureWhy(const ChatAnswer &answer)
{
    QStringList parts;
    if (answer.failure && !answer.failure->detail.isEmpty())
        parts.append(safeText(answer.failure->detail, 600));
    if (answer.failure && answer.failure->partial)
        parts.append(words("The part above came before that and is kept."));
    return parts.join(' '_L1);
}

} // namespace hybridge
