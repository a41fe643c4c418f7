// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The chat of the fleet that is open: service, history, page.
#include "app/panel/panelchat.h"

#include "app/panel/panel.h"

namespace hybridge {

PanelChat::PanelChat(FleetConfig config, FleetSession &session, const Clock &clock, ChatHistory *history)
    : m_config(std::move(config)), m_secrets(session.sharedSecrets()), m_history(history), m_service(m_config, session, clock)
{
}

/// What a request by @p target carries that is secret.
QList<SecretRef> PanelChat::secretsOf(const ChatTarget &target) const
{
    QList<SecretRef> out;
    for (const NodeConfig &node : m_config.nodes) {
        if (node.id != target.node)
            continue;
        if (target.way == ChatTarget::Way::Direct && node.engine && node.engine->apiKey)
            out.append(*node.engine->apiKey);
        if (target.way == ChatTarget::Way::Node && node.access)
            out.append({node.access->clientId, node.access->clientSecret});
    }
    if (target.way != ChatTarget::Way::Direct && m_config.endpoint && m_config.endpoint->access)
        out.append({m_config.endpoint->access->clientId, m_config.endpoint->access->clientSecret});
    return out;
}

Task<Result<QList<ChatModelChoice>>> PanelChat::models(ChatTarget target, std::stop_token stop)
{
    const QPointer<ChatHistory> history = m_history;
    const std::shared_ptr<SecretCache> secrets = m_secrets;
    const std::shared_ptr<Redactor> known = m_known;
    const QList<SecretRef> refs = secretsOf(target);
    Result<QList<ChatModelChoice>> found = co_await m_service.models(target, stop);
    // The answer shows that they were resolved; nothing is asked again.
    for (const SecretRef &ref : refs) {
        if (!found || stop.stop_requested())
            break;
        if (ref.name.isEmpty() && ref.command.isEmpty())
            continue; // a person's log-in has no second part
        SecretPurpose purpose;
        const Result<Secret> secret = co_await secrets->get(ref, purpose, stop);
        if (secret)
            known->learn(*secret);
    }
    if (history)
        history->setRedactor(*known);
    co_return found;
}

void Panel::openChat(const FleetFile &file)
{
    m_chatHistory = std::make_unique<ChatHistory>(chatHistoryPath(m_log->path()));
    connect(m_chatHistory.get(), &ChatHistory::damaged, this, [this](const DatabaseAside &aside) {
        Notice notice = noticeOf(
            Error(Error::Kind::Unavailable, tr("The file of conversations was damaged; a new one was begun."), aside.why), QStringLiteral("chat-history"));
        notice.remedy = tr("The old one was kept: %1").arg(aside.path);
        m_window.showNotice(notice);
    });
    m_chat = std::make_unique<PanelChat>(file.config(), *m_session, m_clock, m_chatHistory.get());
    m_window.setChat(m_chat.get(), m_chatHistory.get());
}

} // namespace hybridge
