// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QUrl>

namespace hybridge {

/// The JSON body of POST /v1/chat/completions: streamed, with usage. Reasoning and empty settings stay out. Errors
/// (Invalid): no message, a number out of its range, extraJson that is no object. Pure.
[[nodiscard]] Result<QByteArray> chatBody(const ChatRequest &request);

/// How one target is reached, for showing a request.
struct ChatAddress {
    QUrl base; ///< without a path's end; for Direct the engine's own address on the node
    bool serviceToken = false; ///< Access headers of a service token
    bool loginToken = false; ///< cf-access-token
    bool apiKey = false; ///< Authorization: Bearer
    QString sshTarget; ///< "op@192.0.2.7 -p 22" in ssh's words; Direct alone
};

/// The request as HTTP, as a curl command and as a Python program of the `openai` package. Secrets are environment
/// variables (ACCESS_CLIENT_ID, ACCESS_CLIENT_SECRET, ACCESS_TOKEN, ENGINE_API_KEY); every foreign word is quoted for the
/// shell or for Python. Error: as chatBody(). Pure.
[[nodiscard]] Result<ChatRequestText> chatRequestText(const ChatRequest &request, const ChatAddress &address);

} // namespace hybridge
