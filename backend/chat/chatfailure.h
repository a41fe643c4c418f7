// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatchunk.h"
#include "backend/chat/chattypes.h"
#include "backend/http/httpresponse.h"

namespace hybridge {

/// Why no answer, or only a part of one, came: each told in the layer that it belongs to. All pure.

/// The way itself failed: name, connection, TLS, SSH, a secret that is missing, time. @p begun: the head of an answer had come.
[[nodiscard]] ChatFailure failureOfError(const Error &error, const ChatTarget &target, bool begun);

/// An answer that is no completion: a refusal of Access, a page or code of the edge, an error of router or engine, whatever
/// its status; @p response holds the first bytes of the body.
[[nodiscard]] ChatFailure failureOfAnswer(const HttpResponse &response, const ChatTarget &target);

/// An error object in the middle of a stream.
[[nodiscard]] ChatFailure failureInStream(const ChatChunk &error, bool partial);

/// What a stream's end says: nothing when it is whole.
struct ChatEnd {
    bool hasFinish = false; ///< a finish reason came
    bool hasDone = false; ///< "[DONE]"
    bool isEmpty = false; ///< no token came
    bool isTooLong = false; ///< over the cap of 64 MiB
    std::optional<Error> cut; ///< the connection's own end, when it was not a clean one
};
[[nodiscard]] std::optional<ChatFailure> failureAtEnd(const ChatEnd &end, const ChatTarget &target);

} // namespace hybridge
