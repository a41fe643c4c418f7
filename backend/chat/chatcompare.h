// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QHash>

namespace hybridge {

/// Median and spread of one number over the runs that have it.
struct ChatSpread {
    int count = 0;
    double least = 0;
    double median = 0;
    double p95 = 0;
    double most = 0;
    bool operator==(const ChatSpread &) const = default;
};
/// Empty without a value. Pure.
[[nodiscard]] std::optional<ChatSpread> spreadOf(QList<double> values);

/// One column of a comparison: all runs of one target.
struct ChatCompareRow {
    ChatTarget target;
    int runs = 0; ///< that ended
    int failed = 0;
    QStringList servedBy; ///< ids that were proved, sorted, each once
    std::optional<ChatSpread> connectMs;
    std::optional<ChatSpread> firstByteMs;
    std::optional<ChatSpread> firstTokenMs;
    std::optional<ChatSpread> totalMs;
    std::optional<ChatSpread> tokensPerSecond;
};

struct ChatComparison {
    QList<ChatCompareRow> rows; ///< in the order of the targets asked
    QStringList sentences; ///< what the numbers say: the edge's share of the first token, who lumps, who fails
};

/// Sums up finished answers, grouped by target in the order in which targets first appear. @p labels: what the nodes are
/// called in sentences, by id. Pure.
[[nodiscard]] ChatComparison compareAnswers(const QList<ChatAnswer> &answers, const QHash<QString, QString> &labels = {});

/// The answers and their summary as a JSON document, for export. Never a secret. Pure.
[[nodiscard]] QByteArray comparisonJson(const QList<ChatAnswer> &answers);
/// One line a run: target, servedBy, status, times in ms, tokens, failure. Comma-separated, RFC 4180. Pure.
[[nodiscard]] QByteArray comparisonCsv(const QList<ChatAnswer> &answers);

/// By comparing the edge's answer with the direct one: who gathers tokens into lumps, in one sentence. Empty: nobody
/// does, or it cannot be told. Pure.
[[nodiscard]] QString lumpSentence(const ChatFlowFinding &edge, const std::optional<ChatFlowFinding> &direct);

} // namespace hybridge
