// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatservice.h"

namespace hybridge {

/// What the chat page asks for: ChatService in the panel, a script in tests. GUI thread. See ChatService for each call.
class ChatSource {
public:
    using Sink = ChatService::Sink;
    using CompareSink = ChatService::CompareSink;
    using CompareEnded = ChatService::CompareEnded;

    virtual ~ChatSource() = default;
    [[nodiscard]] virtual QList<ChatTargetChoice> targets() const = 0;
    [[nodiscard]] virtual QList<ChatTarget> edgeAgainstDirect() const = 0;
    virtual Task<Result<QList<ChatModelChoice>>> models(ChatTarget target, std::stop_token stop) = 0;
    virtual Task<ChatAnswer> stream(ChatRequest request, Sink sink, std::stop_token stop) = 0;
    virtual Task<ChatStopProof> confirmStopped(ChatTarget target, QString servedBy, std::optional<double> before, std::stop_token stop) = 0;
    [[nodiscard]] virtual QString queueSentence(const ChatTarget &target, const QString &servedBy) const = 0;
    virtual Task<std::optional<double>> runningNow(ChatTarget target, QString servedBy, std::stop_token stop) = 0;
    virtual Task<QList<ChatAnswer>> compare(ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink,
        CompareEnded ended, std::stop_token stop)
        = 0;
    [[nodiscard]] virtual Result<ChatRequestText> requestText(const ChatRequest &request) const = 0;
};

} // namespace hybridge
