// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chathistory.h"
#include "backend/fleet/fleetsession.h"
#include "ui/chat/chatsource.h"

#include <QPointer>

#include <memory>

namespace hybridge {

/// The chat page's way to the ChatService of the fleet that is open. GUI thread.
class PanelChat final : public ChatSource {
public:
    /// See ChatService. @p history may go first.
    PanelChat(FleetConfig config, FleetSession &session, const Clock &clock, ChatHistory *history);

    [[nodiscard]] QList<ChatTargetChoice> targets() const override { return m_service.targets(); }
    [[nodiscard]] QList<ChatTarget> edgeAgainstDirect() const override { return m_service.edgeAgainstDirect(); }
    /// What was resolved for it is told to the history, so that it is never written down.
    Task<Result<QList<ChatModelChoice>>> models(ChatTarget target, std::stop_token stop) override;
    Task<ChatAnswer> stream(ChatRequest request, Sink sink, std::stop_token stop) override { return m_service.stream(request, sink, stop); }
    Task<ChatStopProof> confirmStopped(ChatTarget target, QString servedBy, std::optional<double> before, std::stop_token stop) override
    {
        return m_service.confirmStopped(target, servedBy, before, stop);
    }
    Task<std::optional<double>> runningNow(ChatTarget target, QString servedBy, std::stop_token stop) override
    {
        return m_service.runningNow(target, servedBy, stop);
    }
    [[nodiscard]] QString queueSentence(const ChatTarget &target, const QString &servedBy) const override { return m_service.queueSentence(target, servedBy); }
    Task<QList<ChatAnswer>> compare(ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink, CompareEnded ended,
        std::stop_token stop) override
    {
        return m_service.compare(request, targets, repeat, atOnce, sink, ended, stop);
    }
    [[nodiscard]] Result<ChatRequestText> requestText(const ChatRequest &request) const override { return m_service.requestText(request); }

private:
    [[nodiscard]] QList<SecretRef> secretsOf(const ChatTarget &target) const;

    FleetConfig m_config;
    std::shared_ptr<SecretCache> m_secrets;
    QPointer<ChatHistory> m_history;
    std::shared_ptr<Redactor> m_known = std::make_shared<Redactor>();
    ChatService m_service;
};

} // namespace hybridge
