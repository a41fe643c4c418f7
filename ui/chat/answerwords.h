// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QHash>
#include <QList>

namespace hybridge {

/// Names of nodes by id.
using NodeLabels = QHash<QString, QString>;

/// One line of what is known about an answer.
struct AnswerFact {
    QString name;
    QString value;
    QString note; ///< how it is known; may be empty
    bool operator==(const AnswerFact &) const = default;
};

/// "GCP L4": who served it, or the way that was asked. Foreign parts made safe.
[[nodiscard]] QString servedByWords(const ChatAnswer &answer, const NodeLabels &labels);
/// "Protected endpoint", "GCP L4", "GCP L4, direct".
[[nodiscard]] QString targetWords(const ChatTarget &target, const NodeLabels &labels);
/// "GCP L4 · Qwen2.5 · first token 212 ms · 41.3 tokens/s · 0.0004 USD": the quiet line; unknown parts are left out.
[[nodiscard]] QString quietLine(const ChatAnswer &answer, const NodeLabels &labels);
/// Everything that is known, in the order in which it is read: path, proof, status, usage, flow, cost.
[[nodiscard]] QList<AnswerFact> answerFacts(const ChatAnswer &answer, const NodeLabels &labels);
/// Four digits at most: "0.00042 USD".
[[nodiscard]] QString chatCostText(const ChatCost &cost);
/// "stop" in words: "ended by itself", "cut at max_tokens".
[[nodiscard]] QString finishWords(const ChatAnswer &answer);
/// The node whose page helps with a failed answer; empty: none.
[[nodiscard]] QString nodeOf(const ChatAnswer &answer);
/// Why the layer is thought to be it, as the second part of the failure's card.
[[nodiscard]] QString failureWhy(const ChatAnswer &answer);

} // namespace hybridge
