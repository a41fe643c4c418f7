// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

namespace hybridge {

/// What one JSON document of an answer says, whichever dialect it speaks: a chunk or a whole completion of OpenAI's API
/// (vLLM, llama.cpp, SGLang, gateways), a line of Ollama's own API, or an error. null = absent everywhere.
struct ChatChunk {
    QString text;
    QString reasoning;
    QList<ChatToolCall> toolCalls; ///< fragments: to be joined by index
    QString model;
    QString finish; ///< empty: none
    std::optional<qint64> promptTokens;
    std::optional<qint64> completionTokens;
    bool isError = false;
    QString errorText; ///< what it says; may be empty beside isError, and a bare {"message"} without it
    QString errorType;
    QString errorCode; ///< a word or a number
    bool whole = false; ///< a completion, not a chunk of one: its text is all there is
};

/// Reads one document. Bytes that are no UTF-8 become U+FFFD, as does NUL; both are marked in @p repaired when given.
/// Error (Protocol): no JSON object, or nested deeper than 64. Pure; any thread.
[[nodiscard]] Result<ChatChunk> readChatChunk(const QByteArray &json, bool *repaired = nullptr);

} // namespace hybridge
