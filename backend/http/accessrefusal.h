// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/httpresponse.h"

#include <QString>

namespace hybridge {

/// Who answered a request to a public hostname when it was not the model server, and why.
/// Source: Cloudflare's documentation and public reports, read from status, headers and the body's first bytes alone.
enum class EdgeRefusal {
    None,              ///< the origin (model server or router) answered, whatever its status
    AccessLogin,       ///< 3xx to the team's log-in page
    AccessDenied,      ///< 403 by Access
    AccessToken,       ///< 401 by Access: token wrong, expired or disabled (strict organisations)
    Challenge,         ///< a bot or managed challenge
    Blocked,           ///< a firewall rule of the zone (1006, 1009, 1010, 1020)
    NoConnector,       ///< 530 / 1033: no live connector for the tunnel
    DnsUnresolvable,   ///< 530 / 1016: the edge cannot resolve the origin
    OriginUnreachable, ///< 502 by cloudflared: connector up, model server refused or not reachable
    EdgeGateway,       ///< 502 or 504 as Cloudflare's own page
    OriginGarbage,     ///< 520: closed or sent garbage in the middle
    OriginRefused,     ///< 521: direct origin refused
    OriginTimeout,     ///< 522: direct origin, TCP time-out
    OriginNoRoute,     ///< 523: direct origin not reachable
    ReadTimeout,       ///< 524: connected, no byte within the read time-out
    OriginTls,         ///< 525 or 526: TLS to the origin failed
    NoIngress,         ///< 503 by cloudflared: no ingress rule at all
    NotInIngress,      ///< empty 404: the catch-all rule took it
    HostCheck,         ///< empty 403: Ollama's host check, or cloudflared's access.required
    TooLarge,          ///< 413
    RateLimited,       ///< 429 or 1015
    WorkerQuota,       ///< 1027: the Workers plan's daily requests are used up
    WorkerFailed,      ///< 1101, 1102, 1042: the router worker itself failed
    Redirect,          ///< any other redirect
    HtmlPage,          ///< an HTML page where an API answers
    EdgeOther,         ///< 530 without a code we know, and the like
};

/// Which part of the path the refusal speaks about, lowest layer that explains it.
enum class EdgeParty { Origin, Engine, Tunnel, Access, Dns, Edge };

struct EdgeVerdict {
    EdgeRefusal refusal = EdgeRefusal::None;
    EdgeParty party = EdgeParty::Origin;
    QString sentence; ///< what happened; empty for None
    QString remedy;   ///< what to do; empty for None
    [[nodiscard]] bool isRefused() const { return refusal != EdgeRefusal::None; }
};

/// Pure. For answers of public hostnames behind the Cloudflare edge only; a 3xx, 401 or 403 in Access's manner counts
/// as Access alike, because which of them it sends depends on the organisation.
[[nodiscard]] EdgeVerdict classifyEdge(const HttpResponse &response);

/// The verdict as an Error (AccessRefused, RateLimited, Timeout, Network or Remote); call for isRefused() alone.
[[nodiscard]] Error edgeError(const EdgeVerdict &verdict, const HttpResponse &response);

/// The four-digit code of a Cloudflare error page ("error code: 1033"), 0 when there is none. Pure.
[[nodiscard]] int edgeErrorCode(const QByteArray &body);

} // namespace hybridge
