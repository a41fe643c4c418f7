// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/manualclock.h"
#include "ui/chat/chatsource.h"

#include <functional>
#include <memory>

namespace hybridge {

/// A ChatSource without a backend: a test says what comes and when. For the test of the chat page and for the gallery.
class ChatFixture final : public ChatSource {
public:
    ChatFixture();

    /// What the newest request that still runs receives; its phase becomes Streaming.
    void push(const QString &text, const QString &reasoning = {});
    void pushPhase(ChatPhase phase, double sinceMs);
    /// Ends the newest request that runs, as it came, with usual figures.
    void finish(const QString &finish = QStringLiteral("stop"));
    void fail(const ChatFailure &failure, int status = 0);
    [[nodiscard]] int running() const;
    /// The usual figures of an answer by @p target; a later @p run is a little slower.
    [[nodiscard]] static ChatAnswer answerOf(const ChatTarget &target, const QString &text, int run = 0);

    ManualClock clock;
    QList<ChatRequest> requests; ///< all that were ordered
    QList<ChatTargetChoice> ways;
    Result<QList<ChatModelChoice>> modelList = QList<ChatModelChoice>();
    QList<ChatTarget> modelsAsked;
    /// Of compare(): the answer of a run; set, all runs end at once.
    std::function<ChatAnswer(const ChatTarget &target, int run)> runs;
    int mostAtOnce = 0; ///< as the last compare() asked
    QString queue; ///< what queueSentence() says
    std::optional<double> runningCount = 3; ///< what runningNow() says
    std::optional<double> countBefore; ///< that confirmStopped() was given

    [[nodiscard]] QList<ChatTargetChoice> targets() const override { return ways; }
    [[nodiscard]] QList<ChatTarget> edgeAgainstDirect() const override;
    Task<Result<QList<ChatModelChoice>>> models(ChatTarget target, std::stop_token stop) override;
    Task<ChatAnswer> stream(ChatRequest request, Sink sink, std::stop_token stop) override;
    Task<ChatStopProof> confirmStopped(ChatTarget target, QString servedBy, std::optional<double> before, std::stop_token stop) override;
    Task<std::optional<double>> runningNow(ChatTarget target, QString servedBy, std::stop_token stop) override;
    [[nodiscard]] QString queueSentence(const ChatTarget & /*target*/, const QString & /*servedBy*/) const override { return queue; }
    Task<QList<ChatAnswer>> compare(ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink, CompareEnded ended,
        std::stop_token stop) override;
    [[nodiscard]] Result<ChatRequestText> requestText(const ChatRequest &request) const override;

private:
    struct Run {
        ChatRequest request;
        Sink sink;
        Latch latch;
        ChatAnswer answer;
        qint64 tokens = 0;
        bool isOver = false;
    };
    [[nodiscard]] Run *newest() const;
    void end(Run &run);

    QList<std::shared_ptr<Run>> m_runs;
};

/// Texts that a chat must show well.
[[nodiscard]] QString chatCodeAndTable();
[[nodiscard]] QString chatManyScripts();

} // namespace hybridge
