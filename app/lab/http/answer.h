// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/message.h"

#include <functional>

namespace hybridge::lab {

/// Where the answer to one request goes. Either `send`, or `begin`, `write`…, `end`; or nothing at all, or `cut`: then
/// the connection is reset. An edge stands in between by handing its own Answer to the origin.
class Answer {
public:
    virtual ~Answer() = default;

    /// A whole answer. Adds Content-Length.
    virtual void send(int status, Headers headers, std::string body) = 0;
    /// The head of a stream; false: the client is gone, and so for `write`.
    virtual bool begin(int status, Headers headers) = 0;
    virtual bool write(std::string_view bytes) = 0;
    virtual void end() = 0;
    /// The client closed, or the connection was cut from here. A half-closed client counts as gone, as in uvicorn and
    /// Go.
    virtual bool gone() = 0;
    virtual void cut() = 0;

    void sendText(int status, std::string body, std::string type = "text/plain; charset=utf-8")
    {
        send(status, {{"Content-Type", std::move(type)}}, std::move(body));
    }
    void sendJson(int status, std::string body) { sendText(status, std::move(body), "application/json"); }
};

/// Serves a request on a thread of the server's pool; may block.
using Handler = std::function<void(const Request &, Answer &)>;

} // namespace hybridge::lab
