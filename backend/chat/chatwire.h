// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/http/apiclient.h"
#include "backend/http/http1codec.h"
#include "backend/ssh/forwarder.h"

#include <QPointer>

#include <functional>
#include <memory>

namespace hybridge {

/// One request on its way and the answer as it comes, whichever way it is. Its owner keeps it while it awaits. Destroying it
/// closes the connection, which is how an engine learns that nobody listens any more. GUI thread.
class ChatWire {
public:
    virtual ~ChatWire() = default;
    /// Sends; returns with the answer's head (an empty body). @p onSent: the way stands and the request has left. @p limit: to
    /// the head. Errors: those of ApiClient::open() and Forwarder::forward().
    virtual Task<Result<HttpResponse>> open(std::function<void()> onSent, std::chrono::milliseconds limit, std::stop_token stop) = 0;
    /// The next bytes of the body; empty: it ended whole. Errors: Timeout after @p patience, Cancelled, Network, Protocol.
    virtual Task<Result<QByteArray>> next(std::chrono::milliseconds patience, std::stop_token stop) = 0;
};

/// Through a public hostname.
[[nodiscard]] std::shared_ptr<ChatWire> makeHttpWire(std::shared_ptr<ApiClient> client, ApiRequest request);

/// Past the edge: a forwarded connection of the node's SSH session to @p base, an http:// address as seen on the node.
[[nodiscard]] std::shared_ptr<ChatWire> makeTunnelWire(Shell &shell, QUrl base, Secret apiKey, ApiRequest request);

} // namespace hybridge
