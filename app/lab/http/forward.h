// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

namespace hybridge::lab {

/// How a forwarded request ended. Unanswered: the connection broke before a whole head came; nothing was sent to the
/// client, and the caller has to answer.
enum class Forwarded { Answered, Unanswered, ClientGone };

/// Sends @p request over @p fd, a connected stream socket used for nothing else, and passes the answer on as it comes,
/// byte for byte. Looks every 50 ms whether the client is still there; when it is not, the caller closing @p fd tells
/// the other side. A connection that breaks in the middle of the answer cuts the client's.
Forwarded forward(int fd, const Request &request, Answer &answer);

} // namespace hybridge::lab
