// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"
#include "backend/inference/enginefacts.h"

#include <optional>

namespace hybridge {

/// By which way an engine was asked.
enum class EngineWay {
    OnNode, ///< its own address, as seen on the node
    Public, ///< its public hostname, through the edge, Access and the tunnel
};

/// The sentence in an engine's error body: {"error":{"message"}}, {"error":"…"}, {"object":"error","message"},
/// {"detail":"…"} and {"detail":[{"msg"}]}. Safe to show; empty when there is none. Pure; bounded.
[[nodiscard]] QString engineErrorMessage(const QByteArray &body);

/// Why an answer is none of the engine's data. Empty for a 2xx that is no web page. Kinds: Unauthorized (401; 403, also
/// Ollama's host check), AccessRefused, RateLimited, NotFound (404), Remote (5xx), Protocol (a web page, a redirect),
/// and for Public what classifyEdge() tells, where an engine that cloudflared cannot reach is Network with code 502. Pure.
[[nodiscard]] std::optional<Error> explainEngineAnswer(const HttpResponse &response, EngineKind kind, EngineWay way);

/// A failure of the connection itself, in words about the engine at @p address: refused (Network, code 111), silent
/// (Timeout), cut (Network). Other kinds pass unchanged. Pure.
[[nodiscard]] Error explainEngineFailure(const Error &cause, EngineKind kind, const QString &address);

/// True when nothing listens: the port refused on the node, or cloudflared said that it cannot reach the engine. Beside a
/// running service this means that the engine is loading. Pure.
[[nodiscard]] bool isEnginePortClosed(const Error &error);

} // namespace hybridge
