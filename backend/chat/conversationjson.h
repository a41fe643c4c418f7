// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/conversation.h"

namespace hybridge {

/// Everything of an answer but its message, as compact JSON. Never a secret: an answer holds none. Pure.
[[nodiscard]] QByteArray answerFactsJson(const ChatAnswer &answer);
/// The other way. What cannot be read is left as unknown. Pure.
[[nodiscard]] ChatAnswer answerFactsFrom(const QByteArray &json);
/// Target, model and parameters, without messages, and back. Pure.
[[nodiscard]] QByteArray settingsJson(const ChatRequest &request);
[[nodiscard]] ChatRequest settingsFrom(const QByteArray &json);
/// What a message has besides its text: pictures, tool calls; empty when there is nothing. Pure.
[[nodiscard]] QByteArray attachmentsJson(const ChatMessage &message);
void readAttachments(const QByteArray &json, ChatMessage &message);

/// A whole conversation with all its branches, to be read again by conversationFrom(). Pure.
[[nodiscard]] QByteArray conversationJson(const Conversation &conversation);
/// At most 64 MiB. Errors: Invalid (not ours, another version, damaged; says where), Protocol (no JSON). Pure.
[[nodiscard]] Result<Conversation> conversationFrom(const QByteArray &json);
/// The branch that is shown as Markdown, with a line of facts under each answer. Pure.
[[nodiscard]] QByteArray conversationMarkdown(const Conversation &conversation);

/// Under which key of the panel's settings file the parameters called @p name are kept, as settingsJson(). Pure.
[[nodiscard]] QString chatPresetKey(const QString &name);

} // namespace hybridge
