// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/secret.h"
#include "backend/http/apitransport.h"
#include "backend/ssh/shell.h"

#include <QPointer>
#include <QUrl>

namespace hybridge {

/// HTTP to an address as seen on a node, each request over a short direct-tcpip channel of the node's SSH session. One
/// try, no retries. GUI thread; may be deleted while requests run.
class ShellTransport final : public ApiTransport {
public:
    /// @p base: http://HOST:PORT, with a path or without; a final "/v1" is taken off, because paths bring their own.
    /// @p apiKey goes as a bearer token; it leaves the SSH session on the node alone.
    ShellTransport(Shell &shell, QUrl base, Secret apiKey = {});

    /// Errors: Network (connection refused on the node: code 111), Timeout, Cancelled, Protocol, Invalid, and those of the
    /// link.
    Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) override;

private:
    static Task<Result<HttpResponse>> sendOver(QPointer<Shell> shell, QUrl base, Secret apiKey, ApiRequest request,
        std::stop_token stop);
    QPointer<Shell> m_shell;
    QUrl m_base;
    Secret m_apiKey;
};

} // namespace hybridge
