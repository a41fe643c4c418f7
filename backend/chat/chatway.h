// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"
#include "backend/http/httpresponse.h"

#include <functional>

namespace hybridge {

/// What the head of an answer says about its way. @p trustsMarks: a router of ours stands before the target, so that what it
/// says about the node is its own word and not a backend's. Pure.
[[nodiscard]] ChatPath chatPath(const HttpResponse &head, const ChatTarget &target, bool trustsMarks);

/// failureOfError() before an answer began, told from a computer that is offline: @p isOffline says, or, left empty, the
/// network interfaces.
[[nodiscard]] ChatFailure failureOnTheWay(const Error &error, const ChatTarget &target, const std::function<bool()> &isOffline);

/// The same before a byte for the engine has left: what failed on the direct way is the link, also where a port refuses.
[[nodiscard]] ChatFailure failureOfLink(const Error &error, const ChatTarget &target, const std::function<bool()> &isOffline);

} // namespace hybridge
