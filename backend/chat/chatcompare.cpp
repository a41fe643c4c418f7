// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatcompare.h"

#include "backend/base/units.h"
#include "backend/chat/chatjson.h"
#include "backend/fleet/statusjson.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <functional>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

double quantile(const QList<double> &sorted, double q)
{
    const double at = q * double(sorted.size() - 1);
    const auto low = qsizetype(std::floor(at));
    const qsizetype high = std::min(low + 1, sorted.size() - 1);
    return sorted.at(low) + (sorted.at(high) - sorted.at(low)) * (at - double(low));
}

using Value = std::function<std::optional<double>(const ChatAnswer &)>;

std::optional<ChatSpread> spread(const QList<ChatAnswer> &answers, const ChatTarget &target, const Value &value)
{
    QList<double> values;
    for (const ChatAnswer &answer : answers)
        if (answer.target == target)
            if (const std::optional<double> one = value(answer))
                values.append(*one);
    return spreadOf(values);
}

/// The flow that most runs of a target showed: lumps only when more than half of those that can tell have them.
std::optional<ChatFlowFinding> flowOf(const QList<ChatAnswer> &answers, ChatTarget::Way way)
{
    QList<ChatFlowFinding> lumps;
    int known = 0;
    for (const ChatAnswer &answer : answers) {
        if (answer.target.way != way || answer.flow.flow == ChatFlow::Unknown)
            continue;
        ++known;
        if (answer.flow.flow == ChatFlow::Lumps)
            lumps.append(answer.flow);
    }
    if (known == 0)
        return std::nullopt;
    if (lumps.size() * 2 > known)
        return lumps.at(lumps.size() / 2);
    ChatFlowFinding even;
    even.flow = ChatFlow::Even;
    return even;
}

const ChatCompareRow *rowOf(const ChatComparison &comparison, ChatTarget::Way way)
{
    for (const ChatCompareRow &row : comparison.rows)
        if (row.target.way == way)
            return &row;
    return nullptr;
}

QByteArray csvField(const QString &text)
{
    QByteArray bytes = safeText(text, 1000).toUtf8();
    // A spreadsheet takes such a beginning for a formula, and the text comes from a network.
    if (!bytes.isEmpty() && QByteArrayLiteral("=+-@").contains(bytes.front()))
        bytes.prepend('\'');
    bytes.replace('"', "\"\"");
    return '"' + bytes + '"';
}

QByteArray csvNumber(std::optional<double> value)
{
    return value ? QByteArray::number(*value, 'f', 3) : QByteArray();
}

} // namespace

std::optional<ChatSpread> spreadOf(QList<double> values)
{
    if (values.isEmpty())
        return std::nullopt;
    std::sort(values.begin(), values.end());
    ChatSpread out;
    out.count = int(values.size());
    out.least = values.front();
    out.median = quantile(values, 0.5);
    out.p95 = quantile(values, 0.95);
    out.most = values.back();
    return out;
}

QString lumpSentence(const ChatFlowFinding &edge, const std::optional<ChatFlowFinding> &direct)
{
    if (edge.flow != ChatFlow::Lumps) {
        if (edge.flow == ChatFlow::Even && direct && direct->flow == ChatFlow::Lumps)
            return tr("The direct way gathers tokens into lumps, the edge does not: the SSH link is slow, not the engine.");
        return {};
    }
    const QString seen = tr("Through the edge, tokens come in lumps of about %1 after silences of %2.").arg(qRound(edge.tokensPerLump)).arg(formatLatency(edge.pauseMs));
    if (!direct || direct->flow == ChatFlow::Unknown)
        return seen + u' ' + tr("Compare with the direct way to see whether the edge or the engine gathers them.");
    if (direct->flow == ChatFlow::Lumps)
        return seen + u' ' + tr("The direct way shows the same: the engine sends them so.");
    return seen + u' ' + tr("The direct way is even: something between the engine and here gathers them (the edge, the router or the connector).");
}

ChatComparison compareAnswers(const QList<ChatAnswer> &answers, const QHash<QString, QString> &labels)
{
    ChatComparison out;
    for (const ChatAnswer &answer : answers) {
        if (std::any_of(out.rows.begin(), out.rows.end(), [&](const ChatCompareRow &row) { return row.target == answer.target; }))
            continue;
        ChatCompareRow row;
        row.target = answer.target;
        for (const ChatAnswer &one : answers) {
            if (one.target != row.target)
                continue;
            ++row.runs;
            row.failed += one.failure.has_value() || one.stopped;
            if (one.path.proof != ChatProof::None && !row.servedBy.contains(one.path.servedBy))
                row.servedBy.append(one.path.servedBy);
        }
        row.servedBy.sort();
        // Only what ended well is measured: the time of a refusal says nothing about the way.
        const auto good = [](std::optional<double> ChatTiming::*field) -> Value {
            return [field](const ChatAnswer &one) { return one.failure || one.stopped ? std::nullopt : one.timing.*field; };
        };
        row.connectMs = spread(answers, row.target, good(&ChatTiming::connectMs));
        row.firstByteMs = spread(answers, row.target, good(&ChatTiming::firstByteMs));
        row.firstTokenMs = spread(answers, row.target, good(&ChatTiming::firstTokenMs));
        row.totalMs = spread(answers, row.target, good(&ChatTiming::totalMs));
        row.tokensPerSecond = spread(answers, row.target, [](const ChatAnswer &one) { return one.failure || one.stopped ? std::nullopt : one.tokensPerSecond; });
        out.rows.append(row);
    }
    for (const ChatCompareRow &row : out.rows)
        if (row.failed > 0)
            out.sentences.append(tr("%1: %2 of %3 failed.").arg(row.target.text()).arg(row.failed).arg(row.runs));
    const ChatCompareRow *edge = rowOf(out, ChatTarget::Way::Edge);
    const ChatCompareRow *direct = rowOf(out, ChatTarget::Way::Direct);
    if (edge && direct && edge->firstTokenMs && direct->firstTokenMs) {
        const double more = edge->firstTokenMs->median - direct->firstTokenMs->median;
        const bool sameNode = edge->servedBy == QStringList {direct->target.node};
        const QString node = safeText(labels.value(direct->target.node, direct->target.node), 60);
        QStringList served;
        for (const QString &one : edge->servedBy)
            served.append(safeText(labels.value(one, one), 60));
        out.sentences.append(more >= 0
                ? tr("The first token comes %1 later through the edge than straight from %2.").arg(formatLatency(more), node)
                : tr("The first token comes %1 earlier through the edge than straight from %2.").arg(formatLatency(-more), node));
        if (!sameNode)
            out.sentences.append(edge->servedBy.isEmpty() ? tr("It is not proved that the edge was served by %1: the difference may be that of two nodes.").arg(node)
                                                          : tr("The edge was served by %1, not by %2 alone: the difference may be that of two nodes.").arg(served.join(QStringLiteral(", ")), node));
    }
    if (const std::optional<ChatFlowFinding> through = flowOf(answers, ChatTarget::Way::Edge)) {
        const QString lumps = lumpSentence(*through, flowOf(answers, ChatTarget::Way::Direct));
        if (!lumps.isEmpty())
            out.sentences.append(lumps);
    }
    return out;
}

QByteArray comparisonCsv(const QList<ChatAnswer> &answers)
{
    QByteArray out = "target,model,servedBy,proof,status,connectMs,firstByteMs,firstTokenMs,gapMedianMs,gapP95Ms,totalMs,promptTokens,completionTokens,estimated,tokensPerSecond,finish,failure\r\n";
    for (const ChatAnswer &one : answers) {
        const QByteArrayList fields {csvField(one.target.text()), csvField(one.model), csvField(one.path.servedBy), csvField(chatProofName(one.path.proof)),
            one.path.status ? QByteArray::number(one.path.status) : QByteArray(), csvNumber(one.timing.connectMs), csvNumber(one.timing.firstByteMs),
            csvNumber(one.timing.firstTokenMs), csvNumber(one.timing.gapMedianMs), csvNumber(one.timing.gapP95Ms), csvNumber(one.timing.totalMs),
            one.usage.prompt ? QByteArray::number(*one.usage.prompt) : QByteArray(), one.usage.completion ? QByteArray::number(*one.usage.completion) : QByteArray(),
            one.usage.estimated ? "true" : "false", csvNumber(one.tokensPerSecond), csvField(one.finish), csvField(one.failure ? one.failure->kind : QString())};
        out += fields.join(',') + "\r\n";
    }
    return out;
}

QByteArray comparisonJson(const QList<ChatAnswer> &answers)
{
    return dumpJson(comparisonDocument(answers));
}

} // namespace hybridge
