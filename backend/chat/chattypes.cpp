// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chattypes.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <array>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

constexpr std::array<std::pair<ChatRole, const char *>, 4> Roles {
    {{ChatRole::System, "system"}, {ChatRole::User, "user"}, {ChatRole::Assistant, "assistant"}, {ChatRole::Tool, "tool"}}};

} // namespace

QString chatRoleName(ChatRole role)
{
    for (const auto &[known, name] : Roles)
        if (known == role)
            return QString::fromLatin1(name);
    return {};
}

std::optional<ChatRole> chatRoleFromName(const QString &name)
{
    for (const auto &[role, known] : Roles)
        if (name == QLatin1String(known))
            return role;
    return std::nullopt;
}

QString chatImageType(const QByteArray &bytes)
{
    if (bytes.startsWith("\x89PNG"))
        return QStringLiteral("image/png");
    if (bytes.startsWith("\xFF\xD8\xFF"))
        return QStringLiteral("image/jpeg");
    if (bytes.startsWith("GIF8"))
        return QStringLiteral("image/gif");
    if (bytes.startsWith("RIFF") && bytes.mid(8, 4) == "WEBP")
        return QStringLiteral("image/webp");
    return {};
}

QString ChatTarget::text() const
{
    switch (way) {
    case Way::Edge: return QStringLiteral("edge");
    case Way::Node: return QStringLiteral("node:") + node;
    case Way::Direct: return QStringLiteral("direct:") + node;
    }
    return {};
}

Result<ChatTarget> ChatTarget::parse(const QString &text)
{
    ChatTarget target;
    if (text == QLatin1String("edge"))
        return target;
    const QString word = text.section(u':', 0, 0);
    target.node = text.section(u':', 1);
    target.way = word == QLatin1String("direct") ? Way::Direct : Way::Node;
    if ((word != QLatin1String("direct") && word != QLatin1String("node")) || target.node.isEmpty())
        return Error(Error::Kind::Invalid, tr("\"%1\" is no target.").arg(safeText(text, 80)))
            .withRemedy(tr("Targets are edge, node:ID and direct:ID, with the id of a node of the fleet file."));
    return target;
}

QString chatPhaseName(ChatPhase phase)
{
    switch (phase) {
    case ChatPhase::Preparing: return QStringLiteral("preparing");
    case ChatPhase::Connecting: return QStringLiteral("connecting");
    case ChatPhase::AwaitingAnswer: return QStringLiteral("awaiting-answer");
    case ChatPhase::AwaitingToken: return QStringLiteral("awaiting-token");
    case ChatPhase::Streaming: return QStringLiteral("streaming");
    case ChatPhase::Over: return QStringLiteral("over");
    }
    return {};
}

QString chatPhaseSentence(ChatPhase phase, double silentMs)
{
    const QString time = formatDuration(std::chrono::milliseconds(qint64(silentMs)));
    switch (phase) {
    case ChatPhase::Preparing: return tr("Preparing the request for %1.").arg(time);
    case ChatPhase::Connecting: return tr("Connecting for %1.").arg(time);
    case ChatPhase::AwaitingAnswer:
        if (silentMs > 90000)
            return tr("The request has left; no answer has begun for %1. The edge cuts what is silent for about two minutes.").arg(time);
        return tr("The request has left; no answer has begun for %1. The engine may be loading its model, or others are before us in its queue.").arg(time);
    case ChatPhase::AwaitingToken: return tr("The answer has begun; no token has come for %1. The engine queues the request or reads the prompt.").arg(time);
    case ChatPhase::Streaming: return silentMs < 1500 ? tr("Tokens are coming.") : tr("No token for %1.").arg(time);
    case ChatPhase::Over: return {};
    }
    return {};
}

QString chatProofName(ChatProof proof)
{
    switch (proof) {
    case ChatProof::None: break;
    case ChatProof::Header: return QStringLiteral("header");
    case ChatProof::Tunnel: return QStringLiteral("tunnel");
    case ChatProof::Log: return QStringLiteral("log");
    }
    return {};
}

QString chatLayerName(ChatLayer layer)
{
    switch (layer) {
    case ChatLayer::Computer: return QStringLiteral("computer");
    case ChatLayer::Network: return QStringLiteral("network");
    case ChatLayer::Tls: return QStringLiteral("tls");
    case ChatLayer::Dns: return QStringLiteral("dns");
    case ChatLayer::Edge: return QStringLiteral("edge");
    case ChatLayer::Access: return QStringLiteral("access");
    case ChatLayer::Tunnel: return QStringLiteral("tunnel");
    case ChatLayer::Router: return QStringLiteral("router");
    case ChatLayer::Ssh: return QStringLiteral("ssh");
    case ChatLayer::Engine: return QStringLiteral("engine");
    case ChatLayer::Model: return QStringLiteral("model");
    case ChatLayer::Request: return QStringLiteral("request");
    }
    return {};
}

} // namespace hybridge
